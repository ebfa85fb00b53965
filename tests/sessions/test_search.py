"""Which sessions are asked for, and what became of each recipient"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.search import (
    EVERY_SESSION,
    MAX_FOUND_VALUES,
    MAX_NEAREST,
    Nearest,
    SessionQuery,
    fates,
)
from mocksmtp.sessions.session import Outcome, Session
from tests.session_client import Client
from tests.smtp.dialogue import behavior

REFUSE_BOB = behavior(Command.RCPT_TO, 550, contains="bob@")


def host(*behaviors: object) -> MailHost:
    """A host that behaves so."""
    made = MailHost("default", "mx.test")
    made.behaviors.replace_all(behaviors)
    return made


def session_of(host: MailHost, *to: str, sender: str = "me@a.test") -> Session:
    """The session of a client that sends one mail."""
    client = Client(host)
    client.deliver(*to, sender=sender)
    return client.session


class FateTests(SynchronousTestCase):
    """`fates`"""

    def outcomes(self, session: Session) -> dict[str, str]:
        """What became of each recipient of the last mail."""
        return {
            fate.recipient.address.text: fate.outcome.value
            for fate in fates(session.transactions[-1])
        }

    def test_a_recipient_that_is_accepted(self) -> None:
        """The server's own 250 is not told, for it says nothing."""
        session = session_of(host(), "alice@x.test")
        (fate,) = fates(session.transactions[0])
        self.assertIs(fate.outcome, Outcome.ACCEPTED)
        self.assertIsNone(fate.reply)

    def test_one_of_two_is_refused(self) -> None:
        """The other one is not, and the reply is told."""
        session = session_of(host(REFUSE_BOB), "bob@x.test", "alice@x.test")
        self.assertEqual(
            self.outcomes(session),
            {"bob@x.test": "refused", "alice@x.test": "accepted"},
        )
        replies = [
            fate.reply and fate.reply.code for fate in fates(session.transactions[0])
        ]
        self.assertEqual(replies, [None, 550])

    def test_the_whole_mail_is_refused(self) -> None:
        """Then every recipient is, whatever its RCPT was answered."""
        session = session_of(host(behavior(Command.DATA, 451)), "alice@x.test")
        self.assertEqual(self.outcomes(session), {"alice@x.test": "refused"})

    def test_a_refusal_that_is_kept_all_the_same(self) -> None:
        """It is what the client was told that counts."""
        kept = behavior(Command.RCPT_TO, 450, effect=Effect.APPLY)
        session = session_of(host(kept), "alice@x.test")
        self.assertEqual(self.outcomes(session), {"alice@x.test": "refused"})
        self.assertEqual(len(session.transactions), 1)

    def test_an_acceptance_that_is_none(self) -> None:
        """Told 250 and not kept is discarded; of the recipient, or of the mail."""
        lost = behavior(Command.RCPT_TO, 250, contains="bob@", effect=Effect.DISCARD)
        session = session_of(host(lost), "bob@x.test", "alice@x.test")
        self.assertEqual(
            self.outcomes(session),
            {"bob@x.test": "discarded", "alice@x.test": "accepted"},
        )
        lost = behavior(Command.DATA, 250, effect=Effect.DISCARD)
        session = session_of(host(lost), "alice@x.test")
        self.assertEqual(self.outcomes(session), {"alice@x.test": "discarded"})

    def test_a_mail_that_is_given_up(self) -> None:
        """Who was refused is refused; the others were not decided on."""
        client = Client(host(REFUSE_BOB))
        client.say(
            "MAIL FROM:<me@a.test>",
            "RCPT TO:<bob@x.test>",
            "RCPT TO:<alice@x.test>",
            "RSET",
        )
        self.assertEqual(
            self.outcomes(client.session),
            {"bob@x.test": "refused", "alice@x.test": "aborted"},
        )


class QueryTests(SynchronousTestCase):
    """`SessionQuery`"""

    def setUp(self) -> None:
        self.session = session_of(host(REFUSE_BOB), "bob@x.test", "alice@X.test")

    def matches(self, **wanted: object) -> bool:
        return SessionQuery(**wanted).matches(self.session)

    def test_nothing_is_asked(self) -> None:
        """Every session is a match, also one without a mail."""
        self.assertTrue(self.matches())
        self.assertTrue(EVERY_SESSION.matches(Client(host()).session))

    def test_what_the_connection_tells(self) -> None:
        """The host's name and the client's address are compared whole."""
        self.assertTrue(self.matches(host="default", client_ip="192.168.1.1"))
        self.assertFalse(self.matches(host="defaul"))
        self.assertFalse(self.matches(client_ip="192.168.1.10"))

    def test_addresses_are_whole_and_domains_without_case(self) -> None:
        """The local part's case counts (RFC 5321 §2.4)."""
        self.assertTrue(self.matches(sender="me@A.test", recipient="alice@x.TEST"))
        self.assertFalse(self.matches(recipient="Alice@x.test"))
        self.assertFalse(self.matches(recipient="alice@x"))
        self.assertFalse(self.matches(sender="alice@x.test"))

    def test_the_null_sender(self) -> None:
        """It is the empty address, and no wildcard."""
        self.assertFalse(self.matches(sender=""))
        bounce = session_of(host(), "alice@x.test", sender="")
        self.assertTrue(SessionQuery(sender="").matches(bounce))

    def test_the_outcome_is_the_recipients_own(self) -> None:
        """Where one is asked for; else it is that of the mail."""
        refused, accepted = Outcome.REFUSED, Outcome.ACCEPTED
        self.assertTrue(self.matches(recipient="bob@x.test", outcome=refused))
        self.assertFalse(self.matches(recipient="bob@x.test", outcome=accepted))
        self.assertTrue(self.matches(recipient="alice@x.test", outcome=accepted))
        self.assertTrue(self.matches(outcome=accepted))
        self.assertFalse(self.matches(outcome=refused))

    def test_all_must_hold_for_one_mail(self) -> None:
        """Two mails of a session that have half of it each are no match."""
        client = Client(host())
        client.deliver("alice@x.test", sender="one@a.test")
        client.deliver("jack@x.test", sender="two@a.test")
        query = SessionQuery(sender="one@a.test", recipient="jack@x.test")
        self.assertFalse(query.matches(client.session))
        query = SessionQuery(sender="two@a.test", recipient="jack@x.test")
        self.assertTrue(query.matches(client.session))


class NearestTests(SynchronousTestCase):
    """`Nearest`"""

    def attempts(self, query: SessionQuery, *sessions: Session) -> list:
        nearest = Nearest(query)
        for session in sessions:
            for _ in nearest.look_at(session):
                pass
        return nearest.attempts()

    def test_what_an_attempt_lacks(self) -> None:
        """Each thing that was asked for, and what there was."""
        session = session_of(host(), "alice@x.test", "jack@x.test")
        query = SessionQuery(
            sender="me@a.test", recipient="bob@X.test", outcome=Outcome.REFUSED
        )
        (attempt,) = self.attempts(query, session)
        self.assertEqual((attempt.session, attempt.transaction), (session, 0))
        told = [
            (found.name, found.matches, found.wanted, found.found)
            for found in attempt.comparisons
        ]
        self.assertEqual(
            told,
            [
                ("from", True, "me@a.test", ("me@a.test",)),
                ("to", False, "bob@x.test", ("alice@x.test", "jack@x.test")),
                ("outcome", False, "refused", ("accepted",)),
            ],
        )

    def test_those_that_match_in_more_come_first(self) -> None:
        """And of equals the later one."""
        one = session_of(host(), "alice@x.test")
        two = session_of(host(), "bob@x.test")
        three = session_of(host(), "jack@x.test")
        query = SessionQuery(recipient="bob@x.test", outcome=Outcome.REFUSED)
        nearest = self.attempts(query, one, two, three)
        self.assertEqual([a.session for a in nearest], [two, three, one])

    def test_there_are_few(self) -> None:
        """However many attempts there were; the later ones are told."""
        client = Client(host())
        for number in range(20):
            client.deliver(f"{number}@x.test")
        nearest = self.attempts(SessionQuery(recipient="bob@x.test"), client.session)
        self.assertEqual(
            [a.transaction for a in nearest], list(range(19, 19 - MAX_NEAREST, -1))
        )

    def test_what_matches_is_none_of_them(self) -> None:
        """It is in the listing."""
        session = session_of(host(), "alice@x.test")
        query = SessionQuery(recipient="alice@x.test")
        self.assertEqual(self.attempts(query, session), [])

    def test_a_session_without_a_mail(self) -> None:
        """It is an attempt as well: somebody connected."""
        session = Client(host()).session
        for query, found in (
            (SessionQuery(recipient="bob@x.test"), ()),
            (SessionQuery(client_ip="192.0.2.1"), ("192.168.1.1",)),
        ):
            (attempt,) = self.attempts(query, session)
            self.assertIsNone(attempt.transaction)
            self.assertEqual(attempt.comparisons[0].found, found)

    def test_what_was_found_is_not_told_without_an_end(self) -> None:
        """`MAX_FOUND_VALUES` of many recipients suffice; the null sender has a name."""
        to = [f"{number}@x.test" for number in range(3 * MAX_FOUND_VALUES)]
        session = session_of(host(), *to, sender="")
        query = SessionQuery(sender="a@x.test", recipient="bob@x.test")
        (attempt,) = self.attempts(query, session)
        sender, recipient = attempt.comparisons
        self.assertEqual(sender.found, ("<>",))
        self.assertEqual(recipient.found, tuple(to[:MAX_FOUND_VALUES]))
