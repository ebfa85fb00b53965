"""The sender with real sockets and DNS."""

from twisted.internet import reactor
from twisted.names.client import Resolver

from delivery import MailExchanges, Sender, Undeliverable
from mocksmtp.testing import MockSMTPTestCase

BOB = "bob@y.test"
CONTENT = b"Subject: hello\n\nIt works.\n"


class OnPortsTests(MockSMTPTestCase):
    def deliver(self, *pauses):
        resolver = Resolver(servers=[self.mock.dns], reactor=reactor)
        exchanges = MailExchanges(resolver, self.mock.smtp_port)
        sender = Sender(reactor, exchanges, pauses)
        return sender.deliver("me@here.test", BOB, CONTENT)

    async def test_accepted(self):
        await self.deliver()
        await self.assertDelivered(BOB)
        await self.assertQueried("y.test", "MX")
        self.assertEqual((await self.mock.mail(to=BOB)).text, "It works.\r\n")

    async def test_refused(self):
        await self.mock.when("RCPT TO").contains("bob@").reply(550, "5.1.1 Unknown")
        with self.assertRaises(Undeliverable) as raised:
            await self.deliver(60)
        self.assertEqual(str(raised.exception), "550 5.1.1 Unknown")
        await self.assertRefused(BOB, 550)
        await self.assertAttempts(BOB, 1)
        await self.assertNoMail()

    async def test_the_second_exchange(self):
        mx1, _ = await self.mock.exchanges("y.test", 2)
        await mx1.outage()
        await self.deliver()
        delivery = await self.assertDelivered(BOB)
        self.assertEqual(delivery.hosts, ["mx1", "mx2"])

    async def test_the_dns_fails(self):
        await self.mock.when_query("MX", "y.test").servfail().times(1)
        await self.deliver(0.01)
        await self.assertDelivered(BOB)

    async def test_no_such_domain(self):
        await self.mock.when_query("MX", "y.test").nxdomain()
        with self.assertRaises(Undeliverable):
            await self.deliver(60)
        await self.assertNoMail()
