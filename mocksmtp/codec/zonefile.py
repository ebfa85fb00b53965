r"""Zone files (RFC 1035 §5, ``text/dns`` of RFC 4027): text to records and back.

dnspython reads them, and its types stay here: each record comes out as octets, of
which the model's are made. Nothing is required of the zone, neither SOA nor NS,
and nothing in it is thrown out for what else there is, as a CNAME beside an MX.

Names are relative to ``$ORIGIN``, at first the root. A TTL that is not given is
``$TTL``, at first 60. ``$INCLUDE`` is refused: it names files. ``$GENERATE`` is
understood, as far as `MAX_RECORDS` go; data of several words stands in quotes there, as
BIND has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import attrs
import dns.immutable
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.zonefile
from dns.tokenizer import Token

from mocksmtp.codec.rdata import generic_text, read_rdata
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.reading import TooManyValues
from mocksmtp.model.kind import Kind, kind_of
from mocksmtp.model.name import Name
from mocksmtp.model.rdata import RDATA, TLSA, Raw, Rdata
from mocksmtp.model.rrtype import RRType, type_name
from mocksmtp.model.zone import DEFAULT_TTL, Record

MAX_RECORDS = 200_000
"""How many records a zone file may have: about as many as a JSON document."""

_DIRECTIVES = ("$ORIGIN", "$TTL", "$GENERATE")

_UNKNOWN = 0xFFFE
"""A type for private use, of which dnspython keeps the octets (RFC 6895 §3.1)."""

_LINE_END = re.compile(r"\r\n?|\n")
_CONTROL = re.compile(r'["\\\x00-\x1f\x7f]')
_QUOTED = re.compile(rb'["\\]|[^ -~]')


class _Secure(dns.rdata.Rdata):
    """`mocksmtp.model.rdata.Secure`, which has no data."""

    @classmethod
    def from_text(cls, rdclass: Any, rdtype: Any, *_: Any, **__: Any) -> _Secure:
        return cls(rdclass, rdtype)

    def _to_wire(self, *_: Any, **__: Any) -> None:
        pass


@dns.immutable.immutable
class _HostTLSA(dns.rdata.Rdata):
    """`mocksmtp.model.rdata.HostTLSA`: three numbers, and the name of a host."""

    __slots__ = ("data",)

    def __init__(self, rdclass: Any, rdtype: Any, data: bytes) -> None:
        super().__init__(rdclass, rdtype)
        self.data = data

    @classmethod
    def from_text(cls, rdclass: Any, rdtype: Any, tok: Any, *_: Any) -> _HostTLSA:
        numbers = bytes(tok.get_uint8() for _ in range(3))
        return cls(rdclass, rdtype, numbers + tok.get_string().encode())

    @classmethod
    def from_wire_parser(
        cls, rdclass: Any, rdtype: Any, parser: Any, origin: Any = None
    ) -> _HostTLSA:
        return cls(rdclass, rdtype, parser.get_remaining())

    def _to_wire(self, file: Any, *_: Any, **__: Any) -> None:
        file.write(self.data)


dns.rdata.register_type(SimpleNamespace(SECURE=_Secure), RRType.SECURE, "SECURE")
dns.rdata.register_type(
    SimpleNamespace(TLSAFROM=_HostTLSA), RRType.TLSAFROM, "TLSAFROM"
)


class TooManyRecords(TooManyValues):
    """A zone file has, or generates, more records than are taken."""

    def __init__(self, limit: int) -> None:
        Exception.__init__(self, f"the zone file has more than {limit:,} records")


def parse_zone_text(text: str | bytes) -> tuple[Record, ...]:
    """
    The records of a zone file.

    :raises DocumentError: it is none; the path says in which line
    :raises TooManyRecords: it has more than `MAX_RECORDS`
    """
    if isinstance(text, bytes):
        text = _decode(text)
    tokens = _Tokens(text)
    collector = _Collector(tokens)
    try:
        _reader(tokens, collector).read()
    except TooManyRecords:
        raise
    except Exception as error:
        # dnspython has no one exception for all that a text can be.
        raise DocumentError(_problem(text, tokens.line, error)) from None
    return tuple(collector.records)


def zone_text(records: Iterable[Record]) -> str:
    """A zone file with one record a line, from which the same records are read."""
    return "".join(f"{_line(record)}\n" for record in records)


class _Tokens(dns.tokenizer.Tokenizer):
    r"""Tokens of a zone file; the type before ``\#`` becomes one that is not known.

    dnspython would put data in that form into the class of its type, and refuse
    what is broken, which is what the form is for.

    :ivar line: the number of the line that the present record begins in
    :ivar generic: the type that was last replaced
    """

    def __init__(self, text: str) -> None:
        codec = dns.name.IDNA_2008_Practical
        super().__init__(text, idna_codec=codec)
        self.line = 1
        self.generic = 0
        self._has_generic = r"\#" in text
        self._generates = False
        self._type_follows = False
        self._ahead: Token | None = None

    def get(self, want_leading: bool = False, want_comment: bool = False) -> Token:
        """The next token; the reader wants leading space where a record begins."""
        if want_leading:
            if self.ungotten_token is None:
                self.line = self.line_number
            self._type_follows = self._has_generic
        elif self._ahead is not None and self.ungotten_token is None:
            token, self._ahead = self._ahead, None
            return token
        token = super().get(want_leading, want_comment)
        if want_leading:
            self._generates = token.value.upper() == "$GENERATE"
        elif self._generates and token.is_quoted_string():
            # dnspython takes one word only, and quotes are none.
            return Token(dns.tokenizer.IDENTIFIER, token.value)
        if self._type_follows and not want_leading and token.is_identifier():
            return self._replace_type(token)
        return token

    def _replace_type(self, token: Token) -> Token:
        try:
            number = dns.rdatatype.from_text(token.value)
        except Exception:
            return token  # a TTL or a class; or an error, which the reader tells
        self._type_follows = False
        self._ahead = super().get()
        if self._ahead.is_identifier() and self._ahead.value == r"\#":
            self.generic = int(number)
            return Token(token.ttype, f"TYPE{_UNKNOWN}")
        return token


class _Collector(dns.zonefile.RRsetsReaderTransaction):
    """Takes each record as it is read, where dnspython would sort them into sets.

    A set has one TTL, and a name with a CNAME nothing else.
    """

    def __init__(self, tokens: _Tokens) -> None:
        manager = dns.zonefile.RRSetsReaderManager()
        super().__init__(manager, True, False)  # type: ignore[no-untyped-call]
        self.records: list[Record] = []
        self._tokens = tokens

    def add(self, *args: Any) -> None:
        """The reader found a record: name, TTL and data."""
        if len(self.records) == MAX_RECORDS:
            raise TooManyRecords(MAX_RECORDS)
        name, ttl, rdata = args
        number = int(rdata.rdtype)
        if number == _UNKNOWN:
            number = self._tokens.generic
        data = read_rdata(number, rdata.to_wire())
        self.records.append(Record(Name(name.to_wire()), data, ttl))


def _reader(tokens: _Tokens, collector: _Collector) -> dns.zonefile.Reader:
    return dns.zonefile.Reader(
        tokens,
        dns.rdataclass.IN,
        collector,
        allow_directives=_DIRECTIVES,
        default_ttl=DEFAULT_TTL,
    )


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise DocumentError(Problem(f"line {line}", "not UTF-8")) from None


def _problem(text: str, line: int, error: Exception) -> Problem:
    # The reader puts a place before what it tells; the path has it.
    message = re.sub(r"^<string>:[0-9]+: ", "", str(error)) or "syntax error"
    lines = _LINE_END.split(text, line)
    source = lines[line - 1].strip() if line <= len(lines) else ""
    return Problem(f"line {line}", f"{message[:160].rstrip('.')}: {source[:80]!r}")


def _line(record: Record) -> str:
    rdata = record.rdata
    if isinstance(rdata, TLSA) and not rdata.has_length_of_its_type:
        octets = bytes((rdata.usage, rdata.selector, rdata.matching_type)) + rdata.data
        rdata = Raw(rdata.type, octets)  # dnspython would not read it otherwise
    data = " ".join(write(getattr(rdata, name)) for name, write in _FIELDS[type(rdata)])
    head = f"{_name(record.name)} {record.ttl} IN {type_name(record.type)}"
    return f"{head} {data}" if data else head


def _name(name: Name) -> str:
    text = str(name)
    return text if text == "." else text + "."


def _strings(texts: tuple[str, ...]) -> str:
    return " ".join(f'"{_quote(text)}"' for text in texts)


def _quote(text: str) -> str:
    """`text` within quotes; all that is not ASCII as decimal octets (RFC 1035 §5.1)."""
    return _QUOTED.sub(lambda match: _escaped(match[0]), text.encode()).decode()


def _escaped(octet: bytes) -> bytes:
    return b"\\" + octet if octet in b'"\\' else b"\\%03d" % octet[0]


def _string(text: str) -> str:
    """`text` within quotes, its letters as they are.

    What dnspython reads where there is one string are characters, not octets.
    """
    return f'"{_CONTROL.sub(_escaped_character, text)}"'


def _escaped_character(match: re.Match[str]) -> str:
    return _escaped(match[0].encode()).decode()


_TEXTS: dict[Kind, Callable[[Any], str]] = {
    Kind.U8: str,
    Kind.U16: str,
    Kind.U32: str,
    Kind.IPV4: str,
    Kind.IPV6: str,
    Kind.NAME: _name,
    Kind.STRING: _string,
    Kind.TAG: str,
    Kind.STRINGS: _strings,
    Kind.TEXT: _string,
    Kind.HEX: bytes.hex,
}


def _fields(cls: type[Rdata]) -> list[tuple[str, Callable[[Any], str]]]:
    fields = attrs.fields(cls)  # type: ignore[arg-type]
    return [(field.name, _TEXTS[kind_of(field)]) for field in fields]


_FIELDS = {cls: _fields(cls) for cls in RDATA.values()}
_FIELDS[Raw] = [("data", generic_text)]
