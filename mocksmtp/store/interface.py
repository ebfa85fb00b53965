"""What a store is: the interface that the memory, a file and a shared store implement.

A method that may wait returns its value, or an awaitable (a Deferred) that fires with
it, so that no mail pays for a Deferred where the store is the memory. A store is used
from the thread of the reactor only; what it has to wait for, it does elsewhere.

=================  =========================================  =======================
what               when it is stored                          method
=================  =========================================  =======================
mails              before the 250                             `Inbox.keep`
state              before the 2xx                             `save`, `flush`
sessions, counts   at most 1 s later, at once at the end      `save`, `flush`
=================  =========================================  =======================

State is documents (JSON) by their kind and name, see `Kind`; a document of None removes
the one that is stored. What they contain, `mocksmtp.persistence` defines.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import attrs

from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mailbox import Inbox, NoSpace
from mocksmtp.mail.quota import Quota
from mocksmtp.mail.search import MailQuery

if TYPE_CHECKING:
    from mocksmtp.store.replicas import Replicas, Tally

T = TypeVar("T")

MaybeLater: TypeAlias = T | Awaitable[T]
"""A value, or an awaitable that fires with it."""


async def awaited(value: MaybeLater[T]) -> T:
    """Return a value, or the result of an awaitable."""
    return await value if isinstance(value, Awaitable) else value


class StoreError(Exception):
    """The store cannot be used, or has failed; the message is one line."""


class StorageFull(StoreError, NoSpace):
    """There is no space left; the store accepts data again once there is."""


class Kind(enum.Enum):
    """The kinds of documents of the state, each with what its name is."""

    HOST = "host"
    """The name of a host."""
    EXTENSIONS = "extensions"
    """The name of a host."""
    SCENARIOS = "scenarios"
    """The name of a host."""
    BEHAVIORS = "behaviors"
    """The name of a host, or ``""`` for those of DNS: their order."""
    BEHAVIOR = "behavior"
    """The name of a host, a slash, and the id of the behavior: its document."""
    COUNTS = "counts"
    """As for `BEHAVIOR`: the counters of the behavior."""
    KEY = "key"
    """As for `BEHAVIOR`, a slash, and the key as JSON: the counters of one key."""
    RECORD = "record"
    """The id of a DNS record."""
    POLICY = "policy"
    """The domain of an MTA-STS policy."""
    CERTIFICATE = "certificate"
    """The name of a certificate of the built-in authority."""
    SESSION = "session"
    """The number of a session, with leading zeros."""
    EXCHANGES = "exchanges"
    """The number of a session, a slash, and the place of the first of some exchanges in
    a row, with leading zeros."""
    TRANSACTION = "transaction"
    """As for `EXCHANGES`, of transactions; where rows overlap, the last one counts."""
    SERVICE = "service"
    """What concerns the whole service; each by its name."""


Document: TypeAlias = Any
"""A value of JSON."""

Key: TypeAlias = tuple[Kind, str]
"""The kind and the name of a document."""

State: TypeAlias = Mapping[Kind, Mapping[str, Document]]
"""The documents of each kind, by their names, in the order of the names."""


@attrs.frozen
class Restored:
    """
    What a store contains when it is opened.

    :ivar is_new: whether nothing was ever stored there
    :ivar mails: the number of mails
    :ivar last_session: a number that no session above it has, as far as mails show
    :ivar is_alone: whether no other replica uses the store; if so, behaviors that are
        not persistent ended with the last one
    :ivar tallies: what `Replicas.log_tallies` was given of each behavior that is
        stored, added up; only what has followed its counters if these are stored
    """

    is_new: bool
    state: State = attrs.field(factory=dict)
    mails: int = 0
    last_session: int = 0
    is_alone: bool = True
    tallies: Sequence[Tally] = ()


@attrs.frozen
class Slice:
    """
    What a part of a search has found.

    :ivar numbers: of the mails that match, in the order of the search
    :ivar next: where the search continues: the `after` of the next part, or its
        `before` if the newest come first; None if it is over
    """

    numbers: list[int]
    next: int | None


@attrs.define(eq=False)
class Removal:
    """
    Mails that are removed, and can be loaded until the removal is discarded.

    :ivar numbers: of the mails that were still kept, in order of arrival
    """

    numbers: list[int]


class MailStore(Protocol):
    """
    The mails of all hosts, where a store does not keep them in memory.

    `host` is the name of a host, or None for all of them. A mail that is neither kept
    nor part of a removal is left out of each answer.
    """

    @property
    def evicted(self) -> int:
        """The highest number of a mail that was evicted, 0 for none."""

    def count(self, host: str | None) -> int:
        """The number of mails."""

    def search(
        self,
        host: str | None,
        query: MailQuery,
        after: int,
        before: int,
        limit: int | None,
        newest_first: bool,
    ) -> Awaitable[Slice]:
        """
        Find mails with numbers between `after` and `before`, as far as is short work.

        :param query: evaluated by `MailQuery.matches`, and by nothing else
        :param limit: the maximum number of mails
        """

    def kept(self, host: str | None, numbers: Sequence[int]) -> Awaitable[list[int]]:
        """Those of the ascending `numbers` that are kept."""

    def load(
        self, numbers: Sequence[int], host: str | None = None
    ) -> Awaitable[list[Mail]]:
        """
        The mails with these numbers, in their order, whole.

        As many from the beginning as are short work: at least one that is kept.
        Without a host, those of removals too.
        """

    def refer(self, number: int) -> Mail | None:
        """
        A mail that is read when its envelope or content is used.

        :return: None if this store cannot read at once; the mail is to be loaded
        """

    def remove(self, host: str | None, numbers: Sequence[int]) -> Awaitable[Removal]:
        """Remove mails; no mail is part of two removals."""

    def take(
        self, host: str | None, numbers: Sequence[int], at_least: int
    ) -> Awaitable[Removal]:
        """
        Remove mails, or none if fewer than `at_least` are kept.

        Whoever cancels this has not received them: they are restored.
        """

    def restore(self, removal: Removal) -> Awaitable[Sequence[tuple[str, int]]]:
        """
        Keep the mails of a removal again, except where all mails were removed since.

        :return: of each its host and number
        """

    def remove_all(self, host: str | None) -> Awaitable[Removal]:
        """Remove all mails."""

    def forget(self, host: str) -> None:
        """Know no mailbox of a host that another replica has removed with its mails."""

    def discard(self, removal: Removal) -> None:
        """The mails of a removal are not loaded any more."""


class Store(Protocol):
    """
    Where mails and state are stored.

    :ivar quota: the common limits of all mailboxes
    :ivar mails: the mails; None if the mailboxes keep them in memory
    :ivar keeps_state: whether it survives the process
    :ivar failure: why the store does not work at the moment, in one line; None if it
        does
    :ivar replicas: the processes that share the store; None if one process has it
    """

    quota: Quota

    @property
    def mails(self) -> MailStore | None:
        """See above."""

    @property
    def keeps_state(self) -> bool:
        """See above."""

    @property
    def failure(self) -> str | None:
        """See above."""

    @property
    def replicas(self) -> Replicas | None:
        """See above."""

    def open(self) -> MaybeLater[Restored]:
        """
        Open the store; called once, before anything else, and before a daemon forks.

        :raises StoreError: it cannot be used
        """

    def mailbox(self, host: str) -> Inbox:
        """The mailbox of a host, with the mails that are stored for it."""

    def save(self, changes: Iterable[tuple[Key, Document]]) -> None:
        """Store documents, in one transaction; `flush` reports when that is done."""

    def flush(self) -> MaybeLater[None]:
        """
        Wait until all that was given to the store is stored.

        :raises StoreError: some of the documents could not be stored; they are stored
            once that is possible again
        """

    def close(self) -> MaybeLater[None]:
        """Store what is left, and release the store for other processes."""
