"""A test that fails: the host is busy longer than the test expects."""

import test_in_memory


class FailingTests(test_in_memory.InMemoryCase):
    async def test_a_busy_host(self):
        busy = self.mock.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy")
        await busy.times(2)
        self.deliver()
        self.clock.advance(60)
        await self.assertDelivered("bob@x.test")
