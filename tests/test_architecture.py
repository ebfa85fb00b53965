"""Arrows point down: which floor of the house imports what.

Every import counts, be it at the top of a module, within a function, or for type
checkers only: an arrow is an arrow.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mocksmtp"

VALUES = {"documents", "grammar", "mail", "zone", "steps"}
"""The rooms below the rule engine."""

RULES = {*VALUES, "behaviors", "sessions"}
"""The rooms below the hosts."""

ROOMS = {*RULES, "tls", "sasl", "hosts"}
"""All rooms. Above them are the doors (smtp, dns, http), which never import another."""

FLOORS: dict[str, set[str]] = {
    "steps": set(),
    "documents": set(),
    "grammar": set(),
    "mail": {"documents", "grammar"},
    "zone": {"documents", "grammar", "steps"},
    "behaviors": VALUES,
    "sessions": {*VALUES, "behaviors"},
    "tls": RULES,
    "sasl": RULES,
    "hosts": {*RULES, "tls", "sasl"},
    "store": ROOMS,
    "mock": {*ROOMS, "store"},
    "events": {*ROOMS, "mock"},
    "shared_events": {*ROOMS, "store", "mock", "events"},
    "persistence": {*ROOMS, "store", "mock"},
    "aging": {"mock"},
    "archive": {*ROOMS, "mock"},
    "logs": set(),
    "activity": {*ROOMS, "mock", "logs"},
    "listening": set(),
    "smtp": ROOMS,
    "dns": {*ROOMS, "mock", "listening"},
    "web": {*ROOMS, "mock"},
    # The page has a gallery of recipes.
    "http": {*ROOMS, "store", "mock", "events", "web", "recipes"},
    "hosting": {*ROOMS, "mock", "smtp", "listening"},
    "config": {*ROOMS, "store", "mock", "logs"},
    "service": {*ROOMS, "store", "mock", "events", "activity", "aging", "archive"}
    | {"persistence", "logs", "shared_events"}
    | {"smtp", "http", "dns", "config", "listening", "hosting"},
    # The ticker, by which the clock is watched.
    "process": {"service", "logs", "store"},
    "tap": {"config", "logs", "process", "service"},
    "recipes": set(),
    "client": {"recipes"},
    "testing": {*ROOMS, "mock", "config", "service", "client", "recipes"},
    "health": set(),
    "cli": {"config", "documents", "logs", "process", "service", "tap"}
    | {"client", "health", "recipes", "behaviors", "mock", "zone", "web"}
    | {"store", "archive"},
    "__main__": {"cli"},
}
"""What each room may import of the others; what it has itself, any room may.

Everyone may ask the package itself for its version.
"""

LIBRARIES = {
    "documents": {"attrs", "cattrs", "orjson"},
    "grammar": {"attrs", "stringzilla"},
    "mail": {"attrs", "webencodings"},
    "zone": {"attrs", "idna", "dns"},
    "behaviors": {"attrs", "re2"},
    "sessions": {"attrs"},
    "hosts": {"attrs"},
    "sasl": {"attrs", "scramp"},
    "mock": {"attrs"},
    "steps": {"attrs"},
}
"""What else but the standard library is known down there: no Twisted, above all."""

OUTSIDE = {"asyncio", "select", "selectors", "socket", "socketserver", "ssl"} | {
    "subprocess",
    "threading",
    "time",
}
"""Modules of the standard library that those rooms get nothing from.

They bring the network, a clock or a thread; those are arguments, or not for them.
"""

CATTRS = {"documents"}

ONLY_IN = {
    "cattr": CATTRS,
    "cattrs": CATTRS,
    "cryptography": {"tls"},
    "dns": {"zone", "cli"},  # dnspython
    "jinja2": {"web"},
    "klein": {"http"},
    "markupsafe": {"web"},
    "OpenSSL": {"tls"},
    "prometheus_client": {"http"},
    "scramp": {"sasl"},
    "twisted.mail": {"smtp", "testing"},
    "twisted.names": {"dns"},
}
"""Libraries that are known in some rooms only."""


BY_TEXT = {"import_module", "__import__", "namedAny", "namedModule"}
"""Functions that import what a text names."""


@attrs.frozen
class Import:
    """One name that a module imports, in full: ``mocksmtp.grammar.reply``."""

    module: str
    line: int
    name: str

    @property
    def room(self) -> str:
        """The room of the importing module; ``""`` for the package itself."""
        return room_of(self.module)

    def __str__(self) -> str:
        return f"{self.module}, line {self.line}: {self.name}"

    def is_of(self, package: str) -> bool:
        """Whether what is imported is `package`, or something in it."""
        return self.name == package or self.name.startswith(package + ".")


def room_of(name: str) -> str:
    """The room that a module, or a name within one, lies in."""
    return (*name.split("."), "")[1]


def imports_of(module: str, source: str, is_package: bool = False) -> Iterator[Import]:
    """All that a module imports, wherever in it."""
    parents = module.split(".")[: None if is_package else -1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = parents[: len(parents) + 1 - node.level] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                yield Import(module, node.lineno, f"{origin}.{alias.name}")
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = called or getattr(node.func, "id", "")
            name = getattr(node.args[0], "value", None)
            if called in BY_TEXT and isinstance(name, str):
                yield Import(module, node.lineno, name)


def wrong(found: Import) -> str | None:
    """Why an import is against the plan, or None if it is not."""
    room = found.room
    if found.is_of("mocksmtp"):
        return _wrong_arrow(room, found)
    top = found.name.partition(".")[0]
    if room in LIBRARIES:
        if top in sys.stdlib_module_names:
            return "brings in the outside" if top in OUTSIDE else None
        return None if top in LIBRARIES[room] else f"{top} is not known in {room}"
    for package, rooms in ONLY_IN.items():
        if found.is_of(package) and room not in rooms:
            return f"{package} is known in {', '.join(rooms)} only"
    return None


def _wrong_arrow(room: str, found: Import) -> str | None:
    target = room_of(found.name)
    if target in ("", "__version__") or target == room:
        return None
    if room and room not in FLOORS:
        return f"{room} has no place in the plan"
    if target not in FLOORS.get(room, ()):
        return f"{room or 'the package itself'} is not above {target}"
    return None


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package, by its name in full."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def complaints(module: str, source: str, is_package: bool = False) -> list[str]:
    """What is wrong with the imports of one module."""
    found = imports_of(module, source, is_package)
    return [f"{one}: {why}" for one in found if (why := wrong(one)) is not None]


class ArrowTests(SynchronousTestCase):
    """The imports of the package"""

    def test_every_arrow_points_down(self) -> None:
        """No module imports from above itself, or from a room beside its own."""
        found = [
            complaint
            for module, path in modules()
            for complaint in complaints(
                module, path.read_text("utf-8"), path.name == "__init__.py"
            )
        ]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_every_room_has_its_place(self) -> None:
        """Whoever builds a room says above which others it is."""
        rooms = {room_of(module) for module, _ in modules()} - {""}
        self.assertEqual(rooms - set(FLOORS), set())

    def test_the_plan_has_no_circle(self) -> None:
        """From no room do arrows lead back to it."""
        for room in FLOORS:
            below, reached = list(FLOORS[room]), set()
            while below:
                reached.add(lower := below.pop())
                below += FLOORS[lower] - reached
            self.assertNotIn(room, reached)

    def test_adapters_do_not_know_each_other(self) -> None:
        """What they share is the core (house: sideways arrows)."""
        adapters = {"smtp", "http", "dns"}
        for adapter in adapters:
            self.assertEqual(FLOORS[adapter] & adapters, set())
        inside = {*adapters, "core"}
        self.assertEqual(FLOORS["client"] & inside, set())


class PluginTests(SynchronousTestCase):
    """``twisted/plugins``"""

    def test_it_is_no_package(self) -> None:
        """With an ``__init__.py`` it would hide Twisted's own plugins."""
        for folder in ("twisted", "twisted/plugins"):
            self.assertTrue((ROOT / folder).is_dir(), folder)
            self.assertFalse((ROOT / folder / "__init__.py").exists(), folder)

    def test_it_imports_nothing_of_ours(self) -> None:
        """Twisted loads every plugin for every command; ours is named by text."""
        for path in (ROOT / "twisted" / "plugins").glob("*.py"):
            names = [one.name for one in imports_of(path.stem, path.read_text())]
            self.assertEqual(names, ["twisted.application.service.ServiceMaker"])


class ReaderTests(SynchronousTestCase):
    """What the tests above go by"""

    def test_an_arrow_up_or_sideways_is_seen(self) -> None:
        """However the import is written, and wherever it stands."""
        for module, source in (
            ("mocksmtp.grammar.reply", "from mocksmtp.hosts.host import MailHost"),
            ("mocksmtp.grammar.reply", "import mocksmtp.hosts.host"),
            ("mocksmtp.grammar.reply", "from mocksmtp import hosts"),
            ("mocksmtp.grammar.reply", "from ..hosts import host"),
            ("mocksmtp.grammar.reply", "from ..hosts.host import MailHost"),
            ("mocksmtp.grammar.reply", "from .. import hosts"),
            ("mocksmtp.grammar.reply", "import attrs, mocksmtp.hosts"),
            ("mocksmtp.grammar.reply", "def f():\n    from mocksmtp import config"),
            ("mocksmtp.hosts.host", "class C:\n    import mocksmtp.smtp.protocol"),
            ("mocksmtp.hosts.host", "if TYPE_CHECKING:\n    import mocksmtp.smtp"),
            ("mocksmtp.hosts.host", "try:\n    import mocksmtp.mock\nfinally: 1"),
            ("mocksmtp.hosts.host", "__import__('mocksmtp.smtp')"),
            ("mocksmtp.hosts.host", "importlib.import_module('mocksmtp.smtp')"),
            ("mocksmtp.mail.documents", "import mocksmtp.http.app"),
            ("mocksmtp.smtp.protocol", "import mocksmtp.dns.server"),
            ("mocksmtp.smtp.protocol", "import mocksmtp.events"),
            ("mocksmtp.dns.server", "import mocksmtp.http.app"),
            ("mocksmtp.http.app", "import mocksmtp.smtp.protocol"),
            ("mocksmtp.http.app", "import mocksmtp.service"),
            ("mocksmtp.client.deferred", "import mocksmtp.mail.search"),
            ("mocksmtp.client.deferred", "import mocksmtp.http.app"),
            ("mocksmtp.tls.authority", "import mocksmtp.hosts.host"),
            ("mocksmtp.documents.kinds", "import mocksmtp.grammar.reply"),
            ("mocksmtp.behaviors.rules", "import mocksmtp.hosts.host"),
            ("mocksmtp.behaviors.rules", "import mocksmtp.sessions.session"),
            ("mocksmtp.tls.contexts", "import mocksmtp.hosts.host"),
            ("mocksmtp.config", "import mocksmtp.service"),
            ("mocksmtp.service", "from mocksmtp.tap import Options"),
            ("mocksmtp.attic", "import mocksmtp.grammar"),
            ("mocksmtp", "import mocksmtp.grammar"),
        ):
            self.assertEqual(len(complaints(module, source)), 1, (module, source))

    def test_a_library_out_of_its_room_is_seen(self) -> None:
        """Frameworks stay where they are spoken, and the clock outside."""
        for module, source in (
            ("mocksmtp.grammar.reply", "from twisted.internet import defer"),
            ("mocksmtp.grammar.reply", "import cattrs"),
            ("mocksmtp.grammar.reply", "import klein"),
            ("mocksmtp.mail.mail", "import dns.name"),
            ("mocksmtp.mail.mail", "from dns import name"),
            ("mocksmtp.hosts.host", "from twisted.internet import reactor"),
            ("mocksmtp.hosts.host", "import socket"),
            ("mocksmtp.hosts.host", "def f():\n    from time import time"),
            ("mocksmtp.hosts.host", "import_module('klein')"),
            ("mocksmtp.http.app", "import cattrs"),
            ("mocksmtp.config", "from cattrs.gen import override"),
            ("mocksmtp.smtp.protocol", "from klein import Klein"),
            ("mocksmtp.smtp.protocol", "from OpenSSL import SSL"),
            ("mocksmtp.http.app", "from cryptography import x509"),
            ("mocksmtp.http.app", "from twisted.mail.smtp import ESMTP"),
        ):
            self.assertEqual(len(complaints(module, source)), 1, (module, source))

    def test_what_the_plan_allows_is_allowed(self) -> None:
        """Down, within a room, the version, and libraries that have no room."""
        for module, source in (
            ("mocksmtp.grammar.reply", "import re, attrs, mocksmtp.grammar.address"),
            ("mocksmtp.behaviors.dns", "import mocksmtp.documents, mocksmtp.zone"),
            ("mocksmtp.grammar.reply", "from . import address"),
            ("mocksmtp.grammar.reply", "from .address import NULL"),
            ("mocksmtp.hosts.host", "from ..grammar import reply"),
            ("mocksmtp.zone.text", "import dns.name"),
            (
                "mocksmtp.dns.server",
                "from twisted.names.server import DNSServerFactory",
            ),
            ("mocksmtp.smtp.protocol", "from mocksmtp.tls.contexts import Contexts"),
            ("mocksmtp.http.app", "from mocksmtp import __version__"),
            ("mocksmtp.http.app", "from http import HTTPStatus"),
            ("mocksmtp.http.app", "import mocksmtp.mock, mocksmtp.hosts, klein"),
            ("mocksmtp.service", "from mocksmtp.smtp.factory import MockSMTPFactory"),
            ("mocksmtp.tap", "def f():\n    from twisted.internet import reactor"),
        ):
            self.assertEqual(complaints(module, source), [])

    def test_a_package_is_its_own_parent(self) -> None:
        """One dot in an ``__init__.py`` is the package itself."""
        for source, why in (
            ("from .api import Client", 0),
            ("from ..hosts import x", 1),
        ):
            found = complaints("mocksmtp.client", source, is_package=True)
            self.assertEqual(len(found), why, source)
