"""The options, wherever they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from mocksmtp.codec.capabilities import parse_capabilities
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
from mocksmtp.model.capabilities import USUAL


@attrs.frozen
class Option:
    """
    One option, wherever it is given.

    :ivar name: as on the command line, without the dashes
    :ivar parse: from its text, or from a list of texts where it is `repeatable`;
        raises `ValueError`
    :ivar metavar: what stands for its value in the help; ``""`` for a flag
    :ivar is_flag: it has no value on the command line; 1 or 0 elsewhere
    :ivar is_secret: an empty value is an error, and not the same as none
    :ivar document: reads an array or object that the file may have in its place;
        raises `mocksmtp.documents.problems.DocumentError`
    """

    name: str
    parse: Callable[[Any], Any]
    metavar: str
    help: str
    repeatable: bool = attrs.field(default=False, kw_only=True)
    is_flag: bool = attrs.field(default=False, kw_only=True)
    document: Callable[[Any], Any] | None = attrs.field(default=None, kw_only=True)
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
        "ENDPOINT",
        "a Twisted server endpoint for mail, or off; HOST=ENDPOINT is for another"
        " host than the default one; may come several times"
        " (default: tcp:2525:interface=127.0.0.1)",
        repeatable=True,
    ),
    Option(
        "http",
        parse_http,
        "ENDPOINT",
        "the endpoint of the API, or off (default: tcp:8000:interface=127.0.0.1)",
    ),
    Option(
        "https",
        parse_http,
        "ENDPOINT",
        "the endpoint of the policy hosts of MTA-STS, or off (default: off)",
    ),
    Option(
        "dns",
        parse_dns,
        "ADDRESS:PORT",
        "where DNS is served, UDP and TCP, or off; may come several times;"
        " systemd:tcp=INDEX:udp=INDEX for sockets of systemd"
        " (default: 127.0.0.1:5300)",
        repeatable=True,
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
        "what the banner and EHLO say (default: the machine's name)",
    ),
    Option(
        "capabilities",
        parse_lines,
        "LIST",
        "the lines of EHLO on the default host, separated by commas"
        f" (default: {','.join(USUAL)})",
        document=parse_capabilities,
    ),
    Option(
        "max-mails",
        parse_count,
        "N",
        "how many mails are kept; the oldest go first (default: 100000)",
    ),
    Option(
        "max-bytes",
        parse_room,
        "SIZE",
        "how much memory mails may take (default: 1GiB)",
    ),
    Option(
        "max-message-size",
        parse_room,
        "SIZE",
        "a larger message gets 552 (default: 64MiB); told in EHLO when given",
    ),
    Option(
        "max-connections",
        parse_count,
        "N",
        "SMTP connections at once; 421 past it (default: 1000)",
    ),
    Option(
        "journal",
        parse_number,
        "N",
        "how many sessions are kept of each host; 0 for none (default: 10000)",
    ),
    Option(
        "journal-bytes",
        parse_room,
        "SIZE",
        "how much memory the journals of all hosts may take together; the sessions"
        " that ended first are removed first (default: 64MiB)",
    ),
    Option(
        "state-dir",
        parse_folder,
        "DIR",
        "where certificates are kept; without it they are made anew at each start",
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
        "a further name that a browser may call the API by; may come several times",
        repeatable=True,
    ),
    Option(
        "token",
        parse_token,
        "TEXT",
        "a bearer token that the API requires",
        is_secret=True,
    ),
    Option(
        "token-file",
        parse_token_file,
        "FILE",
        "a file that contains the token, alone",
        is_secret=True,
    ),
    Option(
        "log-format",
        parse_log_format,
        "FORMAT",
        "how the log is written: text or json (default: text)",
    ),
    Option(
        "log-level",
        parse_log_level,
        "LEVEL",
        "the least important lines that are logged: debug, info, warn or error"
        " (default: info)",
    ),
    Option(
        "quiet",
        parse_flag,
        "",
        "log warnings and errors only, and the line that reports the start",
        is_flag=True,
    ),
    Option(
        "log-file",
        parse_file,
        "FILE",
        "append the log to this file, which SIGHUP opens again",
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
