"""Evaluates how DNS would answer a query, without a client or side effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from mocksmtp.behaviors.dns import (
    DNS_EVALUATED,
    DnsAttempt,
    DnsEvaluated,
    DnsEvaluation,
    DnsRules,
    DnsSubject,
)
from mocksmtp.behaviors.explain import considered, walks_of
from mocksmtp.behaviors.miss import Item
from mocksmtp.behaviors.target import Target
from mocksmtp.dns.faults import changed_reply
from mocksmtp.dns.message import HEADER, RD, read_query
from mocksmtp.dns.responder import answer_query, answered, limit_of
from mocksmtp.zone.answer import Question
from mocksmtp.zone.zone import Zone


@attrs.frozen
class _AskedQuery:
    """The values of an evaluated query that conditions read."""

    attempt: DnsAttempt

    def natural(self, point: object) -> str:
        """The name of the subject, the target of conditions without one."""
        return DnsSubject.NAME.value

    def subject(self, point: object) -> bytes:
        """The name in the question."""
        return self.attempt.subject

    def values(self, target: Target) -> Sequence[bytes]:
        """The values of `target`; empty if the query has none."""
        return self.attempt.values(target)


def evaluate_dns(
    zone: Zone, behaviors: DnsRules, asked: DnsEvaluation, now: float
) -> dict[str, Any]:
    """
    Return the document of the response, and of how each behavior was evaluated.

    The counters of `behaviors` do not change.

    :param now: the assumed time, in seconds since the epoch
    """
    question = Question(asked.name, asked.type)
    attempt = DnsAttempt(question, asked.client_ip, asked.transport.value, lambda: now)
    rules = DnsRules()
    rules.simulate(behaviors)
    trail: list[Item] = []
    decision = rules.decide_query(attempt, trail)
    section = question.name.wire + question.type.to_bytes(2, "big") + b"\0\1"
    query = read_query(HEADER.pack(0, RD, 1, 0, 0, 0) + section)
    assert query is not None
    if decision is None:
        limit = limit_of(query, asked.transport.value)
        response = answered(query, answer_query(query, zone, limit), limit)
    else:
        transport = asked.transport.value
        response = changed_reply(query, decision.response, zone, transport).response
    told = _AskedQuery(attempt)
    reply = response.exchange.reply
    return DNS_EVALUATED.write(
        DnsEvaluated(
            reply,
            None if decision is None or decision.only_delays else decision.rules[-1],
            0.0 if decision is None else decision.delay,
            [one for walked in walks_of(trail) for one in considered(walked, told)],
        )
    )
