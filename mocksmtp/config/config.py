"""All that a service is started with, and the options that set it.

An option is a field of `Config`, declared with `option`: the command line, the
environment variable, the key of the file and the help follow from that declaration.
"""

from __future__ import annotations

import socket

import attrs

from mocksmtp.behaviors.dns import DnsBehavior
from mocksmtp.config.options import Option, declared_in, option
from mocksmtp.config.values import (
    parse_count,
    parse_dns,
    parse_file,
    parse_flag,
    parse_folder,
    parse_hostname,
    parse_http,
    parse_lines,
    parse_log_format,
    parse_log_level,
    parse_max_age,
    parse_number,
    parse_origin,
    parse_room,
    parse_shape,
    parse_smtp,
    parse_stand_ins,
    parse_token,
    parse_token_file,
    parse_unset,
    parse_wait,
)
from mocksmtp.hosts.capabilities import (
    DEFAULT_KEYWORDS,
    Capabilities,
    parse_capabilities,
)
from mocksmtp.hosts.host import Description, HostPlan, HostStart
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.listeners import Inherited
from mocksmtp.hosts.policies import MtaStsPolicy
from mocksmtp.logs import Level, LogFormat
from mocksmtp.mail.documents import MailShape, StandIn
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.sessions.journal import JOURNAL_BYTES
from mocksmtp.store.opening import StoreAddress, parse_store
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.answer import Rcode
from mocksmtp.zone.records import Record

SMTP_ENDPOINTS = ("tcp:2525:interface=127.0.0.1",)
"""The default endpoints of the default host."""


@attrs.frozen
class Config:
    """
    All that a service is started with.

    :ivar tls: the TLS settings of the default host, or None
    :ivar auth: the AUTH settings of the default host, or None
    :ivar limits: the limits of hosts that do not set their own
    :ivar start: the behaviors and extensions of the default host at the start
    :ivar records: the DNS records at the start
    :ivar dns_behaviors: the DNS behaviors at the start
    :ivar policies: the MTA-STS policies at the start
    :ivar given: the fields that an option, a variable or the file sets
    :ivar hosts: further hosts at the start; one that is named ``default`` replaces the
        default host
    """

    smtp: tuple[str, ...] = option(
        parse_smtp,
        "ADDRESS",
        "address of the SMTP listener, or off; HOST=ADDRESS adds one to another host;"
        " repeatable (default: 127.0.0.1:2525)",
        default=SMTP_ENDPOINTS,
        repeatable=True,
        is_address=True,
    )
    http: str | None = option(
        parse_http,
        "ADDRESS",
        "address of the API, or off (default: 127.0.0.1:8000)",
        default="tcp:8000:interface=127.0.0.1",
        is_address=True,
    )
    https: str | None = option(
        parse_http,
        "ADDRESS",
        "address of the MTA-STS policy server, or off (default: off)",
        default=None,
        is_address=True,
    )
    dns: tuple[tuple[str, int] | Inherited, ...] = option(
        parse_dns,
        "ADDRESS",
        "address of DNS over UDP and TCP, or off; systemd:tcp=INDEX:udp=INDEX for"
        " systemd sockets; repeatable (default: 127.0.0.1:5300)",
        default=(("127.0.0.1", 5300),),
        repeatable=True,
        is_address=True,
    )
    dns_unset: Rcode = option(
        parse_unset,
        "REPLY",
        "the DNS reply for names without records until a record is set by the file"
        " or the API: nxdomain or servfail (default: nxdomain)",
        default=Rcode.NXDOMAIN,
    )
    hostname: str = option(
        parse_hostname,
        "NAME",
        "the name in the banner and in the EHLO reply (default: the machine's name)",
        default=attrs.Factory(socket.gethostname),
    )
    capabilities: Capabilities = option(
        parse_lines,
        "LIST",
        "the capabilities that EHLO advertises on the default host, separated by"
        " commas"
        f" (default: {','.join(DEFAULT_KEYWORDS)})",
        default=attrs.Factory(Capabilities),
        document=parse_capabilities,
    )
    max_mails: int = option(
        parse_count,
        "N",
        "the maximum number of mails kept; the oldest are evicted (default: 100000)",
        default=100_000,
    )
    max_bytes: int = option(
        parse_room,
        "SIZE",
        "the maximum memory of mails, including arriving ones; with a store, what the"
        " kept mails use on the disk (default: 1GiB)",
        default=2**30,
    )
    max_age: float | None = option(
        parse_max_age,
        "TIME",
        "evict mails that are older than this, as in 30m or 24h",
        default=None,
    )
    journal: int = option(
        parse_number,
        "N",
        "the number of sessions kept per host; 0 disables the journal (default: 10000)",
        default=10_000,
    )
    journal_bytes: int = option(
        parse_room,
        "SIZE",
        "the maximum memory of all journals together; the sessions that ended first"
        " are removed first (default: 64MiB)",
        default=JOURNAL_BYTES,
    )
    keep_refused: bool = option(
        parse_flag,
        "",
        "also keep the content of mails that are refused after the final dot",
        default=False,
        is_flag=True,
    )
    store: StoreAddress = option(
        parse_store,
        "STORE",
        "where mails and state are stored: memory; sqlite:FILE, as in sqlite:mock.db"
        " (?sync=full also survives a power cut); or redis://HOST/DB, which several"
        " processes share (default: memory)",
        default=StoreAddress(),
    )
    store_wait: float = option(
        parse_wait,
        "TIME",
        "how long the start waits for another process that uses the file, or for the"
        " Redis server, as in 30s (default: 0)",
        default=0.0,
    )
    state_dir: str | None = option(
        parse_folder,
        "DIR",
        "the directory for certificates; without it each start creates new ones",
        default=None,
    )
    eml_dir: str | None = option(
        parse_folder,
        "DIR",
        "also write each kept mail to a file in this directory, by host and date",
        default=None,
    )
    mail_shape: MailShape = option(
        parse_shape,
        "SHAPE",
        "the fields of a listed mail: both, james or article (default: both)",
        default=MailShape.BOTH,
    )
    http_hosts: tuple[str, ...] = option(
        lambda names: tuple(map(parse_hostname, names)),
        "NAME",
        "an additional host name under which a browser may call the API; repeatable",
        default=(),
        repeatable=True,
        name="http-host",
    )
    cors_origins: tuple[str, ...] = option(
        lambda origins: tuple(map(parse_origin, origins)),
        "ORIGIN",
        "the origin of web pages that may call the API, as in http://localhost:3000,"
        " or * for all; repeatable",
        default=(),
        repeatable=True,
        name="cors-origin",
    )
    stand_ins: tuple[StandIn, ...] = option(
        parse_stand_ins,
        "NAME",
        "also serve the HTTP API of another tool for the same mails: rest-smtp-sink,"
        " mailhog or mailpit; repeatable",
        default=(),
        repeatable=True,
        name="stand-in",
    )
    token: str | None = option(
        parse_token,
        "TEXT",
        "the token that the API requires, except for /health, /login and static files",
        default=None,
        is_secret=True,
    )
    log_format: LogFormat | None = option(
        parse_log_format,
        "FORMAT",
        "the format of the log: text or json (default: text)",
        default=None,
    )
    log_level: Level | None = option(
        parse_log_level,
        "LEVEL",
        "the lowest level that is logged: debug, info, warn or error (default: info)",
        default=None,
    )
    quiet: bool = option(
        parse_flag,
        "",
        "log only warnings, errors and the start line",
        default=False,
        is_flag=True,
    )
    log_file: str | None = option(
        parse_file,
        "FILE",
        "append the log to this file; SIGHUP reopens it",
        default=None,
    )
    addresses_file: str | None = option(
        parse_file,
        "FILE",
        "a JSON file that is written once all listeners are open: addresses, url,"
        " pid, instance",
        default=None,
    )
    exit_with_stdin: bool = option(
        parse_flag, "", "exit when the standard input ends", default=False, is_flag=True
    )
    tls: TlsSettings | None = None
    auth: AuthSettings | None = None
    limits: Limits = attrs.field(factory=Limits)
    start: HostStart = attrs.field(factory=HostStart)
    records: tuple[Record, ...] = ()
    dns_behaviors: tuple[DnsBehavior, ...] = ()
    policies: tuple[MtaStsPolicy, ...] = ()
    hosts: tuple[HostPlan, ...] = ()
    given: frozenset[str] = attrs.field(default=frozenset(), eq=False)

    @property
    def plans(self) -> tuple[HostPlan, ...]:
        """All hosts that there are at the start, the default host first."""
        plans = {plan.description.name: plan for plan in self.hosts}
        usual = HostPlan(self.described, self.smtp, self.start)
        return (plans.pop(DEFAULT_HOST, usual), *plans.values())

    @property
    def described(self) -> Description:
        """The default host, unless it has a document."""
        return Description(
            DEFAULT_HOST,
            self.hostname,
            self.capabilities,
            self.limits,
            self.tls,
            self.auth,
        )


OPTIONS = (
    *declared_in(Config),
    Option(
        "max-message-size",
        parse_room,
        "SIZE",
        "the maximum size of a message; larger ones get 552; EHLO advertises it when"
        " set (default: 64MiB)",
        limit="message_size",
    ),
    Option(
        "max-connections",
        parse_count,
        "N",
        "the maximum number of SMTP connections; others get 421 (default: 1000)",
        limit="connections",
    ),
    Option(
        "token-file",
        parse_token_file,
        "FILE",
        "a file that contains only the token",
        is_secret=True,
    ),
)
"""Every option except ``--config``; the last ones set a field of another object."""
