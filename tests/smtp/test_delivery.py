"""The hooks as twisted.mail's interfaces."""

from twisted.mail.interfaces import IMessageDelivery, IMessageSMTP
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from mocksmtp.behaviors.point import Command
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import PathCommand
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.session import Session
from mocksmtp.smtp import delivery, protocol
from mocksmtp.smtp.delivery import MockDelivery, MockMessage
from tests.smtp.dialogue import Dialogue, behavior, small_host


class DeliveryTests(SynchronousTestCase):
    """`MockDelivery` and `MockMessage`"""

    def setUp(self) -> None:
        self.host = MailHost("default", "mx.test")
        session = Session("1", "default", "", "", 0, 0.0)
        self.delivery = MockDelivery(self.host, session, lambda: 5.0)

    def message(self) -> MockMessage:
        path = PathCommand(Address("a@x.test"), ())
        self.delivery.validateFrom(None, path)
        self.delivery.validateTo(path)
        return self.delivery.message()

    def test_they_have_twisteds_interfaces(self) -> None:
        """The hooks have the names and arguments that twisted.mail defines."""
        verifyObject(IMessageDelivery, self.delivery)
        verifyObject(IMessageSMTP, self.message())

    def test_nothing_is_added_to_a_message(self) -> None:
        """There is no Received field: what is kept is what was sent."""
        self.assertEqual(self.delivery.receivedHeader(None, None, []), b"")

    def test_a_message_takes_lines_too(self) -> None:
        """Lines given by the interface's method make the content that they are."""
        message = self.message()
        for line in b"one", b".two", b".":
            message.lineReceived(line)
        self.assertEqual(message.eomReceived().code, 250)
        (mail,) = self.host.mailbox.mails()
        self.assertEqual(mail.content, b"one\r\n.two\r\n.\r\n")
        self.assertEqual(mail.received_at, 5.0)

    def test_no_path_is_made_of_a_plain_recipient(self) -> None:
        """A load of many recipients makes one object of each, not four."""
        dialogue, made = Dialogue(), []
        self.patch(delivery, "plain_path", made.append)
        lines = ("EHLO c.test", "MAIL FROM:<a@x.test>", "RCPT TO:<b@x.test>", "DATA")
        dialogue.say(*lines, ".")
        (mail,) = dialogue.host.mailbox.mails()
        self.assertEqual(made, [])
        self.assertEqual(
            [path.address.text for path in mail.envelope.recipients], ["b@x.test"]
        )

    def test_a_sender_who_is_repeated_is_parsed_once(self) -> None:
        """Each mail has the sender of its own MAIL, also after others."""
        dialogue, made = Dialogue(), []

        def path(address: bytes) -> PathCommand:
            made.append(address)
            return PathCommand(Address(address.decode()))

        self.patch(protocol, "plain_path", path)
        senders = ["a@x.test", "a@x.test", "b@x.test", "", "a@x.test"]
        dialogue.say("EHLO c.test")
        for sender in senders:
            dialogue.say(f"MAIL FROM:<{sender}>", "RCPT TO:<c@x.test>", "DATA", ".")
        mails = dialogue.host.mailbox.mails()
        self.assertEqual([mail.envelope.sender.text for mail in mails], senders)
        self.assertEqual(made, [b"a@x.test", b"b@x.test", b"a@x.test"])

    def test_recipients_of_all_kinds_keep_their_order(self) -> None:
        """Plain ones before and after one with parameters, and one that is matched."""
        for name, matched in ("default", "nobody@"), ("other", "late@"):
            host = MailHost(name, "mx.test")
            dialogue = Dialogue(host)
            host.behaviors.extend([behavior(Command.RCPT_TO, 251, contains=matched)])
            dialogue.say("EHLO c.test", "MAIL FROM:<a@x.test>")
            for rest in (
                "<b@x.test>",
                "<late@x.test>",
                "<c@x.test> NOTIFY=NEVER",
                "<d@x.test>",
            ):
                dialogue.say(f"RCPT TO:{rest}")
            dialogue.say("DATA", ".")
            (mail,) = host.mailbox.mails()
            named = [path.address.text for path in mail.envelope.recipients]
            self.assertEqual(named, ["b@x.test", "late@x.test", "c@x.test", "d@x.test"])
            (session,) = host.journal.sessions()
            (transaction,) = session.transactions
            in_order = [told[0].address.text for told in transaction.all_rcpts()]
            self.assertEqual(in_order, named)
            self.assertEqual(mail.envelope.recipients[2].parameters[0].value, "NEVER")

    def test_a_lost_connection_gives_back_what_was_counted(self) -> None:
        """Content that did not end is not kept, and not counted any more."""
        message = self.message()
        message.content.feed(b"x" * 100)
        message.connectionLost()
        self.assertEqual(self.host.mailbox.arriving, 0)
        self.assertEqual(len(self.host.mailbox), 0)


class EnvelopeTests(SynchronousTestCase):
    """Open envelopes, which count against the memory of the mailboxes"""

    BOUND = 2**20

    def setUp(self) -> None:
        self.host = small_host(self.BOUND)
        self.dialogue = Dialogue(self.host)

    def name(self, count: int) -> list[str]:
        """Name so many recipients with long addresses; answer the codes."""
        self.dialogue.say("MAIL FROM:<b@x.test>")
        line = "RCPT TO:<" + "l" * 900 + "{}@x.test>"
        return self.dialogue.codes(*(line.format(n) for n in range(count)))

    def test_they_are_bounded_together(self) -> None:
        """Past the bound a recipient gets 452, on whichever connection."""
        connections = []
        for _ in range(10):
            connections.append(self.dialogue.protocol)
            codes = self.name(300)
            self.assertLessEqual(self.host.mailbox.quota.used, self.BOUND)
            self.dialogue.connect()
        self.assertEqual(set(codes[10:]), {"452"})
        for connection in connections:
            connection.connectionLost()
        self.assertEqual(self.host.mailbox.arriving, 0)
        self.assertEqual(self.name(300), ["250"] * 300)

    def test_they_are_reported_as_arriving(self) -> None:
        """As much as they take, until the mail is kept, refused or given up."""
        for end in ["RSET"], ["EHLO c"], ["DATA", "x", "."]:
            self.name(300)
            self.assertGreater(self.host.mailbox.arriving, 300 * 900)
            self.dialogue.say(*end)
            self.assertEqual(self.host.mailbox.arriving, 0)
        (mail,) = self.host.mailbox.mails()
        self.assertEqual(len(mail.envelope.recipients), 300)

    def test_the_oldest_mails_make_room(self) -> None:
        """As they do for content."""
        self.dialogue.open_mail()
        self.dialogue.send(b"x" * (self.BOUND - 9000) + b"\r\n.\r\n")
        self.assertEqual(len(self.host.mailbox), 1)
        self.assertEqual(self.name(300), ["250"] * 300)
        self.assertEqual((len(self.host.mailbox), self.host.mailbox.evictions), (0, 1))

    def test_refused_recipients_count_too(self) -> None:
        """They are recorded as well; where there is no room, a few of them are."""
        self.host.behaviors.put(behavior(Command.RCPT_TO, 550))
        codes = []
        for _ in range(4):
            codes += self.name(900)
            self.dialogue.connect()
        self.assertEqual(set(codes), {"550", "452"})
        self.assertLessEqual(self.host.mailbox.quota.used, self.BOUND)
        lines = "MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA"
        self.assertEqual(self.dialogue.codes(*lines)[-1], "554")

    def test_a_usual_envelope_is_not_counted(self) -> None:
        """It is small, and most mails have one."""
        self.dialogue.open_mail()
        self.assertEqual(self.host.mailbox.arriving, 0)
