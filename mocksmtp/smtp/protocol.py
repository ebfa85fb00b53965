"""SMTP as a remote mail host speaks it (RFC 5321): what each command does.

Which commands may come in a transaction:

=================  ============  ============  ================================
command            no MAIL yet   after MAIL    effect
=================  ============  ============  ================================
MAIL               yes           503           opens a transaction
RCPT               503           yes, until    adds a recipient
                                 BDAT
DATA               503           yes, if any   content follows; its end, and a
                                 recipient     554 where all recipients were
                                 was accepted  refused, end the transaction
BDAT               503, behind   as DATA       a chunk follows; the end of the
                   its chunk                   last one ends the transaction
AUTH               yes           503
STARTTLS           yes           yes           TLS; nothing from before survives
EHLO, HELO, RSET   yes           yes           end a transaction
=================  ============  ============  ================================

The server's own errors come before any behavior and spend no answer of it; only those
for any command are asked about them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, TypeAlias

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar import reply
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import (
    LINE_LIMIT,
    MAX_CHUNK,
    PathCommand,
    declared_size,
    foreign_protocol,
    is_binary,
    parse_bdat,
    parse_mail,
    parse_rcpt,
)
from mocksmtp.grammar.reply import Refusal, Reply
from mocksmtp.smtp.answers import Answer, Faulty, Hidden, answer_of, reply_in
from mocksmtp.smtp.authenticated import AuthenticatedConnection, redact_auth
from mocksmtp.smtp.chunks import Chunk
from mocksmtp.smtp.watching import WatchedChunk, WatchedContent

HELO, EHLO, QUIT, RSET = Command.HELO, Command.EHLO, Command.QUIT, Command.RSET
DATA_COMMAND, DATA_CONTENT = Command.DATA_COMMAND, Command.DATA_CONTENT
APPLY = Effect.APPLY


MAX_SHOWN = 256
"""Characters that are recorded of a sender that can't be parsed."""


class MockESMTP(AuthenticatedConnection):
    """A connection on which SMTP is spoken."""

    def take_line(self, line: bytes) -> Answer:
        """Do one command line, or take an answer within AUTH."""
        if self.exchange is not None:
            return self.go_on_authenticating(line)
        if self.overlong or len(line) >= LINE_LIMIT:
            # Of what is gone nobody knows whether it was AUTH.
            shown = b"***" if self.overlong else redact_auth(line)
            if self.is_too_long(line):
                protocol = foreign_protocol(line)
                if protocol is not None:
                    return self.refuse_protocol(protocol)
                self.delivery.line = shown
                error = reply.NO_SERVICE if self.rejected else reply.LINE_TOO_LONG
                return Hidden(error, shown)
        self.delivery.line = line
        words = line.split(None, 1)
        if not words:
            return reply.NO_SERVICE if self.rejected else reply.BAD_SYNTAX
        verb = words[0]
        do = self.verbs.get(verb) or self.verbs.get(verb.upper())
        if do is None:
            return self._do_unknown()
        return do(self, words[1].rstrip() if len(words) > 1 else b"")

    def _do_unknown(self) -> Answer:
        protocol = foreign_protocol(self.delivery.line or b"")
        if protocol is not None:
            return self.refuse_protocol(protocol)
        error = reply.NO_SERVICE if self.rejected else reply.UNKNOWN_COMMAND
        return Hidden(error, b"***") if self.guarded else error

    def reject(self) -> None:
        """Do nothing but QUIT from now on (RFC 5321 §3.1)."""
        super().reject()
        self.verbs = {  # type: ignore[misc]
            b"QUIT": MockESMTP.do_QUIT,
            b"AUTH": AuthenticatedConnection.do_rejected_AUTH,
        }

    def replaced(self, error: Refusal) -> Reply | Faulty:
        """What a behavior for any command says to an error, or that itself."""
        if not self.mail_host.behaviors.has_any:
            return error
        decision = self.delivery.decide(Command.ANY, self.delivery.argument)
        if decision is None:
            return error
        answer = answer_of(decision, error)
        self.delivery.replace_refusal(error, reply_in(answer))
        return answer

    def _decided(self, command: Command, rest: bytes, own: Reply) -> Answer:
        """What is said to a command that has no effect."""
        decision = self.delivery.decide(command, rest)
        return own if decision is None else answer_of(decision, own)

    # Commands. Each says what it is answered.

    def do_HELO(self, rest: bytes) -> Answer:
        """Begin a session without extensions (RFC 5321 §4.1.1.1)."""
        if not rest:
            return reply.HELO_SYNTAX
        return self.greet(HELO, rest, self.mail_host.hello)

    def do_EHLO(self, rest: bytes) -> Answer:
        """Begin a session, and tell the extensions (RFC 5321 §4.1.1.1)."""
        if not rest:
            return reply.EHLO_SYNTAX
        return self.greet(EHLO, rest, self.offer.extended_hello)

    def greet(self, command: Command, name: bytes, own: Reply) -> Answer:
        """Let the client be called `name`, unless a behavior does not let it."""
        attempt = self.delivery.attempt
        attempt.named = name
        try:
            decision = self.delivery.decide(command, name)
        finally:
            attempt.named = None
        if decision is None or decision.effect is APPLY:
            helo = name.decode("utf-8", "replace")
            self.origin = self.origin.with_helo(helo)
            self.session.helo = helo
            self.guarded = False
            self.delivery.abort()
        return own if decision is None else answer_of(decision, own)

    def do_MAIL(self, rest: bytes) -> Answer:
        """Open a transaction (RFC 5321 §4.1.1.2)."""
        delivery = self.delivery
        if delivery.transaction is not None:
            return reply.NESTED_MAIL
        command = parse_mail(rest)
        if self.mail_host.is_demanding:
            refusal = self._look_at_demands()
            if refusal is not None:
                return self._refuse_sender(command, rest, refusal)
        if not rest.isascii() and not self.offer.smtputf8:
            return self._refuse_sender(command, rest, reply.SMTPUTF8_NOT_OFFERED)
        if isinstance(command, Reply):
            return self._refuse_sender(command, rest, command)
        if command.parameters and self.offer.size:
            refusal = self._look_at_size(command)
            if refusal is not None:
                return delivery.refuse_sender(command, refusal)
        return delivery.validateFrom(self.origin.helo, command)

    def _refuse_sender(
        self, command: PathCommand | Reply, rest: bytes, refusal: Reply
    ) -> Reply:
        """Refuse a MAIL; of one that can't be parsed, the argument is recorded."""
        if isinstance(command, Reply):
            text = rest.partition(b":")[2].decode(errors="replace").strip(" <>")
            command = PathCommand(Address(text[:MAX_SHOWN]))
        return self.delivery.refuse_sender(command, refusal)

    def _look_at_demands(self) -> Reply | None:
        """What is said to a mail that the host does not take from this client."""
        host = self.mail_host
        authenticated = self.session.auth_user is not None
        if host.auth is not None and host.auth.required and not authenticated:
            return reply.NEEDS_AUTH
        limit = host.limits.messages
        if limit is not None and self.delivery.messages >= limit:
            return self.then_close(reply.TOO_MANY_MESSAGES)
        return None

    def _look_at_size(self, command: PathCommand) -> Reply | None:
        """What is said to a size that is declared and can't be taken (RFC 1870 §6)."""
        try:
            size = declared_size(command.parameters)
        except ValueError:
            return reply.BAD_SIZE
        if size is not None and size > self.mail_host.limits.message_size:
            return reply.MESSAGE_TOO_BIG
        return None

    def do_RCPT(self, rest: bytes) -> Answer:
        """Name one recipient (RFC 5321 §4.1.1.3)."""
        delivery = self.delivery
        transaction = delivery.transaction
        if transaction is None:
            if delivery.refused is not None:
                named = parse_rcpt(rest, True)
                if isinstance(named, PathCommand):
                    delivery.name_refused(named)
            return reply.NEEDS_MAIL
        if delivery.chunked is not None:
            return reply.CHUNKS_BEGUN
        command = parse_rcpt(rest, transaction.utf8)
        if not rest.isascii() and not self.offer.smtputf8:
            return reply.SMTPUTF8_NOT_OFFERED
        if isinstance(command, Reply):
            return command
        return delivery.validateTo(command)

    def do_DATA(self, rest: bytes) -> Answer:
        """Ask for the content (RFC 5321 §4.1.1.4)."""
        delivery = self.delivery
        transaction = delivery.transaction
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        if transaction is None:
            return reply.NEEDS_MAIL
        if delivery.chunked is not None:
            return reply.CHUNKS_BEGUN
        if not transaction.accepted:
            return self._refuse_content()
        if transaction.sender.parameters and is_binary(transaction.sender.parameters):
            return reply.BINARY_NEEDS_BDAT
        if DATA_COMMAND in delivery.behaviors.taken:
            decision = delivery.decide(DATA_COMMAND, rest)
            if decision is not None:
                return self._ask_for_content(decision)
        self._take_content()
        return reply.START_CONTENT

    def _ask_for_content(self, decision: Decision) -> Answer:
        """Ask for it, or not, as a behavior says."""
        answer = answer_of(decision, reply.START_CONTENT)
        if decision.effect is APPLY:
            self._take_content()
        else:
            self.delivery.refuse(reply_in(answer), DATA_COMMAND)
        return answer

    def _take_content(self) -> None:
        """What follows is content."""
        delivery = self.delivery
        message = delivery.message(self.origin)
        if DATA_CONTENT in delivery.behaviors.taken:
            self.go_on_with(WatchedContent(self, message))
        else:
            self.go_on_with(message)

    def _refuse_content(self) -> Reply:
        """Refuse content for which there is no recipient."""
        transaction = self.delivery.transaction
        if transaction is None:
            return reply.NEEDS_MAIL
        if not transaction.told:
            return reply.NEEDS_RECIPIENT
        self.delivery.refuse(reply.NO_VALID_RECIPIENTS, DATA_COMMAND)
        return reply.NO_VALID_RECIPIENTS

    def do_BDAT(self, rest: bytes) -> Answer:
        """Take a chunk of the content, which follows at once (RFC 3030 §2)."""
        if not self.offer.chunking:
            # Whoever does not know BDAT does not know either what follows it.
            return reply.NOT_IMPLEMENTED
        command = parse_bdat(rest)
        if isinstance(command, Reply):
            return command
        if command.size > max(MAX_CHUNK, self.mail_host.limits.message_size):
            # Nobody sends so much, and what follows is no command.
            self.delivery.refuse(reply.CHUNK_TOO_BIG, Command.BDAT)
            return self.then_close(reply.CHUNK_TOO_BIG)
        transaction = self.delivery.transaction
        if transaction is None or not transaction.accepted:
            self.go_on_with(Chunk(command.size, None, self._refuse_content))
        else:
            message = self.delivery.chunks(self.origin)
            end = partial(self.delivery.end_chunk, command.last)
            chunk = Chunk(command.size, message.content, end)
            if DATA_CONTENT in self.delivery.behaviors.taken:
                self.go_on_with(WatchedChunk(self, message, chunk, command.last))
            else:
                self.go_on_with(chunk)
        return ()

    def do_RSET(self, rest: bytes) -> Answer:
        """Drop the open transaction (RFC 5321 §4.1.1.5)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        decision = self.delivery.decide(RSET, rest)
        if decision is None or decision.effect is APPLY:
            self.delivery.abort()
        return reply.OK if decision is None else answer_of(decision, reply.OK)

    def do_VRFY(self, rest: bytes) -> Answer:
        """Say that every mailbox may exist (RFC 5321 §3.5.3)."""
        if not rest:
            return reply.VRFY_SYNTAX
        return self._decided(Command.VRFY, rest, reply.CANNOT_VERIFY)

    def do_EXPN(self, rest: bytes) -> Answer:
        """Know of no lists (RFC 5321 §3.5.2)."""
        decision = self.delivery.decide(Command.EXPN, rest)
        if decision is not None and not decision.is_own:
            return answer_of(decision, reply.CANNOT_EXPAND)
        own = self.counted(reply.CANNOT_EXPAND)
        return own if decision is None else answer_of(decision, own)

    def do_NOOP(self, rest: bytes) -> Answer:
        """Do nothing (RFC 5321 §4.1.1.9)."""
        return self._decided(Command.NOOP, rest, reply.OK)

    def do_HELP(self, rest: bytes) -> Answer:
        """Tell the commands (RFC 5321 §4.1.1.8)."""
        return self._decided(Command.HELP, rest, reply.HELP)

    def do_QUIT(self, rest: bytes) -> Answer:
        """End the session (RFC 5321 §4.1.1.10)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        decision = self.delivery.decide(QUIT, rest)
        if decision is None or decision.effect is APPLY:
            self.consequence = self.close
        return reply.BYE if decision is None else answer_of(decision, reply.BYE)

    def do_not_implemented(self, rest: bytes) -> Answer:
        """Known, and not done here (RFC 5321 §4.2.4)."""
        return reply.NOT_IMPLEMENTED

    verbs: ClassVar[dict[bytes, Verb]] = {
        b"HELO": do_HELO,
        b"EHLO": do_EHLO,
        b"STARTTLS": AuthenticatedConnection.do_STARTTLS,
        b"AUTH": AuthenticatedConnection.do_AUTH,
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


Verb: TypeAlias = Callable[[MockESMTP, bytes], Answer]
