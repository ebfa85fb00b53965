"""Connections to one of several replicas, whose behaviors have counts in common.

Before a line or content is executed on which such a behavior may decide, the connection
waits for the turn of its replica, like for a reply: octets that arrive are kept. Other
input is executed at once, as without replicas.

In the turn, all that has arrived is executed. What follows from it is held back until
the counts are stored: replies, delays and ends of the connection, records, and mails,
which are not kept before. If the counts are not stored, or the turn cannot be had, the
client is told 451 4.3.0 or, once something was decided, 421 4.3.0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from mocksmtp.behaviors.miss import Trail
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import NO_FAULT
from mocksmtp.behaviors.turns import Turns
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import match_plain
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.session import (
    PIPELINED,
    ClientInput,
    End,
    Exchange,
    Outcome,
    Transaction,
)
from mocksmtp.smtp.connection import (
    CLOSED,
    READY,
    MockESMTP,
    StateChange,
)
from mocksmtp.smtp.content import Incoming
from mocksmtp.smtp.lmtp import MockLMTP
from mocksmtp.smtp.output import CommandResult, DelayedReply, without_octets
from mocksmtp.smtp.pending import PendingReply

POINTS: dict[bytes, tuple[Command, ...]] = {
    b"HELO": (Command.HELO,),
    b"EHLO": (Command.EHLO,),
    b"LHLO": (Command.EHLO,),
    b"STARTTLS": (Command.STARTTLS,),
    b"AUTH": (Command.AUTH_COMMAND, Command.AUTH),
    b"MAIL": (Command.MAIL_FROM,),
    b"RCPT": (Command.RCPT_TO,),
    b"DATA": (Command.DATA_COMMAND,),
    b"RSET": (Command.RSET,),
    b"VRFY": (Command.VRFY,),
    b"EXPN": (Command.EXPN,),
    b"NOOP": (Command.NOOP,),
    b"QUIT": (Command.QUIT,),
    b"HELP": (Command.HELP,),
}
"""The reply points of command lines; behaviors for ``ANY`` also decide on others."""

ANY, AUTH, DATA_CONTENT = Command.ANY, Command.AUTH, Command.DATA_CONTENT


@attrs.define(eq=False)
class SentTogether:
    """The arguments of `MockESMTP._send`."""

    replies: list[bytes]
    size: int
    exchanges: list[Exchange]
    octets: int
    is_followed: bool

    def add(self, later: SentTogether) -> None:
        """Add replies that leave with these."""
        self.replies += later.replies
        self.size += later.size
        self.exchanges += later.exchanges
        self.octets += later.octets
        self.is_followed = later.is_followed


@attrs.define(eq=False)
class HeldReplies:
    """
    What was decided in a turn, and follows once the counts are stored.

    :ivar settled: the transactions that it settles
    :ivar sent: replies, and the exchanges to record
    :ivar banner: the banner, with the behaviors that matched
    :ivar pending: a reply that is not sent at once
    :ivar shakes_hands: whether the TLS handshake begins
    :ivar is_full: whether the connection has used its share of this turn of the reactor
    :ivar released: the ids of behaviors that were removed since
    """

    settled: list[Transaction] = attrs.field(factory=list)
    sent: SentTogether | None = None
    banner: tuple[Reply, Trail | None] | None = None
    pending: PendingReply | None = None
    shakes_hands: bool = False
    is_full: bool = False
    released: list[str] = attrs.field(factory=list)
    _mails: list[Deferred[Any]] = attrs.field(factory=list)

    def later(self, keep: Callable[[], Any]) -> Deferred[Any]:
        """Keep a mail once the counts are stored; fires with the result of `keep`."""
        mail: Deferred[Any] = Deferred()
        self._mails.append(mail)
        return mail.addCallback(lambda _: keep())

    def keep_mails(self) -> None:
        """Keep the mails."""
        for mail in self._mails:
            if not mail.called:
                mail.callback(None)

    def discard_mails(self) -> None:
        """Keep none of the mails."""
        for mail in self._mails:
            mail.cancel()


class CompleteContent:
    """Content that has arrived, and on which behaviors decide in the turn."""

    needs_octets = False
    points = ()

    def __init__(self, incoming: Incoming, size: int, flags: int) -> None:
        self.reader = self
        self.size = size
        self.flags = flags
        self.continues = incoming.continues
        self.eomReceived = incoming.eomReceived
        self.connectionLost = incoming.connectionLost
        self.fail = incoming.fail

    def feed(self, data: bytes, start: int = 0) -> int:
        """Read nothing more."""
        return start

    def may_decide(self, octets: int) -> bool:
        """It has arrived."""
        return False


class _ToEnd:
    """
    Content that is read up to its end, without deciding on it.

    :ivar has_ended: whether the end was found
    """

    points = ()

    def __init__(self, incoming: Incoming) -> None:
        self.has_ended = False
        self.reader = incoming.reader
        self.continues = incoming.continues
        self.connectionLost = incoming.connectionLost
        self.fail = incoming.fail
        self.may_decide = incoming.may_decide

    def eomReceived(self) -> CommandResult:
        """Note the end."""
        self.has_ended = True
        return ()


class SharedESMTP(MockESMTP):
    """The server side of one SMTP connection to one of several replicas."""

    _turns: Turns
    _held: HeldReplies | None = None
    _deciding = False
    _waits_at: Command | None = None
    _is_waiting_for_turn = False
    _postponed = False
    _flags: int | None = None
    _earlier: SentTogether | None = None

    def connectionMade(self) -> None:
        """Send the banner, or wait for the handshake or the turn."""
        turns = self.mail_host.behaviors.turns
        assert turns is not None
        self._turns = turns
        super().connectionMade()

    # What waits for the turn

    def _needs_turn(self, point: Command) -> bool:
        counting = self.mail_host.behaviors.counting
        return point in counting or not self._turns.is_current

    def _greet(self) -> None:
        if self._deciding or not self._needs_turn(Command.CONNECT):
            super()._greet()
        else:
            self._wait_for_turn(Command.CONNECT)

    def _begin_tls(self, arrived: bytes) -> None:
        self._begins_tls = False
        if self._deciding or not self._needs_turn(Command.TLS):
            super()._begin_tls(arrived)
        else:
            self._wait_for_turn(Command.TLS)

    def _execute(self, data: bytes, early: int, since: float) -> bool:
        if self._deciding:
            return super()._execute(data, early, since)
        if not self._turns.is_current:
            self._stops = self._postpone
        elif self.mail_host.behaviors.counting:
            self._stops = self._postpone_counting
        else:
            self._stops = None
            return super()._execute(data, early, since)
        self._flags = None
        continues = super()._execute(data, early, since)
        if not self._postponed:
            return continues
        self._postponed = False
        if self._flags is None:
            self._flags = early if self._earlier is None else PIPELINED
        if self.state is not CLOSED:
            self._wait_for_turn()
        return False

    def _postpone(self, line: bytes) -> bool:
        """Queue a line for the turn."""
        self._postponed = True
        return True

    def _postpone_counting(self, line: bytes) -> bool:
        """Queue a line if a behavior with shared counts can decide on it."""
        behaviors, auth = self.mail_host.behaviors, self.commands.auth
        counting = behaviors.counting
        if ANY in counting:
            return self._postpone(line)
        if auth is not None and auth.is_open:
            return AUTH in counting and self._postpone(line)
        points = POINTS.get(line.split(None, 1)[0].upper() if line.strip() else b"", ())
        if counting.isdisjoint(points):
            return False
        match = match_plain(line)
        if match is not None and not behaviors.may_count(points[0], match[1]):
            return False
        return self._postpone(line)

    def _read(
        self, incoming: Incoming, data: bytes, start: int, flags: int
    ) -> tuple[int, tuple[ClientInput, int, CommandResult] | None]:
        is_complete = isinstance(incoming, CompleteContent)
        if is_complete or (self._stops is None and not self._deciding):
            return super()._read(incoming, data, start, flags)
        decides_now = incoming.may_decide(len(data) - start)
        if self._deciding:
            if decides_now or incoming.points:
                return super()._read(incoming, data, start, flags)
            # It needs no turn, and may be kept as a mail.
            return start, None
        if decides_now and self._needs_turn(DATA_CONTENT):
            self._postponed, self._flags = True, flags
            return start, None
        if not any(map(self._needs_turn, incoming.points)):
            return super()._read(incoming, data, start, flags)
        to_end = _ToEnd(incoming)
        end, content = super()._read(to_end, data, start, flags)
        if not to_end.has_ended or content is None:
            return end, content
        (size, _), flags, _ = content  # type: ignore[misc]
        self.incoming = CompleteContent(incoming, size, flags)
        self._postponed, self._flags = True, 0
        return end, None

    def _wait_for_turn(self, point: Command | None = None) -> None:
        """
        Wait for the turn.

        :param point: `CONNECT` or `TLS`; None for lines and content
        """
        self._waits_at = point
        self._is_waiting_for_turn = True
        self._move(StateChange.WAIT)
        self._turns.add(self)

    # In the turn

    def decide(self) -> None:
        """Execute what has arrived, and hold back what follows from it."""
        self._is_waiting_for_turn = False
        self._held = self.delivery.decided = HeldReplies()
        self._stops = None
        self._deciding = True
        try:
            if self._waits_at is Command.CONNECT:
                self._greet()
            elif self._waits_at is Command.TLS:
                self._begin_tls(b"")
            else:
                data, self.buffer = self.buffer, b""
                self._execute(data, self._flags or 0, self.seconds())
        finally:
            self._deciding = False
            self.delivery.decided = None

    def _send(
        self,
        replies: list[bytes],
        size: int,
        exchanges: list[Exchange],
        octets: int,
        is_followed: bool,
    ) -> None:
        sent = SentTogether(replies, size, exchanges, octets, is_followed)
        if self._held is not None and self._deciding:
            self._held.sent = sent
        elif self._postponed:
            # It leaves with the replies that wait: of two small packets the system
            # would delay the second one until the client has acknowledged the first.
            self._earlier = sent
        else:
            self._send_together(sent)

    def _send_together(self, sent: SentTogether) -> None:
        replies, exchanges = sent.replies, sent.exchanges
        super()._send(replies, sent.size, exchanges, sent.octets, sent.is_followed)

    def _send_earlier(self) -> None:
        """Send the replies to what has arrived before that which waits."""
        earlier, self._earlier = self._earlier, None
        if earlier is not None:
            self._send_together(earlier)

    def _send_unsolicited(self, unasked: Reply, note: Trail | None = None) -> None:
        if self._held is not None and self._deciding:
            self._held.banner = unasked, note
        else:
            super()._send_unsolicited(unasked, note)

    def _start(self, pending: PendingReply) -> bool:
        if self._held is None or not self._deciding:
            return super()._start(pending)
        self._held.pending = pending
        self._hold(pending.rules)
        return False

    def _shake_hands(self, arrived: bytes) -> None:
        if self._held is not None and self._deciding:
            self._held.shakes_hands = True
        else:
            super()._shake_hands(arrived)

    def _leave(self, rest: bytes, is_full: bool) -> None:
        if self._held is not None and self._deciding:
            self.buffer, self._held.is_full = rest, is_full
        elif self._postponed:
            self.buffer = rest
        else:
            super()._leave(rest, is_full)

    def release(self, rule: str) -> None:
        """Stop waiting for a behavior that was removed or replaced."""
        if self._held is not None:
            self._held.released.append(rule)
        else:
            super().release(rule)

    # After the turn

    def send(self) -> None:
        """Apply the decisions, whose counts are stored."""
        held, self._held = self._held, None
        if held is None:
            return
        self._release_hold()
        self._end_waiting()
        for one in held.settled:
            self.journal.settle(self.session, one, one.outcome)
        held.keep_mails()
        if held.sent is not None:
            held.sent.is_followed = held.sent.is_followed or bool(self.buffer)
            if self._earlier is not None:
                self._earlier.add(held.sent)
            else:
                self._earlier = held.sent
        self._send_earlier()
        if held.banner is not None:
            super()._send_unsolicited(*held.banner)
        if held.pending is not None:
            self._start_held(held.pending, held.released)
        elif held.shakes_hands:
            arrived, self.buffer = self.buffer, b""
            super()._shake_hands(arrived)
        elif self._after_reply is not None:
            super()._leave(self.buffer, False)
        elif held.is_full and self.buffer and self.state is READY:
            self._yield_turn()
        else:
            self._continue()

    def _start_held(self, pending: PendingReply, released: list[str]) -> None:
        """Begin to send a reply that is not sent at once."""
        answer = pending.answer
        if isinstance(answer, Deferred):
            decided = self._result_of(answer)
            if isinstance(decided, Deferred | DelayedReply):
                pending.answer = decided
            else:
                pending.answer = DelayedReply(decided, NO_FAULT)
        kept, self.delivery.kept = self.delivery.kept, None
        if kept is not None and isinstance(pending.said, tuple):
            pending.said = pending.said[0], kept
        is_sent = super()._start(pending)
        for rule in released:
            super().release(rule)
        if is_sent:
            self._continue()

    def _end_waiting(self) -> None:
        self._move(StateChange.ANSWERED)
        if self.output.blocked:
            self._move(StateChange.BLOCK)
        if self._peer_watch is not None:
            self._peer_watch.stop()
        self.session.heard = self.seconds()

    # Failures, and the end

    def fail(self, decided: bool) -> None:
        """Refuse what was not decided; close the connection if something was."""
        self._is_waiting_for_turn = False
        if self.state is CLOSED:
            return
        if self._waits_at is Command.TLS:
            # The client expects the handshake: no reply can be sent.
            self.end = End.CLOSED
            self._close()
        elif decided or self._waits_at is Command.CONNECT:
            self.close_with(reply.LOCAL_ERROR_CLOSING)
        elif self.incoming is not None:
            self._end_waiting()
            self._send_earlier()
            incoming = self.incoming
            incoming.fail(reply.LOCAL_ERROR)
            if isinstance(incoming, CompleteContent):
                self.incoming = incoming
            self._continue()
        else:
            self._end_waiting()
            self._refuse_line()

    def _refuse_line(self) -> None:
        """Refuse one line."""
        line, _, self.buffer = self.buffer.partition(b"\n")
        answer = self.commands.refuse_undecided(line, not self._truncated)
        self._truncated = False
        heard, flags = self.session.heard, self._flags or 0
        replies: list[bytes] = []
        if answer.reply is not None:
            replies.append(answer.reply.wire)
            self.mail_host.counters.replies[answer.reply.code] += 1
        exchange = (heard, answer.line, answer.reply, flags, 0.0, None)
        size, is_followed = sum(map(len, replies)), bool(self.buffer)
        refused = SentTogether(replies, size, [exchange], len(line), is_followed)
        if self._earlier is None:
            self._earlier = refused
        else:
            self._earlier.add(refused)
        self._send_earlier()
        if self._after_reply is not None:
            self._leave(self.buffer, False)
        else:
            self._continue()

    def close_with(self, last: Reply, end: End = End.CLOSED) -> None:
        """Send `last`, and close; what was decided is not sent."""
        self._drop_held()
        super().close_with(last, end)

    def _stop_waiting(self) -> None:
        self._drop_held()
        super()._stop_waiting()

    def _drop_held(self) -> None:
        """Do not wait for the turn; record what was decided as not sent."""
        if self._is_waiting_for_turn:
            self._is_waiting_for_turn = False
            self._turns.discard(self)
        self._send_earlier()
        held, self._held = self._held, None
        if held is None:
            return
        held.discard_mails()
        for transaction in held.settled:
            transaction.reply = None
            self.journal.settle(self.session, transaction, Outcome.ABORTED)
            self.journal.replace_reply(self.session, transaction, None)
        if held.sent is not None:
            counts = self.mail_host.counters.replies
            unsent: list[Exchange] = []
            for at, said, answer, flags, delay, note in held.sent.exchanges:
                if answer is not None:
                    counts[answer.code] -= 1
                    answer = without_octets(answer)
                unsent.append((at, said, answer, flags, delay, note))
            super()._send([], 0, unsent, held.sent.octets, False)
        # It is recorded as one that was not sent.
        self._pending = held.pending


class SharedLMTP(SharedESMTP, MockLMTP):
    """The server side of one LMTP connection to one of several replicas."""
