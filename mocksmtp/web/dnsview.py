"""What the screen of DNS shows: records as lines, routes in words, MTA-STS and DANE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from mocksmtp.hosts.policies import MtaStsPolicy, PolicyMode
from mocksmtp.tls.settings import CertificateKind
from mocksmtp.web.shown import ShownDocument, reply_words
from mocksmtp.zone.rdata import type_name
from mocksmtp.zone.records import Record
from mocksmtp.zone.text import zone_text


@attrs.frozen
class RecordRow:
    """
    A record in the list.

    :ivar owner: the host that adds it, or None for one that was set
    :ivar line: the record as a line of a zone file
    :ivar data: the same without name, TTL and type
    """

    id: str
    owner: str | None
    name: str
    type: str
    ttl: int
    data: str
    line: str
    tag: str

    @property
    def key(self) -> str:
        """Identifies its row."""
        return self.id or f"{self.owner}-{self.name}-{self.type}-{self.data}"


def record_row(record: Record, owner: str | None = None) -> RecordRow:
    """What the list shows of a record."""
    line = zone_text([record]).rstrip("\n")
    type_ = type_name(record.listed_type)
    name = str(record.name)
    data = line.partition(f" IN {type_name(record.type)}")[2].strip()
    return RecordRow(
        *(record.id, owner, name, type_, record.ttl, data, line, record.tag or "")
    )


def verdict_of_reply(reply: ShownDocument | None) -> str:
    """The style of a reply: ``accepted``, ``deferred``, ``rejected`` or ``none``."""
    if reply is None:
        return "none"
    kinds = {2: "accepted", 3: "accepted", 4: "deferred", 5: "rejected"}
    return kinds.get(reply["code"] // 100, "none")


def route_words(route: ShownDocument) -> list[str]:
    """A route in words: a line for each address, in the order of attempts."""
    return list(_route_lines(route))


def _route_lines(route: ShownDocument) -> Iterator[str]:
    for number, exchange in enumerate(route["exchanges"], 1):
        preference = exchange["preference"]
        name = exchange["exchange"]
        head = f"{number}. {name}"
        if preference is not None:
            head += f" (preference {preference})"
        if not exchange["addresses"]:
            yield f"{head}: no address"
        for place in exchange["addresses"]:
            yield f"{head}: {place['address']}, {_place_words(place)}"


def _place_words(place: ShownDocument) -> str:
    if place["host"] is None:
        return "no host listens there"
    words = f"host {place['host']} listens on {place['listener']}"
    for command, told in (("MAIL", place["mail"]), ("RCPT", place["rcpt"])):
        if told is not None:
            words += f"; {command}: {reply_words(told['reply'])}"
            if told["behavior"] is not None:
                words += f" by behavior {told['behavior']}"
    return words


@attrs.frozen
class Fact:
    """
    A statement about a domain.

    :ivar state: ``accepted`` if it is as senders need it, ``rejected`` if it makes them
        refuse to deliver, ``deferred`` if they ignore it, ``none`` otherwise
    """

    state: str
    text: str


def mta_sts_facts(
    domain: str,
    texts: Sequence[str],
    policy: MtaStsPolicy | None,
    exchanges: Sequence[str],
    endpoint: str | None,
) -> Iterator[Fact]:
    """
    What a sender that supports MTA-STS (RFC 8461) finds for a domain.

    :param texts: the TXT records of ``_mta-sts.DOMAIN``
    :param endpoint: the address that serves policies by HTTPS, or None
    """
    valid = [text for text in texts if text.startswith("v=STSv1;")]
    if policy is None and not texts:
        yield Fact("none", f"{domain} has no MTA-STS: senders use opportunistic TLS")
        return
    if len(valid) != 1:
        yield Fact(
            "deferred",
            f"_mta-sts.{domain} must have one TXT record v=STSv1, found {len(valid)}:"
            " senders ignore the policy",
        )
    else:
        yield Fact("accepted", f"_mta-sts.{domain} announces a policy: {valid[0]}")
    if policy is None:
        yield Fact("deferred", "no policy is set: senders find none, and ignore it")
        return
    yield Fact(
        "none",
        f"the policy is in mode {policy.mode.value}, for {policy.max_age} s",
    )
    yield from _served(policy, endpoint)
    for exchange in exchanges:
        yield _matched(policy, exchange)


def _served(policy: MtaStsPolicy, endpoint: str | None) -> Iterator[Fact]:
    if endpoint is None:
        yield Fact("deferred", "--https is off: senders can't fetch the policy")
    else:
        yield Fact("accepted", f"it is served by {policy.host} on {endpoint}")
    if policy.status != 200:
        yield Fact("deferred", f"it is served with status {policy.status}: ignored")
    if policy.body is not None:
        yield Fact("none", "its text is replaced by `body`")
    if policy.certificate is not CertificateKind.VALID:
        kind = policy.certificate.value
        yield Fact("deferred", f"its host has a certificate that is {kind}: ignored")


def _matched(policy: MtaStsPolicy, exchange: str) -> Fact:
    name = exchange.rstrip(".").lower()
    for pattern in policy.mx:
        wanted = pattern.lower()
        parent = name.partition(".")[2]
        if wanted == name or (wanted.startswith("*.") and wanted[2:] == parent):
            return Fact("accepted", f"{exchange} matches {pattern}")
    enforced = policy.mode is PolicyMode.ENFORCE
    told = "senders do not deliver there" if enforced else "senders report it"
    state = "rejected" if enforced else "deferred"
    return Fact(state, f"{exchange} matches no mx of the policy: {told}")


def dane_facts(
    found: Iterable[tuple[str, Sequence[RecordRow], bool]],
) -> Iterator[Fact]:
    """
    What a sender that supports DANE (RFC 7672) finds for mail exchanges.

    :param found: of each exchange the name, its TLSA records, and whether the answer
        is marked as signed
    """
    for exchange, rows, signed in found:
        owner = f"_25._tcp.{exchange.rstrip('.')}"
        if not rows:
            yield Fact("none", f"{owner} has no TLSA record: DANE is not used")
            continue
        for row in rows:
            yield Fact("accepted" if signed else "none", f"{owner} TLSA {row.data}")
        if not signed:
            yield Fact(
                "deferred",
                f"{owner} is not signed (see SECURE records): senders ignore it",
            )


def query_row(document: ShownDocument) -> dict[str, Any]:
    """What the log shows of a query: its document, with its answer in words."""
    answer = document["answer"]
    words = "no answer"
    if answer is not None:
        shown = [_answered(one) for one in answer["records"][:3]]
        more = answer["answers"] - len(shown)
        words = "; ".join(shown) + (f" and {more} more" if more > 0 else "")
        if answer["truncated"]:
            words += " (truncated)"
    return {**document, "words": words}


def _answered(record: ShownDocument) -> str:
    left_out = ("name", "ttl", "id", "tag", "type")
    data = [v for name, v in record.items() if name not in left_out]
    shown = (" ".join(map(str, v)) if isinstance(v, list) else str(v) for v in data)
    return f"{record['type']} {' '.join(shown)}"[:160]
