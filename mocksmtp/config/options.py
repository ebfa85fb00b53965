"""The options, wherever they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

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
    parse_number,
    parse_room,
    parse_shape,
    parse_smtp,
    parse_token,
    parse_token_file,
    parse_unset,
)
from mocksmtp.hosts.capabilities import USUAL, parse_capabilities


@attrs.frozen
class Option:
    """
    One option, wherever it is given.

    :ivar name: as on the command line, without the dashes
    :ivar parse: from its text, or from a list of texts where it is `repeatable`;
        raises `ValueError`
    :ivar metavar: what stands for its value in the help; ``""`` for a flag
    :ivar is_flag: it has no value on the command line; 1 or 0 elsewhere
    :ivar is_address: `parse` has a second argument, the address for a port alone
    :ivar is_secret: an empty value is an error, and not the same as none
    :ivar document: reads an array or object that the file may have in its place;
        raises `mocksmtp.documents.problems.DocumentError`
    """

    name: str
    parse: Callable[..., Any]
    metavar: str
    help: str
    repeatable: bool = attrs.field(default=False, kw_only=True)
    is_flag: bool = attrs.field(default=False, kw_only=True)
    document: Callable[[Any], Any] | None = attrs.field(default=None, kw_only=True)
    is_address: bool = attrs.field(default=False, kw_only=True)
    is_secret: bool = attrs.field(default=False, kw_only=True)

    @property
    def variable(self) -> str:
        """Its environment variable: ``max-mails`` is ``MOCKSMTP_MAX_MAILS``."""
        return "MOCKSMTP_" + self.name.upper().replace("-", "_")

    @property
    def key(self) -> str:
        """Its name in the file: ``max-mails`` is ``maxMails`` there."""
        head, *rest = self.name.split("-")
        return head + "".join(word.title() for word in rest)


OPTIONS = (
    Option(
        "smtp",
        parse_smtp,
        "ADDRESS",
        "address of the SMTP listener, or off; HOST=ADDRESS adds one to another host;"
        " repeatable (default: 127.0.0.1:2525)",
        repeatable=True,
        is_address=True,
    ),
    Option(
        "http",
        parse_http,
        "ADDRESS",
        "address of the API, or off (default: 127.0.0.1:8000)",
        is_address=True,
    ),
    Option(
        "https",
        parse_http,
        "ADDRESS",
        "address of the MTA-STS policy server, or off (default: off)",
        is_address=True,
    ),
    Option(
        "dns",
        parse_dns,
        "ADDRESS",
        "address of DNS over UDP and TCP, or off; systemd:tcp=INDEX:udp=INDEX for"
        " systemd sockets; repeatable (default: 127.0.0.1:5300)",
        repeatable=True,
        is_address=True,
    ),
    Option(
        "dns-unset",
        parse_unset,
        "REPLY",
        "the DNS reply for names without records until a record is set by the file"
        " or the API: nxdomain or servfail (default: nxdomain)",
    ),
    Option(
        "hostname",
        parse_hostname,
        "NAME",
        "the name in the banner and in the EHLO reply (default: the machine's name)",
    ),
    Option(
        "capabilities",
        parse_lines,
        "LIST",
        "the capabilities that EHLO advertises on the default host, separated by"
        " commas"
        f" (default: {','.join(USUAL)})",
        document=parse_capabilities,
    ),
    Option(
        "max-mails",
        parse_count,
        "N",
        "the maximum number of mails kept; the oldest are evicted (default: 100000)",
    ),
    Option(
        "max-bytes",
        parse_room,
        "SIZE",
        "the maximum memory of mails, including arriving ones (default: 1GiB)",
    ),
    Option(
        "max-message-size",
        parse_room,
        "SIZE",
        "the maximum size of a message; larger ones get 552; EHLO advertises it when"
        " set (default: 64MiB)",
    ),
    Option(
        "max-connections",
        parse_count,
        "N",
        "the maximum number of SMTP connections; others get 421 (default: 1000)",
    ),
    Option(
        "journal",
        parse_number,
        "N",
        "the number of sessions kept per host; 0 disables the journal (default: 10000)",
    ),
    Option(
        "journal-bytes",
        parse_room,
        "SIZE",
        "the maximum memory of all journals together; the sessions that ended first"
        " are removed first (default: 64MiB)",
    ),
    Option(
        "state-dir",
        parse_folder,
        "DIR",
        "the directory for certificates; without it each start creates new ones",
    ),
    Option(
        "mail-shape",
        parse_shape,
        "SHAPE",
        "the fields of a listed mail: both, james or article (default: both)",
    ),
    Option(
        "http-host",
        lambda names: tuple(map(parse_hostname, names)),
        "NAME",
        "an additional host name under which a browser may call the API; repeatable",
        repeatable=True,
    ),
    Option(
        "token",
        parse_token,
        "TEXT",
        "the bearer token that the API requires, except for /health",
        is_secret=True,
    ),
    Option(
        "token-file",
        parse_token_file,
        "FILE",
        "a file that contains only the token",
        is_secret=True,
    ),
    Option(
        "log-format",
        parse_log_format,
        "FORMAT",
        "the format of the log: text or json (default: text)",
    ),
    Option(
        "log-level",
        parse_log_level,
        "LEVEL",
        "the lowest level that is logged: debug, info, warn or error (default: info)",
    ),
    Option(
        "quiet",
        parse_flag,
        "",
        "log only warnings, errors and the start line",
        is_flag=True,
    ),
    Option(
        "log-file",
        parse_file,
        "FILE",
        "append the log to this file; SIGHUP reopens it",
    ),
    Option(
        "addresses-file",
        parse_file,
        "FILE",
        "a JSON file that is written once all listeners are open: addresses, url,"
        " pid, instance",
    ),
    Option(
        "exit-with-stdin",
        parse_flag,
        "",
        "exit when the standard input ends",
        is_flag=True,
    ),
)
"""Every option but ``--config``."""
