"""What schemas are put together from"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.schema import NULL, TEXT, any_of, array_of, object_of


class PartTests(SynchronousTestCase):
    """The parts"""

    def test_one_of_one_is_that(self) -> None:
        """No list of alternatives where there is none."""
        self.assertIs(any_of(TEXT), TEXT)
        self.assertEqual(any_of(TEXT, NULL), {"anyOf": [TEXT, NULL]})

    def test_arrays_and_objects(self) -> None:
        """Objects have no fields besides."""
        self.assertEqual(array_of(TEXT), {"type": "array", "items": TEXT})
        made = object_of({"a": TEXT, "b": NULL}, {"b"})
        self.assertEqual(made["required"], ["b"])
        self.assertIs(made["additionalProperties"], False)
