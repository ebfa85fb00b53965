"""docs/howto/postfix.md: from a stock Postfix to retry, bounce and fail-over."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.e2e.program import find
from tests.installed import BIN, clean_environment, is_installed
from tests.markdown import blocks

_STOCK = Path("/usr/share/postfix/main.cf.debian")
_INIT = Path("/etc/init.d/postfix")

# What debconf adds to it for an "Internet Site".
_INTERNET_SITE = """
smtp_tls_CApath = /etc/ssl/certs
smtp_tls_security_level = may
smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache
smtpd_relay_restrictions =
  permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = debian.example
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = $myhostname, debian, localhost.localdomain, localhost
relayhost =
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
"""

_NO_MACHINE = 77

# A machine of its own, with a Postfix as it is after its installation. What this
# mounts is seen by nobody else, and what it starts ends with it.
_MACHINE = f"""
set -e
trap 'exit {_NO_MACHINE}' ERR
mount --make-rprivate /
cp -a /etc/postfix etc
cp main.cf etc/main.cf
cp /usr/share/postfix/master.cf.dist etc/master.cf
mkdir spool data systemd
chown postfix data
mount --bind etc /etc/postfix
mount --bind spool /var/spool/postfix
mount --bind data /var/lib/postfix
test ! -d /run/systemd/system || mount --bind systemd /run/systemd
ip link set lo up
service postfix start >log
trap - ERR
set +e
"""


class DebianTests(SynchronousTestCase):
    """The ten lines."""

    def setUp(self) -> None:
        if os.geteuid() != 0:
            raise SkipTest("only root can make namespaces")
        for name, package in (
            ("postfix", "postfix"),
            ("unshare", "util-linux"),
            ("ip", "iproute2"),
            ("service", "init-system-helpers"),
            ("curl", "curl"),
        ):
            find(name, package)
        if not (_STOCK.exists() and _INIT.exists() and is_installed()):
            raise SkipTest("no Debian Postfix, or the program is not installed")

    def run_alone(self, script: str) -> str:
        """What `script` prints on a machine of its own."""
        folder = Path(tempfile.mkdtemp(prefix="mocksmtp-debian-"))
        self.addCleanup(shutil.rmtree, folder)
        folder.chmod(0o755)
        (folder / "main.cf").write_text(_STOCK.read_text() + _INTERNET_SITE)
        (folder / "run").write_text(_MACHINE + script)
        unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        done = subprocess.run(
            [*unshare, "--mount-proc", "bash", "run"],
            cwd=folder,
            env=clean_environment(PATH=f"{BIN}:{os.environ['PATH']}:/usr/sbin:/sbin"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode == _NO_MACHINE or done.stderr.startswith("unshare: "):
            raise SkipTest(f"no machine of its own: {done.stderr.strip()}")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_ten_lines(self) -> None:
        """They are ten, and print what the page says."""
        (script,) = blocks("docs/howto/postfix.md", "bash")
        (output,) = blocks("docs/howto/postfix.md", "text")
        self.assertEqual(len(script.splitlines()), 10)
        printed = self.run_alone(script)
        self.assertEqual(printed, output)
