"""Dialogues with a host that has behaviors, as their documents say them."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import MailHost
from tests.smtp.dialogue import Dialogue


def mocked(*documents: Any, clock: Clock | None = None, **host: Any) -> Dialogue:
    """A dialogue with a host that has these behaviors."""
    made = MailHost("default", "mx.test", **host)
    made.behaviors.replace_all(SMTP.parse_all(list(documents)))
    return Dialogue(made, clock)


def on(command: str, code: int | None = None, /, **more: Any) -> dict[str, Any]:
    """
    The document of a behavior.

    :param more: fields of it; what is no field of a behavior is one of its response
    """
    own = {"condition", "numberOfAnswer", "skip", "per", "activeFor", "window"}
    own |= {"probability", "scenario", "id", "tag", "responses", "enabled"}
    document = {key: value for key, value in more.items() if key in own}
    response = {key: value for key, value in more.items() if key not in own}
    if code is not None:
        response["code"] = code
    if response:
        document["response"] = response
    return {"command": command, **document}


def when(
    target: str, value: str | None = None, operator: str = "contains"
) -> dict[str, Any]:
    """A condition on a target."""
    document = {"target": target, "operator": operator}
    return document if value is None else {**document, "matchingValue": value}
