r"""Zone files (RFC 1035 §5, ``text/dns`` of RFC 4027): text to records and back.

dnspython reads them, and its types stay here: each record comes out as octets, of
which the model's are made. Nothing is required of the zone, neither SOA nor NS,
and nothing in it is thrown out for what else there is, as a CNAME beside an MX.

Names are relative to ``$ORIGIN``, at first the root. A TTL that is not given is
``$TTL``, at first 60. ``$INCLUDE`` is refused: it names files. ``$GENERATE`` is
understood, as far as `MAX_GENERATED` go; data of several words stands in quotes
there, as BIND has it.
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

from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.reading import TooManyValues
from mocksmtp.steps import Steps, finish
from mocksmtp.zone.answer import DEFAULT_TTL, Record
from mocksmtp.zone.generic import generic_text, read_rdata
from mocksmtp.zone.kinds import Kind, kind_of
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import RDATA, TLSA, Raw, Rdata
from mocksmtp.zone.types import RRType, type_name

MAX_RECORDS = 200_000
"""How many records a zone file may have: about as many as a JSON document."""

_GENERATE_WORDS = 7
"""Words of a line with $GENERATE: range, owner, TTL, class, type and data follow it."""

_DIRECTIVES = ("$ORIGIN", "$TTL", "$GENERATE")

_UNKNOWN = 0xFFFE
"""A type for private use, of which dnspython keeps the octets (RFC 6895 §3.1)."""

MAX_GENERATED = 65_536
"""How many records all $GENERATE of a zone file may make: the hosts of a /16."""

MAX_TEXT = 160 * 1024
"""Octets of the text of one record: its data has 65,535 at most, in hexadecimal."""

_PIECE = 32 * 1024
"""Octets of a zone file that are read at a time, if a record ends there."""

_STEP = 20
"""Records that are read in one step."""

_STRUCTURE = re.compile(rb'"(?:[^"\\\n]|\\.)*+"?|\\.|;[^\r\n]*+|[()\n]', re.DOTALL)
"""What tells where a record ends: quotes, escapes, comments, parentheses, lines."""

_LINE_END = re.compile(r"\r\n?|\n")
_CONTROL = re.compile(r'["\\\x00-\x1f\x7f]')
_QUOTED = re.compile(rb'["\\]|[^ -~]')


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
    """A zone file has, or generates, more records than are taken."""

    def __init__(self, limit: int, what: str = "the zone file has") -> None:
        Exception.__init__(self, f"{what} more than {limit:,} records")


def parse_zone_text(text: str | bytes) -> tuple[Record, ...]:
    """
    The records of a zone file.

    :raises DocumentError: it is none; the path says in which line
    :raises TooManyRecords: it has more than `MAX_RECORDS`
    """
    if isinstance(text, str):
        text = text.encode(errors="surrogatepass")
    return finish(zone_text_in_steps(text))


def zone_text_in_steps(text: bytes) -> Steps[tuple[Record, ...]]:
    """
    Read the records of a zone file in steps.

    :raises DocumentError: it is none; the path says in which line
    :raises TooManyRecords: it has more than `MAX_RECORDS`
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
                # dnspython has no one exception for all that a text can be.
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
            if stop - start >= MAX_TEXT:
                message = f"a record must have at most {MAX_TEXT:,} octets of text"
                raise DocumentError(Problem(f"line {line}", message))
            stop += _PIECE
        yield text[start:end]
        line += text.count(b"\n", start, end)
        start = end


def _end_of_record(text: bytes, start: int, stop: int) -> int | None:
    """Behind the last line before `stop` that ends a record which began at `start`."""
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
    """A zone file with one record a line, from which the same records are read."""
    return "".join(f"{_line(record)}\n" for record in records)


class _Tokens(dns.tokenizer.Tokenizer):
    r"""Tokens of a zone file; the type before ``\#`` becomes one that is not known.

    dnspython would put data in that form into the class of its type, and refuse
    what is broken, which is what the form is for.

    :ivar line: the number of the line that the present record begins in
    :ivar generic: the type that was last replaced
    :ivar paused: whether the end that was told is only that of a step; then the reader
        goes on where it is called again
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
        """Read this text, which begins with that line of the file."""
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
            # dnspython takes one word only, and quotes are none.
            token = Token(dns.tokenizer.IDENTIFIER, token.value)
        elif self._type_follows and not want_leading and token.is_identifier():
            token = self._replace_type(token)
        return self._remember(token)

    def _is_over(self) -> bool:
        """Whether the step is over; where a range is left, it is what comes next."""
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
        """The range of a $GENERATE, of which only so much is made in one step."""
        try:
            start, stop, step = dns.grange.from_text(token.value)
        except Exception:
            return token  # the reader reports it
        self._generated += (stop - start) // step + 1
        if self._generated > min(MAX_GENERATED, MAX_RECORDS):
            raise TooManyRecords(min(MAX_GENERATED, MAX_RECORDS), "$GENERATE makes")
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


def _decode(text: bytes, line: int) -> str:
    """Text that begins with this line."""
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line += text.count(b"\n", 0, error.start)
        raise DocumentError(Problem(f"line {line}", "not UTF-8")) from None


def _problem(text: str, found: int, first: int, error: Exception) -> Problem:
    """What is wrong `found` lines below the first of `text`."""
    # The reader puts a place before what it tells; the path has it.
    message = re.sub(r"^<string>:[0-9]+: ", "", str(error)) or "syntax error"
    lines = _LINE_END.split(text, found + 1)
    source = lines[found].strip() if found < len(lines) else ""
    place = f"line {first + found}"
    return Problem(place, f"{message[:160].rstrip('.')}: {source[:80]!r}")


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
