"""Records told by what they are for: the policies that a sender looks up as TXT.

Nobody need know below which name such a policy stands, nor how it is spelled. What
is made of one is a TXT record like any other.
"""

from __future__ import annotations

import re

import attrs

from mocksmtp.zone.answer import Record
from mocksmtp.zone.names import MAX_NAME, Name
from mocksmtp.zone.rdata import TXT


@attrs.frozen
class Shorthand:
    """
    A policy of a domain.

    :ivar type: stands for the type of a record
    :ivar field: what it is called that the policy says
    :ivar pattern: what that may be
    """

    type: str
    field: str
    pattern: re.Pattern[str]
    _labels: bytes
    _form: str

    def record(self, domain: Name, value: str, ttl: int) -> Record:
        """
        The TXT record that says `value`, a match of the pattern, of `domain`.

        :raises ValueError: the domain's name is too long to have one below it
        """
        wire = self._labels + domain.wire
        if len(wire) > MAX_NAME:
            raise ValueError(f"{Name(wire)} is longer than {MAX_NAME} octets")
        return Record(Name(wire), TXT((self._form.format(value),)), ttl)


MTA_STS = Shorthand(
    "MTA-STS",
    "id",
    re.compile("[0-9A-Za-z]{1,32}"),
    b"\x08_mta-sts",
    "v=STSv1; id={};",
)
"""That there is an MTA-STS policy, and which (RFC 8461 §3.1)."""

TLSRPT = Shorthand(
    "TLSRPT",
    "rua",
    re.compile("(?:mailto|https):[!-:<-~]{1,500}"),
    b"\x05_smtp\x04_tls",
    "v=TLSRPTv1; rua={}",
)
"""Where reports of TLS failures go, one URI or several with commas (RFC 8460 §3)."""

SHORTHANDS = {shorthand.type: shorthand for shorthand in (MTA_STS, TLSRPT)}
