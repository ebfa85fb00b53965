"""Responses of behaviors: documents to model and back."""

from __future__ import annotations

import re
from typing import Any

import attrs

from mocksmtp.codec.conditions import check_target
from mocksmtp.codec.gated import ONCE, structure_times
from mocksmtp.codec.leniency import (
    at,
    enum_hook,
    lenient_int,
    lenient_text,
    number,
    seconds,
    whole,
)
from mocksmtp.documents.problems import MAX_SHOWN, Refused, listed, shown
from mocksmtp.documents.structure import (
    class_hook,
    new_converter,
    strict_dict,
    strict_str,
)
from mocksmtp.documents.units import milliseconds
from mocksmtp.model.behavior import DISCARDING, Command, Effect, Response
from mocksmtp.model.fault import (
    MAX_SECONDS,
    NO_DELAY,
    Delay,
    Drip,
    Fixed,
    LogNormal,
    Then,
    Uniform,
)
from mocksmtp.model.point import NO_REPLY
from mocksmtp.model.response import MAX_MESSAGE

MAX_SIGMA = 10.0
"""The widest log-normal delay."""

_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)


@attrs.frozen(kw_only=True)
class ResponseFields:
    """What a document says of a response."""

    code: int | None = None
    message: str | None = None
    effect: Effect | None = None
    enhanced_code: str | None = None
    raw: bytes | None = None
    delay: Delay = NO_DELAY
    drip: Drip | None = None
    then: Then = Then.CONTINUE
    then_delay: float = 0.0
    template: bool = False
    times: int | None = ONCE


def _code(value: Any, _: Any) -> int:
    code = lenient_int(value)
    if not 200 <= code <= 599:
        raise Refused(f"must be from 200 to 599, not {code}")
    return code


def _message(value: Any, _: Any) -> str | None:
    if value is None:
        return None
    message = lenient_text(value).replace("\r\n", "\n")
    if "\r" in message:
        raise Refused("has a carriage return without a line feed")
    if len(message.encode()) > MAX_MESSAGE:
        raise Refused(f"must have {MAX_MESSAGE:,} octets at most")
    return message


def _enhanced_code(value: Any, _: Any) -> str:
    if not _ENHANCED.fullmatch(text := strict_str(value)):
        raise Refused(f"no enhanced status code: {shown(text)}; as in 4.7.1")
    return text


def _raw(value: Any, _: Any) -> bytes:
    try:
        octets = strict_str(value).encode("latin-1")
    except UnicodeEncodeError:
        raise Refused("must be octets: characters up to U+00FF") from None
    if len(octets) > MAX_MESSAGE:
        raise Refused(f"must have {MAX_MESSAGE:,} octets at most")
    return octets


DELAYS = {
    "fixed": ("milliseconds",),
    "uniform": ("lower", "upper"),
    "lognormal": ("median", "sigma", "maxValue"),
}
"""The kinds of delays, with their fields."""


def structure_delay(value: Any, _: Any) -> Delay:
    """A delay: a duration, or an object that says of which kind it is."""
    if not isinstance(value, dict):
        return Fixed(seconds(value))
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in DELAYS:
        raise Refused(f"must be {listed(list(DELAYS))}", "type")
    for name in value:
        if name not in ("type", *DELAYS[kind]):
            known = listed(["type", *DELAYS[kind]])
            raise Refused(f"unknown field; {known}", name[:MAX_SHOWN])
    for name in DELAYS[kind]:
        if name not in value and name != "maxValue":
            raise Refused("required, but missing", name)
    if kind == "fixed":
        return Fixed(at(".milliseconds", seconds, value["milliseconds"]))
    if kind == "uniform":
        lower, upper = (at(f".{n}", seconds, value[n]) for n in ("lower", "upper"))
        if upper < lower:
            raise Refused("must not be below lower", "upper")
        return Uniform(lower, upper)
    return _log_normal(value)


def _log_normal(value: dict[str, Any]) -> Delay:
    sigma = at(".sigma", number, value["sigma"])
    if not 0 <= sigma <= MAX_SIGMA:
        raise Refused(f"must be from 0 to {MAX_SIGMA:g}", "sigma")
    most = MAX_SECONDS
    if "maxValue" in value:
        most = at(".maxValue", seconds, value["maxValue"])
    return LogNormal(at(".median", seconds, value["median"]), sigma, most)


def _drip(value: Any, _: Any) -> Drip:
    document = strict_dict(value)
    for name in document:
        if name not in ("bytes", "interval"):
            known = listed(["bytes", "interval"])
            raise Refused(f"unknown field; {known}", name[:MAX_SHOWN])
    if "interval" not in document:
        raise Refused("required, but missing", "interval")
    octets = at(".bytes", lambda v: whole(v, 1, MAX_MESSAGE), document.get("bytes", 1))
    interval = at(".interval", lambda v: seconds(v, 1e-3), document["interval"])
    return Drip(octets, interval)


_converter = new_converter()
_converter.register_structure_hook(Effect, enum_hook("effect"))
_converter.register_structure_hook(Then, enum_hook("end"))
_fields = class_hook(
    _converter,
    ResponseFields,
    code=_code,
    message=_message,
    enhanced_code=_enhanced_code,
    raw=_raw,
    delay=structure_delay,
    drip=_drip,
    then_delay=lambda value, _: seconds(value),
    times=structure_times,
)


def structure_response(value: Any, _: object = None) -> Response:
    """
    A response.

    :raises Refused: the document describes none
    """
    fields: ResponseFields = _fields(value, ResponseFields)
    response = Response(**{f.name: getattr(fields, f.name) for f in _FIELDS})
    _check(response)
    given = value.keys() & {"delay", "drip"} or response.effect is not None
    if not (given or response.speaks or response.is_silent):
        raise Refused("required, but missing", "code")
    return response


_FIELDS = attrs.fields(ResponseFields)


def _check(response: Response) -> None:
    """Refuse what does not go together."""
    if response.raw is not None:
        for name in "code", "message", "enhanced_code", "template":
            if getattr(response, name) not in (None, False):
                field = "enhancedCode" if name == "enhanced_code" else name
                raise Refused("can't be given with raw", field)
    says = response.code is not None or response.message is not None
    if response.enhanced_code is not None and not says:
        raise Refused("needs a code or a message to go before", "enhancedCode")
    if response.template and response.message is None:
        raise Refused("needs a message", "template")
    at(".message", lambda _: response.filled, None)


def check_response(response: Response, command: Command) -> None:
    """
    Refuse what makes no sense at a command.

    :raises Refused: it does not
    """
    if response.effect is Effect.DISCARD and command not in DISCARDING:
        names = ", ".join(command.value for command in Command if command in DISCARDING)
        raise Refused(f"discard goes with {names} only", "effect")
    if command in NO_REPLY and response.message is not None and response.code is None:
        message = f"required with a message at {command.value}, which has no reply"
        raise Refused(message, "code")
    template = response.filled
    for target in () if template is None else template.targets:
        check_target(target, command, ".message")


def response_document(response: Response, in_turn: bool) -> dict[str, Any]:
    """The document that describes `response`, with the fields that it uses."""
    document: dict[str, Any] = {
        "code": response.code,
        "message": response.message,
        "effect": None if response.effect is None else response.effect.value,
        "enhancedCode": response.enhanced_code,
        "raw": None if response.raw is None else response.raw.decode("latin-1"),
        "delay": delay_document(response.delay),
        "drip": None if response.drip is None else _drip_document(response.drip),
        "then": None if response.then is Then.CONTINUE else response.then.value,
        "thenDelay": milliseconds(response.then_delay) or None,
        "template": response.template or None,
    }
    document = {name: value for name, value in document.items() if value is not None}
    if response.is_modifier and response.drip is None:
        document.setdefault("delay", 0)
    if in_turn and response.times != ONCE:
        document["times"] = response.times
    return document


def delay_document(delay: Delay) -> object:
    """The document that describes `delay`; None for none."""
    match delay:
        case Fixed():
            return milliseconds(delay.seconds) or None
        case Uniform():
            return {
                "type": "uniform",
                "lower": milliseconds(delay.lower),
                "upper": milliseconds(delay.upper),
            }
        case LogNormal():
            document = {
                "type": "lognormal",
                "median": milliseconds(delay.median),
                "sigma": delay.sigma,
            }
            if delay.max_value != MAX_SECONDS:
                document["maxValue"] = milliseconds(delay.max_value)
            return document


def _drip_document(drip: Drip) -> dict[str, float]:
    return {"bytes": drip.octets, "interval": milliseconds(drip.interval)}
