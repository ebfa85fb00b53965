"""Sends a mail as a mail server does: directly, or to the mail exchanges of a domain.

`Courier.send` makes one attempt at one server, `Courier.send_by_mx` tries the exchanges
in order. Neither raises for what a server does: each attempt is an `Attempted`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import dns.exception
import dns.resolver

_DNS_TIMEOUT = 10.0


@attrs.frozen
class Server:
    """
    Where to connect; `name` is that of the host, for TLS and for people.

    :ivar address: an IP address, or the path of a UNIX socket, which has port 0
    """

    name: str
    address: str
    port: int

    def __str__(self) -> str:
        if self.address.startswith("/"):
            return self.address
        address = f"[{self.address}]" if ":" in self.address else self.address
        place = f"{address}:{self.port}"
        return place if self.name == self.address else f"{self.name} ({place})"


@attrs.frozen
class Attempted:
    """
    The result of one attempt for one recipient.

    :ivar code: of the deciding reply; None if there was none
    :ivar stage: ``DNS``, ``CONNECT``, or the command whose reply decided
    :ivar verdict: ``accepted``, ``deferred`` or ``rejected``
    """

    recipient: str
    server: Server | None
    stage: str
    code: int | None
    text: str
    verdict: str

    @property
    def is_final(self) -> bool:
        """Whether no other exchange is to be tried."""
        if self.verdict == "accepted":
            return True
        return self.verdict == "rejected" and self.stage not in ("CONNECT", "EHLO")

    @property
    def document(self) -> dict[str, Any]:
        """The attempt as JSON."""
        server = self.server
        return {
            "recipient": self.recipient,
            "verdict": self.verdict,
            "stage": self.stage,
            "code": self.code,
            "text": self.text,
            "exchange": server and server.name,
            "address": server and server.address,
            "port": server and server.port,
        }


@attrs.frozen
class Login:
    """A user for AUTH; without a mechanism the best that both sides have."""

    user: str
    password: str
    mechanism: str | None = None


@attrs.frozen
class Letter:
    """A mail on its way: its content with CRLF, and the parameters of MAIL and RCPT."""

    sender: str
    content: bytes
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: tuple[str, ...] = ()


class _Failed(Exception):
    """A session ended before RCPT; `arguments` are stage, code and text."""


def _verdict(code: int | None) -> str:
    return {2: "accepted", 5: "rejected"}.get((code or 0) // 100, "deferred")


def _shown(text: bytes | str) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return " ".join(text.split())


@attrs.frozen
class Courier:
    """
    Sends mails over SMTP or LMTP.

    :ivar helo: the argument of EHLO or LHLO
    :ivar tls: ``off``, ``starttls``, or ``implicit``
    :ivar context: for TLS
    :ivar trace: called with each line that is sent (``> ``) or received (``< ``)
    """

    helo: str
    timeout: float
    tls: str = "off"
    context: NamedContext | None = None
    login: Login | None = None
    trace: Callable[[str], None] = lambda line: None
    lmtp: bool = False

    def send(
        self, server: Server, recipients: Sequence[str], letter: Letter
    ) -> list[Attempted]:
        """Make one attempt at one server."""

        def all_of(stage: str, code: int | None, text: bytes | str) -> list[Attempted]:
            return [
                Attempted(one, server, stage, code, _shown(text), _verdict(code))
                for one in recipients
            ]

        try:
            with self._session(server) as client:
                return self._transaction(client, server, recipients, letter)
        except _Failed as failure:
            return all_of(*failure.args)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return all_of("CONNECT", None, _reason(error))

    @contextlib.contextmanager
    def _session(self, server: Server) -> Iterator[smtplib.SMTP]:
        """A connection that is ready for MAIL."""
        kind: type[_Traced] = _ImplicitTls if self.tls == "implicit" else _Traced
        if self.lmtp:
            kind = _ImplicitTlsLmtp if self.tls == "implicit" else _Lmtp
        client = kind(self.trace, self.helo, self.timeout, self.context)
        self.trace(f"* {server}")
        if self.context is not None:
            self.context.name = server.name
        try:
            _expect("CONNECT", client.connect(server.address, server.port))
            _greet(client)
            if self.tls == "starttls":
                assert self.context is not None
                if not client.has_extn("starttls"):
                    raise _Failed("STARTTLS", None, "the server offers no STARTTLS")
                _expect("STARTTLS", client.starttls(context=self.context))
                _greet(client)
            if self.login is not None:
                _log_in(client, self.login)
            yield client
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
        finally:
            client.close()

    def _transaction(
        self,
        client: smtplib.SMTP,
        server: Server,
        recipients: Sequence[str],
        letter: Letter,
    ) -> list[Attempted]:
        parameters = list(letter.mail_parameters)
        if not all(map(str.isascii, (letter.sender, *recipients))):
            if not client.has_extn("smtputf8"):
                missing = "the server offers no SMTPUTF8"
                return [
                    Attempted(one, server, "MAIL FROM", None, missing, "rejected")
                    for one in recipients
                ]
            client.command_encoding = "utf-8"
            parameters.append("SMTPUTF8")
        if client.has_extn("8bitmime") and not letter.content.isascii():
            parameters.append("BODY=8BITMIME")
        _expect("MAIL FROM", client.mail(letter.sender, parameters))
        done: dict[str, Attempted] = {}
        for recipient in recipients:
            code, text = client.rcpt(recipient, list(letter.rcpt_parameters))
            done[recipient] = Attempted(
                recipient, server, "RCPT TO", code, _shown(text), _verdict(code)
            )
        accepted = [one for one, what in done.items() if what.verdict == "accepted"]
        if accepted:
            # LMTP has a reply for each of them (RFC 2033 §4.2).
            number = len(accepted) if self.lmtp else 1
            stage, replies = _send_content(client, letter.content, number)
            for one, reply in zip(accepted, itertools.cycle(replies), strict=False):
                done[one] = Attempted(one, server, stage, *reply, _verdict(reply[0]))
        return list(done.values())

    def send_by_mx(
        self,
        recipients: Sequence[str],
        letter: Letter,
        exchanges: Callable[[str], list[Server]],
    ) -> list[Attempted]:
        """
        Send to the exchanges of each domain, until each recipient has its result.

        :param exchanges: finds the servers of a domain in their order; raises
            `RouteError`
        :return: all attempts, in order
        """
        attempts: list[Attempted] = []
        for domain, named in _by_domain(recipients).items():
            pending = named
            try:
                servers = exchanges(domain)
            except RouteError as error:
                verdict = "deferred" if error.is_temporary else "rejected"
                attempts += [
                    Attempted(one, None, "DNS", None, str(error), verdict)
                    for one in pending
                ]
                continue
            for server in servers:
                made = self.send(server, pending, letter)
                attempts += made
                pending = [one.recipient for one in made if not one.is_final]
                if not pending:
                    break
        return attempts


_Reply = tuple[int | None, str]
"""A code and a text; without a code why there was no reply."""


def _send_content(
    client: smtplib.SMTP, content: bytes, number: int
) -> tuple[str, list[_Reply]]:
    """
    The stage and the replies that decided, to DATA or to the content.

    :param number: how many replies to the content there are
    """
    try:
        first = client.data(content)
    except smtplib.SMTPDataError as error:
        return "DATA COMMAND", [(error.smtp_code, _shown(error.smtp_error))]
    except (smtplib.SMTPException, OSError) as error:
        return "DATA", [(None, _reason(error))]
    replies = [_replied(*first)]
    while len(replies) < number:
        try:
            replies.append(_replied(*client.getreply()))
        except (smtplib.SMTPException, OSError) as error:
            replies += [(None, _reason(error))] * (number - len(replies))
    return "DATA", replies


def _replied(code: int, text: bytes) -> _Reply:
    return code if code > 0 else None, _shown(text)


def _by_domain(recipients: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for recipient in recipients:
        found.setdefault(recipient.rpartition("@")[2].lower(), []).append(recipient)
    return found


class _Traced(smtplib.SMTP):
    """Reports its lines."""

    def __init__(
        self,
        trace: Callable[[str], None],
        helo: str,
        timeout: float,
        context: ssl.SSLContext | None,
    ) -> None:
        self._trace = trace
        super().__init__(local_hostname=helo, timeout=timeout)

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command."""
        self._trace(f"> {cmd} {args}".rstrip())
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """Receive a reply."""
        code, text = super().getreply()
        for line in text.split(b"\n"):
            self._trace(f"< {code} {line.decode('utf-8', 'replace')}")
        return code, text


class _ImplicitTls(_Traced, smtplib.SMTP_SSL):
    """Speaks TLS from the beginning."""

    def __init__(
        self,
        trace: Callable[[str], None],
        helo: str,
        timeout: float,
        context: ssl.SSLContext | None,
    ) -> None:
        self._trace = trace
        smtplib.SMTP_SSL.__init__(
            self, local_hostname=helo, timeout=timeout, context=context
        )


class _Lmtp(_Traced, smtplib.LMTP):
    """Speaks LMTP (RFC 2033), also on a UNIX socket."""


class _ImplicitTlsLmtp(_ImplicitTls):
    """Speaks LMTP over TLS."""

    ehlo_msg = "lhlo"


class NamedContext(ssl.SSLContext):
    """
    A context that requests, and verifies, the name of the host.

    smtplib would use the address that it connects to.
    """

    name: str | None = None

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        """Begin TLS on a socket."""
        if self.name is not None:
            options["server_hostname"] = self.name
        return super().wrap_socket(*arguments, **options)


def _greet(client: smtplib.SMTP) -> None:
    reply = client.ehlo()
    verb = client.ehlo_msg.upper()
    if reply[0] // 100 == 5 and verb == "EHLO":
        reply = client.helo()
    _expect(verb, reply)


def _log_in(client: smtplib.SMTP, login: Login) -> None:
    client.user, client.password = login.user, login.password
    try:
        if login.mechanism is None:
            client.login(login.user, login.password)
        elif login.mechanism == "XOAUTH2":
            text = f"user={login.user}\1auth=Bearer {login.password}\1\1"
            client.auth("XOAUTH2", lambda challenge=None: text)
        else:
            method = f"auth_{login.mechanism.lower().replace('-', '_')}"
            client.auth(login.mechanism, getattr(client, method))
    except smtplib.SMTPAuthenticationError as error:
        raise _Failed("AUTH", error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise _Failed("AUTH", None, str(error)) from None


def _expect(stage: str, reply: tuple[int, bytes]) -> None:
    """
    Check a reply.

    :raises _Failed: it is not positive
    """
    code, text = reply
    if code // 100 != 2:
        raise _Failed(stage, code if code > 0 else None, text)


def _reason(error: Exception) -> str:
    """An error of a connection, in a few words."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS: {error.reason.replace('_', ' ').lower()}"
    text = getattr(error, "strerror", None) or str(error)
    return str(text) or type(error).__name__


# By MX


class RouteError(Exception):
    """There is no server for a domain; `is_temporary` if there may be one later."""

    def __init__(self, message: str, is_temporary: bool = False) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


@attrs.frozen
class Exchanges:
    """
    Finds the mail exchanges of a domain (RFC 5321 §5.1, RFC 7505).

    :ivar nameserver: the address and port of the DNS server
    :ivar port_at: the port at an address
    """

    nameserver: tuple[str, int]
    port_at: Callable[[str], int]

    def of(self, domain: str) -> list[Server]:
        """
        The servers of a domain, in the order in which they are to be tried.

        :raises RouteError: there are none
        """
        if domain.startswith("["):
            return self._literal(domain)
        resolver = self._resolver()
        names = self._names(resolver, domain)
        servers = []
        failure: RouteError | None = None
        for name in names:
            try:
                servers += [
                    Server(name, address, self.port_at(address))
                    for address in self._addresses(resolver, name)
                ]
            except RouteError as error:
                failure = failure or error
        if not servers:
            raise failure or RouteError(f"{', '.join(names)} has no address")
        return servers

    def _literal(self, domain: str) -> list[Server]:
        text = domain.strip("[]").removeprefix("ipv6:")
        try:
            address = str(ipaddress.ip_address(text))
        except ValueError:
            raise RouteError(f"{domain} is not an address") from None
        return [Server(address, address, self.port_at(address))]

    def _resolver(self) -> dns.resolver.Resolver:
        host, port = self.nameserver
        resolver = dns.resolver.Resolver(configure=False)
        try:
            resolver.nameservers = [str(socket.getaddrinfo(host, port)[0][4][0])]
        except OSError as error:
            raise RouteError(f"DNS server {host}: {error.strerror}", True) from None
        resolver.port = port
        resolver.lifetime = _DNS_TIMEOUT
        return resolver

    def _names(self, resolver: dns.resolver.Resolver, domain: str) -> list[str]:
        found = _resolve(resolver, domain, "MX")
        if found is None:
            raise RouteError(f"the domain {domain} does not exist (NXDOMAIN)")
        records = sorted(found, key=lambda record: int(record.preference))
        names = [record.exchange.to_text(omit_final_dot=True) for record in records]
        if names in (["."], [""]):
            raise RouteError(f"the domain {domain} accepts no mail (null MX)")
        return names or [domain]

    def _addresses(self, resolver: dns.resolver.Resolver, name: str) -> list[str]:
        found: list[Any] = []
        for kind in "A", "AAAA":
            found += _resolve(resolver, name, kind) or ()
        return [record.address for record in found]


def _resolve(
    resolver: dns.resolver.Resolver, name: str, kind: str
) -> Sequence[Any] | None:
    """The records of a name; None if it does not exist."""
    try:
        return list(resolver.resolve(f"{name}.", kind, search=False))
    except dns.resolver.NXDOMAIN:
        return None
    except dns.resolver.NoAnswer:
        return []
    except dns.resolver.NoNameservers as error:
        rcodes = {str(one[3]) for one in error.kwargs.get("errors", ())}
        said = ", ".join(sorted(rcodes)) or "no answer"
        raise RouteError(f"the answer to {name} {kind} is {said}", True) from None
    except dns.resolver.LifetimeTimeout:
        raise RouteError(f"no answer to {name} {kind}", True) from None
    except (dns.exception.DNSException, ValueError) as error:
        raise RouteError(f"{name} {kind}: {error}") from None
