"""How an option of the program is declared.

The options themselves are fields of `mocksmtp.config.config.Config`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

_OPTION = "option"


@attrs.frozen
class Option:
    """
    An option of the program.

    :ivar name: its name on the command line, without the dashes
    :ivar parse: parses its text, or the list of its texts if it is `repeatable`;
        raises `ValueError`
    :ivar metavar: the placeholder of its value in the help; ``""`` for a flag
    :ivar is_flag: it has no value on the command line, and 1 or 0 elsewhere
    :ivar is_address: `parse` has a second parameter, the address to bind a port to
    :ivar is_secret: an empty value is an error instead of no value
    :ivar document: parses an array or object that the file may contain instead;
        raises `mocksmtp.documents.problems.DocumentError`
    :ivar limit: the field of `mocksmtp.hosts.limits.Limits` that it sets for all
        hosts, or None
    :ivar field: the field of `mocksmtp.config.config.Config` that it sets
    """

    name: str
    parse: Callable[..., Any]
    metavar: str
    help: str
    repeatable: bool = attrs.field(default=False, kw_only=True)
    is_flag: bool = attrs.field(default=False, kw_only=True)
    document: Callable[[Any], Any] | None = attrs.field(default=None, kw_only=True)
    is_address: bool = attrs.field(default=False, kw_only=True)
    is_secret: bool = attrs.field(default=False, kw_only=True)
    limit: str | None = attrs.field(default=None, kw_only=True)
    field: str = attrs.field(default="", kw_only=True)

    @property
    def variable(self) -> str:
        """Its environment variable: ``max-mails`` is ``MOCKSMTP_MAX_MAILS``."""
        return "MOCKSMTP_" + self.name.upper().replace("-", "_")

    @property
    def key(self) -> str:
        """Its name in the file: ``max-mails`` is ``maxMails`` there."""
        head, *rest = self.name.split("-")
        return head + "".join(word.title() for word in rest)


def option(
    parse: Callable[..., Any],
    metavar: str,
    meaning: str,
    *,
    default: Any,
    name: str | None = None,
    is_secret: bool = False,
    **more: Any,
) -> Any:
    """
    Declare a field of `mocksmtp.config.config.Config` that an option sets.

    :param meaning: its line of the help
    :param name: the name of the option, unless it is that of the field
    :param more: further fields of `Option`
    """
    more["is_secret"] = is_secret
    metadata = {_OPTION: (name, parse, metavar, meaning, more)}
    return attrs.field(default=default, repr=not is_secret, metadata=metadata)


def declared_in(config: type) -> Iterator[Option]:
    """The options that set fields of `config`, in the order of these fields."""
    for field in attrs.fields(config):
        if _OPTION in field.metadata:
            name, parse, metavar, meaning, more = field.metadata[_OPTION]
            name = name or field.name.replace("_", "-")
            yield Option(name, parse, metavar, meaning, field=field.name, **more)
