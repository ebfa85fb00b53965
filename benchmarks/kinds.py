"""The servers that are compared."""

import os
import shutil
import sys
from pathlib import Path

from attrs import evolve

from benchmarks.listening import BACKLOG, LOOPBACK
from benchmarks.servers import Kind


def postfix_tool(name: str) -> str:
    """Return the path of one of Postfix's tools, which often are not in PATH."""
    return shutil.which(name) or f"/usr/sbin/{name}"


_FOLDER = Path(__file__).parent
EVERYTHING = ("--config", str(_FOLDER / "everything.toml"))
"""The options of a mocksmtp with TLS (STARTTLS), AUTH, SIZE and all capabilities."""

_IMPLICIT_TLS = ("--config", str(_FOLDER / "everything-tls.toml"))


def mocksmtp(port: int, *options: str) -> list[str]:
    """Return the command of a mocksmtp on loopback alone, without DNS."""
    return [
        str(Path(sys.executable).with_name("twistd")),
        "--nodaemon",
        "--pidfile=",
        "mocksmtp",
        "--smtp",
        f"tcp:{port}:interface={LOOPBACK}:backlog={BACKLOG}",
        "--http",
        f"tcp:0:interface={LOOPBACK}",
        "--dns",
        "off",
        *options,
    ]


def _smtp_sink(port: int) -> list[str]:
    # Started by root it ends at once, unless it is told whom to become.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    return [postfix_tool("smtp-sink"), *user, f"{LOOPBACK}:{port}", str(BACKLOG)]


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.{name}"]


MOCKSMTP = Kind("mocksmtp", "mocksmtp", lambda port: mocksmtp(port, *EVERYTHING))
NO_JOURNAL = Kind(
    "no-journal",
    "--journal 0",
    lambda port: mocksmtp(port, *EVERYTHING, "--journal", "0"),
)
FLOOR = Kind("floor", "floor", lambda _: _module("floor"))
STOCK = Kind("stock", "twisted.mail", lambda _: _module("stock"), forgets=True)
AIOSMTPD = Kind(
    "aiosmtpd", "aiosmtpd", lambda _: _module("aiosmtpd_sink"), forgets=True
)
SMTP_SINK = Kind("smtp-sink", "smtp-sink (C)", _smtp_sink, announces=False)

KINDS = (MOCKSMTP, NO_JOURNAL, FLOOR, STOCK, AIOSMTPD, SMTP_SINK)

SECURE_KINDS = (
    evolve(
        MOCKSMTP,
        command=lambda port: mocksmtp(port, *_IMPLICIT_TLS),
        secure=True,
    ),
    evolve(FLOOR, command=lambda _: _module("floor_tls"), secure=True),
)
"""The same servers with TLS from the first byte, by the same names."""
