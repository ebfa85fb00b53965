"""``/ca.pem``"""

from __future__ import annotations

import itertools

from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.testing import start_mock
from tests.http.rig import Rig


class RootTests(SynchronousTestCase):
    """`get_root`"""

    def test_it_is_what_the_authority_has(self) -> None:
        """As it is whenever it is asked for, in a type of its own."""
        numbers = itertools.count(1)
        rig = Rig(root_pem=lambda: b"root %d\n" % next(numbers))
        for expected in b"root 1\n", b"root 2\n":
            answer = rig.ask("GET", "/ca.pem")
            self.assertEqual((answer.status, answer.body), (200, expected))
            self.assertEqual(answer.kind, "application/pem-certificate-chain")

    def test_without_an_authority_there_is_none(self) -> None:
        """404, as for any other thing that is not there."""
        self.assertEqual(Rig().ask("GET", "/ca.pem").status, 404)


class ServiceTests(TestCase):
    """The root of a running service"""

    async def test_it_stays(self) -> None:
        """One root for all hosts, as long as the service runs."""
        mock = await start_mock(self.addCleanup)
        root = await mock.api.call("GET", "/ca.pem")
        self.assertTrue(root.startswith(b"-----BEGIN CERTIFICATE-----"), root)
        self.assertEqual(await mock.api.call("GET", "/ca.pem"), root)
