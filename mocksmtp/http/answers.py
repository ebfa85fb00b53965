"""Answers that are sent whole."""

from __future__ import annotations

from typing import Any

import orjson
from twisted.web.iweb import IRequest

JSON = "application/json"


def send_body(
    request: IRequest, body: bytes, content_type: str = JSON, status: int = 200
) -> bytes:
    """Have `body` sent, with its length."""
    request.setResponseCode(status)
    request.setHeader("Content-Type", content_type)
    request.setHeader("Content-Length", str(len(body)))
    return body


def send_json(request: IRequest, document: Any, status: int = 200) -> bytes:
    """Have `document` sent as JSON."""
    return send_body(request, orjson.dumps(document), status=status)


def send_nothing(request: IRequest) -> None:
    """Done, and there is nothing to say about it."""
    request.setResponseCode(204)
