"""``mocksmtp send``: a mail from options, from a file or from the standard input.

It accepts the flags of sendmail, so that a program that calls sendmail can call it
instead: ``sendmail_path = mocksmtp send -t -i``.
"""

from __future__ import annotations

import getpass
import mimetypes
import re
import socket
import sys
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP, SMTPUTF8, compat32
from email.utils import formatdate, getaddresses, make_msgid, parseaddr
from typing import TYPE_CHECKING, Any

import attrs
import click

from mocksmtp.cli.program import CommandError, Count, Exit
from mocksmtp.cli.remote import (
    ServiceCommand,
    connect,
    environment,
    print_json,
    read_input,
    safe,
    wants_json,
)

if TYPE_CHECKING:
    from mocksmtp.cli.courier import Attempted, Letter, NamedContext, Server

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_NEWLINE = re.compile(rb"\r\n|\n|\r")
_MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2")
_DEFAULT_SERVER = ("127.0.0.1", 2525)
_IGNORED = ("-O", "-B", "-L", "-X"), ("-n", "-G", "-U", "-m")
"""Flags of sendmail that change nothing here: with a value, and without."""


@attrs.frozen(kw_only=True)
class _Options:
    """The options of ``send``, by the names that click gives them."""

    context: click.Context
    addresses: tuple[str, ...]
    to: tuple[str, ...]
    sender: str | None
    full_name: str | None
    subject: str | None
    body: str | None
    html: str | None
    attach: tuple[str, ...]
    headers: tuple[str, ...]
    file: str | None
    as_is: bool
    server: str | None
    lmtp: bool
    mx: bool
    dns: str | None
    port: int | None
    starttls: bool
    tls: bool
    ca: str | None
    user: str | None
    password: str | None
    auth: str | None
    helo: str | None
    notify: str | None
    ret: str | None
    envid: str | None
    timeout: str
    verbose: bool
    from_header: bool
    keep_dot: bool
    mode: str
    settings: tuple[str, ...]

    def error(self, message: str) -> click.UsageError:
        """An error of the command line."""
        return click.UsageError(message, self.context)


def _ignored(command: Any) -> Any:
    for flags, is_flag in zip(_IGNORED, (False, True), strict=True):
        for flag in flags:
            name = f"ignored_{'flag_' if is_flag else ''}{ord(flag[1])}"
            command = click.option(
                flag, name, is_flag=is_flag, hidden=True, expose_value=False
            )(command)
    return command


@click.command("send", cls=ServiceCommand)
@click.argument("addresses", nargs=-1, metavar="[RECIPIENT]...")
@click.option("--to", multiple=True, metavar="ADDRESS", help="A recipient.")
@click.option(
    *("-f", "-r", "--from", "sender"),
    metavar="ADDRESS",
    help="The sender of the envelope; <> is the null sender.",
)
@click.option("-s", "--subject", metavar="TEXT", help="Compose a mail: its subject.")
@click.option("--body", metavar="TEXT", help="Compose a mail: its text; - for stdin.")
@click.option("--html", metavar="FILE", help="Compose a mail: its HTML.")
@click.option(
    "--attach", multiple=True, metavar="FILE", help="Compose a mail: an attachment."
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME:VALUE",
    help="Compose a mail: another header field.",
)
@click.option("--file", metavar="FILE", help="Send this content; - for stdin.")
@click.option(
    "--as-is", is_flag=True, help="Add no missing From, Date and Message-ID to it."
)
@click.option("--server", metavar="HOST:PORT", help="The server.")
@click.option(
    "--lmtp",
    is_flag=True,
    help="Speak LMTP; --server may be a UNIX socket, as /run/lmtp.",
)
@click.option("--mx", is_flag=True, help="Send to the mail exchanges of each domain.")
@click.option("--dns", metavar="HOST:PORT", help="The DNS server for --mx.")
@click.option(
    "--port",
    metavar="PORT",
    type=Count(1, 65535),
    help="The port of all exchanges, for --mx.",
)
@click.option("--starttls", is_flag=True, help="Require STARTTLS.")
@click.option("--tls", is_flag=True, help="Use TLS from the beginning.")
@click.option("--ca", metavar="FILE", help="Verify certificates by these roots (PEM).")
@click.option("--user", metavar="NAME", help="Log in as this user.")
@click.option("--password", metavar="TEXT", help="The password or token of the user.")
@click.option(
    "--auth",
    metavar="MECHANISM",
    type=click.Choice(_MECHANISMS, case_sensitive=False),
    help=f"One of {', '.join(_MECHANISMS)} (default: the best one offered).",
)
@click.option("--helo", metavar="NAME", help="The argument of EHLO.")
@click.option(
    "-N", "--notify", metavar="LIST", help="NOTIFY, as success,failure,delay."
)
@click.option("-R", "--ret", metavar="full|hdrs", help="RET: what a bounce returns.")
@click.option("-V", "--envid", metavar="ID", help="ENVID: the id of the envelope.")
@click.option(
    "--timeout", metavar="TIME", default="30s", help="Of each reply (default: 30s)."
)
@click.option("-v", "--verbose", is_flag=True, help="Print the dialogue.")
@click.option("-t", "from_header", is_flag=True, help="Recipients of To, Cc and Bcc.")
@click.option("-i", "keep_dot", is_flag=True, help="Keep a last line of one dot.")
@click.option("-F", "full_name", metavar="NAME", help="The name of the sender.")
@click.option("-b", "mode", default="m", hidden=True)
@click.option("-o", "settings", multiple=True, hidden=True)
@_ignored
@click.pass_context
def send_command(context: click.Context, /, **options: Any) -> None:
    r"""
    Send a mail, directly to a server or to the mail exchanges of its domain.

    \b
      mocksmtp send bob@x.test                      a short test mail
      mocksmtp send -s Hello --body Hi --attach a.pdf bob@x.test
      mocksmtp send bob@x.test < mail.eml           this content
      mocksmtp send --mx bob@x.test                 by the DNS of the service
      mocksmtp send --starttls --user me --password pw --server mx.test:25 bob@x.test
      mocksmtp send --lmtp --server 127.0.0.1:24 bob@x.test carl@x.test
      mocksmtp send -t -i -f me@x.test < mail.eml   as sendmail

    The server is --server, otherwise that of the service at --url, otherwise SMTP_HOST
    and SMTP_PORT, otherwise that of MOCKSMTP_URL, otherwise 127.0.0.1:2525. With --mx,
    an exchange on an address where the service listens is reached on the port of that
    listener, any other on port 25. With --lmtp, the server is --server, otherwise the
    first LMTP listener of the service. Without --ca, certificates are not verified.

    Exits with 0 if the mail was accepted for each recipient, 69 if it was rejected
    (5xx), 75 if it was deferred (4xx, or no connection), as sendmail does.
    """
    given = _Options(context=context, **options)
    if "i" in given.settings:
        given = attrs.evolve(given, keep_dot=True)
    if given.mode != "m":
        raise given.error(f"-b{given.mode}: only -bm, which sends a mail, is supported")
    recipients = [
        address for one in given.addresses + given.to for address in _split(one)
    ]
    content, named = _content(given, recipients)
    recipients = list(dict.fromkeys(recipients + named))
    if not recipients:
        example = "mocksmtp send bob@x.test"
        raise given.error(f"a recipient is missing, as in {example}")
    attempts = _send(given, recipients, content)
    context.exit(_report(given, recipients, attempts))


def _split(text: str) -> list[str]:
    """The addresses of an argument: ``a@x.test, Bob <b@x.test>``."""
    return [address for _, address in getaddresses([text]) if address] or [text]


# The content


def _content(given: _Options, recipients: Sequence[str]) -> tuple[bytes, list[str]]:
    """The content with CRLF, and the recipients that its header names."""
    composes = given.subject is not None or given.body is not None
    if composes or given.html or given.attach:
        if given.file is not None:
            raise given.error("--file cannot be combined with a composed mail")
        return _composed(given, recipients), []
    name = given.file
    if name is None:
        name = None if sys.stdin is None or sys.stdin.isatty() else "-"
    content = b"" if name is None else read_input(given.context, name)
    if not content.strip() and not given.from_header and given.file is None:
        return _composed(given, recipients), []
    content = _NEWLINE.sub(b"\r\n", content)
    if not given.keep_dot and name == "-":
        content = re.sub(rb"(^|\r\n)\.\r\n\Z", rb"\1", content)
    named: list[str] = []
    if given.from_header:
        content, named = _recipients_in(content)
    if not given.as_is:
        content = _completed(given, content)
    return content, named


def _composed(given: _Options, recipients: Sequence[str]) -> bytes:
    """A mail from the options, by default a short one."""
    sender = _sender(given, b"")
    is_ascii = all(map(str.isascii, (sender, *recipients)))
    # Without SMTPUTF8 a header is ASCII, with encoded words (RFC 6532 §3, RFC 2047).
    message = EmailMessage(policy=SMTP if is_ascii else SMTPUTF8)
    body = given.body
    if body == "-":
        body = read_input(given.context, "-").decode("utf-8", "replace")
    try:
        message["From"] = _author(given)
        message["To"] = ", ".join(recipients)
        message["Subject"] = "Test mail" if given.subject is None else given.subject
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = _message_id(given)
        for field in given.headers:
            name, colon, value = field.partition(":")
            if not colon or not _FIELD.fullmatch(f"{name}:".encode()):
                raise ValueError(f"--header: must be NAME:VALUE, got {field!r}")
            del message[name]
            message[name] = value.strip()
    except (ValueError, IndexError) as error:
        raise given.error(str(error)) from None
    message.set_content("This is a test mail.\n" if body is None else body)
    if given.html is not None:
        page = read_input(given.context, given.html).decode("utf-8", "replace")
        message.add_alternative(page, subtype="html")
    for name in given.attach:
        kind, encoding = mimetypes.guess_type(name)
        if kind is None or encoding is not None:
            kind = "application/octet-stream"
        main, _, sub = kind.partition("/")
        octets = read_input(given.context, name)
        label = name.replace("\\", "/").rpartition("/")[2]
        if main in ("message", "multipart"):
            main, sub = "application", "octet-stream"
        message.add_attachment(octets, maintype=main, subtype=sub, filename=label)
    return message.as_bytes()


def _author(given: _Options) -> str:
    """The From field."""
    address = _sender(given, b"") or "<>"
    name = given.full_name
    if not name or address == "<>":
        return address if address != "<>" else f"postmaster@{socket.gethostname()}"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def _sender(given: _Options, content: bytes) -> str:
    """The sender of the envelope; ``""`` is the null sender."""
    if given.sender is not None:
        sender = given.sender.strip()
        return "" if sender in ("", "<>") else sender.strip("<>")
    if content:
        header = BytesHeaderParser(policy=compat32).parsebytes(content)
        address = parseaddr(str(header.get("From", "")))[1]
        if "@" in address:
            return address
    return f"{_user()}@{socket.gethostname()}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run as a user without a name.
        return "mocksmtp"


def _message_id(given: _Options) -> str:
    domain = _sender(given, b"").rpartition("@")[2]
    return make_msgid(domain=domain if domain.isascii() and domain else "mocksmtp.test")


def _recipients_in(content: bytes) -> tuple[bytes, list[str]]:
    """The content without Bcc, and the addresses of To, Cc and Bcc."""
    header = BytesHeaderParser(policy=compat32).parsebytes(content)
    fields = [
        str(one) for name in ("To", "Cc", "Bcc") for one in header.get_all(name, ())
    ]
    addresses = [address for _, address in getaddresses(fields) if address]
    top, end, rest = content.partition(b"\r\n\r\n")
    kept = re.sub(rb"(?im)^bcc[ \t]*:.*(?:\r\n[ \t].*)*(?:\r\n|\Z)", b"", top)
    return (kept.removesuffix(b"\r\n") + end + rest), addresses


def _completed(given: _Options, content: bytes) -> bytes:
    """The content with the fields that sendmail adds: From, Date and Message-ID."""
    has_header = _FIELD.match(content) is not None
    top = content.partition(b"\r\n\r\n")[0] if has_header else b""
    found = {one.lower() for one in re.findall(rb"(?m)^([!-9;-~]+)[ \t]*:", top)}
    added = b""
    for name, value in (
        ("From", _author(given)),
        ("Date", formatdate(localtime=True)),
        ("Message-ID", _message_id(given)),
    ):
        if name.lower().encode() not in found:
            added += f"{name}: {value}\r\n".encode()
    return added + content if has_header else added + b"\r\n" + content


# The way


def _send(
    given: _Options, recipients: Sequence[str], content: bytes
) -> list[Attempted]:
    """Send it, and return all attempts."""
    from mocksmtp.cli.courier import Courier, Exchanges, Login
    from mocksmtp.documents.units import parse_duration

    if given.starttls and given.tls:
        raise given.error("--starttls cannot be combined with --tls")
    if given.lmtp and given.mx:
        raise given.error("--lmtp cannot be combined with --mx")
    if (given.user is None) != (given.password is None):
        raise given.error("--user and --password need each other")
    try:
        timeout = parse_duration(given.timeout) or None
    except ValueError as error:
        raise given.error(f"--timeout: {error}") from None
    courier = Courier(
        given.helo or socket.gethostname(),
        timeout or 30.0,
        "starttls" if given.starttls else "implicit" if given.tls else "off",
        _tls_context(given) if given.starttls or given.tls else None,
        Login(given.user, given.password or "", given.auth and given.auth.upper())
        if given.user is not None
        else None,
        _print_line if given.verbose else lambda line: None,
        given.lmtp,
    )
    letter = _letter(given, content)
    if not given.mx:
        return courier.send(_server(given), recipients, letter)
    exchanges = Exchanges(_nameserver(given), _port_at(given))
    return courier.send_by_mx(recipients, letter, exchanges.of)


def _print_line(line: str) -> None:
    click.echo(safe(line), err=True)


def _letter(given: _Options, content: bytes) -> Letter:
    from mocksmtp.cli.courier import Letter

    of_mail = [("RET", given.ret and given.ret.upper()), ("ENVID", given.envid)]
    return Letter(
        _sender(given, content),
        content,
        tuple(f"{name}={value}" for name, value in of_mail if value),
        (f"NOTIFY={given.notify.upper()}",) if given.notify else (),
    )


def _tls_context(given: _Options) -> NamedContext:
    import ssl

    from mocksmtp.cli.courier import NamedContext

    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    if given.ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context.load_verify_locations(given.ca)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "contains no certificate in PEM"
        raise given.error(f"--ca: {given.ca}: {reason}") from None
    return context


def _server(given: _Options) -> Server:
    """The server for a mail that is sent directly."""
    from mocksmtp.cli.courier import Server

    if given.server is not None:
        if given.lmtp and given.server.startswith("/"):
            return Server(given.server, given.server, 0)
        place = _place(given, "--server", given.server, 24 if given.lmtp else 25)
        return Server(place[0], *place)
    if given.lmtp:
        return _lmtp_server(given)
    is_asked = bool(given.context.obj.get("url"))
    if not is_asked and (host := environment("SMTP_HOST")):
        where = f"{host}:{environment('SMTP_PORT') or 25}"
        place = _place(given, "SMTP_HOST, SMTP_PORT", where, 25)
        return Server(place[0], *place)
    if not is_asked and environment("MOCKSMTP_URL") is None:
        return Server(_DEFAULT_SERVER[0], *_DEFAULT_SERVER)
    found = connect(given.context).status().smtp
    if found is None:
        message = "the service has no SMTP listener on its default host; use --server"
        raise CommandError(message)
    return Server(found[0], *found)


def _lmtp_server(given: _Options) -> Server:
    """The first LMTP listener of the service."""
    from mocksmtp.cli.courier import Server
    from mocksmtp.client.values import split_address

    for host in connect(given.context).hosts():
        opened = zip(host.listeners or (), host.addresses, strict=False)
        for listener, address in opened:
            if listener.protocol == "lmtp":
                place = split_address(address)
                return Server(place[0], *place)
    raise CommandError("the service has no LMTP listener; use --server")


def _nameserver(given: _Options) -> tuple[str, int]:
    """The DNS server for a mail that is sent by MX."""
    for name, value in (
        ("--dns", given.dns),
        ("MOCKSMTP_DNS", environment("MOCKSMTP_DNS")),
    ):
        if value:
            return _place(given, name, value, 53)
    found: tuple[str, int] | None = connect(given.context).status().dns
    if found is None:
        raise CommandError("the service has no DNS listener; use --dns")
    return found


def _port_at(given: _Options) -> Callable[[str], int]:
    """The port at an address: that of ``--port``, or of the service's listener."""
    if (port := given.port) is not None:
        return lambda address: port
    from mocksmtp.client.errors import MockError
    from mocksmtp.client.values import split_address

    try:
        hosts = connect(given.context).hosts()
    except MockError:
        # With --dns there need not be a service.
        return lambda address: 25
    ports = dict(split_address(one) for host in hosts for one in host.addresses)
    return lambda address: ports.get(address, 25)


def _place(given: _Options, name: str, text: str, default: int) -> tuple[str, int]:
    """A host and a port: ``mx.test:25``, ``[::1]:25``, or a host alone."""
    match = re.fullmatch(r"(?:\[([^]]+)\]|([^:\[\]]+))(?::(\d{1,5}))?", text)
    if match is None or not 0 < int(match[3] or default) < 65536:
        raise given.error(
            f"{name}: must be HOST:PORT, as in 127.0.0.1:25, got {text!r}"
        )
    return match[1] or match[2], int(match[3] or default)


# The result


def _report(
    given: _Options, recipients: Sequence[str], attempts: Sequence[Attempted]
) -> int:
    """Print the attempts, and return the exit status."""
    last = {one.recipient: one for one in attempts}
    verdicts = {last[recipient].verdict for recipient in recipients}
    if wants_json(given.context):
        print_json([one.document for one in attempts])
    else:
        is_quiet = (
            given.from_header or given.keep_dot or "sendmail" in given.context.obj
        )
        for one in attempts:
            succeeded = one.verdict == "accepted"
            if not (succeeded and is_quiet):
                click.echo(_line(one), err=not succeeded)
    if "rejected" in verdicts:
        return Exit.MAIL_REJECTED
    return Exit.MAIL_DEFERRED if "deferred" in verdicts else Exit.SUCCESS


def _line(attempt: Attempted) -> str:
    words = [f"{attempt.recipient}: {attempt.verdict}"]
    if attempt.server is not None:
        words.append(f"by {attempt.server}")
    if attempt.verdict != "accepted":
        words.append(f"at {attempt.stage}")
    said = attempt.text if attempt.code is None else f"{attempt.code} {attempt.text}"
    return safe(f"{' '.join(words)}: {said}")
