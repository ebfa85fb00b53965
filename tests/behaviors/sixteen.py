"""The sixteen documents that the behavior model must have an answer for."""

from __future__ import annotations

import json
from typing import Any

# Each as one would type it.
GREYLISTING = """[{"command":"RCPT TO","per":["clientIp","sender","recipient"],
"activeFor":"5m","window":"24h",
"response":{"code":450,"message":"4.2.0 Greylisted"}}]"""
FULL_AND_OVERSIZE = """[{"command":"RCPT TO","condition":{"operator":"contains",
"matchingValue":"full@"},"response":{"code":452,"message":"4.2.2 Mailbox full"}},
{"command":"DATA","condition":{"target":"size","operator":"atLeast",
"matchingValue":"1000000"},"response":{"code":552,"message":"5.3.4 Too big"}}]"""
TEN_PER_CONNECTION = """[{"command":"MAIL FROM","per":"connection","skip":10,
"response":{"code":421,"message":"4.7.0 Too many messages","then":"close"}}]"""
HUNDRED_A_MINUTE = """[{"command":"MAIL FROM","per":"clientIp","skip":100,"window":"1m",
"response":{"code":450,"message":"4.7.1 Rate limited"}}]"""
TARPIT = """[{"command":"ANY","condition":{"target":"clientIp","operator":"inNetwork",
"matchingValue":"127.0.0.0/8"},"response":{"delay":{"type":"lognormal","median":200,
"sigma":0.4,"maxValue":900},"drip":{"bytes":1,"interval":"20ms"}}}]"""
KEPT_THEN_RESET = """[{"command":"DATA","numberOfAnswer":1,
"response":{"then":"reset","effect":"apply"}}]"""
CLOSE_IN_CONTENT = """[{"command":"DATA CONTENT","condition":{"target":"size",
"operator":"atLeast","matchingValue":"65536"},"response":{"then":"close"}}]"""
TLS_FAILS_ONCE = r"""[{"command":"TLS","numberOfAnswer":1,
"response":{"raw":"220 oops\r\n","then":"close"}}]"""
STARTTLS_REFUSED = """[{"command":"STARTTLS",
"response":{"code":454,"message":"4.7.0 TLS not available"}}]"""
IN_TURN = """[{"command":"RCPT TO","per":"recipient","responses":[{"code":450,
"message":"4.2.1 Busy","times":2},{"code":451,"message":"4.3.0 Again"}]}]"""
POLICY = """[{"command":"DATA","condition":{"operator":"all","conditions":[
{"target":"header:Subject","operator":"matches","matchingValue":"invoice",
"ignoreCase":true},{"operator":"not","condition":{"target":"authUser",
"operator":"exists"}}]},"response":{"code":554,"enhancedCode":"5.7.1",
"message":"Policy: {{header:Subject}}","template":true}}]"""
MIXED = """[{"command":"RCPT TO","condition":{"operator":"contains",
"matchingValue":"nobody@"},"response":{"code":550,"message":"5.1.1 Unknown"}},
{"command":"RCPT TO","condition":{"operator":"contains","matchingValue":"busy@"},
"response":{"code":451,"message":"4.2.1 Later"},"numberOfAnswer":1}]"""
LOST = """[{"command":"DATA","condition":{"operator":"contains",
"matchingValue":"X-Drop: yes"},"response":{"code":250,"message":"2.0.0 Queued",
"effect":"discard"}}]"""
KEPT_WITH_ERROR = """[{"command":"DATA",
"response":{"code":451,"message":"4.4.2 Timeout","effect":"apply"}}]"""
SLOW_BANNER = """[{"command":"CONNECT","probability":0.3,"response":{"delay":"30s"}}]"""
OUTAGE = """[{"command":"AUTH","scenario":{"name":"outage","state":"down"},
"response":{"code":454,"message":"4.7.0 Temporary authentication failure"}}]"""

DOCUMENTS: tuple[list[dict[str, Any]], ...] = tuple(
    json.loads(text)
    for text in (
        GREYLISTING,
        FULL_AND_OVERSIZE,
        TEN_PER_CONNECTION,
        HUNDRED_A_MINUTE,
        TARPIT,
        KEPT_THEN_RESET,
        CLOSE_IN_CONTENT,
        TLS_FAILS_ONCE,
        STARTTLS_REFUSED,
        IN_TURN,
        POLICY,
        MIXED,
        LOST,
        KEPT_WITH_ERROR,
        SLOW_BANNER,
        OUTAGE,
    )
)
