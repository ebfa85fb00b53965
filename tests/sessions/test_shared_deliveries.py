"""Deliveries whose attempts arrive in any order"""

from __future__ import annotations

import random

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import PathCommand
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.journal import Journal, JournalQuota
from mocksmtp.sessions.session import (
    ContentIdentity,
    End,
    Outcome,
    Session,
    Transaction,
)
from mocksmtp.sessions.shared_deliveries import SharedDeliveries

CASES = 150


def some_sessions(chance: random.Random) -> list[Session]:
    """Sessions of a few clients, with mails of few senders to few recipients."""
    sessions = []
    number, at = 0, 1000.0
    for count in range(1, chance.randint(2, 14)):
        at += chance.choice((0.1, 1.0, 40.0))
        session = Session(
            str(count),
            chance.choice(("mx1", "mx2")),
            "127.0.0.1:25",
            f"192.0.2.{chance.randint(1, 2)}",
            count,
            at,
        )
        for _ in range(chance.choice((0, 1, 1, 2))):
            sender = PathCommand(Address(f"{chance.choice('ab')}@x.test"))
            recipient = PathCommand(Address(f"{chance.choice('cd')}@x.test"))
            transaction = Transaction(sender)
            transaction.begun_at, transaction.settled_at = at, at + 0.05
            if chance.random() < 0.5:
                reply, outcome = Reply(250, "2.0.0 OK"), Outcome.ACCEPTED
            else:
                reply, outcome = Reply(451, "4.3.0 Later"), Outcome.REFUSED
            transaction.recipients = [recipient]
            transaction.accepted = 1
            transaction.reply = reply
            transaction.outcome = outcome
            if chance.random() < 0.6:
                transaction.identity = ContentIdentity(chance.choice("123"), None)
            number += 1
            transaction.attempt = number
            session.transactions.append(transaction)
            at += 0.1
        session.end, session.ended_at = End.QUIT, at
        if session.transactions:
            session.attempt = 0
        else:
            number += 1
            session.attempt = number
        sessions.append(session)
    return sessions


def derived(sessions: list[Session], groups: list[list[int]]) -> list[object]:
    """The deliveries, where the sessions arrive in these groups."""
    quota = JournalQuota()
    journals = {name: Journal(100, quota) for name in ("mx1", "mx2")}
    deliveries = SharedDeliveries(quota, lambda host, number: None)
    for group in groups:
        for place in group:
            session = sessions[place]
            journals[session.host].restore(session)
            deliveries.note(session)
        deliveries.update(5000.0)
    return [
        (
            one.number,
            [attempt.number for attempt in one.attempts],
            one.message_id,
            one.final,
            len(one.rounds),
        )
        for one in deliveries.deliveries()
    ]


class OrderTests(SynchronousTestCase):
    """`SharedDeliveries`"""

    def test_the_order_of_arrival_does_not_matter(self) -> None:
        """They are as if all sessions had arrived at once."""
        late = 0
        for seed in range(CASES):
            expected = derived(
                (sessions := some_sessions(random.Random(seed))),
                [[*range(len(sessions))]],
            )
            chance = random.Random(f"order {seed}")
            sessions = some_sessions(random.Random(seed))
            places = [*range(len(sessions))]
            chance.shuffle(places)
            groups: list[list[int]] = [[]]
            for place in places:
                if groups[-1] and chance.random() < 0.5:
                    groups.append([])
                groups[-1].append(place)
            late += len(groups) > 1
            self.assertEqual(derived(sessions, groups), expected, seed)
        self.assertGreater(late, CASES // 2)
