"""The steps of an exchange, and what they come to."""

from __future__ import annotations

from collections.abc import Generator

import attrs

from mocksmtp.model.auth import Mechanism
from mocksmtp.model.reply import Reply
from mocksmtp.sasl import replies


@attrs.frozen
class Verdict:
    """
    What a server finds of credentials that it has seen in whole.

    :ivar accepted: whether they are good
    :ivar user: whose they claim to be, as the client named them
    :ivar mechanism: by which they came
    :ivar reply: the server's own: 235, or 535
    """

    accepted: bool
    user: str
    mechanism: Mechanism
    reply: Reply


def verdict(accepted: bool, user: str, mechanism: Mechanism) -> Verdict:
    """The verdict with the reply that belongs to it."""
    reply = replies.AUTHENTICATED if accepted else replies.INVALID_CREDENTIALS
    return Verdict(accepted, user, mechanism, reply)


Step = Reply | Verdict
"""What a line of the client brings: a challenge, a refusal, or the verdict."""

Dialogue = Generator[bytes, bytes, Step]
"""
A mechanism at work: it yields challenges, is sent the client's responses, both as
plain octets, and returns how it ends. It may raise `Malformed`.

Where the client speaks first, the first challenge is the one that an initial
response makes needless.
"""


class Malformed(Exception):
    """A response is not what its mechanism asks for. It says nothing of what it was."""
