"""Records, questions and answers as values."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.answer import Answer, Question, Rcode, rcode_name
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import MX, A, RRType
from mocksmtp.zone.records import Record


class RecordTests(SynchronousTestCase):
    """`Record`."""

    def test_defaults(self):
        """The name may be a text, the TTL is 60, and the type that of the data."""
        record = Record("ex.test", MX(10, "mx.ex.test"))
        self.assertEqual(record.name, Name.parse("ex.test"))
        self.assertEqual(record.ttl, 60)
        self.assertEqual(record.type, RRType.MX)

    def test_ttl(self):
        """A TTL has 31 bits (RFC 2181 §8)."""
        for ttl in (0, 2**31 - 1):
            self.assertEqual(Record("a", A("192.0.2.1"), ttl).ttl, ttl)
        for ttl in (-1, 2**31):
            self.assertRaises(ValueError, Record, "a", A("192.0.2.1"), ttl)


class QuestionTests(SynchronousTestCase):
    """`Question`."""

    def test_text(self):
        """A question is told as one would ask it."""
        self.assertEqual(str(Question("Ex.test", 15)), "Ex.test MX")
        self.assertEqual(str(Question(".", 65280)), ". TYPE65280")

    def test_equality(self):
        """The same question in another case is the same."""
        self.assertEqual(Question("Ex.test", 15), Question("ex.TEST", RRType.MX))


class AnswerTests(SynchronousTestCase):
    """`Answer`."""

    def test_defaults(self):
        """An answer of nothing is no error and has no authority."""
        self.assertEqual(Answer(), Answer(Rcode.NOERROR, False, (), (), ()))


class RcodeTests(SynchronousTestCase):
    """`rcode_name`."""

    def test_names(self):
        """An rcode has its name, or its number if it has none."""
        names = [rcode_name(number) for number in (0, 2, 16, 15)]
        self.assertEqual(names, ["NOERROR", "SERVFAIL", "BADVERS", "RCODE15"])
