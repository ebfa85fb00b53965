"""Sends replies, and ends connections.

`Output` sends replies in order, and pauses while the client does not read.
`ReplyWriter` sends a `DelayedReply`: late, a few octets at a time, or not at all.
`Ending` closes or resets the connection, or leaves it hanging.

A transport buffers everything written to it, and pauses its producer above 64 KiB. The
connection then executes no commands, so the buffer is limited to `BOUND` and one reply.
The replies to one command may exceed that (RFC 2033 §4.2); they are queued here, as
references to shared octets.

Replies are written to the socket directly. `transport.write` would register with the
reactor and write in its next turn, at the cost of two epoll_ctl calls and one event per
reply, although the socket of a client that has just sent a command nearly always
accepts the reply at once. Octets that the socket does not accept go to the transport.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs
from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.internet.tcp import Server

from mocksmtp.behaviors.response import NO_FAULT, Fault, Then
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar.reply import Reply, raw_reply
from mocksmtp.tls.encryption import encrypt, holds_back

BOUND = 2**20
"""Octets of replies after which collected replies are sent."""

CLOSING_TIME = 10.0
"""Seconds in which a client must read the last reply before it is reset."""

FLUSH_INTERVAL = 0.005
"""Seconds between checks whether a transport has sent everything, which it does not
report."""

PEER_INTERVAL = 0.5
"""Seconds between checks for a reset while reading is paused."""

NO_OCTETS = raw_reply(b"")
"""A reply of no octets: the server's own reply where it sends nothing."""


# Answers: the replies to a command, and how they are sent.

Replies: TypeAlias = Reply | tuple[Reply, ...]


@attrs.frozen
class DelayedReply:
    """
    A reply that is delayed, dripped or missing, or after which the connection ends.

    :ivar reply: None where nothing is sent
    :ivar slowed: the ids of the behaviors that only delayed or dripped it
    :ivar rules: the ids of all behaviors involved
    :ivar ended_by: the id of the behavior that ends the connection, or None
    """

    reply: Replies | None
    fault: Fault
    slowed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ended_by: str | None = None

    @property
    def wires(self) -> list[bytes]:
        """The octets of each reply."""
        if self.reply is None:
            return []
        replies = (self.reply,) if isinstance(self.reply, Reply) else self.reply
        return [reply.wire for reply in replies if reply.wire]


@attrs.frozen
class RedactedLine:
    """
    The answer to a line that contains a secret.

    :ivar line: the redacted line, which is recorded
    """

    answer: ContentAnswer
    line: bytes


ContentAnswer: TypeAlias = "Replies | DelayedReply | Deferred[Any]"
"""The answer to content; a Deferred that fires with another if a store is waited
for."""

CommandResult: TypeAlias = "ContentAnswer | RedactedLine"
"""The answer to a command or to content: one reply, several (RFC 2033 §4.2), or none
where the reply follows later (RFC 3030 §2)."""


def answer_for(decision: Decision, own: Reply) -> Reply | DelayedReply:
    """The answer of a decision, which replaces the server's `own` reply."""
    reply = decision.answer(own)
    if decision.fault is None and not decision.silent:
        return reply
    slowed = decision.rules if decision.only_delays else decision.rules[:-1]
    fault = decision.fault or NO_FAULT
    ended_by = None if fault.then is Then.CONTINUE else decision.rules[-1]
    return DelayedReply(reply, fault, slowed, decision.rules, ended_by)


def add_delay(
    answer: Replies | DelayedReply, decision: Decision
) -> Replies | DelayedReply:
    """Add the delay and drip of a decision to `answer`, and keep its reply."""
    added = decision.fault
    if added is None or not (added.delay or added.drip):
        return answer
    if not isinstance(answer, DelayedReply):
        answer = DelayedReply(answer, NO_FAULT)
    fault = attrs.evolve(
        answer.fault,
        delay=added.delay + answer.fault.delay,
        drip=answer.fault.drip or added.drip,
    )
    slowed, rules = decision.rules + answer.slowed, decision.rules + answer.rules
    return attrs.evolve(answer, fault=fault, slowed=slowed, rules=rules)


def reply_in(answer: CommandResult) -> Reply | None:
    """The only reply of an answer; None for no, several, or undecided replies."""
    if isinstance(answer, DelayedReply):
        answer = answer.reply or ()
    return answer if isinstance(answer, Reply) else None


def without_octets(answer: Replies) -> Reply | None:
    """
    Return what is recorded of an answer that was not sent.

    :return: a reply of no octets with the id of the behavior; None without a behavior
    """
    replies = (answer,) if isinstance(answer, Reply) else answer
    sources = [reply.source for reply in replies if reply.source is not None]
    return raw_reply(b"", sources[0]) if sources else None


def combine(answers: list[Reply | DelayedReply]) -> Replies | DelayedReply:
    """Combine answers: delays add up; the last drip and the last end apply."""
    replies: list[Reply] = []
    slowed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ended_by: str | None = None
    fault = NO_FAULT
    for answer in answers:
        if isinstance(answer, DelayedReply):
            added, slowed = answer.fault, slowed + answer.slowed
            rules, ended_by = rules + answer.rules, answer.ended_by or ended_by
            delay = fault.delay + added.delay
            drip = added.drip or fault.drip
            end = fault if added.then is Then.CONTINUE else added
            fault = Fault(delay, drip, end.then, end.then_delay)
        reply = reply_in(answer)
        if reply is not None:
            replies.append(reply)
    if all(isinstance(answer, Reply) for answer in answers):
        return tuple(replies)
    return DelayedReply(tuple(replies), fault, slowed, rules, ended_by)


# The transport. `_tempDataBuffer` is private to Twisted and used only here.


def is_idle(transport: Any) -> bool:
    """Whether a TCP transport has nothing left to write; False where unknown."""
    try:
        return (
            type(transport) is Server
            and not transport.dataBuffer
            and not transport._tempDataBuffer  # noqa: SLF001 - guarded here
        )
    except AttributeError:
        return False


def is_empty(transport: Any) -> bool:
    """
    Whether closing a transport sends no more octets; False where unknown.

    Under TLS closing sends a close_notify.
    """
    return is_idle(transport) and not transport.TLS


def has_sent_all(transport: Any) -> bool:
    """Whether all octets written, also those under TLS, were passed to the system."""
    if type(transport) is not Server:
        return True
    return is_idle(transport) and not (transport.TLS and holds_back(transport))


def close_idle(transport: Any) -> bool:
    """
    Close a TCP transport at once, if nothing is left to be written.

    `loseConnection` would close it in the next turn of the reactor, once the socket is
    writable: for that it needs four system calls more, one of which sends no octets.

    :return: whether it was closed
    """
    if not is_empty(transport) or not transport.connected or transport.disconnecting:
        return False
    transport.connectionLost(connectionDone)
    return True


def _try_to_send(transport: Any, octets: bytes) -> bytes:
    """Send what the socket accepts, and return the rest."""
    try:
        sent: int = transport.socket.send(octets)
    except OSError:
        return octets  # the transport detects the error on its next write
    return octets[sent:]


_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
"""Linux only; it applies to the packets that have arrived."""


def acknowledge(transport: Any) -> None:
    """
    Acknowledge the octets that were read without waiting for a reply to carry it.

    A client that writes twice without TCP_NODELAY sends the second part only after an
    acknowledgement, which the system may delay by 40 ms.
    """
    if _QUICKACK is not None and type(transport) is Server:
        with contextlib.suppress(OSError):
            transport.socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


_TCP_CLOSE = 7
_PEER_CLOSED = (_TCP_CLOSE, 8, 9)
"""Linux's TCP_CLOSE, TCP_CLOSE_WAIT and TCP_LAST_ACK."""


def is_closed_by_peer(transport: Any) -> bool:
    """
    Whether the client has closed its side; works while reading is paused.

    Always False on systems other than Linux.
    """
    return _tcp_state(transport) in _PEER_CLOSED


def is_reset(transport: Any) -> bool:
    """Whether the client has reset the connection; Linux only, like the above."""
    return _tcp_state(transport) == _TCP_CLOSE


def _tcp_state(transport: Any) -> int:
    try:
        state = transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except (AttributeError, OSError):
        return 0
    return state[0] if state else 0


class Output:
    """
    The replies of one connection, in order.

    :ivar blocked: whether the client must read before more is sent
    """

    __slots__ = ("_last", "_queue", "_transport", "blocked")

    def __init__(self, transport: Any) -> None:
        self.blocked = False
        self._transport = transport
        self._queue: deque[bytes] | None = None
        self._last = b""

    @property
    def is_within_line(self) -> bool:
        """Whether the last octets that were sent do not end a line."""
        return not self._last.endswith(b"\n") and self._last != b""

    def send(self, wires: Sequence[bytes], size: int) -> None:
        """
        Send replies.

        :param wires: the octets of each; at least one
        :param size: the sum of their lengths
        """
        if size > BOUND or self._queue:
            if self._queue is None:
                self._queue = deque()
            self._queue.extend(wires)
            self._flush()
            return
        self._last = wires[-1]
        octets = b"".join(wires)
        transport = self._transport
        if is_idle(transport) and transport.connected and not transport.disconnecting:
            if not transport.TLS:
                octets = _try_to_send(transport, octets)
            else:
                encrypted = encrypt(transport, octets)
                if encrypted is not None:
                    # The `write` of the TLS transport would encrypt the rest again.
                    rest = _try_to_send(transport, encrypted)
                    if rest:
                        FileDescriptor.write(transport, rest)
                    return
            if not octets:
                return
        transport.write(octets)

    def resume(self) -> bool:
        """Send the queued replies; return whether the socket accepted all."""
        self.blocked = False
        self._flush()
        return not self.blocked

    def drop(self) -> None:
        """Discard the replies that are queued."""
        self._queue = None

    def _flush(self) -> None:
        queue, self._queue = self._queue, None
        while queue and not self.blocked:
            wires = [queue.popleft()]
            size = len(wires[0])
            while queue and size < BOUND:
                wires.append(queue.popleft())
                size += len(wires[-1])
            self.send(wires, 0)
        if queue:
            self._queue = queue


# Delayed replies.

Wait: TypeAlias = tuple[float, tuple[str, ...]]
"""Seconds to wait, and the ids of the behaviors that cause it."""


class ReplyWriter:
    """
    Sends a `DelayedReply`, and waits until the end of the connection is due.

    :param done: called at the end, unless `start` returned True

    :ivar begun: whether part of the reply was sent, but not all
    :ivar sent: whether all of it was sent
    :ivar released: the ids of behaviors removed since, whose delays are skipped
    """

    def __init__(
        self,
        answer: DelayedReply,
        output: Output,
        clock: IReactorTime,
        done: Callable[[], None],
    ) -> None:
        self.begun = self.sent = False
        self.released: set[str] = set()
        self._finishing = False
        self._answer = answer
        self._output = output
        self._clock = clock
        self._done = done
        self._steps = self._run()
        self._waits_for: tuple[str, ...] = ()
        self._timer: IDelayedCall | None = None

    def start(self) -> bool:
        """Begin; return whether everything was sent without waiting."""
        return self._advance()

    def release(self, rule: str) -> None:
        """Skip the delays of the behavior with the id `rule`."""
        self.released.add(rule)
        if self._timer is not None and rule in self._waits_for:
            self._timer.cancel()
            self._wake()

    def finish(self) -> None:
        """Send the rest of a reply that has begun, without further delay."""
        self._stop_timer()
        self._finishing = True
        if self.begun:
            for _ in self._steps:
                pass

    def cancel(self) -> None:
        """Send nothing more."""
        self._stop_timer()
        self._steps.close()

    @property
    def _hurries(self) -> bool:
        """Whether the rest of the reply is sent without waiting."""
        return self._finishing or not self.released.isdisjoint(self._answer.rules)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        if self._advance():
            self._done()

    def _advance(self) -> bool:
        for seconds, rules in self._steps:
            if seconds and self.released.isdisjoint(rules):
                self._waits_for = rules
                self._timer = self._clock.callLater(seconds, self._wake)
                return False
        return True

    def _run(self) -> Generator[Wait, None, None]:
        """Send the reply; yields each wait."""
        answer, fault, output = self._answer, self._answer.fault, self._output
        rules, wires = answer.rules, answer.wires
        yield fault.delay, rules
        if fault.drip is None:
            if wires:
                output.send(wires, sum(map(len, wires)))
        else:
            interval = fault.drip.interval
            for piece in pieces(wires, fault.drip.octets):
                if self.begun:
                    yield interval, rules
                while output.blocked and not self._hurries:
                    yield interval, rules
                output.send((piece,), len(piece))
                self.begun = True
            self.begun = False
        self.sent = True
        if fault.then is not Then.CONTINUE:
            yield (
                fault.then_delay,
                () if answer.ended_by is None else (answer.ended_by,),
            )


def pieces(wires: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The octets of `wires` in pieces of `size`; the last may be shorter."""
    rest = b""
    for wire in wires:
        rest += wire
        start = 0
        while len(rest) - start >= size:
            yield rest[start : start + size]
            start += size
        rest = rest[start:]
    if rest:
        yield rest


# The end.


class Ending:
    """Ends one connection, on which no more commands or replies follow."""

    def __init__(self, transport: Any, clock: IReactorTime) -> None:
        self._transport = transport
        self._clock = clock
        self._hanging = self._gentle = False
        self._timer: IDelayedCall | None = None
        self._reset_at = clock.seconds() + CLOSING_TIME

    def close(self) -> None:
        """Close once everything was sent; reset after `CLOSING_TIME`."""
        if close_idle(self._transport):
            return
        if not is_empty(self._transport):
            self._later(CLOSING_TIME, self._transport.abortConnection)
        self._transport.loseConnection()

    def close_gently(self) -> None:
        """
        Close, and discard further input.

        Closing a socket with unread input resets the connection, and the client may
        then not receive the last reply.
        """
        if type(self._transport) is not Server or self._transport.TLS:
            self._transport.resumeProducing()
            self.close()
            return
        self._gentle = True
        self._transport.loseWriteConnection()
        self._transport.resumeProducing()
        self._later(CLOSING_TIME, self._transport.abortConnection)

    def reset(self) -> None:
        """Send a RST, once all written octets were passed to the system."""
        is_late = self._clock.seconds() >= self._reset_at
        if is_late or has_sent_all(self._transport):
            self._transport.abortConnection()
        else:
            self._later(FLUSH_INTERVAL, self.reset)

    def hang(self) -> None:
        """Hang: stop reading and writing until the client closes or resets."""
        self._hanging = True
        self._transport.pauseProducing()
        if is_reset(self._transport):
            self._transport.abortConnection()
        elif is_closed_by_peer(self._transport):
            self.close()
        else:
            self._later(PEER_INTERVAL, self.hang)

    def input_ended(self) -> None:
        """Handle a FIN of the client."""
        if self._gentle:
            self._transport.loseConnection()

    def release(self) -> None:
        """Reset a connection that hangs."""
        if self._hanging:
            self.stop()
            self._transport.abortConnection()

    def stop(self) -> None:
        """Stop all timers, because the connection is lost."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def act() -> None:
            self._timer = None
            action()

        self._timer = self._clock.callLater(seconds, act)
