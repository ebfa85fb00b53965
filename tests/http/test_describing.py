"""What routes say of their bodies"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.describing import (
    DONE,
    Answers,
    answers,
    array,
    document,
    one_or_more,
    text,
)


class ContentTests(SynchronousTestCase):
    """Bodies"""

    A = {"$ref": "#/components/schemas/A"}
    B = {"$ref": "#/components/schemas/B"}

    def test_documents(self) -> None:
        """One, an array of some, or either."""
        self.assertEqual(document("A").schema, self.A)
        either = {"anyOf": [self.A, self.B]}
        self.assertEqual(document("A", "B").schema, either)
        self.assertEqual(array("A", "B").schema, {"type": "array", "items": either})
        self.assertEqual(
            one_or_more("A").schema,
            {"anyOf": [{"type": "array", "items": self.A}, self.A]},
        )

    def test_texts(self) -> None:
        """Of any media type."""
        self.assertEqual(text("text/dns").type, "text/dns")

    def test_answers(self) -> None:
        """200 unless another status is told; nothing is 204."""
        self.assertEqual(answers(text("a/b")), (Answers(200, (text("a/b"),)),))
        self.assertEqual(answers(status=201)[0].status, 201)
        self.assertEqual(DONE, (Answers(204),))
