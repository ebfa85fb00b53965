"""The shell of the page: its screens, static files, and how a screen is rendered."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import orjson

from mocksmtp.web.pages import joined, load

_STATIC = Path(__file__).parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

STATIC_PATH = "/static/"

ACTION_PATH = "/ui/action"
"""The path to which buttons send their requests as forms, without JavaScript."""

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy of the screens: nothing inline, nothing remote."""

WORKER_POLICY = "default-src 'none'; connect-src 'self'"
"""The Content-Security-Policy of static files, which a worker among them obeys."""


@attrs.frozen
class Screen:
    """
    An entry of the navigation.

    :ivar key: what a screen passes to `Shell` as `current`
    """

    key: str
    title: str
    path: str


SCREENS = (
    Screen("overview", "Overview", "/"),
    Screen("deliveries", "Deliveries", "/ui/deliveries"),
    Screen("mails", "Mails", "/ui/mails"),
    Screen("behaviors", "Behaviors", "/ui/behaviors"),
    Screen("dns", "DNS", "/ui/dns"),
    Screen("hosts", "Hosts", "/ui/hosts"),
)
"""The navigation."""


@attrs.frozen
class StaticFile:
    """A file that the page refers to."""

    content: bytes
    type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """The static files by name; they are part of the package."""
    return {
        path.name: StaticFile(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_STATIC.iterdir())
        if path.suffix in _TYPES
    }


@cache
def static_digest() -> str:
    """
    Identifies the content of all static files.

    It is part of their URLs, so that browsers keep them for as long as they stay the
    same. The modules refer to one another by relative URLs, which keep the digest.
    """
    digest = hashlib.sha256()
    for name, file in static_files().items():
        digest.update(b"%s\0%d\0%s" % (name.encode(), len(file.content), file.content))
    return digest.hexdigest()[:12]


@attrs.frozen
class Shell:
    """
    What all screens show.

    :ivar current: the key of the screen in the navigation
    :ivar base: the root of the API as the browser calls it, ``http://localhost:8000``
    :ivar instance: identifies the run of the service
    :ivar token: whether the service requires a token
    :ivar manual: whether the service contains its documentation
    :ivar today: the date in UTC, as in ``2026-11-28``
    """

    current: str
    base: str
    instance: str
    token: bool = False
    manual: bool = False
    today: str = ""

    @property
    def screens(self) -> Sequence[Screen]:
        """The navigation."""
        return SCREENS

    @property
    def digest(self) -> str:
        """Identifies the static files."""
        return static_digest()

    @property
    def action_path(self) -> str:
        """Where buttons send their requests without JavaScript."""
        return ACTION_PATH

    def static(self, name: str) -> str:
        """
        The URL of a static file.

        :raises KeyError: there is none with this name
        """
        static_files()[name]
        return f"{STATIC_PATH}{static_digest()}/{name}"

    def action(self, **fields: str | None) -> str:
        """The document of the form that a button sends without JavaScript."""
        given = {name: value for name, value in fields.items() if value is not None}
        return orjson.dumps(given).decode()

    def curl(self, method: str, path: str, body: Any = None) -> str:
        """The command that sends a request; `body` is a text or a JSON document."""
        words = ["curl"]
        if method != ("GET" if body is None else "POST"):
            words += ["-X", method]
        if self.token:
            words += ["-H", '"Authorization: Bearer $MOCKSMTP_TOKEN"']
        words.append(shlex.quote(f"{self.base}{path}"))
        if body is not None:
            text = body if isinstance(body, str) else orjson.dumps(body).decode()
            words += ["--data-binary", shlex.quote(text)]
        return " ".join(words)


def screen_pieces(
    template: str, shell: Shell, context: Mapping[str, Any]
) -> Iterator[bytes]:
    """A screen in UTF-8, in short pieces."""
    made = load().get_template(template).generate(shell=shell, **context)
    yield from joined(made)


def part_pieces(
    template: str, shell: Shell, parts: Sequence[str], context: Mapping[str, Any]
) -> Iterator[bytes]:
    """
    Parts of a screen, each in an element that names it.

    :raises KeyError: the screen has no such part
    """
    found = load().get_template(template)
    blocks = [(part, found.blocks[part]) for part in parts]

    def made() -> Iterator[str]:
        for part, block in blocks:
            yield f'<div data-part="{part}">'
            yield from block(found.new_context({"shell": shell, **context}))
            yield "</div>\n"

    return joined(made())
