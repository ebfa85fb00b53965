"""The table of servers: mocksmtp, and those that it is compared with.

To add one (Mailpit, GreenMail, James …), add a row to `PEERS` with the command that
starts it on the given port. A program that is not installed has no figures.
"""

import os
import shutil
import sys
from pathlib import Path

from benchmarks.dns import ZONE
from benchmarks.servers import Command, Peer

_TWISTD = str(Path(sys.executable).with_name("twistd"))
_FOLDER = Path(__file__).parent
_CONFIG = (_FOLDER / "everything.toml").read_text()


def mocksmtp(*options: str, config: str = _CONFIG, dns: bool = False) -> Command:
    """Return the command of a mocksmtp with this configuration file, on loopback."""

    def command(port: int, folder: Path) -> list[str]:
        path = folder / "mocksmtp.toml"
        path.write_text(config)
        return [
            *(_TWISTD, "-n", "--pidfile=", "mocksmtp"),
            *("--smtp", "tcp:0:interface=127.0.0.1:backlog=1024"),
            *("--http", "tcp:0:interface=127.0.0.1", "--config", str(path)),
            *("--dns", f"127.0.0.1:{port}" if dns else "off", *options),
        ]

    return command


def stored(port: int, folder: Path) -> list[str]:
    return mocksmtp("--store", f"sqlite:{folder}/mock.db")(port, folder)


def sink(name: str) -> Command:
    """Return the command of a server of the module `sinks`."""
    return lambda port, folder: [sys.executable, "-m", "benchmarks.sinks", name]


def aiosmtpd(port: int, folder: Path) -> list[str]:
    module = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink"]
    return [*module, "-l", f"127.0.0.1:{port}"]


def smtp_sink(port: int, folder: Path) -> list[str]:
    # Started by root it ends at once, unless it is told which user to become.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    return [program, *user, f"127.0.0.1:{port}", "1024"]


def names(port: int, folder: Path) -> list[str]:
    place = ["-p", str(port), "-i", "127.0.0.1"]
    return [
        _TWISTD,
        "-n",
        "--pidfile=",
        "dns",
        *place,
        "--bindzone",
        f"{folder}/{ZONE}",
    ]


def nsd(port: int, folder: Path) -> list[str]:
    path, text = folder / "nsd.conf", (_FOLDER / "nsd.conf").read_text()
    path.write_text(text.format(port=port, folder=folder))
    return [shutil.which("nsd") or "/usr/sbin/nsd", "-d", "-c", str(path)]


_EVERYTHING = {
    "smtp": mocksmtp(),
    "tls": mocksmtp(config=_CONFIG.replace('"starttls"', '"implicit"')),
    "dns": mocksmtp(dns=True),
    "store": mocksmtp(),
}
PEERS = (
    Peer("mocksmtp", "mocksmtp", _EVERYTHING),
    Peer("no-journal", "--journal 0", {"smtp": mocksmtp("--journal", "0")}),
    Peer("floor", "floor", {"smtp": sink("floor"), "tls": sink("floor-tls")}),
    Peer("stock", "twisted.mail", {"smtp": sink("stock")}, forgets=True),
    Peer("aiosmtpd", "aiosmtpd", {"smtp": aiosmtpd}, announces=False),
    Peer("smtp-sink", "smtp-sink (C)", {"smtp": smtp_sink}, announces=False),
    Peer("sqlite", "--store sqlite", {"store": stored}),
    Peer("names", "twisted.names", {"dns": names}, announces=False),
    Peer("nsd", "NSD (C)", {"dns": nsd}, announces=False),
)
MOCKSMTP, FLOOR = PEERS[0], PEERS[2]
STORED = next(peer for peer in PEERS if peer.name == "sqlite")
