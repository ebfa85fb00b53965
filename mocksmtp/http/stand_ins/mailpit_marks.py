"""What Mailpit knows of a mail besides the mail: whether it was read, and its tags.

Its searches (https://mailpit.axllent.org/docs/usage/search-filters/) can ask for both.
They are compiled into a filter for mails, like the search expressions of mocksmtp.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mocksmtp.mail.decoded import Decoded
from mocksmtp.mail.expression import MAX_TERMS, Term
from mocksmtp.mail.keywords import Cost, Expression, Filter, filter_of
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mailbox import Inbox

MAX_TAG = 100
"""Maximum characters of a tag."""

_TEXT_KEYWORDS = frozenset(
    {"to", "from", "cc", "bcc", "reply-to", "addressed", "subject", "message-id"}
)
_TERM = re.compile(r'[-!]?(?:[a-z-]+:)?"[^"]*"?|\S+', re.IGNORECASE)
_KEYWORD = re.compile(r"([a-z-]+):(.*)", re.IGNORECASE | re.DOTALL)
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,6}))? ?([km]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2}
_NO_TAG = re.compile(r"[^a-zA-Z0-9\- _.@]")


class Marks:
    """The marks of the mails of a mailbox, forgotten with each mail."""

    def __init__(self) -> None:
        self.read: set[int] = set()
        self.tags: dict[int, list[str]] = {}
        self._evicted = 0

    def forget(self, mails: Iterable[Mail]) -> None:
        """Forget the marks of mails that were removed."""
        for mail in mails:
            self.read.discard(mail.number)
            self.tags.pop(mail.number, None)

    def forget_evicted(self, last: int) -> None:
        """Forget the marks of all mails up to the one that was evicted last."""
        if last > self._evicted:
            self._evicted = last
            self.read = {number for number in self.read if number > last}
            self.tags = {n: tags for n, tags in self.tags.items() if n > last}

    def mark(self, mails: Iterable[Mail], read: bool) -> None:
        """Mark mails as read or unread."""
        numbers = {mail.number for mail in mails}
        if read:
            self.read |= numbers
        else:
            self.read -= numbers

    def tag(self, mail: Mail, tags: Iterable[str]) -> None:
        """Replace the tags of a mail."""
        cleaned = {tag.lower(): tag for tag in map(clean_tag, tags) if tag}
        if cleaned:
            self.tags[mail.number] = sorted(cleaned.values(), key=str.lower)
        else:
            self.tags.pop(mail.number, None)

    def rename_tag(self, old: str, new: str | None) -> bool:
        """
        Rename a tag, or remove it.

        :return: whether any mail has it
        """
        found = False
        for number, tags in list(self.tags.items()):
            if old in tags:
                found = True
                kept = {*tags, *([new] if new else [])} - {old}
                self.tags[number] = sorted(kept, key=str.lower)
                if not kept:
                    del self.tags[number]
        return found

    @property
    def all_tags(self) -> list[str]:
        """All tags, in alphabetical order."""
        every = {tag for tags in self.tags.values() for tag in tags}
        return sorted(every, key=str.lower)


_marks: WeakKeyDictionary[Inbox, Marks] = WeakKeyDictionary()


def marks_of(mailbox: Inbox) -> Marks:
    """The marks of the mails of a mailbox."""
    marks = _marks.get(mailbox)
    if marks is None:
        marks = _marks[mailbox] = Marks()
        mailbox.removal_listeners.append(marks.forget)
    marks.forget_evicted(mailbox.evicted)
    return marks


def clean_tag(text: str) -> str:
    """A tag as Mailpit keeps it: other characters become spaces."""
    return " ".join(_NO_TAG.sub(" ", text).split())[:MAX_TAG]


def search_of(text: str, marks: Marks, time_zone: str) -> Expression:
    """
    Compile a search.

    Terms with an invalid date are ignored, as Mailpit does; so are further ones above
    the maximum number of terms.

    :param time_zone: the name of the time zone of dates; UTC if it is unknown
    """
    zone: tzinfo
    try:
        zone = ZoneInfo(time_zone) if time_zone else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = UTC
    terms = [match[0] for match in _TERM.finditer(text)][:MAX_TERMS]
    filters = tuple(each for term in terms for each in _filters(term, marks, zone))
    return Expression(text, filters)


def _filters(term: str, marks: Marks, zone: tzinfo) -> Iterator[Filter]:
    negated = len(term) > 1 and term[0] in "-!"
    word = term[1:] if negated else term
    found = _KEYWORD.fullmatch(word)
    name = found[1].lower() if found else ""
    value = (found[2] if found else word).replace('"', "").strip()
    if found and name in _TEXT_KEYWORDS:
        if value:
            yield filter_of(Term(value, name, negated=negated))
        return
    if found and value.lower() in ("attachment", "attachments") and name == "has":
        yield filter_of(Term("attachment", name, negated=negated))
        return
    holds = _mark_test(name, value, marks)
    if name in ("before", "after"):
        time = _time_of(value, zone)
        if time is None:
            return
        holds = _time_test(name, time)
    if name in ("larger", "smaller") and (size := _size_of(value)):
        holds = _size_test(name, size)
    if holds is not None:
        yield _filter(term, holds, negated)
    elif whole := word.replace('"', "").strip():
        yield filter_of(Term(whole, negated=negated))


def _filter(term: str, holds: Callable[[Mail], bool], negated: bool) -> Filter:
    def check(decoded: Decoded) -> bool:
        return holds(decoded.mail) is not negated

    return Filter("query", term, Cost.ENVELOPE, check, lambda _: ())


def _mark_test(name: str, value: str, marks: Marks) -> Callable[[Mail], bool] | None:
    read, tags = marks.read, marks.tags
    if name == "tag":
        return lambda mail: any(
            value.lower() == tag.lower() for tag in tags.get(mail.number, ())
        )
    if name != "is":
        return None
    tests: dict[str, Callable[[Mail], bool]] = {
        "read": lambda mail: mail.number in read,
        "unread": lambda mail: mail.number not in read,
        "tagged": lambda mail: mail.number in tags,
    }
    return tests.get(value.lower())


def _time_of(value: str, zone: tzinfo) -> float | None:
    """The time of a date, or of a date with a time."""
    try:
        time = datetime.fromisoformat(value.upper().replace("/", "-"))
    except ValueError:
        try:
            time = parsedate_to_datetime(value)
        except ValueError:
            return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=zone)
    return time.timestamp()


def _time_test(name: str, time: float) -> Callable[[Mail], bool]:
    if name == "after":
        return lambda mail: mail.received_at >= time
    return lambda mail: mail.received_at <= time


def _size_of(value: str) -> float:
    match = _SIZE.fullmatch(value)
    if match is None:
        return 0
    return float(f"{match[1]}.{match[2] or 0}") * _UNITS[match[3].lower()]


def _size_test(name: str, size: float) -> Callable[[Mail], bool]:
    if name == "larger":
        return lambda mail: len(mail.content) > size
    return lambda mail: len(mail.content) < size
