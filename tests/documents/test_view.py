"""Documents that are written and never read"""

from __future__ import annotations

from enum import Enum
from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.kinds import Array, Integer, Optional, Text
from mocksmtp.documents.view import (
    ABSENT,
    MILLISECONDS,
    NUMBER_AS_ID,
    TIME,
    Either,
    Mapped,
    View,
    value_of,
    view_field,
)


class Color(Enum):
    """An enumeration."""

    RED = "red"
    BLUE = "blue"
    NONE = "none"


@attrs.frozen
class Wheel:
    """Has a size, and may have a note."""

    size: int
    note: str | None = None


@attrs.define
class Car:
    """What is shown."""

    number: int = 7
    wheels: tuple[Wheel, ...] = ()
    spare: Wheel | None = None
    color: Color = Color.RED
    made_at: float = 1.5
    delay: float = 0.25
    made: int = attrs.field(default=0, init=False)

    @property
    def engine(self) -> Wheel:
        """Made on demand, and counted."""
        self.made += 1
        return Wheel(3, "engine")


WHEEL: View[Wheel] = View(
    "Wheel",
    view_field("size", Integer(), "size"),
    view_field(
        "note",
        Text(),
        lambda wheel: ABSENT if wheel.note is None else wheel.note,
        optional=True,
    ),
)

CAR: View[Car] = View(
    "Car",
    view_field("id", NUMBER_AS_ID, "number"),
    view_field("wheels", Array(WHEEL), "wheels"),
    view_field("sizes", Array(Integer()), lambda car: (one.size for one in car.wheels)),
    view_field("spare", Optional(WHEEL), "spare"),
    view_field("color", value_of(Color, Color.NONE), "color"),
    view_field("madeAt", TIME, "made_at"),
    view_field("delay", MILLISECONDS, "delay"),
    view_field("engineSize", Integer(), "engine.size"),
    view_field("engineNote", Optional(Text()), "engine.note"),
)


class WriteTests(SynchronousTestCase):
    """From a value to its document"""

    def test_fields(self) -> None:
        """In the order of their declaration, each as its kind writes it."""
        car = Car(wheels=(Wheel(1), Wheel(2, "flat")), spare=Wheel(3))
        document = CAR.write(car)
        expected = {
            "id": "7",
            "wheels": [{"size": 1}, {"size": 2, "note": "flat"}],
            "sizes": [1, 2],
            "spare": {"size": 3},
            "color": "red",
            "madeAt": "1970-01-01T00:00:01.500Z",
            "delay": 250.0,
            "engineSize": 3,
            "engineNote": "engine",
        }
        self.assertEqual(document, expected)
        self.assertEqual(list(document), list(expected))
        self.assertIsNone(CAR.write(Car())["spare"])

    def test_what_several_fields_are_in_is_looked_up_once(self) -> None:
        """It may be made on demand."""
        car = Car()
        CAR.write(car)
        self.assertEqual(car.made, 1)

    def test_other_values(self) -> None:
        """They stand in the place of those that the document has, and of no others."""
        mark = object()
        written = CAR.write_with(Car(), {"wheels": mark, "more": mark})
        self.assertIs(written["wheels"], mark)
        self.assertEqual(list(written), list(CAR.write(Car())))
        self.assertEqual(
            WHEEL.write_with(Wheel(1), {"note": 5}), {"size": 1, "note": 5}
        )


class SchemaTests(SynchronousTestCase):
    """The schema that follows"""

    def test_named(self) -> None:
        """With the fields, those that are required, and the documents within."""
        named: dict[str, Any] = {}
        self.assertEqual(
            CAR.written_schema(named), {"$ref": "#/components/schemas/Car"}
        )
        self.assertEqual(list(named), ["Car", "Wheel"])
        self.assertEqual(list(named["Car"]["properties"]), [f.name for f in CAR.fields])
        self.assertEqual(named["Car"]["properties"]["color"]["enum"], ["red", "blue"])
        self.assertEqual(named["Wheel"]["required"], ["size"])
        self.assertIs(named["Wheel"]["additionalProperties"], False)

    def test_one_of_several(self) -> None:
        """Each by its reference."""
        named: dict[str, Any] = {}
        refs = [{"$ref": f"#/components/schemas/{one}"} for one in ("Car", "Wheel")]
        self.assertEqual(Either(CAR, WHEEL).written_schema(named), {"anyOf": refs})
        self.assertEqual(Either(WHEEL).written_schema(named), refs[1])

    def test_any_names(self) -> None:
        """An object of values of one kind."""
        self.assertEqual(
            Mapped(Text()).written_schema({}),
            {"type": "object", "additionalProperties": {"type": "string"}},
        )
