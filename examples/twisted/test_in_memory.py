"""The sender without sockets, an hour in a millisecond."""

from twisted.internet.defer import Deferred, succeed

from delivery import Sender, Undeliverable
from mocksmtp.testing import MockSMTPTestCase

BOB = "bob@x.test"
CONTENT = b"Subject: hello\nMessage-ID: <1@here.test>\n\nIt works.\n"


class Places:
    """A list instead of the DNS."""

    def __init__(self, *places):
        self.places = places

    def find(self, domain):
        return succeed(self.places)


class InMemoryCase(MockSMTPTestCase):
    in_memory = True

    def deliver(self, *hosts):
        """Begin a delivery; the test sets the time."""
        places = Places(*(host.smtp for host in hosts or [self.mock]))
        sending = Sender(self.clock, places).deliver("me@here.test", BOB, CONTENT)
        return Deferred.fromCoroutine(sending)


class InMemoryTests(InMemoryCase):
    async def test_the_pauses_grow(self):
        busy = self.mock.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy")
        await busy.times(3)
        sending = self.deliver()
        await self.assertAttempts(BOB, ["deferred"])
        self.clock.advance(3600)
        await sending
        delivery = await self.assertDelivered(BOB)
        self.assertEqual(delivery.verdicts, [*["deferred"] * 3, "accepted"])
        self.assertEqual(delivery.backoffs, [60_000, 300_000, 900_000])

    async def test_given_up(self):
        await self.mock.outage()
        sending = self.deliver()
        self.clock.advance(2 * 3600)
        with self.assertRaises(Undeliverable):
            await sending
        self.assertEqual(len(await self.mock.attempts()), 5)

    async def test_the_second_exchange(self):
        mx1, mx2 = await self.mock.exchanges("x.test", 2)
        await mx1.when("DATA").close()
        await self.deliver(mx1, mx2)
        self.assertEqual((await self.assertDelivered(BOB)).hosts, ["mx1", "mx2"])

    async def test_a_lost_reply(self):
        await self.mock.when("DATA").keep_then_reset().times(1)
        sending = self.deliver()
        self.clock.advance(60)
        await sending
        await self.assertDelivered(BOB, copies=2)
        first, second = await self.mock.mails()
        self.assertEqual(first.message_id, second.message_id)
