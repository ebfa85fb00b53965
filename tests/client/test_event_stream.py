"""``/events`` as a stream of values"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.client.event_stream import MAX_EVENT, EventReader


class ReaderTests(SynchronousTestCase):
    """`EventReader`"""

    STREAM = (
        b":\n\nid: a-1\nevent: mail\n"
        b'data: {"at": "2026-11-28T21:00:00Z", "host": "mx1", "id": "7"}\n\n'
        b':\n\nid: a-2\nevent: dropped\ndata: {"count": null}\n\n'
    )

    def test_events_and_comments(self) -> None:
        """A comment is no event; an event has its id, kind, time, host and document."""
        mail, dropped = EventReader().feed(self.STREAM)
        self.assertEqual((mail.id, mail.kind, mail.host), ("a-1", "mail", "mx1"))
        assert mail.at is not None
        self.assertEqual(mail.at.isoformat(), "2026-11-28T21:00:00+00:00")
        self.assertEqual(mail.document["id"], "7")
        self.assertEqual(
            (dropped.kind, dropped.at, dropped.host), ("dropped", None, None)
        )

    def test_pieces(self) -> None:
        """An event may arrive in pieces of any size."""
        whole = list(EventReader().feed(self.STREAM))
        for size in 1, 2, 7, 50:
            reader, found = EventReader(), []
            for start in range(0, len(self.STREAM), size):
                found += reader.feed(self.STREAM[start : start + size])
            self.assertEqual(found, whole)

    def test_what_is_no_event_stream(self) -> None:
        """An endless event, and data that is no object, are errors."""
        for octets in b"x" * (MAX_EVENT + 1), b"data: [1]\n\n", b"data: x\n\n":
            with self.assertRaises(ValueError):
                list(EventReader().feed(octets))
