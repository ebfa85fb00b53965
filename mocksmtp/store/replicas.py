"""What the replicas that share a store have in common, and how they agree.

Each replica is a whole service: it has all hosts, behaviors and records in memory, and
decides there. What it must have in common with the others goes through the store:

==========  =============================================  ===========================
what        how                                            when another replica has it
==========  =============================================  ===========================
mails       the store keeps them, not the replicas         before the 250
state       documents and commands in one order            before the 2xx (`ask`)
counts      moved by the replica that has the turn         at its next turn
the log     sessions, queries, tallies; read when needed   at `settle`, or as it comes
                                                           while `watch` is in force
==========  =============================================  ===========================

A replica has a *lease*: one that has not been heard of for `LEASE` is left out by the
others. Once it runs again, it first applies what it has missed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import attrs

from mocksmtp.store.interface import Document, Key, MaybeLater, State

LEASE = 3.0
"""Seconds after which a replica that has not been heard of is left out."""


@attrs.frozen
class Tally:
    """
    What a behavior that keeps no counts has done since its last tally.

    :ivar path: the name of a host, a slash, and the id of the behavior
    :ivar seen: how often its condition matched
    :ivar fired: how often it answered
    :ivar last_fired: seconds since the epoch; None if it has not answered
    """

    path: str
    seen: int
    fired: int
    last_fired: float | None


@attrs.frozen
class LogPart:
    """
    What other replicas have added to the log since it was read last.

    :ivar sessions: documents of sessions that are new or have changed, by session
        number: all that is stored of each, by kind and name; an empty one is removed
    :ivar queries: DNS queries, in order, as `log_query` was given them, by number; the
        first part that a replica reads has all that are kept
    :ivar tallies: what to add to the counters of behaviors
    :ivar has_gap: whether older entries were removed before this replica read them;
        `sessions` has all that are stored then
    """

    sessions: Mapping[int, Mapping[Key, Document]] = attrs.field(factory=dict)
    queries: Mapping[int, Document] = attrs.field(factory=dict)
    tallies: Sequence[Tally] = ()
    has_gap: bool = False


class Follower(Protocol):
    """What a replica does for the others; an exception is logged and counts as done."""

    def apply(self, changes: Sequence[tuple[Key, Document]]) -> MaybeLater[None]:
        """
        Another replica has stored these documents of the state, in one step.

        Also counts and scenarios that others have changed, when a replica settles.
        """

    def replace(self, state: State) -> MaybeLater[None]:
        """The state is this now: changes were missed, or own ones were not stored."""

    def perform(self, command: Document) -> MaybeLater[Document]:
        """Do what another replica asks of all; the result is a value of JSON."""

    def hand_over(self) -> MaybeLater[None]:
        """
        Give the store what it has not been given: sessions, queries, tallies.

        :raises StoreError: some of it could not be given; it is at the next time
        """

    def read(self, part: LogPart) -> None:
        """Other replicas have logged this."""

    def left(self, name: str) -> None:
        """
        A replica has ended, or is left out from now on.

        Of the other replicas one is called, which looks after its sessions then.
        """

    def mails_arrived(self, mails: Sequence[tuple[str, int]]) -> None:
        """Other replicas have kept mails: host and number. Only while `watch` is."""

    def events_arrived(self, events: Sequence[tuple[int, Document]]) -> None:
        """Events of all replicas by number, its own too. Only while `watch` is."""


class Turn(Protocol):
    """
    The right of one replica to change the state and the counts; no other has it now.

    :ivar counts: documents of counts and scenarios that other replicas have changed
        since this one had the turn last
    """

    counts: Sequence[tuple[Key, Document]]

    def pass_on(self, counts: Sequence[tuple[Key, Document]] = ()) -> MaybeLater[None]:
        """
        Store the counts that were moved, and end the turn.

        What was given to `Store.save` before is stored in the same step.

        :raises StoreError: nothing of it was stored, or the turn was lost: who waits
            for what was decided is to be told 451 4.3.0
        """


class Numbers(Protocol):
    """Numbers that no other replica gets; they ascend in the order of `settle`."""

    def next(self) -> MaybeLater[int]:
        """
        The next number; at once if one was fetched in advance.

        :raises StoreError: none can be had now
        """


class Replicas(Protocol):
    """
    The replicas that share a store.

    :ivar name: the name of this replica, which no other has
    :ivar is_current: whether this replica certainly knows of all changes of the state
        that were answered 2xx; if not, `catch_up` first
    :ivar sessions: numbers the sessions
    :ivar queries: numbers the DNS queries
    :ivar others: the names of the other replicas that are not left out; known once this
        one follows them
    """

    name: str
    sessions: Numbers
    queries: Numbers

    @property
    def others(self) -> Collection[str]:
        """See above."""

    @property
    def is_current(self) -> bool:
        """See above."""

    @property
    def is_watched(self) -> bool:
        """Whether a replica watches: then hand over sessions within 50 ms, not 1 s."""

    def follow(self, follower: Follower) -> MaybeLater[None]:
        """Begin to follow the others; once, when the state was restored."""

    def catch_up(self) -> MaybeLater[None]:
        """
        Wait until this replica has applied all changes of the state.

        :raises StoreError: the store cannot be reached
        """

    def settle(self) -> MaybeLater[None]:
        """
        Wait until this replica knows of all that any replica did before.

        All replicas hand over; this one then reads the log, and has the mails' counts,
        and the counts and scenarios that others have changed (`Follower.apply`).

        :raises StoreError: the store cannot be reached
        """

    def take_turn(self) -> MaybeLater[Turn]:
        """
        Wait for the turn, with all changes of the state applied.

        :raises StoreError: the store cannot be reached
        """

    def ask(self, command: Document) -> MaybeLater[Sequence[Document]]:
        """
        Have all other replicas perform a command.

        :return: their results; of a replica that is left out there is none, and it
            performs the command before anything else once it runs again
        """

    def reload(self) -> MaybeLater[None]:
        """
        Replace the state of the follower by the stored one.

        :raises StoreError: the store cannot be reached
        """

    def applied(self) -> MaybeLater[None]:
        """Wait until all replicas have applied what `Store.save` stored until now."""

    def watch(self) -> None:
        """
        Begin to call `Follower.read`, `mails_arrived` and `events_arrived` live.

        Nothing is missed that has happened since the last `settle`.
        """

    def unwatch(self) -> None:
        """End what `watch` began; each `watch` has one `unwatch`."""

    def number_attempts(self, count: int) -> MaybeLater[int]:
        """
        Have numbers for so many attempts, which this replica hands over next.

        :return: the first of them; each call, of any replica, has higher ones
        :raises StoreError: none can be had now
        """

    def log_query(self, number: int, document: Document) -> None:
        """
        Add a DNS query to the log.

        A document of None stands for the removal of all up to that number.
        """

    def log_tallies(self, tallies: Sequence[Tally]) -> None:
        """Add to the counters of behaviors that keep no counts."""

    def publish(self, events: Sequence[Document]) -> None:
        """
        Publish events, which each replica that watches receives, numbered.

        The numbers of events have no gaps.
        """

    def events_after(self, number: int) -> MaybeLater[Sequence[tuple[int, Document]]]:
        """
        The events above a number that are kept; the newest one always is.

        :raises StoreError: the store cannot be reached
        """
