"""Sessions and transactions as JSON values, the form in which a store keeps them.

The lists of behaviors as they were, and refused contents, are not stored. Therefore the
trail of a restored exchange contains only the behaviors that ended a walk, delayed the
reply, or did not fire for another reason than their condition; and all of them where
`session_from_store` is given what finds the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import attrs

from mocksmtp.behaviors.miss import Item, LongTrail, Miss, Reason, Slowed, Trail
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.walk import Walk, WalkEnd
from mocksmtp.grammar import reply as replies
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter, PathCommand
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.session import (
    ClientInput,
    ContentIdentity,
    End,
    Exchange,
    Outcome,
    PeerCertificate,
    Session,
    TlsSession,
    Transaction,
    weigh_exchanges,
)

_PLAIN = (
    *("host", "listener", "client_ip", "client_port", "started_at", "ended_at"),
    *("helo", "auth_user", "auth_mechanism", "omitted", "omitted_transactions"),
    *("heard", "cleared"),
)
"""The fields of a session that are JSON values."""


WalkDigest: TypeAlias = Callable[[Walk[Any, Any]], str | None]
"""Returns what a walk is found by in another process; None if it is not."""

WalkFinder: TypeAlias = Callable[[str, str], Walk[Any, Any] | None]
"""Finds a walk by the value of its reply point and its digest."""


def clean(text: str) -> str:
    """Return `text` with U+FFFD in place of surrogates, which UTF-8 cannot contain."""
    if text.isascii():
        return text
    return text.encode(errors="surrogatepass").decode(errors="replace")


def session_to_store(session: Session) -> dict[str, Any]:
    """Return the JSON object of a session, without its exchanges and transactions."""
    document: dict[str, Any] = {name: getattr(session, name) for name in _PLAIN}
    document["helo"] = clean(session.helo)
    if session.auth_user is not None:
        document["auth_user"] = clean(session.auth_user)
    document["end"] = None if session.end is None else session.end.value
    document["tls"] = None if session.tls is None else _tls_to_store(session.tls)
    if session.attempt is not None:
        document["attempt"] = session.attempt
    return document


def session_from_store(
    number: int,
    document: dict[str, Any],
    exchanges: Iterable[Any],
    transactions: Sequence[Transaction],
    find_walk: WalkFinder | None = None,
) -> Session:
    """
    Return the session of a JSON object, which may still be open.

    :param number: the number of the session
    :param document: what `session_to_store` returned
    :param exchanges: what `exchange_to_store` returned for each exchange
    :param transactions: its transactions
    :param find_walk: finds the walks that exchanges refer to
    """
    rest = {name: document[name] for name in _PLAIN}
    session = Session(id=str(number), **rest)
    end = document["end"]
    session.end = None if end is None else End(end)
    session.attempt = document.get("attempt")
    if document["tls"] is not None:
        session.tls = _tls_from_store(document["tls"])
    session.exchanges = [_exchange_from_store(one, find_walk) for one in exchanges]
    session.transactions = [*transactions]
    session.octets = sum(one.octets for one in transactions)
    session.octets_exchanged = weigh_exchanges(session.exchanges)
    return session


def _tls_to_store(tls: TlsSession) -> list[Any]:
    shown = tls.client_certificate
    certificate = None
    if shown is not None:
        certificate = [clean(shown.subject), clean(shown.issuer), shown.fingerprint]
    sni = None if tls.sni is None else clean(tls.sni)
    return [tls.version, tls.cipher, sni, certificate, tls.error]


def _tls_from_store(stored: list[Any]) -> TlsSession:
    version, cipher, sni, certificate, error = stored
    shown = None if certificate is None else PeerCertificate(*certificate)
    return TlsSession(version, cipher, sni, shown, error)


def exchange_to_store(
    exchange: Exchange, digest_walk: WalkDigest | None = None
) -> list[Any]:
    """
    Return the JSON array of an exchange.

    :param digest_walk: returns what `find_walk` of `session_from_store` finds walks by
    """
    at, said, reply, flags, delay, note = exchange
    shown: Any = said.decode("latin-1") if isinstance(said, bytes) else said
    noted = None if note is None else _note_to_store(note, digest_walk)
    return [at, shown, _reply_to_store(reply), flags, delay, noted]


def _exchange_from_store(stored: list[Any], find_walk: WalkFinder | None) -> Exchange:
    at, shown, reply, flags, delay, note = stored
    said: ClientInput = None
    if isinstance(shown, str):
        said = shown.encode("latin-1")
    elif shown is not None:
        said = (shown[0], shown[1])
    noted = None if note is None else _note_from_store(note, find_walk)
    return at, said, _reply_from_store(reply), flags, delay, noted


_OWN = {
    id(one): [one.code, one.text]
    for one in vars(replies).values()
    if isinstance(one, Reply)
}
"""The arrays of the server's own replies, by their identity: most replies are these."""


def _reply_to_store(reply: Reply | None) -> list[Any] | None:
    own = _OWN.get(id(reply))
    if own is not None or reply is None:
        return own
    if reply.raw is None and reply.source is None:
        return [reply.code, clean(reply.text)]
    raw = None if reply.raw is None else reply.raw.decode("latin-1")
    return [reply.code, clean(reply.text), reply.source, raw]


def _reply_from_store(stored: list[Any] | None) -> Reply | None:
    if stored is None:
        return None
    code, text, source, raw = [*stored, None, None][:4]
    return Reply(code, text, source, None if raw is None else raw.encode("latin-1"))


def _note_to_store(note: Trail, digest_walk: WalkDigest | None) -> list[Any]:
    items: list[list[Any]] = []
    for item in note.items:
        match item:
            case Miss():
                items.append([item.rule, item.reason.value, item.found])
            case Slowed():
                items.append([item.rule])
            case Walk():
                items.append(_walk_to_store(item, None, digest_walk))
            case WalkEnd():
                items.append(_walk_to_store(item.walk, item.rule, digest_walk))
    return [[*note.slowed], items]


def _walk_to_store(
    walk: Walk[Any, Any], by: Rule[Any] | None, digest_walk: WalkDigest | None
) -> list[Any]:
    """Return the reply point, the digest, and the id and name of what ended a walk."""
    digest = None if digest_walk is None else digest_walk(walk)
    point = walk.point.value if isinstance(walk.point, Command) else None
    ended = (None, None) if by is None else (by.id, by.behavior.name)
    return [point, digest, *ended]


@attrs.frozen
class _PastBehavior:
    """What is known of a behavior of another process."""

    name: str | None
    sequence: tuple[Any, ...] = ()


@attrs.frozen
class _PastRule:
    """A rule of another process."""

    id: str
    behavior: _PastBehavior


def _note_from_store(stored: list[Any], find_walk: WalkFinder | None) -> Trail:
    slowed, items = stored
    trail: list[Item] = []
    for item in items:
        if len(item) == 1:
            trail.append(Slowed(*item))
        elif len(item) == 4:
            point, digest, rule_id, name = item
            trail.append(_walk_from_store(point, digest, rule_id, name, find_walk))
        else:
            rule, reason, found = item
            trail.append(Miss(rule, Reason(reason), found))
    if len(trail) == 1 and not slowed and isinstance(trail[0], Trail):
        return trail[0]
    if not any(isinstance(item, Trail) for item in trail):
        # A version before this one did not store the walks.
        trail.append(_walk_from_store(None, None, None, None, None))
    return LongTrail(tuple(slowed), tuple(trail))


def _walk_from_store(
    point: str | None,
    digest: str | None,
    rule_id: str | None,
    name: str | None,
    find_walk: WalkFinder | None,
) -> Trail:
    walk = None
    if find_walk is not None and point is not None and digest is not None:
        walk = find_walk(point, digest)
    if walk is None:
        walk = Walk([])
        walk.forget()
    if rule_id is None:
        return walk
    known = (rule for rule in walk.rules if rule.id == rule_id)
    by: Any = next(known, _PastRule(rule_id, _PastBehavior(name)))
    return WalkEnd(walk, by)


class _Paths:
    """The paths of a transaction; each is stored once, and referred to by its index."""

    def __init__(self) -> None:
        self.stored: list[Any] = []
        self._places: dict[int, int] = {}

    def place(self, path: PathCommand) -> int:
        """Return the index of a path; the same object has the same index."""
        place = self._places.get(id(path))
        if place is None:
            place = self._places[id(path)] = len(self.stored)
            self.stored.append(_path_to_store(path))
        return place


def _path_to_store(path: PathCommand) -> Any:
    if not path.parameters:
        return clean(path.address.text)
    parameters = ([clean(p.name), clean(p.value)] for p in path.parameters)
    return [clean(path.address.text), *parameters]


def _path_from_store(stored: Any) -> PathCommand:
    if isinstance(stored, str):
        return PathCommand(Address(stored))
    text, *parameters = stored
    return PathCommand(Address(text), tuple(Parameter(*one) for one in parameters))


def transaction_to_store(transaction: Transaction) -> dict[str, Any]:
    """Return the JSON object of a transaction, without fields that have defaults."""
    paths = _Paths()
    paths.place(transaction.sender)
    # `_Paths` knows them by their identity, so they must last.
    recipients = [*transaction.recipients]
    document: dict[str, Any] = {
        "recipients": [paths.place(one) for one in recipients],
        "accepted": transaction.accepted,
        "outcome": transaction.outcome.value,
        "reply": _reply_to_store(transaction.reply),
        "mail": transaction.mail,
        "octets": transaction.octets,
        "size": transaction.size,
        "times": [transaction.begun_at, transaction.settled_at],
    }
    if transaction.other_rcpts:
        document["told"] = [
            [paths.place(path), _reply_to_store(reply), effect.value, *places]
            for (path, reply, effect), places in transaction.other_rcpts_with_counts()
        ]
    if transaction.contents is not None:
        document["contents"] = [
            [paths.place(path), _reply_to_store(reply), kept]
            for path, reply, kept in transaction.contents
        ]
    if transaction.stage is not None:
        document["stage"] = transaction.stage.value
    if transaction.identity is not None:
        identity = transaction.identity
        texts = (identity.message_id, identity.subject)
        document["identity"] = [None if t is None else clean(t) for t in texts]
    if transaction.discarded:
        document["discarded"] = True
    if transaction.attempt is not None:
        document["attempt"] = transaction.attempt
    document["paths"] = paths.stored
    return document


def transaction_from_store(document: dict[str, Any]) -> Transaction:
    """Return the transaction of the object that `transaction_to_store` returned."""
    paths = [_path_from_store(one) for one in document["paths"]]
    transaction = Transaction(paths[0], document.get("discarded", False))
    transaction.recipients = [paths[place] for place in document["recipients"]]
    transaction.accepted = document["accepted"]
    transaction.outcome = Outcome(document["outcome"])
    transaction.reply = _reply_from_store(document["reply"])
    transaction.mail = document["mail"]
    transaction.octets = document["octets"]
    transaction.size = document["size"]
    transaction.begun_at, transaction.settled_at = document["times"]
    transaction.restore_other_rcpts(
        [
            ((paths[place], _reply_from_store(reply), Effect(effect)), (applied, all_))
            for place, reply, effect, applied, all_ in document.get("told", ())
        ]
    )
    if "contents" in document:
        transaction.contents = [
            (paths[place], _reply_from_store(reply), kept)
            for place, reply, kept in document["contents"]
        ]
    if "stage" in document:
        transaction.stage = Command(document["stage"])
    if "identity" in document:
        transaction.identity = ContentIdentity(*document["identity"])
    transaction.attempt = document.get("attempt")
    return transaction
