"""What schemathesis is told of the API beyond its description.

It loads this as its hooks: how texts are made that only some texts are, and what is
not sent as it was made up, because it would wait or listen on any address.
"""

from __future__ import annotations

import itertools
import os
import re
import smtplib
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.request import Request, urlopen

import schemathesis
from hypothesis import strategies

from mocksmtp.behaviors.delay import DELAY
from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.document import parse
from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.units import parse_duration, parse_time
from mocksmtp.hosts.listeners import MailProtocol
from mocksmtp.http.added_mails import new_recipients, new_sender
from mocksmtp.http.route import recipient_with_domain
from mocksmtp.mail.keywords import network, parse_expression
from mocksmtp.tls.authority import Authority
from mocksmtp.tls.documents import PEM_BEGIN
from mocksmtp.tls.settings import CertificateKind, TlsMode
from mocksmtp.zone.names import parse_name
from mocksmtp.zone.rdata import RRType, is_data_type, type_number
from mocksmtp.zone.rdata_fields import parse_generic
from mocksmtp.zone.text import zone_text
from tests.zone.strategies import records

LABELS = strategies.from_regex(r"[a-z0-9_]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NAMES = strategies.lists(LABELS, max_size=5).map(lambda labels: ".".join(labels) or ".")
TYPES = strategies.sampled_from([one.name for one in RRType if is_data_type(one)])
OCTETS = strategies.binary(max_size=20)
TURNS = itertools.cycle((True, False))
NUMBERS = itertools.count(1)

PATIENCE = 2.0
"""Seconds to wait for the service where a generated setting may stop its reply."""

OWN = Authority().identity(CertificateKind.SELF_SIGNED, ("mx.test",))
PROTOCOLS = [protocol.value for protocol in MailProtocol]
MODES = [None, *(mode.value for mode in TlsMode)]

FORMATS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(
        ("name", "names", "exchange", "target", "mname", "rname"), parse_name
    ),
    "type": type_number,
    "data": parse_generic,
}
"""Fields whose format has no regular expression, with what reads them."""

schemathesis.openapi.format("domain-name", NAMES)
schemathesis.openapi.format("rrtype", TYPES)
schemathesis.openapi.format(
    "query-type",
    TYPES.filter(lambda name: name not in ("SECURE", "TLSAFROM"))
    | strategies.integers(1000, 60000).map(lambda number: f"TYPE{number}"),
)
schemathesis.openapi.format(
    "rdata", OCTETS.map(lambda octets: rf"\# {len(octets)} {octets.hex()}".strip())
)
schemathesis.openapi.media_type(
    "text/dns", records.map(lambda made: zone_text(made).encode())
)
MAIL = b"From: a@x.test\nTo: b@x.test\nSubject: %s\n\nhello\n"
MAILS = strategies.integers(0, 9).map(lambda number: MAIL % str(number).encode())
MAILBOXES = strategies.lists(MAILS, min_size=1, max_size=3).map(
    lambda mails: b"".join(
        b"From a@x.test Thu Jan  1 00:00:00 1970\n%s\n" % mail for mail in mails
    )
)
schemathesis.openapi.media_type("message/rfc822", MAILS)
schemathesis.openapi.media_type("application/mbox", MAILBOXES)
for kind in "message/rfc822", "application/mbox":
    schemathesis.serializer.alias(kind, "application/octet-stream")

EVERYWHERE = strategies.sampled_from(["clientIp", "listener", "messageCount"])
schemathesis.openapi.format("target", EVERYWHERE)
schemathesis.openapi.format("counted", EVERYWHERE | strategies.just("connection"))
schemathesis.openapi.format("re2", strategies.sampled_from(["a+", "^$", "(x|y).z"]))
schemathesis.openapi.format("cidr", strategies.sampled_from(["10.0.0.0/8", "::/0"]))

schemathesis.openapi.format(
    "mail-search",
    strategies.sampled_from(["hello", "from:bob -has:attachment", '"a b"']),
)

PARAMETERS: dict[str, Callable[[str], object]] = {
    "clientIp": network,
    "q": parse_expression,
    "since": parse_time,
    "until": parse_time,
}
"""Parameters whose format has no regular expression, with what reads them."""

ADDRESSES: dict[str, Callable[[str], object]] = {
    "from": new_sender,
    "to": new_recipients,
}
"""Parameters of POST /smtpMails, with what reads them."""

BEYOND = re.compile(
    r"can't be known|unknown target|as in (parameter|header):NAME|no name of a"
    r"|required at|required with a message at|not a network|not a regular expression"
    r"|must not be below|is only allowed at MAIL|null is only allowed on the last"
    r"|must be another state|used twice|contains .* twice|global can't be combined"
    r"|unknown type|ANY can't be combined|is no type of queries|can't be sent"
    r"|only allowed in /dnsRecords"
)
"""What no schema says of a behavior, as its reader tells it."""


def goes_together(
    body: dict[str, Any], parse: Callable[[Any], object] = SMTP.parse_one
) -> bool:
    """Whether a behavior is refused, if it is, for what a schema can say."""
    try:
        parse(body)
    except DocumentError as error:
        return not any(BEYOND.search(one.message) for one in error.problems)
    return True


@schemathesis.hook
def filter_body(context: Any, body: Any) -> bool:
    """Leave out texts of a format that are not: now and then it makes any text."""
    match body:
        case dict() if "command" in body:
            return goes_together(body)
        case dict() if "query" in body:
            return goes_together(body, DNS.parse_one) and all(
                filter_body(context, item) for item in records_in(body)
            )
        case dict():
            return all(
                filter_body(context, value) and fits(name, value)
                for name, value in body.items()
            )
        case list():
            return all(filter_body(context, item) for item in body)
        case _:
            return True


def records_in(body: dict[str, Any]) -> list[Any]:
    """What the responses of a DNS behavior have as records."""
    several = body.get("responses")
    responses = [body.get("response"), *(several if isinstance(several, list) else ())]
    told = [one.get("records") for one in responses if isinstance(one, dict)]
    return [item for items in told if isinstance(items, list) for item in items]


def fits(name: str, value: Any) -> bool:
    """Whether the field of that name is what its format says, if it is a text."""
    values = value if isinstance(value, list) else [value]
    try:
        for text in values:
            if name in FORMATS and isinstance(text, str):
                FORMATS[name](text)
    except ValueError:
        return False
    return True


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    """Leave out queries that are refused for what no schema can say."""
    if not isinstance(query, dict):
        return True
    try:
        for name, read in PARAMETERS.items():
            if isinstance(query.get(name), str):
                read(query[name])
        operation = getattr(context, "operation", None)
        is_route = operation is not None and operation.path == "/route"
        if is_route and isinstance(query.get("to"), str):
            parse_name(recipient_with_domain(query["to"]).rpartition("@")[2])
        if operation is not None and operation.label == "POST /smtpMails":
            for name, address in ADDRESSES.items():
                if isinstance(query.get(name), str):
                    address(query[name])
    except ValueError:
        return False
    return True


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Have something there to be found, and do nothing that takes long or is seen."""
    if isinstance(case.query, dict):
        with suppress(KeyError, TypeError, ValueError):
            parse_duration(case.query["wait"])
            case.query["wait"] = "10ms"
        with suppress(KeyError, TypeError, ValueError):
            parse_duration(case.query["settle"])
            case.query["settle"] = "0ms"
    if isinstance(case.body, (dict, list)):
        case.body = written_whole(case.body)
        for one in case.body if isinstance(case.body, list) else [case.body]:
            lead_on(one)
    named = ("/smtpBehaviors/{id}", "/dnsBehaviors/{id}", "/dnsRecords/{id}")
    if case.operation.path in named and isinstance(case.body, dict):
        case.body.pop("id", None)
    if case.operation.path in ("/hosts", "/hosts/{name}"):
        tame(case)
    if case.operation.path.startswith("/hosts/{name}/") and next(TURNS):
        case.path_parameters["name"] = "default"
    if case.operation.path.startswith(("/smtpMails/{id}", "/smtpSessions/{id}")):
        ask_for_what_is_there(case)


def lead_on(body: Any) -> None:
    """Have a scenario lead on, and conditions test something: beyond JSON Schema."""
    widen(body)
    match body:
        case {"responses": [*others, _]}:
            for each in others:
                if isinstance(each, dict) and each.get("times", 1) is None:
                    del each["times"]
    match body:
        case {
            "command": "CONNECT" | "TLS" | "DATA CONTENT",
            "condition": dict(condition),
        }:
            aim(condition)
    match body:
        case {"scenario": {"state": str(state), "next": str(after)} as scenario}:
            if state == after and len(scenario) == 3:
                del scenario["next"]


def widen(value: Any) -> None:
    """Let no range of a delay be empty."""
    match value:
        case {"type": "uniform"}:
            try:
                parse(DELAY, value)
            except DocumentError as error:
                if "below lower" in str(error):
                    value["lower"] = 0
        case dict():
            for each in value.values():
                widen(each)
        case list():
            for each in value:
                widen(each)


def aim(condition: dict[str, Any]) -> None:
    """Give a condition a target, where its command has no subject of its own."""
    inner = condition.get("conditions")
    for each in (condition.get("condition"), *(inner if type(inner) is list else ())):
        if isinstance(each, dict):
            aim(each)
    others = ("matchAll", "all", "any", "not")
    if condition.get("operator") not in others and condition.get("target") is None:
        condition["target"] = "clientIp"


def ask_for_what_is_there(case: Any) -> None:
    """Have every second request name the mail, or the session, that has just come."""
    if next(TURNS):
        case.path_parameters["id"] = str(deliver())
        if "n" in case.path_parameters:
            case.path_parameters["n"] = "1"


def deliver() -> int:
    """Send a mail; tells its number, and its session's."""
    # What was made up may well leave a client hanging.
    calm = Request(f"{os.environ['MOCK_URL']}/smtpBehaviors", method="DELETE")
    calm.add_header("Authorization", f"Bearer {os.environ['MOCK_TOKEN']}")
    urlopen(calm, timeout=PATIENCE).close()
    host, _, port = os.environ["MOCK_SMTP"].rpartition(":")
    with (
        suppress(smtplib.SMTPException, OSError),
        smtplib.SMTP(host, int(port), timeout=PATIENCE) as smtp,
    ):
        smtp.sendmail("b@x.test", ["a@x.test"], "Subject: hi\n\ntext\n")
    return next(NUMBERS)


def written_whole(value: Any) -> Any:
    """A document in which 1.0 is written 1: JSON Schema has no word for that."""
    match value:
        case dict():
            return {name: written_whole(item) for name, item in value.items()}
        case list():
            return [written_whole(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def tame(case: Any) -> None:
    """
    Have a host listen where it does no harm, under the name that the path has.

    What only looks like PEM is made a certificate, and secrets are made up that may be
    left out where the host has them.
    """
    body = case.body
    if not isinstance(body, dict):
        return
    if case.operation.path != "/hosts" and isinstance(body.get("name"), str):
        del body["name"]
    match body:
        case {"tls": {"certificate": {"certificatePem": str(pem)} as certificate}}:
            key = certificate.get("keyPem")
            if PEM_BEGIN in pem:
                certificate["certificatePem"] = OWN.chain_pem.decode()
            if key is None or (isinstance(key, str) and PEM_BEGIN in key):
                certificate["keyPem"] = OWN.key_pem.decode()
    match body:
        case {"auth": {"users": dict(users)}}:
            users |= {name: "" for name, told in users.items() if told is None}
    listeners = body.get("listeners")
    for listener in listeners if isinstance(listeners, list) else ():
        if isinstance(listener, dict) and is_valid(**listener):
            listener.update(address="127.0.0.1", port=0)


def is_valid(
    address: Any = "::1",
    port: Any = 0,
    protocol: Any = "smtp",
    tls: Any = None,
    **others: Any,
) -> bool:
    """Whether a listener is one that the service might open."""
    if protocol not in PROTOCOLS or tls not in MODES:
        return False
    try:
        ip_address(address)
    except ValueError:
        return False
    return type(port) is int and 0 <= port < 2**16 and not others
