"""The hooks as twisted.mail's interfaces."""

from twisted.mail.interfaces import IMessageDelivery, IMessageSMTP
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from mocksmtp.core.host import MailHost
from mocksmtp.model.address import Address
from mocksmtp.model.command import PathCommand
from mocksmtp.model.mail import Origin
from mocksmtp.model.session import Session
from mocksmtp.smtp.delivery import MockDelivery, MockMessage


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
        return self.delivery.message(Origin("1", "", ""))

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

    def test_a_lost_connection_gives_back_what_was_counted(self) -> None:
        """Content that did not end is not kept, and not counted any more."""
        message = self.message()
        message.content.feed(b"x" * 100)
        message.connectionLost()
        self.assertEqual(self.host.mailbox.arriving, 0)
        self.assertEqual(len(self.host.mailbox), 0)
