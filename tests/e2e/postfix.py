"""A Postfix of Debian's package, with directories and a network of its own."""

from __future__ import annotations

import re
import shutil
import smtplib
import subprocess
from pathlib import Path

from tests.e2e.namespaces import Namespace
from tests.e2e.program import PATIENCE, Program, find
from tests.e2e.service import DNS

ADDRESS = "10.9.0.1"

# As a mail server is set up that hands on what its users submit, but every mail
# is tried again after a second, and the log goes to standard output.
_MAIN_CF = """
compatibility_level = 3.6
maillog_file = /dev/stdout
queue_directory = {queue}
data_directory = {data}
alias_maps =
alias_database =
local_recipient_maps =
mydestination =
myhostname = mta.test
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
notify_classes =
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
maximal_queue_lifetime = 60s
bounce_queue_lifetime = 60s
transport_retry_time = 1s
default_destination_concurrency_failed_cohort_limit = 10
smtp_connect_timeout = 3s
smtp_helo_timeout = 5s
smtp_mail_timeout = 5s
smtp_rcpt_timeout = 5s
smtp_data_init_timeout = 5s
smtp_data_xfer_timeout = 5s
smtp_data_done_timeout = 5s
smtp_tls_security_level = may
smtp_tls_policy_maps = texthash:{configuration}/tls_policy
smtp_tls_CAfile = {configuration}/ca.pem
smtp_tls_loglevel = 1
transport_maps = inline:{{ {{ {lmtp} = lmtp:inet:mx.{lmtp}:24 }} }}
smtp_sasl_auth_enable = yes
smtp_sasl_security_options = noanonymous
smtp_sasl_password_maps = texthash:{configuration}/sasl_passwd
smtp_dns_support_level = dnssec
"""

# The levels of domains below these; at all others it may encrypt.
_TLS_POLICY = """
.encrypt.test encrypt
.verify.test verify
.dane.test dane
"""

LMTP = "lmtp.test"
"""The domain whose mail it hands over by LMTP, to port 24 of the host ``mx`` there."""

USER, PASSWORD = "mta", "s3cret-Pa55"
"""Who it is where it has a password, ..."""

RIGHT, WRONG = "right.auth.test", "wrong.auth.test"
"""and the domains to which it says this one, and another."""

_PASSWORDS = f"""
{RIGHT} {USER}:{PASSWORD}
{WRONG} {USER}:not-{PASSWORD}
"""

_RESOLV_CONF = f"""
nameserver {DNS}
search .
options timeout:1 attempts:2 edns0 trust-ad
"""


class Postfix:
    """
    A mail server that asks the mock's DNS where mail is to go.

    :param namespace: where it runs
    :param directory: for its configuration and queue
    :param root: the certificate that it trusts, in PEM
    :raises SkipTest: it is not installed
    """

    def __init__(self, namespace: Namespace, directory: Path, root: bytes) -> None:
        postfix = find("postfix", "postfix")
        namespace.set_addresses(ADDRESS)
        namespace.set_resolv_conf(_RESOLV_CONF)
        self._namespace = namespace
        self._command = [postfix, "-c", str(_configure(directory, root))]
        self._program = Program(
            namespace.command(*self._command, "start-fg"), directory
        )

    def wait(self) -> None:
        """Answer once it takes mail."""
        self._program.printed("postfix/master.*daemon started")

    def stop(self) -> None:
        """End it, and with it the processes that it has started."""
        # The program is a shell that would leave them behind.
        subprocess.run([*self._command, "stop"], check=False, capture_output=True)
        self._program.stop()

    def submit(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Hand it a mail, as a program on the same machine does."""
        self._namespace.call(_send, sender, recipients, content)

    def attempts(self, recipient: str, count: int) -> list[str]:
        """What its log says of `count` attempts to deliver, once they are over."""
        return self._program.printed(f"to=<{re.escape(recipient)}>.*status=", count)

    def printed(self, pattern: str) -> list[str]:
        """The lines of its log that match, as soon as there is one."""
        return self._program.printed(pattern)


def _configure(directory: Path, root: bytes) -> Path:
    """Make the directories that it needs; answers that of its configuration."""
    configuration, queue, data = (
        directory / name for name in ("configuration", "queue", "data")
    )
    for path in (configuration, queue, data):
        path.mkdir()
    shutil.chown(data, "postfix")
    main = _MAIN_CF.format(
        queue=queue, data=data, configuration=configuration, lmtp=LMTP
    )
    (configuration / "main.cf").write_text(main)
    (configuration / "ca.pem").write_bytes(root)
    (configuration / "tls_policy").write_text(_TLS_POLICY)
    (configuration / "sasl_passwd").write_text(_PASSWORDS)
    shutil.copy("/usr/share/postfix/master.cf.dist", configuration / "master.cf")
    # Its processes would look for resolv.conf below the queue.
    postconf = [find("postconf", "postfix"), "-c", str(configuration)]
    subprocess.run([*postconf, "-F", "*/*/chroot=n"], check=True)
    return configuration


def _send(sender: str, recipients: list[str], content: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", 25, "client.test", PATIENCE) as client:
        client.sendmail(sender, recipients, content)
