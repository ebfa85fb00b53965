r"""Zone files (RFC 1035 §5, ``text/dns`` of RFC 4027): text to records and back.

dnspython reads them. Only this module uses its types: each record is converted through
its wire format. A zone needs neither SOA nor NS, and conflicting records, such as a
CNAME and an MX of one name, are all kept.

Names are relative to ``$ORIGIN``, initially the root. The default TTL is ``$TTL``,
initially 60. ``$INCLUDE`` is refused, because it reads files. ``$GENERATE`` makes at
most `MAX_GENERATED` records; data of several words must be in quotes, as in BIND.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import attrs
import dns.grange
import dns.immutable
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.zonefile
from dns.tokenizer import Token

from mocksmtp.documents.problems import FIELD, DocumentError, Problem
from mocksmtp.documents.reading import TooManyValues
from mocksmtp.steps import Steps, finish
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import (
    RDATA,
    TLSA,
    Raw,
    Rdata,
    RRType,
    read_rdata,
    type_name,
)
from mocksmtp.zone.rdata_fields import absolute, kind_of
from mocksmtp.zone.records import DEFAULT_TTL, Record

MAX_ZONE_RECORDS = 200_000
"""Maximum records of a zone file, about as many as in a JSON document."""

_GENERATE_WORDS = 7
"""Words of a $GENERATE line: the directive, range, owner, TTL, class, type, data."""

_DIRECTIVES = ("$ORIGIN", "$TTL", "$GENERATE")

_UNKNOWN = 0xFFFE
"""A type for private use, whose octets dnspython keeps (RFC 6895 §3.1)."""

MAX_GENERATED = 65_536
"""Maximum records that all $GENERATE lines of a zone file make: the hosts of a /16."""

MAX_ZONE_TEXT = 160 * 1024
"""Maximum octets of the text of a record: 65,535 octets of data in hexadecimal."""

_PIECE = 32 * 1024
"""Octets of a zone file decoded at a time, up to the end of a record."""

_STEP = 20
"""Records read in one step."""

_STRUCTURE = re.compile(rb'"(?:[^"\\\n]|\\.)*+"?|\\.|;[^\r\n]*+|[()\n]', re.DOTALL)
"""Tokens that determine the end of a record: quotes, escapes, comments, parentheses."""

_LINE_END = re.compile(r"\r\n?|\n")


class _Secure(dns.rdata.Rdata):
    """`mocksmtp.zone.rdata.Secure`, which has no data."""

    @classmethod
    def from_text(cls, rdclass: Any, rdtype: Any, *_: Any, **__: Any) -> _Secure:
        return cls(rdclass, rdtype)

    def _to_wire(self, *_: Any, **__: Any) -> None:
        pass


@dns.immutable.immutable
class _HostTLSA(dns.rdata.Rdata):
    """`mocksmtp.zone.rdata.HostTLSA`: three numbers, and the name of a host."""

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
    """A zone file has, or generates, too many records."""

    def __init__(self, limit: int, what: str = "the zone file has") -> None:
        Exception.__init__(self, f"{what} more than {limit:,} records")


def parse_zone_text(text: str | bytes) -> tuple[Record, ...]:
    """
    The records of a zone file.

    :raises DocumentError: it is not a zone file; the path is the line
    :raises TooManyRecords: it has more than `MAX_ZONE_RECORDS`
    """
    if isinstance(text, str):
        text = text.encode(errors="surrogatepass")
    return finish(zone_text_in_steps(text))


def zone_text_in_steps(text: bytes) -> Steps[tuple[Record, ...]]:
    """
    Read the records of a zone file in steps.

    :raises DocumentError: it is not a zone file; the path is the line
    :raises TooManyRecords: it has more than `MAX_ZONE_RECORDS`
    """
    tokens = _Tokens()
    collector = _Collector(tokens)
    reader = _reader(tokens, collector)
    line = 1
    for piece in _pieces(text):
        decoded = _decode(piece, line)
        tokens.begin(decoded, line)
        while True:
            try:
                reader.read()
            except (TooManyRecords, DocumentError):
                raise
            except Exception as error:
                # dnspython raises exceptions of many classes.
                found = tokens.line - line
                raise DocumentError(_problem(decoded, found, line, error)) from None
            yield
            if not tokens.paused:
                break
        line += piece.count(b"\n")
    yield
    return tuple(collector.records)


def _pieces(text: bytes) -> Iterator[bytes]:
    """
    `text` in pieces of about `_PIECE` octets, each of which has whole records.

    :raises DocumentError: a record's text is too long
    """
    start, line = 0, 1
    while start < len(text):
        stop = start + _PIECE
        while (end := _end_of_record(text, start, stop)) is None:
            if stop - start >= MAX_ZONE_TEXT:
                message = f"a record must have at most {MAX_ZONE_TEXT:,} octets of text"
                raise DocumentError(Problem(f"line {line}", message))
            stop += _PIECE
        yield text[start:end]
        line += text.count(b"\n", start, end)
        start = end


def _end_of_record(text: bytes, start: int, stop: int) -> int | None:
    """The index after the last line before `stop` that ends a record, or None."""
    if stop >= len(text):
        return len(text)
    piece = text[start:stop]
    if b"(" not in piece and b"\\\n" not in piece:
        end = piece.rfind(b"\n")
        return start + end + 1 if end >= 0 else None
    depth, found = 0, None
    for match in _STRUCTURE.finditer(piece):
        match match[0]:
            case b"(":
                depth += 1
            case b")":
                depth -= 1
            case b"\n":
                if depth <= 0:
                    found = start + match.end()
    return found


def zone_text(records: Iterable[Record]) -> str:
    """A zone file with one record per line, from which the same records are read."""
    return "".join(f"{_line(record)}\n" for record in records)


class _Tokens(dns.tokenizer.Tokenizer):
    r"""Tokens of a zone file; the type before ``\#`` is replaced by an unknown one.

    dnspython would read data in that form with the class of its type, and refuse broken
    data, which is the purpose of the form.

    :ivar line: the number of the line in which the current record begins
    :ivar generic: the type that was last replaced
    :ivar paused: whether the reported end is only that of a step; the reader continues
        when it is called again
    """

    def __init__(self) -> None:
        super().__init__("", idna_codec=dns.name.IDNA_2008_Practical)
        self.line = 1
        self.generic = 0
        self.paused = False
        self._has_generic = False
        self._generates = False
        self._type_follows = False
        self._ahead: Token | None = None
        self._left = _STEP
        self._generated = 0
        # Of a line with $GENERATE: its tokens so far, and what is left of its range.
        self._said: list[Token] = []
        self._rest: tuple[int, int, int] | None = None
        self._again: list[Token] = []

    def begin(self, text: str, line: int) -> None:
        """Read `text`, which begins with this line of the file."""
        self.file = StringIO(text)
        self.eof = False
        self.line_number = line
        self._has_generic = r"\#" in text

    def get(self, want_leading: bool = False, want_comment: bool = False) -> Token:
        """The next token; the reader wants leading space where a record begins."""
        if want_leading and self.ungotten_token is None and self._is_over():
            return Token(dns.tokenizer.EOF, "")
        if self._again and self.ungotten_token is None:
            return self._again.pop(0)
        if want_leading:
            if self.ungotten_token is None:
                self.line = self.line_number
            self._type_follows = self._has_generic
        elif self._ahead is not None and self.ungotten_token is None:
            token, self._ahead = self._ahead, None
            return self._remember(token)
        token = super().get(want_leading, want_comment)
        if want_leading:
            self._generates = token.value.upper() == "$GENERATE"
            self._said = []
        elif self._generates and len(self._said) == 1 and token.is_identifier():
            token = self._bound(token)
        elif self._generates and token.is_quoted_string():
            # dnspython accepts only one word here, without quotes.
            token = Token(dns.tokenizer.IDENTIFIER, token.value)
        elif self._type_follows and not want_leading and token.is_identifier():
            token = self._replace_type(token)
        return self._remember(token)

    def _is_over(self) -> bool:
        """Whether the step is over; the rest of a range comes next."""
        if self.paused:
            self.paused, self._left = False, _STEP
        elif not self._left:
            self.paused = True
            return True
        self._left -= 1
        if self._rest is not None:
            start, stop, step = self._rest
            first, _, *others = self._said
            range_ = Token(dns.tokenizer.IDENTIFIER, f"{start}-{stop}/{step}")
            self._again = [first, self._part(range_), *others]
        return False

    def _remember(self, token: Token) -> Token:
        if self._generates and len(self._said) < _GENERATE_WORDS:
            self._said.append(token)
        return token

    def _bound(self, token: Token) -> Token:
        """The range of a $GENERATE, reduced to the part of the next step."""
        try:
            start, stop, step = dns.grange.from_text(token.value)
        except Exception:
            return token  # the reader reports it
        self._generated += (stop - start) // step + 1
        if self._generated > min(MAX_GENERATED, MAX_ZONE_RECORDS):
            raise TooManyRecords(
                min(MAX_GENERATED, MAX_ZONE_RECORDS), "$GENERATE makes"
            )
        return self._part(token)

    def _part(self, token: Token) -> Token:
        start, stop, step = dns.grange.from_text(token.value)
        end = start + step * (_STEP - 1)
        self._rest = (end + step, stop, step) if end + step <= stop else None
        self._left = 0
        return Token(dns.tokenizer.IDENTIFIER, f"{start}-{min(end, stop)}/{step}")

    def _replace_type(self, token: Token) -> Token:
        try:
            number = dns.rdatatype.from_text(token.value)
        except Exception:
            return token  # a TTL, a class, or an error that the reader reports
        self._type_follows = False
        self._ahead = super().get()
        if self._ahead.is_identifier() and self._ahead.value == r"\#":
            self.generic = int(number)
            return Token(token.ttype, f"TYPE{_UNKNOWN}")
        return token


class _Collector(dns.zonefile.RRsetsReaderTransaction):
    """Collects each record as it is read; dnspython would sort records into sets.

    A set has one TTL, and a name with a CNAME has no other records.
    """

    def __init__(self, tokens: _Tokens) -> None:
        manager = dns.zonefile.RRSetsReaderManager()
        super().__init__(manager, True, False)  # type: ignore[no-untyped-call]
        self.records: list[Record] = []
        self._tokens = tokens

    def add(self, *args: Any) -> None:
        """The reader found a record: name, TTL and data."""
        if len(self.records) == MAX_ZONE_RECORDS:
            raise TooManyRecords(MAX_ZONE_RECORDS)
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


def _decode(text: bytes, line: int) -> str:
    """Text that begins with this line."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line += text.count(b"\n", 0, error.start)
        raise DocumentError(Problem(f"line {line}", "not UTF-8")) from None


def _problem(text: str, found: int, first: int, error: Exception) -> Problem:
    """The error that is `found` lines below the first of `text`."""
    # The reader begins its message with the place, which is in the path.
    message = re.sub(r"^<string>:[0-9]+: ", "", str(error)) or "syntax error"
    lines = _LINE_END.split(text, found + 1)
    source = lines[found].strip() if found < len(lines) else ""
    place = f"line {first + found}"
    return Problem(place, f"{message[:160].rstrip('.')}: {source[:80]!r}")


def _line(record: Record) -> str:
    rdata = record.rdata
    if isinstance(rdata, TLSA) and not rdata.has_length_of_its_type:
        octets = bytes((rdata.usage, rdata.selector, rdata.matching_type)) + rdata.data
        rdata = Raw(rdata.type, octets)  # dnspython reads it in no other form
    data = " ".join(
        write(getattr(rdata, name)) for name, write in _WRITERS[type(rdata)]
    )
    head = f"{absolute(record.name)} {record.ttl} IN {type_name(record.type)}"
    return f"{head} {data}" if data else head


def _writers(cls: type[Rdata]) -> list[tuple[str, Callable[[Any], str]]]:
    return [
        (attribute.name, kind_of(attribute).to_text)
        for attribute in attrs.fields(cls)  # type: ignore[arg-type]
        if FIELD in attribute.metadata
    ]


_WRITERS = {cls: _writers(cls) for cls in (*RDATA.values(), Raw)}
