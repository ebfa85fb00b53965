import json
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.dns_zone import documents, domain, domains, write_queries, zone_file
from mocksmtp.codec.records import parse_records
from mocksmtp.codec.zonefile import parse_zone_text


class ZoneTests(SynchronousTestCase):
    def test_both_forms_are_the_same(self) -> None:
        """But for what every zone has, and JSON has not."""
        text = parse_zone_text(zone_file(10))
        parsed = parse_records(json.loads(documents(10)))
        self.assertEqual(text[3:], parsed)
        self.assertEqual(len(parsed), 10)

    def test_many_addresses(self) -> None:
        """There are enough for all domains."""
        records = json.loads(documents(100_000))
        self.assertEqual(len({record["address"] for record in records[1::2]}), 50_000)

    def test_queries(self) -> None:
        """Each domain is asked for in turn."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "queries")
            write_queries(path, domains(4), 3)
            lines = path.read_text().splitlines()
        self.assertEqual(lines, [f"{domain(n)} MX" for n in (0, 1, 0)])
