"""Objects: a declared attrs class, compiled into a reader, a writer and schemas.

::

    @attrs.frozen
    class Drip:
        octets: int = field(
            Integer(1, 1000), "octets per write", name="bytes", default=1
        )
        interval: float = field(Duration(0.001), "time between two writes")

    DRIP = Document(Drip, "Drip")
    DRIP.read({"interval": "200ms"})    # Drip(octets=1, interval=0.2)

Null means absent for every field that has a default, unless the field says otherwise.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, ClassVar, Generic, TypeVar

import attrs

from mocksmtp.documents.kinds import Kind, Named, name
from mocksmtp.documents.problems import (
    FIELD,
    MAX_ERRORS,
    Refused,
    as_document_error,
    json_name,
    json_type,
    unknown,
)
from mocksmtp.documents.schema import NULL, Schema, any_of, given, object_of

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Field:
    """
    The declaration of a field.

    :ivar kind: the kind of its values
    :ivar meaning: its description in the reference
    :ivar name: its name in documents, if not the camelCase of its Python name
    :ivar shown: the text of its default in the reference
    :ivar example: an example, as a JSON value
    :ivar keeps_null: whether null differs from an absent field
    :ivar empty_is_absent: whether ``[]`` means absent
    :ivar always: whether it is written even if it has its default value
    """

    kind: Kind[Any]
    meaning: str = ""
    name: str | None = None
    shown: str | None = None
    example: Any = None
    keeps_null: bool = False
    empty_is_absent: bool = False
    always: bool = False


def field(
    kind: Kind[Any],
    meaning: str = "",
    *,
    default: Any = attrs.NOTHING,
    converter: Any = None,
    repr: bool = True,  # noqa: A002 - as attrs calls it
    **more: Any,
) -> Any:
    """An attrs field with its declaration; for the other arguments see `Field`."""
    declared = Field(kind=kind, meaning=meaning, **more)
    return attrs.field(
        default=default, metadata={FIELD: declared}, converter=converter, repr=repr
    )


class Constraint:
    """
    A constraint on several fields of a document.

    :cvar always: whether it is also checked if a field is invalid; otherwise it could
        report a field as missing that is only misspelled
    """

    always: ClassVar[bool] = False

    def check(self, document: dict[str, Any]) -> Iterator[Refused]:
        """Yield the errors of an object, from which null members were removed."""
        yield from ()

    def schema(self) -> Schema:
        """The constraint as a JSON Schema."""
        return {}


_SEVERAL: Schema = {"type": "array", "minItems": 1}


@attrs.frozen
class ExactlyOne(Constraint):
    """Requires exactly one of two fields; without both, `first` is reported missing."""

    always = True
    first: str
    second: str

    def check(self, document: dict[str, Any]) -> Iterator[Refused]:
        """Yield an error if neither or both fields are given."""
        if self.first in document:
            if self.second in document:
                yield Refused(f"can't be combined with {self.first}", self.second)
        elif self.second not in document:
            yield Refused("required, but missing", self.first)

    def schema(self) -> Schema:
        """The schema: exactly one of them is given and not null."""
        return {"oneOf": [given(self.first), given(self.second, _SEVERAL)]}


@cache
def _converter() -> Any:
    """
    What cattrs compiles documents with: all hooks are given with the fields.

    It takes 5 ms to be made. cattrs is imported with the first document.
    """
    from cattrs import Converter

    return Converter()


class Document(Kind[T]):
    """
    An object whose members are the fields of an attrs class.

    :param title: the name of its schema; lenient schemas have ``New`` before it
    :param rules: constraints on several fields
    :param check: raises `Refused` for a value whose fields contradict each other
    :param finish: completes the written object, given the value
    :param ignored: members that are ignored when read
    :param added: members that the caller adds to the written object, with their
        schemas; ignored when read
    :param without: fields of the class that are refused, with the reason for the error
    :param kinds: kinds of fields that differ from the class's, by Python name
    :param schema: more of the lenient and the strict schema
    :param example: a valid document
    """

    def __init__(  # noqa: PLR0913 - a declaration, whose arguments have names
        self,
        cls: type[T],
        title: str | None = None,
        *,
        rules: Iterable[Constraint] = (),
        check: Callable[[T], None] | None = None,
        finish: Callable[[T, dict[str, Any]], dict[str, Any]] | None = None,
        ignored: Iterable[str] = (),
        added: Mapping[str, Schema | Kind[Any]] | None = None,
        without: Mapping[str, str] | None = None,
        kinds: Mapping[str, Kind[Any]] | None = None,
        schema: Schema | None = None,
        example: Mapping[str, Any] | None = None,
    ) -> None:
        self.cls = cls
        self.title = title
        self.example = dict(example or {})
        self._rules = tuple(rules)
        self._early = tuple(rule for rule in self._rules if rule.always)
        self._late = tuple(rule for rule in self._rules if not rule.always)
        self._check = check
        self._finish = finish
        self._added = dict(added or {})
        self._ignored = frozenset(ignored) | self._added.keys()
        self._without = dict(without or {})
        self._kinds = dict(kinds or {})
        self._schema = schema or {}
        self.misfits = (5, "x", [], {"noSuchField": 1})
        if example is not None:
            self.samples = (dict(example),)

    @cached_property
    def fields(self) -> dict[str, tuple[attrs.Attribute[Any], Field]]:
        """The fields of the document with their declarations, by JSON name."""
        found = {}
        for attribute in attrs.fields(self.cls):  # type: ignore[arg-type]
            declared: Field | None = attribute.metadata.get(FIELD)
            title = json_name(attribute)
            if declared is not None and title not in self._without:
                kind = self._kinds.get(attribute.name)
                if kind is not None:
                    declared = attrs.evolve(declared, kind=kind)
                found[title] = attribute, declared
        return found

    def _declared(self, attribute: attrs.Attribute[Any]) -> Field | None:
        found = self.fields.get(json_name(attribute))
        return None if found is None else found[1]

    def _named(self, holds: Callable[[Field], bool]) -> frozenset[str]:
        return frozenset(
            title
            for title, (attribute, declared) in self.fields.items()
            if holds(declared) and attribute.default is not attrs.NOTHING
        )

    @cached_property
    def _nullable(self) -> frozenset[str]:
        """The fields for which null means absent."""
        return self._named(lambda declared: not declared.keeps_null)

    @cached_property
    def _emptiable(self) -> frozenset[str]:
        """The fields for which ``[]`` means absent."""
        return self._named(lambda declared: declared.empty_is_absent)

    @cached_property
    def _reader(self) -> Callable[[Any, Any], T]:
        from cattrs.gen import make_dict_structure_fn, override

        overrides: dict[str, Any] = {}
        for attribute in attrs.fields(self.cls):  # type: ignore[arg-type]
            declared = self._declared(attribute)
            overrides[attribute.name] = (
                override(omit=True)
                if declared is None
                else override(
                    rename=json_name(attribute), struct_hook=declared.kind.read
                )
            )
        made: Any = make_dict_structure_fn(
            self.cls,
            _converter(),
            _cattrs_forbid_extra_keys=False,
            _cattrs_detailed_validation=True,
            **overrides,
        )
        return made  # type: ignore[no-any-return]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.fields)

    @cached_property
    def _writer(self) -> Callable[[T], dict[str, Any]]:
        from cattrs.gen import make_dict_unstructure_fn, override

        overrides: dict[str, Any] = {}
        for attribute in attrs.fields(self.cls):  # type: ignore[arg-type]
            declared = self._declared(attribute)
            if declared is None:
                overrides[attribute.name] = override(omit=True)
            else:
                overrides[attribute.name] = override(
                    rename=json_name(attribute),
                    unstruct_hook=_writer_of(attribute, declared),
                    omit_if_default=not declared.always,
                )
        made: Any = make_dict_unstructure_fn(
            self.cls, _converter(), _cattrs_omit_if_default=True, **overrides
        )
        return made  # type: ignore[no-any-return]

    def read(self, value: Any, _: object = None) -> T:
        """Read the value from an object; all errors are collected."""
        from cattrs import ClassValidationError

        if type(value) is not dict:
            raise Refused(f"must be an object, got {json_type(value)}")
        if self._emptiable or None in value.values():
            value = self._given(value)
        errors: list[Exception] = []
        if not self._known.issuperset(value):
            errors += self._unknown(value)
        for rule in self._early:
            errors += rule.check(value)
        try:
            made = self._reader(value, self.cls)
        except ClassValidationError as error:
            if not errors:
                raise
            raise ClassValidationError(
                "", [*error.exceptions, *errors], self.cls
            ) from None
        if not errors:
            for rule in self._late:
                errors += rule.check(value)
        if errors:
            raise ClassValidationError("", errors, self.cls)
        if self._check is not None:
            self._check(made)
        return made

    def _given(self, value: dict[str, Any]) -> dict[str, Any]:
        """The members of `value`, except those whose null or ``[]`` means absent."""
        nullable = self._nullable | self._without.keys()
        return {
            title: member
            for title, member in value.items()
            if not (member is None and title in nullable)
            and not (member == [] and title in self._emptiable)
        }

    def _unknown(self, value: dict[str, Any]) -> Iterator[Refused]:
        known = self._known | self._ignored
        for title in heapq.nsmallest(MAX_ERRORS, value.keys() - known):
            if title in self._without:
                yield Refused(self._without[title], title)
            else:
                yield Refused(unknown("field", title, self.fields), title)

    def write(self, value: T) -> dict[str, Any]:
        """Write `value` as an object, without fields that have their default."""
        document = self._writer(value)
        return document if self._finish is None else self._finish(value, document)

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """The rows of the reference: each field, its default and its meaning."""
        for title, (attribute, declared) in self.fields.items():
            shown = declared.shown or _default(attribute.default, declared.kind)
            yield title, shown, declared.meaning

    def accepted_schema(self, named: Named) -> Schema:
        """The lenient schema, by its name if it has one."""
        if self.title is None:
            return self.accepted_members(named)
        return name(named, f"New{self.title}", lambda: self.accepted_members(named))

    def written_schema(self, named: Named) -> Schema:
        """The strict schema, by its name if it has one."""
        if self.title is None:
            return self.written_members(named)
        return name(named, self.title, lambda: self.written_members(named))

    def accepted_members(self, named: Named) -> Schema:
        """The lenient schema itself."""
        properties: dict[str, Schema] = {}
        for title, (_, declared) in self.fields.items():
            schema = declared.kind.accepted_schema(named)
            if title in self._nullable:
                schema = any_of(*_choices(schema), NULL)
            if declared.empty_is_absent:
                schema = any_of(*_choices(schema), {"type": "array", "maxItems": 0})
            properties[title] = schema
        for title in sorted(self._ignored - properties.keys()):
            properties[title] = {}
        for title in self._without:
            properties[title] = NULL
        required = [
            t for t, (a, _) in self.fields.items() if a.default is attrs.NOTHING
        ]
        return self._ruled(object_of(properties, required))

    def written_members(self, named: Named) -> Schema:
        """The strict schema itself."""
        properties: dict[str, Schema] = {}
        required = []
        for title, (attribute, declared) in self.fields.items():
            schema = declared.kind.written_schema(named)
            if (
                declared.always
                and attribute.default is None
                and not declared.kind.writes_none
            ):
                schema = any_of(*_choices(schema), NULL)
            properties[title] = schema
            if declared.always or attribute.default is attrs.NOTHING:
                required.append(title)
        for title, added in self._added.items():
            properties[title] = (
                added.written_schema(named) if isinstance(added, Kind) else added
            )
        required += self._added
        return self._ruled(object_of(properties, required))

    def _ruled(self, schema: Schema) -> Schema:
        rules = [rule for each in self._rules if (rule := each.schema())]
        both = self._schema.get("allOf", [])
        rest = {n: v for n, v in self._schema.items() if n != "allOf"}
        schema = {**schema, **rest}
        return {**schema, "allOf": [*rules, *both]} if rules or both else schema


def _default(value: object, kind: Kind[Any]) -> str:
    """The text of a default in the reference."""
    if value is attrs.NOTHING:
        return "required"
    if value is None:
        return "null"
    written = kind.write(value)
    if isinstance(written, (bool, str)):
        return f"`{str(written).lower() if isinstance(written, bool) else written}`"
    return f"`{written:g}`" if isinstance(written, float) else f"`{written}`"


def _choices(schema: Schema) -> list[Schema]:
    """The alternatives of a schema."""
    return schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]


def _writer_of(
    attribute: attrs.Attribute[Any], declared: Field
) -> Callable[[Any], Any]:
    write = declared.kind.write
    may_be_none = attribute.default is None or declared.keeps_null
    if may_be_none and not declared.kind.writes_none:
        return lambda value: None if value is None else write(value)
    return write


@attrs.frozen
class Given(Generic[T]):
    """
    The fields that a partial document contains.

    :ivar value: the value, with the defaults of the class for absent fields
    :ivar names: the Python names of the given fields
    """

    value: T
    names: frozenset[str] = frozenset()

    def over(self, usual: T) -> T:
        """Return a copy of `usual` with the given fields."""
        given = {name: getattr(self.value, name) for name in self.names}
        made: T = attrs.evolve(usual, **given)  # type: ignore[misc]
        return made


class Partial(Kind[Given[T]]):
    """
    A partial document, whose absent fields have their defaults elsewhere.

    :param document: the document, whose fields all have defaults
    """

    def __init__(self, document: Document[T]) -> None:
        self._document = document
        self.samples = document.samples
        self.misfits = document.misfits

    def read(self, value: Any, _: object = None) -> Given[T]:
        """Read the given fields."""
        document = self._document
        made = document.read(value)
        names = frozenset(
            attribute.name
            for title, (attribute, declared) in document.fields.items()
            if title in value and (value[title] is not None or declared.keeps_null)
        )
        return Given(made, names)

    def write(self, value: Given[T]) -> Any:
        """Write the whole document."""
        return self._document.write(value.value)

    def accepted_schema(self, named: Named) -> Schema:
        """That of the document."""
        return self._document.accepted_schema(named)

    def written_schema(self, named: Named) -> Schema:
        """That of the document."""
        return self._document.written_schema(named)


def parse(kind: Kind[T], value: Any) -> T:
    """
    Read a JSON value with `kind`.

    :raises DocumentError: all errors with their paths, up to `MAX_ERRORS`
    """
    try:
        return kind.read(value)
    except Exception as error:
        raise as_document_error(error) from None
