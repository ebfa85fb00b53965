"""Writes the pages of the reference that follow from declarations in the code.

They are written when the site is built and are not part of the repository.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import mocksmtp
from mocksmtp.config import OPTIONS
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.app import MOUNTS
from mocksmtp.http.metrics import MockCollector
from mocksmtp.http.openapi import describe_api
from mocksmtp.mock import Mock
from mocksmtp.zone.zone import Zone

PACKAGE = Path(mocksmtp.__file__).parent

METHODS = ("get", "post", "put", "patch", "delete")
"""The order of the operations of a route."""

UNBOUNDED = 10**17
"""Bounds from here on are those of the format, not of the field."""

BY_HOST = "/hosts/{name}"
"""The prefix of routes that a host has like the root."""


def write_pages(folder: Path) -> None:
    """Write all generated pages into `folder`, if their text has changed."""
    folder.mkdir(parents=True, exist_ok=True)
    api = describe_api(MOUNTS, True)
    for name, lines in {
        "routes": routes_page(api),
        "documents": documents_page(api["components"]["schemas"]),
        "options": options_page(),
        "metrics": metrics_page(),
        "log": log_page(),
    }.items():
        path, text = folder / f"{name}.md", "\n".join(lines) + "\n"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table."""
    titles = [*titles]
    yield "| " + " | ".join(titles) + " |"
    yield "|" + "---|" * len(titles)
    for row in rows:
        cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row)
        yield "| " + " | ".join(cells) + " |"
    yield ""


def options_page() -> Iterator[str]:
    """The options, with their environment variables and keys of the file."""
    yield from (
        "# Options",
        "",
        "Each option is also an environment variable and a key of the configuration",
        "file; [Configuration](../../configuration.md) explains how they combine.",
        "",
    )
    yield from table(
        ("option", "variable", "key", "meaning"),
        (
            (
                f"`--{one.name}{f' {one.metavar}' if one.metavar else ''}`",
                f"`{one.variable}`",
                f"`{one.key}`",
                one.help,
            )
            for one in sorted(OPTIONS, key=lambda each: each.name)
        ),
    )


def routes_page(api: dict[str, Any]) -> Iterator[str]:
    """Every route of the API, by resource."""
    yield from (
        "# Routes",
        "",
        "`GET /openapi.json` contains the same descriptions, and",
        "[The HTTP API](../../http.md) explains filters and waiting. A route marked",
        f"*by host* also exists below `{BY_HOST}`.",
        "",
    )
    paths: dict[str, Any] = api["paths"]
    for tag in api["tags"]:
        yield from (f"## {tag['name']}", "", tag["description"], "")
        for path, operations in paths.items():
            if path.startswith(BY_HOST) and path.removeprefix(BY_HOST) in paths:
                continue
            for method in METHODS:
                operation = operations.get(method)
                if operation is not None and tag["name"] in operation["tags"]:
                    yield from _operation(path, method, operation, paths)


def _operation(
    path: str, method: str, operation: dict[str, Any], paths: dict[str, Any]
) -> Iterator[str]:
    by_host = method in paths.get(BY_HOST + path, ())
    yield f"### `{method.upper()} {path}`{' (by host)' if by_host else ''}"
    yield ""
    for text in (operation.get("summary"), operation.get("description")):
        if text:
            yield from (_markdown(text), "")
    parameters = [
        each for each in operation.get("parameters", ()) if each["in"] == "query"
    ]
    if parameters:
        yield from table(
            ("parameter", "type", "meaning"),
            (
                (
                    f"`{each['name']}`",
                    shown(each["schema"]),
                    _markdown(each["description"]),
                )
                for each in parameters
            ),
        )
    body = operation.get("requestBody", {}).get("content", {})
    for kind, content in body.items():
        yield from (f"Body, `{kind}`: {shown(content.get('schema', {}))}", "")
    for status, response in operation["responses"].items():
        if "$ref" not in response:
            kinds = response.get("content", {})
            content = ", ".join(
                f"`{kind}` {shown(each.get('schema', {}))}"
                for kind, each in kinds.items()
            )
            text = _markdown(response["description"]).rstrip(".")
            yield f"- **{status}** {text}{f': {content}' if content else ''}"
    errors = [s for s, each in operation["responses"].items() if "$ref" in each]
    if errors:
        yield f"- errors: {', '.join(errors)}"
    yield ""


def documents_page(schemas: dict[str, Any]) -> Iterator[str]:
    """The documents of the API, field by field."""
    yield from (
        "# Documents",
        "",
        "The JSON documents of the API. One whose name begins with `New` describes",
        "what a request may contain; the others describe what responses contain.",
        "",
    )
    for name, schema in sorted(schemas.items()):
        yield from (f"({anchor(name)})=", "", f"## {name}", "")
        if "description" in schema:
            yield from (_markdown(schema["description"]), "")
        choices = schema.get("anyOf", [schema])
        if not any("properties" in each for each in choices):
            yield from (shown(schema, own=True), "")
        for choice in choices:
            properties = choice.get("properties", {})
            if not properties:
                continue
            required = choice.get("required", ())
            yield from table(
                ("field", "type", "meaning"),
                (
                    (
                        f"`{title}`{' (required)' if title in required else ''}",
                        shown(each),
                        _markdown(each.get("description", "")),
                    )
                    for title, each in properties.items()
                    if each != {"type": "null"}
                ),
            )


def anchor(name: str) -> str:
    """The anchor of a document."""
    return f"document-{name.lower()}"


def shown(schema: dict[str, Any], own: bool = False) -> str:
    """A schema in a few words, with links to other documents."""
    match schema:
        case {"$ref": str(target)}:
            name = target.rpartition("/")[2]
            return f"[{name}](documents.md#{anchor(name)})"
        case {"const": value}:
            return f"`{value}`"
        case {"enum": list(values)}:
            return ", ".join(f"`{value}`" for value in values)
        case {"anyOf": list(choices)} | {"oneOf": list(choices)}:
            return " or ".join(dict.fromkeys(shown(each) for each in choices))
        case {"type": "array", "items": dict(items)}:
            return f"array of {shown(items)}"
        case {"type": "object", "properties": _} if not own:
            return "object"
        case {"type": list(kinds)}:
            return " or ".join(map(str, kinds))
        case {"type": str(kind)}:
            bounds = [
                f"{word} {schema[key]:,}"
                for key, word in (("minimum", "at least"), ("maximum", "at most"))
                if key in schema and abs(schema[key]) < UNBOUNDED
            ]
            return " ".join([kind, ", ".join(bounds)]).strip()
    return "any"


def metrics_page() -> Iterator[str]:
    """The metrics of `GET /metrics`."""
    yield from (
        "# Metrics",
        "",
        "`GET /metrics` returns them in Prometheus's text format, with those of the",
        "process (`process_…`, `python_…`).",
        "",
    )
    mock = Mock(MailHost("default", "mx.test"), Zone())
    yield from table(
        ("metric", "type", "meaning"),
        (
            (
                f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
                family.type,
                family.documentation,
            )
            for family in MockCollector(mock).collect()
        ),
    )


COMPUTED = {
    "self._rest.format(omitted)": "Mails: {omitted} more in this second are not shown",
    "' '.join(shown)": "Mail kept: id={id} from=<{from}> to=<{to}> size={size}"
    ' session={session} host={host} reply="{reply}"',
    "restored": "Restored from {store}: {summary}",
    "error_line": "No certificate of {host}: {error}",
}
"""The text of lines that the code puts together, by the expression in the code."""

LEVELS = {"critical": "error", "failure": "error, with a traceback"}
"""The levels of methods of a logger, if they have another name."""

LOGGING = {"say", "announce", "info", "warn", "error", "critical", "failure"}
"""The methods that log a line."""


def log_page() -> Iterator[str]:
    """Every line that the service logs, from the calls in the code."""
    yield from (
        "# Log lines",
        "",
        "Every line that the service logs. A word in braces is a value. With",
        "`--log-format json` a line has the fields, too.",
        "[Operation](../../operation.md#the-log) explains levels, limits and formats.",
        "",
    )
    dropped = "`{dropped} lines were dropped: the log was not read fast enough`"
    rows = [row for path in log_sources() for row in log_lines(path)]
    rows.append((dropped, "warn", "`mocksmtp.logs`", "`dropped`"))
    order = ["always", "info", "debug", "warn", "error", LEVELS["failure"]]
    rows.sort(key=lambda row: order.index(row[1]))
    titles = ("line", "level", "namespace, or its beginning", "fields")
    yield from table(titles, dict.fromkeys(rows))


def log_sources() -> list[Path]:
    """The modules of the service; commands and clients print, and log nothing."""
    others = {"cli", "client", "testing"}
    return sorted(
        path
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in others and path.name != "tap.py"
    )


def log_lines(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """The lines that a module logs: their texts, levels, namespaces and fields."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    tree = ast.parse(path.read_text())
    named = [
        str(key.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "fields"
        if isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    ]
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and (method := _logging(call)) is not None:
            yield _log_line(call, method, ".".join(("mocksmtp", *parts)), named)


def _logging(call: ast.Call) -> str | None:
    """The method of a logger that is called, or None."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LOGGING:
        return None
    owner = ast.unparse(call.func.value)
    return call.func.attr if re.search(r"(?:^|[._])(?:log|lines)$", owner) else None


def _log_line(
    call: ast.Call, method: str, namespace: str, named: list[str]
) -> tuple[str, str, str, str]:
    arguments = [*call.args]
    level = LEVELS.get(method, method)
    names = [one.arg for one in call.keywords if one.arg is not None]
    if method == "say":
        level = ast.unparse(arguments.pop(0)).rpartition(".")[2].lower()
        if any(ast.unparse(one.value) == "fields" for one in call.keywords):
            names = named
    if method in ("say", "announce"):
        own = arguments[1:]
        namespace = ast.literal_eval(own[0]) if own else "mocksmtp"
    if method == "announce":
        level = "always"
    if method == "failure":
        names = []
    text = _log_text(arguments[0])
    return (
        f"`{text}`" if text else "(none)",
        level,
        f"`{namespace}`",
        ", ".join(f"`{name}`" for name in names),
    )


def _log_text(node: ast.expr) -> str:
    """The text of a line, with its values as words in braces."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return f"{{{name}}}"
        case ast.FormattedValue(value=ast.Call(args=[ast.Name(id=name), *_])):
            return f"{{{name}}}"
        case ast.FormattedValue():
            return "{…}"
        case ast.JoinedStr(values=parts):
            return "".join(map(_log_text, parts))
    return COMPUTED[ast.unparse(node)]


def _markdown(text: str) -> str:
    """Text of the code, whose literals have two backquotes, as Markdown."""
    return text.replace("``", "`")
