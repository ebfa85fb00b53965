"""``/docs``: the site of the documentation, which distributions contain.

Rules:

- The site is one archive in the package, which `make site` writes. An installation
  without it, as from a clone, answers 404.
- A page is read when it is requested, in a thread; none is kept in memory.
- It needs no token: it is the same for everyone.
- Parameters are for the scripts of a page (a search), or name the version of a file.
- Its inline scripts are allowed by their digests; the policy permits no other.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import attrs

from mocksmtp import web
from mocksmtp.http.guard import MANUAL_PATH
from mocksmtp.http.parameters import AnyParameters
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.responses import HTML, send_body
from mocksmtp.http.routing import Agreement, Call, ResponseBody, Route, at_root

SITE = Path(web.__file__).parent / "site.zip"
"""The archive of the site."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": HTML,
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}

_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)

_ABSENT = (
    "this installation does not contain the documentation; see"
    " https://github.com/mocksmtp/mocksmtp/tree/main/docs"
)


@attrs.frozen
class ManualFile:
    """
    A file of the site.

    :ivar tag: changes with its content
    """

    content: bytes
    type: str
    tag: str

    @property
    def policy(self) -> str:
        """Its Content-Security-Policy."""
        return "; ".join(
            (
                "default-src 'none'",
                " ".join(("script-src 'self'", *self._script_digests())),
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data:",
                "connect-src 'self'",  # searches show parts of the pages
                "form-action 'self'",
                "base-uri 'none'",
                "frame-ancestors 'none'",
            )
        )

    def _script_digests(self) -> Iterator[str]:
        if self.type == HTML:
            for script in dict.fromkeys(_INLINE_SCRIPT.findall(self.content)):
                yield f"'sha256-{b64encode(sha256(script).digest()).decode()}'"


@cache
def has_manual() -> bool:
    """Whether this installation contains the site."""
    return SITE.is_file()


def read_file(site: Path, name: str) -> ManualFile:
    """
    Read a file of the site; blocks.

    :param name: its path within the site
    :raises KeyError: the site has no such file
    :raises OSError: there is no site
    """
    with ZipFile(site) as archive:
        entry = archive.getinfo(name)
        kind = _TYPES[Path(name).suffix]
        tag = f"{entry.CRC:08x}-{entry.file_size:x}"
        return ManualFile(archive.read(entry), kind, tag)


async def get_manual(call: Call[Any], name: str = "index.html") -> ResponseBody:
    """A page of the documentation, or a file that it refers to."""
    request = call.request
    try:
        file: ManualFile = await call.api.in_thread(read_file, SITE, name)
    except (OSError, BadZipFile):
        raise not_found(_ABSENT) from None
    except KeyError:
        raise not_found(f"the documentation has no page {name!r}"[:200]) from None
    request.setHeader("Content-Security-Policy", file.policy)
    request.setHeader("Cache-Control", "no-cache")
    if request.setETag(f'"{file.tag}"'.encode()):
        return b""
    return send_body(request, file.content, file.type)


def get_manual_root(call: Call[Any]) -> ResponseBody:
    """Lead to the first page, to which the others are relative."""
    raise HttpProblem(
        303, f"see {MANUAL_PATH}/", headers={"Location": f"{MANUAL_PATH}/"}
    )


_route = partial(Route, agreement=Agreement.NOTHING)

ROUTES = at_root(
    _route("GET", MANUAL_PATH, get_manual_root),
    _route("GET", f"{MANUAL_PATH}/", get_manual, AnyParameters),
    _route("GET", f"{MANUAL_PATH}/<path:name>", get_manual, AnyParameters),
)
