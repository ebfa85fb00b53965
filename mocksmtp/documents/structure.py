"""From JSON values to attrs classes by the types of their fields.

For documents whose fields are not declared yet; see `document` for those that are.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
from cattrs import Converter, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from mocksmtp.documents.problems import (
    MAX_ERRORS,
    Refused,
    as_document_error,
    camel_case,
    json_type,
)

T = TypeVar("T")

Hook = Callable[[Any, Any], Any]
"""Reads a JSON value as a type: ``hook(value, type)``."""


def strict_str(value: Any, _: object = None) -> str:
    """A string and nothing else."""
    if not isinstance(value, str):
        raise Refused(f"must be a string, got {json_type(value)}")
    return value


def strict_int(value: Any, _: object = None) -> int:
    """A whole number and nothing else; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"must be an integer, got {json_type(value)}")
    return value


def strict_bool(value: Any, _: object = None) -> bool:
    """A boolean and nothing else."""
    if not isinstance(value, bool):
        raise Refused(f"must be true or false, got {json_type(value)}")
    return value


def strict_list(value: Any) -> list[Any]:
    """An array and nothing else."""
    if not isinstance(value, list):
        raise Refused(f"must be an array, got {json_type(value)}")
    return value


def strict_dict(value: Any) -> dict[str, Any]:
    """An object and nothing else."""
    if not isinstance(value, dict):
        raise Refused(f"must be an object, got {json_type(value)}")
    return value


def new_converter() -> Converter:
    """A converter that refuses what it would have to guess.

    Classes get camelCase names and no unknown fields; tuples come from arrays
    only. Rooms register their own hooks on a converter of their own.
    """
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(str, strict_str)
    converter.register_structure_hook(int, strict_int)
    converter.register_structure_hook(bool, strict_bool)

    @converter.register_structure_hook_factory(attrs.has)
    def any_class_hook(cls: type[T]) -> Hook:
        return class_hook(converter, cls)

    @converter.register_structure_hook_factory(_is_variadic_tuple)
    def tuple_hook(kind: Any) -> Hook:
        item_type = typing.get_args(kind)[0]

        def structure_tuple(value: Any, _: Any) -> tuple[Any, ...]:
            return _structure_items(converter, strict_list(value), item_type)

        return structure_tuple

    return converter


def _structure_items(
    converter: Converter, values: list[Any], item_type: Any
) -> tuple[Any, ...]:
    """
    Read the items of an array, up to the error that is the last to be reported.

    cattrs reads on to the end, which takes seconds where every item is wrong.
    """
    read = converter.get_structure_hook(item_type)
    items, errors = [], []
    for index, value in enumerate(values):
        try:
            items.append(read(value, item_type))
        except Exception as error:
            note = IterableValidationNote(f"item {index}", index, item_type)
            error.__notes__ = [*getattr(error, "__notes__", ()), note]
            errors.append(error)
            if len(errors) == MAX_ERRORS:
                break
    if errors:
        raise IterableValidationError("in an array", errors, item_type)
    return tuple(items)


def class_hook(converter: Converter, cls: type[T], **hooks: Hook) -> Hook:
    """
    The hook for an attrs class: camelCase names, and no unknown fields.

    :param hooks: for fields that are not read by the hook of their type
    """
    attrs.resolve_types(cls)  # type: ignore[type-var]
    overrides: dict[str, Any] = {
        field.name: override(
            rename=camel_case(field.name),
            omit=not field.init,
            struct_hook=hooks.get(field.name),
        )
        for field in attrs.fields(cls)  # type: ignore[arg-type]
    }
    hook: Any = make_dict_structure_fn(cls, converter, **overrides)

    def structure_class(value: Any, kind: Any = cls) -> T:
        return typing.cast("T", hook(strict_dict(value), kind))

    return structure_class


def _is_variadic_tuple(kind: Any) -> bool:
    arguments = typing.get_args(kind)
    return (
        typing.get_origin(kind) is tuple
        and len(arguments) == 2
        and arguments[1] is Ellipsis
    )


def structure(converter: Converter, document: Any, kind: Any) -> Any:
    """
    The `kind` that `document`, a parsed JSON value, describes.

    :raises DocumentError: it describes none; all errors are reported
    """
    try:
        return converter.structure(document, kind)
    except Exception as error:
        raise as_document_error(error) from None
