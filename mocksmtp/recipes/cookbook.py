"""Makes ``recipes.json`` from pages and the names and parameters below.

.. code-block:: sh

    python -m mocksmtp.recipes.cookbook docs/cookbook.md docs/providers.md
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

_SECTION = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_RECIPE = re.compile(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
_DOCUMENT = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")

Place = tuple[int | str, ...]
"""A path into the documents of a recipe: the number of a document, then keys."""


@attrs.frozen
class _Parameter:
    name: str
    meaning: str
    places: tuple[Place, ...]


def _at(name: str, meaning: str, *places: str) -> _Parameter:
    """
    Declare a parameter.

    :param places: where its value belongs, as ``0.0.response.code``
    """
    paths = (place.split(".") for place in places)
    return _Parameter(
        name,
        meaning,
        tuple(tuple(int(k) if k.isdigit() else k for k in path) for path in paths),
    )


def _reply(*behaviors: str) -> tuple[_Parameter, ...]:
    """Declare the reply of one behavior, or of several with the same one."""
    codes = [f"{behavior}.response.code" for behavior in behaviors]
    texts = [f"{behavior}.response.message" for behavior in behaviors]
    return _at("code", "the reply code", *codes), _at("message", "the text", *texts)


_TEXT_OF_RECIPIENT = "text that the recipient contains; null for all recipients"


def _recipient(*behaviors: str) -> _Parameter:
    places = [f"{behavior}.condition" for behavior in behaviors]
    return _at("recipient", _TEXT_OF_RECIPIENT, *places)


def _size(behavior: str) -> _Parameter:
    place = f"{behavior}.condition.matchingValue"
    return _at("size", "octets of the content from which it applies", place)


def _certificate() -> _Parameter:
    return _at("certificate", "the certificate of the host", "0.tls.certificate")


def _limit(behavior: str) -> tuple[_Parameter, ...]:
    """Declare a rate: how many of its matches are accepted within which time."""
    return (
        _at("mails", "mails that are accepted within the window", f"{behavior}.skip"),
        _at("window", "the time", f"{behavior}.window"),
    )


def _connections(behavior: str) -> tuple[_Parameter, ...]:
    return (
        _at("connections", "connections within the window", f"{behavior}.skip"),
        _at("window", "the time", f"{behavior}.window"),
    )


def _capabilities() -> _Parameter:
    return _at("capabilities", "the lines of the EHLO reply", "0.capabilities")


NAMES: dict[str, tuple[str, tuple[_Parameter, ...]]] = {
    # Connection
    "No listener": ("no_listener", ()),
    "Reset right after the connection": ("reset_connections", ()),
    "Closed before the banner": ("close_connections", ()),
    "Accepted, then silent": ("silent_connections", ()),
    "One address of a host fails, the other works": (
        "one_address_fails",
        _reply("1.0"),
    ),
    "IPv6 refused, IPv4 accepted": ("ipv6_refused", ()),
    # Banner and EHLO
    "The banner is 421": ("outage", _reply("0.0")),
    "The banner is 554": ("no_service", _reply("0.0")),
    "The banner is 521": ("no_mail_here", _reply("0.0")),
    "A banner of several lines": (
        "long_banner",
        (_at("message", "the lines", "0.0.response.message"),),
    ),
    "A slow banner on some connections": (
        "slow_banner",
        (
            _at("probability", "the share of connections", "0.0.probability"),
            _at("delay", "the time before the banner", "0.0.response.delay"),
        ),
    ),
    "A dripped banner": (
        "dripped_banner",
        (_at("interval", "the time per octet", "0.0.response.drip.interval"),),
    ),
    "A banner over 512 octets": ("oversized_banner", ()),
    "A non-ASCII banner": ("non_ascii_banner", ()),
    "Junk before the banner": ("junk_before_banner", ()),
    "EHLO is unknown": ("no_ehlo", _reply("0.0")),
    "EHLO gets 421": ("ehlo_outage", _reply("0.0")),
    "Reset at EHLO": ("reset_at_ehlo", ()),
    "No extensions": ("no_extensions", ()),
    "Other extensions under TLS": (
        "other_extensions_under_tls",
        (
            _at("beforeTls", "the lines in clear", "0.capabilities.beforeTls"),
            _at("underTls", "the lines under TLS", "0.capabilities.underTls"),
        ),
    ),
    "Unusual keywords": ("unusual_keywords", ()),
    # TLS
    "TLS not offered": ("no_tls", ()),
    "STARTTLS temporarily refused": ("starttls_deferred", _reply("1.0")),
    "STARTTLS permanently refused": ("starttls_rejected", _reply("1.0")),
    "Closed at STARTTLS": ("close_at_starttls", ()),
    "220 to STARTTLS, then closed": ("close_after_starttls", ()),
    "220 to STARTTLS, then garbage, once": ("garbage_instead_of_tls", ()),
    "220 to STARTTLS, then silence": ("silence_instead_of_tls", ()),
    "Only obsolete versions of TLS": (
        "obsolete_tls",
        (
            _at("minVersion", "the lowest version", "0.tls.minVersion"),
            _at("maxVersion", "the highest version", "0.tls.maxVersion"),
        ),
    ),
    "A self-signed certificate": ("self_signed_certificate", ()),
    "An expired certificate": ("expired_certificate", ()),
    "A certificate for another name": ("wrong_name_certificate", ()),
    "A certificate of an unknown authority": ("untrusted_certificate", ()),
    "A client certificate is required": ("client_certificate_required", ()),
    "The requested server name (SNI)": ("starttls", ()),
    "Plaintext injected after the server's 220": ("injected_after_220", ()),
    "Plaintext injected after the client's STARTTLS": ("injected_by_client", ()),
    "EHLO refused under TLS": ("no_ehlo_under_tls", _reply("1.0")),
    "421 under TLS": ("outage_under_tls", _reply("1.0")),
    "Implicit TLS": ("implicit_tls", ()),
    # AUTH
    "Working mechanisms": (
        "auth",
        (
            _at("mechanisms", "the mechanisms", "0.auth.mechanisms"),
            _at("users", "passwords by user", "0.auth.users"),
        ),
    ),
    "A wrong password": (
        "wrong_password",
        (_at("users", "passwords by user", "0.auth.users"),),
    ),
    "An outage, switched on and off": ("auth_outage", _reply("1.0")),
    "A password transition is required": ("password_transition", _reply("1.0")),
    "A mechanism too weak for the user": ("weak_mechanism", _reply("1.0")),
    "AUTH required": (
        "auth_required",
        (_at("users", "passwords by user, or `any`", "0.auth.users"),),
    ),
    "AUTH only under TLS": ("auth_only_under_tls", ()),
    "A mechanism that is not offered": (
        "one_mechanism",
        (_at("mechanisms", "the mechanisms", "0.auth.mechanisms"),),
    ),
    "A challenge that is not base64": ("malformed_challenge", ()),
    "Closed during the exchange": ("close_during_auth", ()),
    # MAIL and RCPT
    "A sender temporarily refused": ("sender_deferred", _reply("0.0")),
    "A sender permanently refused": (
        "sender_rejected",
        (
            _at(
                "domain",
                "end of the sender's address",
                "0.0.condition.matchingValue",
            ),
            *_reply("0.0"),
        ),
    ),
    "Reset at RCPT": ("reset_at_rcpt", ()),
    "Refused by a parameter of MAIL": ("eight_bit_refused", _reply("0.0")),
    "The null sender refused": ("null_sender_refused", _reply("0.0")),
    "A full mailbox, and an oversized mail": (
        "full_mailbox",
        (_recipient("0.0"), *_reply("0.0"), _size("0.1")),
    ),
    "Recipients with different replies": ("different_replies", ()),
    "All recipients refused": ("unknown_recipients", _reply("0.0")),
    "Too many recipients": (
        "too_many_recipients",
        (_at("accepted", "accepted recipients", "0.0.skip"), *_reply("0.0")),
    ),
    "Moved, with and without forwarding": ("moved_recipients", ()),
    "421 and closed after 10 mails": (
        "close_after_mails",
        (_at("mails", "mails per connection", "0.0.skip"), *_reply("0.0")),
    ),
    "421 without closing": ("stay_open_after_421", _reply("0.0")),
    "The second mail of a connection refused": (
        "second_mail_refused",
        _reply("0.0"),
    ),
    "RSET refused": ("rset_refused", _reply("0.0")),
    # DATA
    "DATA temporarily refused": ("data_deferred", _reply("0.0", "0.1")),
    "DATA permanently refused": ("data_rejected", _reply("0.0", "0.1")),
    "DATA gets 250": ("data_gets_250", ()),
    "A reply during the content": (
        "reply_during_content",
        (_size("0.0"), *_reply("0.0")),
    ),
    "Closed during the content": ("close_during_content", (_size("0.0"),)),
    "Content no longer read": ("stop_reading_content", (_size("0.0"),)),
    "Refused by content, permanently and temporarily": (
        "content_refused",
        (
            _at("virus", "text that is rejected", "0.0.condition.matchingValue"),
            _at("spam", "text that is deferred", "0.1.condition.matchingValue"),
        ),
    ),
    "Refused by a header field, without authentication": ("header_refused", ()),
    "DATA accepted without a valid recipient": ("data_without_recipient", ()),
    # The end of data is ambiguous
    "Kept, then reset, once": ("keep_then_reset", ()),
    "Kept, then closed": ("keep_then_close", ()),
    "Kept, then silent": ("keep_then_hang", ()),
    "Kept, then a late 250": (
        "keep_then_reply_late",
        (_at("delay", "the time before the reply", "0.0.response.delay"),),
    ),
    "250, but lost": (
        "accept_and_lose",
        (
            _at(
                "text",
                "text that the content contains; null for all mails",
                "0.0.condition",
            ),
        ),
    ),
    "An error, but kept": ("keep_and_refuse", _reply("0.0")),
    "250, then closed before QUIT": ("close_after_250", ()),
    # Malformed replies
    "An empty line, two digits, no text, LF, NUL": ("malformed_replies", ()),
    "The code changes within a reply": ("changing_code", ()),
    "A reply without its last line": ("unfinished_reply", ()),
    "A reply that never ends": ("endless_reply", ()),
    "A reply over 2 KB": ("oversized_reply", ()),
    "Meaningless codes": ("meaningless_codes", ()),
    "A contradictory enhanced code": ("contradictory_codes", ()),
    "One extra reply": ("extra_reply", ()),
    "A reply sent octet by octet": (
        "octet_by_octet",
        (_at("interval", "the time per octet", "0.0.response.drip.interval"),),
    ),
    "Two replies in one packet": ("two_replies_at_once", ()),
    # Extensions
    "Without PIPELINING": ("no_pipelining", ()),
    "BDAT in several chunks": ("chunks", ()),
    "BDAT out of order": ("bdat_refused", _reply("0.0")),
    "The second chunk refused": ("second_chunk_refused", _reply("0.0")),
    "Closed during a chunk": ("close_during_chunk", (_size("0.0"),)),
    "Without CHUNKING": ("no_chunking", ()),
    "A small size limit": (
        "size_limit",
        (_at("size", "octets", "0.limits.messageSize"),),
    ),
    "Without SIZE": ("no_size", ()),
    "A false size limit": ("false_size_limit", (_size("1.0"), *_reply("1.0"))),
    "Without 8BITMIME and SMTPUTF8": ("seven_bit", ()),
    "DSN": ("dsn", ()),
    "Rare extensions": ("rare_extensions", (_capabilities(),)),
    "Long lines, dots and unusual octets": ("unusual_octets", ()),
    # Retry and limits
    "Greylisting": (
        "greylist",
        (
            _at("activeFor", "how long each triplet is refused", "0.0.activeFor"),
            _at("window", "how long a triplet is remembered", "0.0.window"),
            *_reply("0.0"),
        ),
    ),
    "450, 450, 451, then success": ("busy_then_success", ()),
    "Failing until the sender gives up": (
        "always_deferred",
        (_recipient("0.0"), *_reply("0.0")),
    ),
    "One connection at a time": (
        "connection_limit",
        (_at("connections", "open connections", "0.limits.connections"),),
    ),
    "Two mails on each connection": (
        "mails_per_connection",
        (_at("mails", "mails per connection", "0.limits.messages"),),
    ),
    "100 mails per minute": (
        "rate_limit",
        (
            _at("mails", "mails per client and window", "0.0.skip"),
            _at("window", "the time", "0.0.window"),
            *_reply("0.0"),
        ),
    ),
    "Counts per client": (
        "first_mails_refused",
        (
            _at("mails", "refused mails per client", "0.0.numberOfAnswer"),
            *_reply("0.0"),
        ),
    ),
    # Reuse and time
    "Several mails on a connection": (
        "third_mail_refused",
        (
            _at("mails", "accepted mails", "0.0.condition.matchingValue"),
            *_reply("0.0"),
        ),
    ),
    "Closed while the connection is idle": (
        "idle_time",
        (_at("time", "the time without a command", "0.limits.idleTime"),),
    ),
    "Closed a while after each mail": (
        "close_later",
        (_at("delay", "the time after the reply", "0.0.response.thenDelay"),),
    ),
    "Delays at every stage": ("delays_everywhere", ()),
    "A tarpit": (
        "tarpit",
        (
            _at("network", "the clients' network", "0.0.condition.matchingValue"),
            _at("median", "milliseconds", "0.0.response.delay.median"),
            _at("maxValue", "milliseconds at most", "0.0.response.delay.maxValue"),
            _at("interval", "the time per octet", "0.0.response.drip.interval"),
        ),
    ),
    # Smuggling
    "Only CR LF dot CR LF ends the content": ("smuggling", ()),
    # Replies of providers
    "Gmail: server busy": ("gmail_busy", ()),
    "Gmail: rate limit for a client": ("gmail_rate_limit", _limit("0.0")),
    "Gmail: connection expired": (
        "gmail_connection_expired",
        (_at("mails", "mails per connection", "0.0.skip"),),
    ),
    "Gmail: rate limit for a recipient": (
        "gmail_recipient_rate_limit",
        _limit("0.0"),
    ),
    "Gmail: full mailbox": ("gmail_full_mailbox", (_recipient("0.0"),)),
    "Gmail: unknown recipient": ("gmail_unknown_recipient", (_recipient("0.0"),)),
    "Gmail: too many recipients": (
        "gmail_too_many_recipients",
        (_at("accepted", "accepted recipients", "0.0.skip"),),
    ),
    "Gmail: TLS required": ("gmail_tls_required", ()),
    "Gmail: no DKIM": ("gmail_no_dkim", ()),
    "Gmail: From not aligned": ("gmail_not_aligned", ()),
    "Gmail: low reputation": ("gmail_low_reputation", ()),
    "Gmail: no Message-ID": ("gmail_no_message_id", ()),
    "Outlook.com: rate limit for a client": ("outlook_rate_limit", _limit("0.0")),
    "Outlook.com: rate limit for a connection": (
        "outlook_connection_rate_limit",
        (_at("mails", "mails per connection", "0.0.skip"),),
    ),
    "Outlook.com: too many connections": (
        "outlook_too_many_connections",
        _connections("0.0"),
    ),
    "Outlook.com: not authenticated": ("outlook_not_authenticated", ()),
    "Outlook.com: blocked": ("outlook_blocked", ()),
    "Outlook.com: unknown recipient": (
        "outlook_unknown_recipient",
        (_recipient("0.0"),),
    ),
    "Microsoft 365: greylisting of a client": (
        "microsoft365_greylist",
        (
            _at("activeFor", "how long each client is refused", "0.0.activeFor"),
            _at("window", "how long a client is remembered", "0.0.window"),
        ),
    ),
    "Microsoft 365: rate limit for a recipient": (
        "microsoft365_recipient_rate_limit",
        _limit("0.0"),
    ),
    "Microsoft 365: blocked client": ("microsoft365_blocked", ()),
    "Microsoft 365: relay denied": ("microsoft365_relay_denied", (_recipient("0.0"),)),
    "Yahoo: deferred": (
        "yahoo_deferred",
        (_at("activeFor", "how long each client is refused", "0.0.activeFor"),),
    ),
    "Yahoo: deferred for good": ("yahoo_deferred_for_good", ()),
    "Yahoo: unknown recipient": ("yahoo_unknown_recipient", (_recipient("0.0"),)),
    "GMX: on a block list": ("gmx_block_list", ()),
    "Comcast: too many connections": (
        "comcast_too_many_connections",
        _connections("0.0"),
    ),
    "Comcast: no reverse DNS": ("comcast_no_reverse_dns", ()),
}
"""By the title of a recipe: its name, and the parameters that replace its values."""


def read_cookbook(text: str) -> list[dict[str, Any]]:
    """
    The recipes of a page, with their names and parameters.

    :raises ValueError: a recipe has no name in `NAMES`, or a parameter no place
    """
    return [_recipe(*found) for found in _recipes(text)]


def _recipes(text: str) -> Iterator[tuple[str, str, str]]:
    for section, body in _SECTION.findall(text):
        for title, recipe in _RECIPE.findall(body):
            yield section, title, recipe


def _recipe(section: str, title: str, body: str) -> dict[str, Any]:
    if title not in NAMES:
        raise ValueError(f"no name for the recipe {title!r}; add it to NAMES")
    name, parameters = NAMES[title]
    documents = [json.loads(one) for one in _DOCUMENT.findall(body)]
    prose = _LINK.sub(r"\1", _DOCUMENT.sub("", body))
    return {
        "name": name,
        "title": title,
        "section": section,
        "description": " ".join(prose.split()),
        "calls": list(_calls(documents)),
        "parameters": [_parameter(one, documents) for one in parameters],
    }


def _calls(documents: list[Any]) -> Iterator[dict[str, Any]]:
    """Each document with the host that it is for; null for the host of the caller."""
    host = None
    for document in documents:
        if isinstance(document, dict):
            host = document.get("name", host)
        kind = "host" if isinstance(document, dict) else "behaviors"
        yield {"kind": kind, "host": host, "document": document}


def _parameter(parameter: _Parameter, documents: list[Any]) -> dict[str, Any]:
    """A parameter, whose default is the value in the documents."""
    values = []
    for place in parameter.places:
        value: Any = documents
        for key in place:
            value = value[key]
        if place[-1] == "condition":
            value = value["matchingValue"]
        values.append(value)
    if any(value != values[0] for value in values):
        raise ValueError(f"{parameter.name}: different values at its places")
    return {
        "name": parameter.name,
        "meaning": parameter.meaning,
        "default": values[0],
        "places": [list(place) for place in parameter.places],
    }


def main(*sources: str) -> None:
    """Write ``recipes.json`` from pages."""
    recipes = [one for path in sources for one in read_cookbook(Path(path).read_text())]
    target = Path(__file__).with_name("recipes.json")
    lines = (json.dumps(recipe, ensure_ascii=False) for recipe in recipes)
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
