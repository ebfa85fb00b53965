"""The DNS records of a mock as documents of its store, in the order of the zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from mocksmtp.persistence.comparing import Changes
from mocksmtp.steps import Steps
from mocksmtp.store.interface import Document, Key, Kind
from mocksmtp.zone.records import Record, listed_document, parse_record
from mocksmtp.zone.zone import Zone

_STEP = 20
"""Records that are read in one step."""


@attrs.define
class RecordsState:
    """
    The records that were stored last.

    :ivar places: by the id of a record, the key of its document and the record; the
        keys ascend in the order of the records
    :ivar last: the highest number in a key
    """

    zone: Zone | None = None
    places: dict[str, tuple[str, Record]] = attrs.field(factory=dict)
    last: int = 0

    def compare(self, zone: Zone) -> Iterator[tuple[Key, Document]]:
        """Yield the documents of the changed records."""
        if zone is self.zone:
            return
        self.zone = zone
        before, self.places = self.places, {}
        previous = ""
        for record in zone.records:
            known = before.get(record.id)
            if known is None or known[0] <= previous:
                self.last += 1
                place = f"{self.last:012}"
            else:
                place = known[0]
                del before[record.id]
            previous = place
            self.places[record.id] = place, record
            if known is None or known[0] != place or known[1] is not record:
                yield (Kind.RECORD, place), listed_document(record)
        for place, _ in before.values():
            yield (Kind.RECORD, place), None

    def apply_in_steps(
        self, changes: Mapping[str, Document], zone: Zone
    ) -> Steps[Zone]:
        """Make the zone with the changed documents applied, as stored, in steps."""
        new: dict[str, Record] = {}
        for index, (place, document) in enumerate(sorted(changes.items())):
            if document is not None:
                new[place] = parse_record(document)
            if index % _STEP == 0:
                yield
        first = f"{self.last + 1:012}"
        if self.zone is zone and all(place >= first for place in changes):
            made = yield from zone.with_records_in_steps(new.values())
            places = dict(self.places)
            ordered = list(new.items())
        else:
            found = {p: r for p, r in self.places.values() if p not in changes} | new
            ordered = sorted(found.items())
            records = [record for _, record in ordered]
            made = yield from Zone.in_steps(records, zone.last_id)
            places = {}
        for index, (place, record) in enumerate(ordered):
            places[record.id] = place, made.find(record)
            if index % _STEP == 0:
                yield
        self.places, self.zone = places, made
        self.last = max(self.last, *map(int, changes))
        return made

    def differing(self, stored: Mapping[str, Document]) -> Changes:
        """Return the changes from the current to the `stored` records."""
        found: Changes = {}
        for place, record in self.places.values():
            if stored.get(place) != listed_document(record):
                found[Kind.RECORD, place] = None
        known = {place for place, _ in self.places.values()}
        for place, document in stored.items():
            if place not in known or (Kind.RECORD, place) in found:
                found[Kind.RECORD, place] = document
        return found

    def restore(self, stored: Mapping[str, Document], zone: Zone) -> tuple[Zone, int]:
        """
        Add the stored records, except those that the configuration names.

        :param zone: the records of the configuration
        :return: all records, and the number of the added ones
        """
        named = {(record.name, record.listed_type) for record in zone.records}
        found = {
            place: parse_record(document) for place, document in sorted(stored.items())
        }
        kept = {
            place: record
            for place, record in found.items()
            if (record.name, record.listed_type) not in named
        }
        if found:
            own = [attrs.evolve(record, id="") for record in zone.records]
            zone = Zone([*kept.values(), *own])
        current = {record.id: record for record in zone.records}
        for place, record in found.items():
            if current.get(record.id) is record:
                self.places[record.id] = place, record
            else:
                self.places[f"gone {place}"] = place, record
            self.last = int(place)
        return zone, len(kept)
