"""``/ca.pem``: the root of the service's own certificates, for clients to trust."""

from __future__ import annotations

from typing import Any

from mocksmtp.http.describing import answers, text
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import send_body
from mocksmtp.http.routing import Call, Route

PEM = "application/pem-certificate-chain"
"""RFC 8555 §9.1."""


def get_root(call: Call[Any]) -> bytes:
    """The root of the certificates that the service makes, in PEM."""
    if call.api.root_pem is None:
        raise not_found("the service makes no certificates")
    return send_body(call.request, call.api.root_pem(), PEM)


ROUTES = (
    Route("GET", "/ca.pem", get_root, answers=answers(text(PEM)), problems=(404,)),
)
