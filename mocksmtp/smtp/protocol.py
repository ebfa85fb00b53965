"""The commands of SMTP (RFC 5321), as a remote mail host executes them.

Which commands are allowed before and within a transaction:

=================  ============  ============  ================================
command            no MAIL yet   after MAIL    effect
=================  ============  ============  ================================
MAIL               yes           503           opens a transaction
RCPT               503           yes, until    adds a recipient
                                 BDAT
DATA               503           yes, if any   content follows; its end, and a
                                 recipient     554 where all recipients were
                                 was accepted  refused, end the transaction
BDAT               503, after    as DATA       a chunk follows; the end of the
                   its chunk                   last one ends the transaction
AUTH               yes           503
STARTTLS           yes           yes           begins TLS; all state is reset
EHLO, HELO, RSET   yes           yes           end a transaction
=================  ============  ============  ================================

The server checks for its own errors first. A command with such an error is not matched
or counted by behaviors, except those for any command, which can replace the error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

from twisted.logger import Logger

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import NO_FAULT, Effect
from mocksmtp.grammar import reply
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import (
    LINE_LIMIT,
    MAX_CHUNK,
    PathCommand,
    declared_size,
    foreign_protocol,
    is_binary,
    match_plain,
    parse_bdat,
    parse_mail,
    parse_rcpt,
    plain_path,
)
from mocksmtp.grammar.reply import Refusal, Reply
from mocksmtp.hosts.offer import Offer, Stage
from mocksmtp.smtp.auth import (
    AUTH_LINE_LIMIT,
    REDACTED,
    AuthDialogue,
    is_auth,
    redact_auth,
)
from mocksmtp.smtp.content import Chunk, Incoming
from mocksmtp.smtp.delivery import MockDelivery
from mocksmtp.smtp.output import (
    NO_OCTETS,
    CommandResult,
    DelayedReply,
    RedactedLine,
    answer_for,
    reply_in,
)
from mocksmtp.smtp.starttls import TlsState
from mocksmtp.smtp.watching import WatchedChunk, WatchedContent

CONNECT, STARTTLS, TLS = Command.CONNECT, Command.STARTTLS, Command.TLS
HELO, EHLO, QUIT, RSET = Command.HELO, Command.EHLO, Command.QUIT, Command.RSET
DATA_COMMAND, DATA_CONTENT = Command.DATA_COMMAND, Command.DATA_CONTENT
APPLY = Effect.APPLY


MAX_RECORDED = 256
"""Maximum characters recorded of a sender that cannot be parsed."""


MAX_UNEXECUTED = 2**16
"""Maximum octets of unexecuted commands that are searched for recipients."""


class CommandChannel(Protocol):
    """
    What commands need from the connection on which they arrive.

    :ivar incoming: the content or chunk that is read next; None for a command line
    """

    incoming: Incoming | None

    def close_after_reply(self) -> None:
        """Close the connection after the reply, because of QUIT."""

    def close_after(self, last: Reply) -> Reply:
        """Close the connection after the reply `last`, which is returned."""

    def begin_tls_after_reply(self) -> None:
        """Begin TLS after the reply."""

    def shake_hands_after_reply(self) -> None:
        """Begin the handshake of TLS after the reply."""

    def new_auth(self) -> AuthDialogue:
        """Make the AUTH dialogue, at the first AUTH."""


class RefusedLine(NamedTuple):
    """
    The answer to a command that is not executed.

    :ivar reply: None if it follows after a chunk
    :ivar line: the line as it is recorded
    """

    reply: Reply | None
    line: bytes


class Commands:
    """
    Executes the commands of one connection.

    :param delivery: the hooks, which decide and know the open transaction
    :param tls: whether TLS is available, and active
    :param channel: the connection
    """

    log = Logger()
    auth: AuthDialogue | None = None
    bad_commands = 0
    is_rejected = False
    # The last plain MAIL, and its path: a client often has one sender.
    _mail = b""
    _sender: PathCommand | None = None

    def __init__(
        self, delivery: MockDelivery, tls: TlsState, channel: CommandChannel
    ) -> None:
        self.host = delivery.host
        self.session = delivery.session
        self.delivery = delivery
        self.tls = tls
        self.channel = channel

    def execute(self, line: bytes) -> CommandResult:
        """
        Execute a command line, or answer a line within AUTH.

        :param line: without its LF
        """
        auth = self.auth
        if auth is not None and auth.is_open:
            return auth.answer(line)
        self.delivery.line = line
        if line == self._mail and self._sender is not None:
            return self._open_transaction(self._sender)
        match = match_plain(line)
        if match is not None and not self.is_rejected:
            address = match[1]
            # The first letter distinguishes RCPT from MAIL.
            if line[0] not in b"Rr":
                self._mail, self._sender = line, plain_path(address)
                return self._open_transaction(self._sender)
            if self.delivery.transaction is None or self.delivery.chunked is not None:
                return self._add_recipient(plain_path(address))
            return self.delivery.validate_plain(address)
        words = line.split(None, 1)
        if not words:
            return reply.NO_SERVICE if self.is_rejected else reply.BAD_SYNTAX
        verb = words[0]
        do = self.verbs.get(verb) or self.verbs.get(verb.upper())
        if do is None:
            return self._do_unknown(line)
        return do(self, words[1].rstrip() if len(words) > 1 else b"")

    def line_limit(self, beginning: bytes) -> int:
        """The maximum octets of a line with this beginning (RFC 4954 §4 for AUTH)."""
        in_auth = self.auth is not None and self.auth.is_open
        return AUTH_LINE_LIMIT if in_auth or is_auth(beginning) else LINE_LIMIT

    def refuse_long_line(self, line: bytes, is_whole: bool) -> CommandResult:
        """
        Refuse a line over its limit.

        :param is_whole: False if `line` is only the end of the line
        """
        if self.auth is not None and self.auth.is_open:
            return self.auth.refuse_long_line()
        protocol = foreign_protocol(line)
        if protocol is not None:
            return self.refuse_protocol(protocol)
        # The discarded beginning may have been AUTH, so the rest may be a secret.
        recorded = redact_auth(line) if is_whole else REDACTED
        self.delivery.line = recorded
        error = reply.NO_SERVICE if self.is_rejected else reply.LINE_TOO_LONG
        return RedactedLine(error, recorded)

    def refuse_protocol(self, protocol: str) -> Reply:
        """Refuse a client that does not speak SMTP; the connection is closed."""
        self.log.warn(
            "{ip} speaks {protocol} on the SMTP port {listener}",
            ip=self.session.client_ip,
            protocol=protocol,
            listener=self.session.listener,
        )
        error = reply.NOT_TLS if protocol == "TLS" else reply.NOT_HTTP
        return self.channel.close_after(error)

    def refuse_undecided(self, line: bytes, is_whole: bool) -> RefusedLine:
        """
        Refuse a command that is not executed, because the store cannot be used.

        :param is_whole: False if `line` is only the end of the line
        """
        error, auth, delivery = reply.LOCAL_ERROR, self.auth, self.delivery
        if not is_whole or (auth is not None and auth.is_open):
            if auth is not None:
                auth.end()
            return RefusedLine(error, REDACTED)
        words = line.split(None, 1)
        verb = words[0].upper() if words else b""
        rest = words[1].rstrip() if len(words) > 1 else b""
        match verb:
            case b"QUIT":
                self.channel.close_after_reply()
                return RefusedLine(reply.BYE, line)
            case b"AUTH":
                line = self.do_rejected_AUTH(rest).line
            case b"MAIL" if delivery.transaction is None:
                self._refuse_sender(parse_mail(rest), rest, error)
            case b"RCPT":
                recipient = parse_rcpt(rest, True)
                if isinstance(recipient, PathCommand):
                    delivery.refuse_recipient(recipient, error)
            case b"DATA":
                delivery.refuse(error, DATA_COMMAND)
            case b"BDAT":
                delivery.refuse(error, Command.BDAT)
                command = parse_bdat(rest)
                if self.offer.chunking and not isinstance(command, Reply):
                    chunk = Chunk(command.size, None, lambda: error)
                    self.channel.incoming = chunk
                    return RefusedLine(None, line)
            case _ if verb not in self.verbs and auth is not None and auth.guarded:
                return RefusedLine(error, REDACTED)
        return RefusedLine(error, line)

    def replace_error(self, error: Refusal) -> Reply | DelayedReply:
        """
        Return the answer to a command with an error of the server's own.

        It is 421 after too many bad commands. A behavior for any command can replace
        the error.
        """
        counted = self._count(error) if 500 <= error.code <= 504 else error
        if not isinstance(counted, Refusal) or not self.host.behaviors.has_any:
            return counted
        decision = self.delivery.decide(Command.ANY, self.delivery.argument)
        if decision is None:
            return counted
        answer = answer_for(decision, counted)
        self.delivery.replace_refusal(counted, reply_in(answer))
        return answer

    def _count(self, error: Reply) -> Reply:
        """Count a bad command; return `error`, or 421 if there were too many."""
        self.bad_commands += 1
        limit = self.host.limits.bad_commands
        if limit is not None and self.bad_commands > limit:
            return self.channel.close_after(reply.TOO_MANY_BAD_COMMANDS)
        return error

    def _do_unknown(self, line: bytes) -> CommandResult:
        protocol = foreign_protocol(line)
        if protocol is not None:
            return self.refuse_protocol(protocol)
        error = reply.NO_SERVICE if self.is_rejected else reply.UNKNOWN_COMMAND
        guarded = self.auth is not None and self.auth.guarded
        return RedactedLine(error, REDACTED) if guarded else error

    def _answer(self, command: Command, rest: bytes, own: Reply) -> CommandResult:
        """The answer to a command that changes no state."""
        decision = self.delivery.decide(command, rest)
        return own if decision is None else answer_for(decision, own)

    # Reply points without a command line.

    def greet(self) -> Reply | DelayedReply:
        """The banner (RFC 5321 §3.1), or the response of a behavior for CONNECT."""
        own = self.host.greeting
        decision = self.delivery.decide(CONNECT, b"")
        if decision is None:
            return own
        answer = answer_for(decision, own)
        banner = reply_in(answer)
        if banner is not None and banner.code // 100 == 5:
            self._reject()
        return answer

    def _reject(self) -> None:
        """Execute only QUIT from now on (RFC 5321 §3.1)."""
        self.is_rejected = True
        self.verbs = {  # type: ignore[misc]
            b"QUIT": Commands.do_QUIT,
            b"AUTH": Commands.do_rejected_AUTH,
        }

    def begin_tls(self) -> DelayedReply | None:
        """
        Reset the state of the session (RFC 3207 §4.2).

        :return: the response of a behavior for TLS, sent before or instead of the
            handshake
        """
        self.delivery.abort()
        decision = self.delivery.decide(TLS, b"")
        if decision is None:
            return None
        if decision.effect is APPLY:
            self.channel.shake_hands_after_reply()
        answer = answer_for(decision, NO_OCTETS)
        if isinstance(answer, DelayedReply):
            return answer
        return DelayedReply(answer, NO_FAULT)

    def tls_begun(self, end_point: Callable[[], bytes] | None) -> None:
        """Enable the commands under TLS; the client must send EHLO again."""
        self.session.auth_user = self.session.auth_mechanism = None
        self.delivery.identify()
        if self.auth is not None:
            self.auth.end_point = end_point

    # One method for each command; it returns the answer.

    def do_HELO(self, rest: bytes) -> CommandResult:
        """Begin a session without extensions (RFC 5321 §4.1.1.1)."""
        if not rest:
            return reply.HELO_SYNTAX
        return self.identify(HELO, rest, self.host.hello)

    def do_EHLO(self, rest: bytes) -> CommandResult:
        """Begin a session, and list the extensions (RFC 5321 §4.1.1.1)."""
        if not rest:
            return reply.EHLO_SYNTAX
        return self.identify(EHLO, rest, self.offer.extended_hello)

    @property
    def offer(self) -> Offer:
        """The extensions that the host offers in the current TLS stage."""
        return self.host.offers[self.tls.stage]

    def identify(self, command: Command, name: bytes, own: Reply) -> CommandResult:
        """Set the client's name to `name`, unless a behavior refuses the command."""
        delivery = self.delivery
        decision = None
        if command in delivery.behaviors.points:
            attempt = delivery.attempt
            attempt.named = name
            try:
                decision = delivery.decide(command, name)
            finally:
                attempt.named = None
        if decision is None or decision.effect is APPLY:
            if self.auth is not None:
                self.auth.guarded = False
            delivery.identify(name.decode("utf-8", "replace"))
        return own if decision is None else answer_for(decision, own)

    def do_STARTTLS(self, rest: bytes) -> CommandResult:
        """Begin TLS (RFC 3207 §4)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        if self.tls.stage is Stage.UNDER_TLS:
            return reply.TLS_ACTIVE
        if self.tls.stage is Stage.WITHOUT_TLS:
            return reply.TLS_NOT_AVAILABLE
        decision = self.delivery.decide(STARTTLS, rest)
        if decision is None or decision.effect is APPLY:
            self.channel.begin_tls_after_reply()
        own = reply.READY_FOR_TLS
        return own if decision is None else answer_for(decision, own)

    def do_AUTH(self, rest: bytes) -> CommandResult:
        """Begin an exchange (RFC 4954 §4)."""
        if self.auth is None:
            self.auth = self.channel.new_auth()
        return self.auth.begin(rest)

    def do_rejected_AUTH(self, rest: bytes) -> RedactedLine:
        """Refuse and redact AUTH after a banner that refused the client."""
        if self.auth is None:
            self.auth = self.channel.new_auth()
        return self.auth.reject(rest)

    def do_MAIL(self, rest: bytes) -> CommandResult:
        """Open a transaction (RFC 5321 §4.1.1.2)."""
        return self._open_transaction(parse_mail(rest), rest)

    def _open_transaction(
        self, command: PathCommand | Reply, rest: bytes = b""
    ) -> CommandResult:
        """
        Open a transaction.

        :param command: the parsed argument, or the reply that refuses it
        :param rest: the argument itself, if it may be malformed or not ASCII
        """
        delivery = self.delivery
        if delivery.transaction is not None:
            return reply.NESTED_MAIL
        if self.host.is_demanding:
            refusal = self._check_requirements()
            if refusal is not None:
                return self._refuse_sender(command, rest, refusal)
        if not rest.isascii() and not self.offer.smtputf8:
            return self._refuse_sender(command, rest, reply.SMTPUTF8_NOT_OFFERED)
        if isinstance(command, Reply):
            return self._refuse_sender(command, rest, command)
        if command.parameters and self.offer.size:
            refusal = self._check_size(command)
            if refusal is not None:
                return delivery.refuse_sender(command, refusal)
        return delivery.validateFrom(delivery.session.helo, command)

    def _refuse_sender(
        self, command: PathCommand | Reply, rest: bytes, refusal: Reply
    ) -> Reply:
        """Refuse a MAIL, and record its sender, or its argument if it is malformed."""
        if isinstance(command, Reply):
            text = rest.partition(b":")[2].decode(errors="replace").strip(" <>")
            command = PathCommand(Address(text[:MAX_RECORDED]))
        return self.delivery.refuse_sender(command, refusal)

    def _check_requirements(self) -> Reply | None:
        """The refusal of a MAIL without required AUTH, or above the limit of mails."""
        host = self.host
        authenticated = self.session.auth_user is not None
        if host.auth is not None and host.auth.required and not authenticated:
            return reply.NEEDS_AUTH
        limit = host.limits.messages
        if limit is not None and self.delivery.messages >= limit:
            return self.channel.close_after(reply.TOO_MANY_MESSAGES)
        return None

    def _check_size(self, command: PathCommand) -> Reply | None:
        """The refusal if the declared size exceeds the limit (RFC 1870 §6)."""
        try:
            size = declared_size(command.parameters)
        except ValueError:
            return reply.BAD_SIZE
        if size is not None and size > self.host.limits.message_size:
            return reply.MESSAGE_TOO_BIG
        return None

    def note_unexecuted(self, lines: bytes) -> None:
        """
        Record the recipients that were pipelined after a refused MAIL.

        :param lines: the octets that arrived after the command that ended the
            connection
        """
        if self.delivery.refused is None:
            return
        for line in lines[:MAX_UNEXECUTED].split(b"\n")[:-1]:
            words = line.split(None, 1)
            if len(words) < 2 or words[0].upper() != b"RCPT":
                return
            named = parse_rcpt(words[1].rstrip(), True)
            if isinstance(named, PathCommand):
                self.delivery.name_refused(named, None)

    def do_RCPT(self, rest: bytes) -> CommandResult:
        """Add a recipient (RFC 5321 §4.1.1.3)."""
        transaction = self.delivery.transaction
        command = parse_rcpt(rest, transaction is None or transaction.utf8)
        return self._add_recipient(command, rest)

    def _add_recipient(
        self, command: PathCommand | Reply, rest: bytes = b""
    ) -> CommandResult:
        """Add a recipient; for the parameters see `_open_transaction`."""
        delivery = self.delivery
        if delivery.transaction is None:
            if delivery.refused is not None and isinstance(command, PathCommand):
                delivery.name_refused(command, reply.NEEDS_MAIL)
            return reply.NEEDS_MAIL
        if delivery.chunked is not None:
            return reply.CHUNKS_BEGUN
        if not rest.isascii() and not self.offer.smtputf8:
            return reply.SMTPUTF8_NOT_OFFERED
        if isinstance(command, Reply):
            return command
        return delivery.validateTo(command)

    def do_DATA(self, rest: bytes) -> CommandResult:
        """Ask for the content (RFC 5321 §4.1.1.4)."""
        delivery = self.delivery
        transaction = delivery.transaction
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        if transaction is None:
            delivery.refused = None
            return reply.NEEDS_MAIL
        if delivery.chunked is not None:
            return reply.CHUNKS_BEGUN
        if not transaction.accepted:
            return self._refuse_content()
        if transaction.sender.parameters and is_binary(transaction.sender.parameters):
            return reply.BINARY_NEEDS_BDAT
        points = delivery.behaviors.points
        decision = None
        if DATA_COMMAND in points:
            decision = delivery.decide(DATA_COMMAND, rest)
        answer: Reply | DelayedReply = reply.START_CONTENT
        if decision is not None:
            answer = answer_for(decision, reply.START_CONTENT)
            if decision.effect is not APPLY:
                delivery.refuse(reply_in(answer), DATA_COMMAND)
                return answer
        message = delivery.message()
        if DATA_CONTENT in points:
            reader = message.reader
            self.channel.incoming = WatchedContent(self.channel, message, reader)
        else:
            self.channel.incoming = message
        return answer

    def _refuse_content(self) -> Reply:
        """Refuse content without an accepted recipient."""
        transaction = self.delivery.transaction
        if transaction is None:
            return reply.NEEDS_MAIL
        if not transaction.other_rcpts:
            return reply.NEEDS_RECIPIENT
        self.delivery.refuse(reply.NO_VALID_RECIPIENTS, DATA_COMMAND)
        return reply.NO_VALID_RECIPIENTS

    def do_BDAT(self, rest: bytes) -> CommandResult:
        """Read a chunk of the content, which follows at once (RFC 3030 §2)."""
        if not self.offer.chunking:
            # Without CHUNKING the chunk is not skipped: its length has no meaning.
            return reply.NOT_IMPLEMENTED
        command = parse_bdat(rest)
        if isinstance(command, Reply):
            return command
        delivery = self.delivery
        if command.size > max(MAX_CHUNK, self.host.limits.message_size):
            # Its end is not read, and the octets that follow are not commands.
            delivery.refuse(reply.CHUNK_TOO_BIG, Command.BDAT)
            return self.channel.close_after(reply.CHUNK_TOO_BIG)
        transaction = delivery.transaction
        if transaction is None or not transaction.accepted:
            self.channel.incoming = Chunk(command.size, None, self._refuse_content)
            return ()
        message = delivery.chunks()
        end = partial(delivery.end_chunk, command.last)
        chunk = Chunk(command.size, message.content, end)
        if DATA_CONTENT in delivery.behaviors.points:
            watched = WatchedChunk(self.channel, message, chunk, command.last)
            self.channel.incoming = watched
        else:
            self.channel.incoming = chunk
        return ()

    def do_RSET(self, rest: bytes) -> CommandResult:
        """Drop the open transaction (RFC 5321 §4.1.1.5)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        decision = self.delivery.decide(RSET, rest)
        if decision is None or decision.effect is APPLY:
            self.delivery.abort()
        return reply.OK if decision is None else answer_for(decision, reply.OK)

    def do_VRFY(self, rest: bytes) -> CommandResult:
        """Confirm no mailbox (RFC 5321 §3.5.3)."""
        if not rest:
            return reply.VRFY_SYNTAX
        return self._answer(Command.VRFY, rest, reply.CANNOT_VERIFY)

    def do_EXPN(self, rest: bytes) -> CommandResult:
        """Expand no list (RFC 5321 §3.5.2)."""
        decision = self.delivery.decide(Command.EXPN, rest)
        if decision is not None and not decision.only_delays:
            return answer_for(decision, reply.CANNOT_EXPAND)
        own = self._count(reply.CANNOT_EXPAND)
        return own if decision is None else answer_for(decision, own)

    def do_NOOP(self, rest: bytes) -> CommandResult:
        """Do nothing (RFC 5321 §4.1.1.9)."""
        return self._answer(Command.NOOP, rest, reply.OK)

    def do_HELP(self, rest: bytes) -> CommandResult:
        """List the commands (RFC 5321 §4.1.1.8)."""
        return self._answer(Command.HELP, rest, reply.HELP)

    def do_QUIT(self, rest: bytes) -> CommandResult:
        """End the session (RFC 5321 §4.1.1.10)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        decision = self.delivery.decide(QUIT, rest)
        if decision is None or decision.effect is APPLY:
            self.channel.close_after_reply()
        return reply.BYE if decision is None else answer_for(decision, reply.BYE)

    def do_not_implemented(self, rest: bytes) -> CommandResult:
        """A known command that is not implemented (RFC 5321 §4.2.4)."""
        return reply.NOT_IMPLEMENTED

    verbs: ClassVar[dict[bytes, Verb]] = {
        b"HELO": do_HELO,
        b"EHLO": do_EHLO,
        b"STARTTLS": do_STARTTLS,
        b"AUTH": do_AUTH,
        b"MAIL": do_MAIL,
        b"RCPT": do_RCPT,
        b"DATA": do_DATA,
        b"BDAT": do_BDAT,
        b"RSET": do_RSET,
        b"VRFY": do_VRFY,
        b"EXPN": do_EXPN,
        b"NOOP": do_NOOP,
        b"QUIT": do_QUIT,
        b"HELP": do_HELP,
        **dict.fromkeys(
            (b"ETRN", b"TURN", b"SEND", b"SOML", b"SAML"),
            do_not_implemented,
        ),
    }


Verb: TypeAlias = Callable[[Commands, bytes], CommandResult]
