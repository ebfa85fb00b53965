"""Envelopes and documents as stores keep them."""

from __future__ import annotations

from typing import Any

import orjson

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter, PathCommand
from mocksmtp.mail.mail import Envelope
from mocksmtp.store.interface import Kind

OVERHEAD = 400
"""Approximate octets of a stored mail without its texts."""

SECRET = frozenset({Kind.CERTIFICATE.value})
"""Kinds of documents that contain private keys."""


def clean(text: str) -> str:
    """`text`, with U+FFFD for what is not valid UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass").decode(errors="replace")
    return text


def write_envelope(envelope: Envelope) -> bytes:
    """An envelope as JSON."""
    document = {
        "from": _path(envelope.sender, envelope.parameters),
        "recipients": [
            _path(one.address, one.parameters) for one in envelope.recipients
        ],
    }
    return orjson.dumps(document)


def read_envelope(text: str | bytes) -> Envelope:
    """The envelope that `write_envelope` has written."""
    document = orjson.loads(text)
    sender = _read_path(document["from"])
    recipients = tuple(map(_read_path, document["recipients"]))
    return Envelope(sender.address, sender.parameters, recipients)


def _path(address: Address, parameters: tuple[Parameter, ...]) -> list[Any]:
    return [clean(address.text), *([clean(p.name), clean(p.value)] for p in parameters)]


def _read_path(path: list[Any]) -> PathCommand:
    text, *parameters = path
    return PathCommand(Address(text), tuple(Parameter(*one) for one in parameters))


def remove_secrets(state: dict[str, dict[str, Any]]) -> None:
    """Remove keys and passwords from the documents of hosts."""
    for host in state.get(Kind.HOST.value, {}).values():
        if not isinstance(host, dict):
            continue
        tls, auth = host.get("tls"), host.get("auth")
        if tls and isinstance(tls["certificate"], dict):
            tls["certificate"]["keyPem"] = None
        if auth and isinstance(auth["users"], dict):
            auth["users"] = dict.fromkeys(auth["users"])
