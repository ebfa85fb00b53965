"""Which answer a query gets."""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.dns.query import Edns, Query
from mocksmtp.dns.resolver import resolve
from mocksmtp.zone.answer import Answer, Rcode
from mocksmtp.zone.rdata import MX
from mocksmtp.zone.zone import Zone
from tests.dns.queries import query, records

ZONE = Zone(records(("ex.test", MX(10, "mx.ex.test"))))


class ResolveTests(SynchronousTestCase):
    """`resolve`."""

    def test_zone(self):
        """A question of class IN, or of any, gets what the zone answers."""
        for class_ in ("IN", "ANY"):
            asked = query("ex.test", rdclass=class_)
            self.assertEqual(resolve(asked, ZONE), ZONE.answer(asked.question))

    def test_refusals(self):
        """What is no such question gets no answer, and no authority."""
        asked = query("ex.test", use_edns=0)
        for shows, refused, rcode in (
            ("NOTIFY", attrs.evolve(asked, flags=4 << 11), Rcode.NOTIMP),
            ("an opcode that cannot be read", Query(1, 15 << 11), Rcode.NOTIMP),
            ("what cannot be read", Query(1, 0), Rcode.FORMERR),
            ("EDNS 1", attrs.evolve(asked, edns=Edns(512, 1, False)), Rcode.BADVERS),
            ("class CH", query("version.bind", "TXT", rdclass="CH"), Rcode.REFUSED),
            ("AXFR", query("ex.test", "AXFR"), Rcode.REFUSED),
            ("IXFR", attrs.evolve(query("ex.test", "IXFR")), Rcode.REFUSED),
        ):
            with self.subTest(shows):
                self.assertEqual(resolve(refused, ZONE), Answer(rcode))
