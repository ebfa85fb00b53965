"""How MAIL and RCPT are read, and what their sender is told where they can't be."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar import reply
from mocksmtp.grammar.address import NULL_ADDRESS, Address
from mocksmtp.grammar.command import (
    LINE_LIMIT,
    Parameter,
    PathCommand,
    allows_utf8,
    match_plain,
    parse_mail,
    parse_rcpt,
    plain_path,
)
from mocksmtp.grammar.reply import Reply
from tests.grammar.test_address import DOMAINS, LOCAL_PARTS, pathological

BOB = Address("bob@ex.test")


def parameters(*pairs: tuple[str, str]) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, value) for name, value in pairs)


# Parameters that are read: (what it shows, as sent, as kept).
PARAMETERS = (
    ("none", b"", ()),
    ("none, but a space", b" ", ()),
    ("RFC 1870: a value", b" SIZE=1000", (("SIZE", "1000"),)),
    ("RFC 8689: no value", b" REQUIRETLS", (("REQUIRETLS", ""),)),
    (
        "the order is kept",
        b" RET=HDRS BODY=8BITMIME ENVID=1",
        (("RET", "HDRS"), ("BODY", "8BITMIME"), ("ENVID", "1")),
    ),
    ("the case is kept", b" ret=Hdrs bOdY=x", (("ret", "Hdrs"), ("bOdY", "x"))),
    ("one that comes twice is kept twice", b" A=1 A=1", (("A", "1"), ("A", "1"))),
    ("several spaces", b"   A   B=2   ", (("A", ""), ("B", "2"))),
    ("a tab", b"\tA\t\tB=2\t", (("A", ""), ("B", "2"))),
    ("hyphens and digits", b" X-1-a=y 8-BIT", (("X-1-a", "y"), ("8-BIT", ""))),
    ("RFC 3461 §4: xtext as sent", b" ENVID=a+2Bb", (("ENVID", "a+2Bb"),)),
    (
        "RFC 3461 §4.2: ORCPT",
        b" ORCPT=rfc822;bob+40ex.test NOTIFY=SUCCESS,DELAY",
        (("ORCPT", "rfc822;bob+40ex.test"), ("NOTIFY", "SUCCESS,DELAY")),
    ),
    ("RFC 4954 §5: AUTH", b" AUTH=<>", (("AUTH", "<>"),)),
    ("an = in a value", b" X=a=b==", (("X", "a=b=="),)),
)

# Words that are no parameters: 555, whichever place they have.
NO_PARAMETERS = (
    ("a value without a name", b"=x"),
    ("an = alone", b"="),
    ("RFC 5321 §4.1.2: an = and no value", b"SIZE="),
    ("a hyphen at the start of the name", b"-A=1"),
    ("an underscore in the name", b"A_B=1"),
    ("a dot in the name", b"A.B"),
    ("another path", b"<x@y.test>"),
    ("a comma in the name", b"A,B"),
    ("a name that is not ASCII", "É=1".encode()),
    ("a control character in the name", b"A\x00"),
    ("a control character in the value", b"A=1\x00"),
    ("a DEL in the value", b"A=\x7f"),
    ("RFC 5321 §2.3.8: a bare CR is no space", b"A=1\rB=2"),
    ("a bare LF is no space", b"A=1\nB=2"),
    ("a vertical tab is no space", b"A=1\x0bB=2"),
    ("a form feed is no space", b"A=1\x0cB=2"),
    ("a value that is no UTF-8", b"A=\xff"),
)

# What stands where the path should: the reply that a bad path gets.
BAD_PATHS = (
    ("nothing", b""),
    ("spaces only", b"  "),
    ("no close bracket", b"<bob@ex.test"),
    ("no open bracket", b"bob@ex.test>"),
    ("text behind the bracket", b"<bob@ex.test>x"),
    ("parameters without a space", b"<bob@ex.test>SIZE=1"),
    ("two bracketed paths", b"<bob@ex.test><x@y.test>"),
    ("spaces within the brackets", b"< bob@ex.test >"),
    ("two @", b"<bob@ex@test>"),
    ("no domain", b"<bob@>"),
    ("an open quote", b'<"bob@ex.test>'),
    ("two dots in the domain", b"<a@x..test>"),
    ("a hyphen at the end of the domain", b"<a@c-.test>"),
    ("a label of 64 octets", b"<a@" + b"x" * 64 + b">"),
    ("no literal", b"<a@[junk]>"),
    ("an octet over 255", b"<a@[999.1.1.1]>"),
    ("three numbers", b"<a@[1.2.3]>"),
    ("no IPv6 address", b"<a@[IPv6:1::2::3]>"),
    ("an IPv6 address without its tag", b"<a@[::1]>"),
    ("a zone of an IPv6 address", b"<a@[IPv6:fe80::1%eth0]>"),
    ("a literal with an empty tag", b"<a@[:x]>"),
    ("a NUL behind it", b"<bob@ex.test>\x00"),
    ("a CR behind it", b"<bob@ex.test>\rA=1"),
    ("no UTF-8", b"<b\xffb@ex.test>"),
    ("no UTF-8: Latin-1", "<böb@ex.test>".encode("latin-1")),
    ("no UTF-8: a character cut short", b"<bob@ex\xe4\xbe.test>"),
    ("no UTF-8: overlong (RFC 3629 §3)", b"<b\xc0\xafb@ex.test>"),
    ("no UTF-8: a surrogate (RFC 3629 §3)", b"<b\xed\xa0\x80b@ex.test>"),
    ("no UTF-8, without brackets", b"b\xffb@ex.test"),
    ("no UTF-8, with SMTPUTF8", b"<b\xffb@ex.test> SMTPUTF8"),
)


class ParseMailTests(SynchronousTestCase):
    """`parse_mail`"""

    def test_a_sender_is_read(self) -> None:
        """What follows ``FROM:`` is the reverse-path (RFC 5321 §4.1.1.2)."""
        for argument, text in (
            (b"FROM:<bob@ex.test>", "bob@ex.test"),
            (b"from:<bob@ex.test>", "bob@ex.test"),
            (b"From: <bob@ex.test>", "bob@ex.test"),
            (b"FROM:\t  <bob@ex.test>", "bob@ex.test"),
            (b"FROM:bob@ex.test", "bob@ex.test"),
            (b"FROM: bob@ex.test", "bob@ex.test"),
            (b"FROM:<@r.test,@s.test:bob@ex.test>", "bob@ex.test"),
            (b"FROM:<postmaster>", "postmaster"),
            (b'FROM:<"a\\"b c"@[127.0.0.1]>', r'"a\"b c"@[127.0.0.1]'),
            (b"FROM:<bob@[IPv6:::1]>", "bob@[IPv6:::1]"),
        ):
            expected = PathCommand(Address(text), ())
            self.assertEqual(parse_mail(argument), expected, argument)

    def test_the_null_sender_is_a_sender(self) -> None:
        """Bounces come from ``<>``, with parameters too (RFC 5321 §4.5.5)."""
        for argument in (b"FROM:<>", b"FROM: <>"):
            self.assertEqual(parse_mail(argument), PathCommand(NULL_ADDRESS, ()))
        self.assertEqual(
            parse_mail(b"FROM:<> RET=HDRS"),
            PathCommand(NULL_ADDRESS, parameters(("RET", "HDRS"))),
        )

    def test_parameters_are_kept_as_they_were_sent(self) -> None:
        """Order, case and repetition are kept; a missing value is empty."""
        for shows, sent, kept in PARAMETERS:
            for path in (b"<bob@ex.test>", b"bob@ex.test"):
                command = parse_mail(b"FROM:" + path + sent)
                self.assertEqual(command, PathCommand(BOB, parameters(*kept)), shows)

    def test_what_is_no_parameter_is_refused(self) -> None:
        """It is 555, whether it comes first or last (RFC 5321 §4.1.1.11)."""
        for shows, word in NO_PARAMETERS:
            for words in (word, word + b" A=1", b"A=1 " + word):
                command = parse_mail(b"FROM:<bob@ex.test> " + words + b" SMTPUTF8")
                self.assertIs(command, reply.BAD_PARAMETER, shows)

    def test_a_bad_path_is_refused(self) -> None:
        """It is 501 with the sender's own enhanced code (RFC 3463 X.1.7)."""
        for shows, path in BAD_PATHS:
            self.assertIs(parse_mail(b"FROM:" + path), reply.BAD_SENDER, shows)

    def test_a_display_name_is_refused(self) -> None:
        """It reads as a mailbox without a domain, and a word behind it."""
        command = parse_mail(b"FROM:Bob <bob@ex.test>")
        self.assertIs(command, reply.BAD_PARAMETER)

    def test_the_keyword_is_needed(self) -> None:
        """Without ``FROM:`` the syntax is told."""
        for argument in (
            b"",
            b"FROM",
            b"FROM <bob@ex.test>",
            b"FROM :<bob@ex.test>",
            b" FROM:<bob@ex.test>",
            b"TO:<bob@ex.test>",
            b"<bob@ex.test>",
            b"FR\xc3\x96M:<bob@ex.test>",
        ):
            self.assertIs(parse_mail(argument), reply.MAIL_SYNTAX, argument)

    def test_utf8_needs_smtputf8(self) -> None:
        """The parameter must come with the address that needs it (RFC 6531 §3.4)."""
        for address in ("böb@ex.test", "bob@öx.test", '"bö b"@ex.test'):
            argument = f"FROM:<{address}>".encode()
            self.assertIs(parse_mail(argument), reply.NEEDS_SMTPUTF8, address)
            self.assertIs(
                parse_mail(argument + b" BODY=8BITMIME"), reply.NEEDS_SMTPUTF8, address
            )
            for keyword in ("SMTPUTF8", "smtputf8", "SmtpUtf8"):
                self.assertEqual(
                    parse_mail(argument + b" A=1 " + keyword.encode()),
                    PathCommand(
                        Address(address), parameters(("A", "1"), (keyword, ""))
                    ),
                )

    def test_a_utf8_value_needs_smtputf8(self) -> None:
        """So does a parameter's value (RFC 6531 §3.3)."""
        argument = "FROM:<bob@ex.test> X=é".encode()
        self.assertIs(parse_mail(argument), reply.NEEDS_SMTPUTF8)
        self.assertEqual(
            parse_mail(argument + b" SMTPUTF8"),
            PathCommand(BOB, parameters(("X", "é"), ("SMTPUTF8", ""))),
        )

    def test_smtputf8_goes_with_ascii_too(self) -> None:
        """The parameter may come for the sake of recipients or content."""
        command = parse_mail(b"FROM:<bob@ex.test> SMTPUTF8")
        self.assertEqual(command, PathCommand(BOB, parameters(("SMTPUTF8", ""))))


class ParseRcptTests(SynchronousTestCase):
    """`parse_rcpt`"""

    def test_a_recipient_is_read(self) -> None:
        """What follows ``TO:`` is the forward-path (RFC 5321 §4.1.1.3)."""
        for argument, text in (
            (b"TO:<bob@ex.test>", "bob@ex.test"),
            (b"to:<bob@ex.test>", "bob@ex.test"),
            (b"To: <bob@ex.test>", "bob@ex.test"),
            (b"TO:bob@ex.test", "bob@ex.test"),
            (b"TO:<@r.test:bob@ex.test>", "bob@ex.test"),
            (b"TO:<Postmaster>", "Postmaster"),
            (b"TO:<Postmaster@ex.test>", "Postmaster@ex.test"),
            (b"TO:postmaster", "postmaster"),
            (b'TO:<"a b"@ex.test>', '"a b"@ex.test'),
            (b"TO:<bob@[192.0.2.1]>", "bob@[192.0.2.1]"),
        ):
            expected = PathCommand(Address(text), ())
            self.assertEqual(parse_rcpt(argument), expected, argument)

    def test_there_is_no_null_recipient(self) -> None:
        """``<>`` is a reverse-path only (RFC 5321 §4.1.2: Forward-path)."""
        for argument in (b"TO:<>", b"TO: <>", b"TO:<> NOTIFY=NEVER"):
            self.assertIs(parse_rcpt(argument), reply.BAD_RECIPIENT, argument)

    def test_parameters_are_kept_as_they_were_sent(self) -> None:
        """They are read as those of MAIL are."""
        for shows, sent, kept in PARAMETERS:
            command = parse_rcpt(b"TO:<bob@ex.test>" + sent)
            self.assertEqual(command, PathCommand(BOB, parameters(*kept)), shows)

    def test_what_is_no_parameter_is_refused(self) -> None:
        """It is 555, as with MAIL (RFC 5321 §4.1.1.11)."""
        for shows, word in NO_PARAMETERS:
            command = parse_rcpt(b"TO:<bob@ex.test> " + word, utf8=True)
            self.assertIs(command, reply.BAD_PARAMETER, shows)

    def test_a_bad_path_is_refused(self) -> None:
        """It is 501 with the recipient's own enhanced code (RFC 3463 X.1.3)."""
        for shows, path in BAD_PATHS:
            self.assertIs(parse_rcpt(b"TO:" + path), reply.BAD_RECIPIENT, shows)

    def test_the_keyword_is_needed(self) -> None:
        """Without ``TO:`` the syntax is told."""
        for argument in (
            b"",
            b"TO",
            b"TO <a@b>",
            b"TO :<a@b>",
            b"FROM:<a@b>",
            b"<a@b>",
        ):
            self.assertIs(parse_rcpt(argument), reply.RCPT_SYNTAX, argument)

    def test_utf8_needs_smtputf8_of_its_mail(self) -> None:
        """Whether UTF-8 may come was said with MAIL (RFC 6531 §3.4)."""
        for argument in (
            "TO:<böb@öx.test>",
            "TO:<bob@ex.test> ORCPT=utf-8;böb@öx.test",
        ):
            octets = argument.encode()
            self.assertIs(parse_rcpt(octets), reply.NEEDS_SMTPUTF8)
            self.assertIs(parse_rcpt(octets, utf8=False), reply.NEEDS_SMTPUTF8)
            self.assertIsInstance(parse_rcpt(octets, utf8=True), PathCommand)

    def test_smtputf8_of_its_own_does_not_help(self) -> None:
        """SMTPUTF8 is no parameter of RCPT that would allow anything."""
        argument = "TO:<böb@ex.test> SMTPUTF8".encode()
        self.assertIs(parse_rcpt(argument), reply.NEEDS_SMTPUTF8)


_NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,10}", fullmatch=True)
_VALUES = st.text(string.ascii_letters + string.digits + "+-=;,<>@/é", max_size=12)
_GENERATED = st.lists(st.builds(Parameter, _NAMES, _VALUES), max_size=5).map(tuple)
_ANY = st.binary(max_size=60) | st.text('<>@,:"\\[]. =aA-\t\r\n\x00é', max_size=60).map(
    str.encode
)


def written(parameters: tuple[Parameter, ...]) -> str:
    """Parameters as a client sends them."""
    words = (f"{p.name}={p.value}" if p.value else p.name for p in parameters)
    return "".join(f" {word}" for word in words)


class AnyArgumentTests(SynchronousTestCase):
    """`parse_mail` and `parse_rcpt` on what is generated"""

    @settings(deadline=None)
    @given(LOCAL_PARTS, DOMAINS, _GENERATED)
    def test_what_is_written_is_read(
        self, local: str, domain: str, sent: tuple[Parameter, ...]
    ) -> None:
        """Any valid mailbox and parameters come back as they are."""
        address = Address(f"{local}@{domain}")
        path = f"<{address.text}>"
        self.assertEqual(
            parse_mail(f"FROM:{path} SMTPUTF8{written(sent)}".encode()),
            PathCommand(address, (Parameter("SMTPUTF8", ""), *sent)),
        )
        self.assertEqual(
            parse_rcpt(f"TO:{path}{written(sent)}".encode(), utf8=True),
            PathCommand(address, sent),
        )

    @settings(deadline=None)
    @given(_ANY, st.booleans())
    def test_any_octets_get_a_command_or_a_reply(self, rest: bytes, utf8: bool) -> None:
        """Nothing that a client sends raises; a refusal is a 5xx."""
        for answer in (
            parse_mail(rest),
            parse_mail(b"FROM:" + rest),
            parse_mail(b"FROM:<a@b> " + rest),
            parse_rcpt(rest, utf8),
            parse_rcpt(b"TO:" + rest, utf8),
            parse_rcpt(b"TO:<a@b> " + rest, utf8),
        ):
            if isinstance(answer, Reply):
                self.assertIn(answer.code, (501, 553, 555))
            else:
                self.assertIsInstance(answer, PathCommand)

    def test_time_is_linear(self) -> None:
        """Long arguments that nearly are right are done with, whatever they repeat."""
        for octets in (2_000, 32_000):
            for text in (*pathological(octets), b" " * octets, b" A" * (octets // 2)):
                for start in (b"", b"<a@b> ", b"<a@b> A="):
                    mail = parse_mail(b"FROM:" + start + text)
                    rcpt = parse_rcpt(b"TO:" + start + text, utf8=True)
                    self.assertIsInstance(mail, (PathCommand, Reply))
                    self.assertIsInstance(rcpt, (PathCommand, Reply))


def path_in(line: bytes) -> PathCommand | None:
    """The path of a line as nearly all clients write it."""
    match = match_plain(line)
    return None if match is None else plain_path(match[1])


class PlainTests(SynchronousTestCase):
    """`match_plain` and `plain_path`"""

    def test_usual_lines(self) -> None:
        """With or without CR, in capitals or small letters."""
        for line in (b"RCPT TO:<bob@ex.test>\r", b"rcpt to:<bob@ex.test>"):
            self.assertEqual(path_in(line), PathCommand(BOB))
        self.assertEqual(path_in(b"MAIL FROM:<bob@ex.test>\r"), PathCommand(BOB))

    def test_other_lines(self) -> None:
        """They are left to the other parsers, although some are valid."""
        for line in (
            b"MAIL FROM:<>",
            b"RCPT TO:<bob@ex.test> NOTIFY=NEVER",
            b"RCPT TO: <bob@ex.test>",
            b"RCPT TO:<bob@-ex.test>",
            b"RCPT TO:<bob@ex..test>",
            b"RCPT TO:<bob@%s.test>" % (b"a" * 64),
            b"RCPT TO:<%s@ex.test>" % (b"b" * 56),
            b"RCPT TO:<b\xc3\xb6b@ex.test>",
            b"RCPT TO:<bob@ex.test>\r\r",
            b"DATA",
        ):
            self.assertIsNone(path_in(line), line)

    @given(
        st.sampled_from(["RCPT TO:", "MAIL FROM:", "rcpt to:", "Mail From:"]),
        st.one_of(
            st.builds("<{}@{}>".format, LOCAL_PARTS, DOMAINS),
            st.text("ab.@-<>_1\r ", max_size=75).map("<{}>".format),
        ),
    )
    def test_it_agrees_with_the_other_parsers(self, begin: str, path: str) -> None:
        """A line that it accepts has the same meaning for them."""
        found = path_in(f"{begin}{path}".encode())
        if found is not None:
            parse = parse_rcpt if begin[0] in "rR" else parse_mail
            argument = f"{begin.partition(' ')[2]}{path}".encode().rstrip()
            self.assertEqual(parse(argument), found)


class AllowsUtf8Tests(SynchronousTestCase):
    """`allows_utf8`"""

    def test_the_parameter_counts_by_name(self) -> None:
        """SMTPUTF8 counts in any case and place, and nothing else does."""
        for sent, allows in (
            ((), False),
            ((("SMTPUTF8", ""),), True),
            ((("SIZE", "1"), ("smtpUTF8", "")), True),
            ((("BODY", "SMTPUTF8"),), False),
            ((("X-SMTPUTF8", ""),), False),
        ):
            self.assertEqual(allows_utf8(parameters(*sent)), allows, sent)


class LineLimitTests(SynchronousTestCase):
    """`LINE_LIMIT`"""

    def test_it_has_room_for_the_extensions(self) -> None:
        """512 octets are the base; MAIL alone may need all that extensions add."""
        # RFC 1870 §3, RFC 6152 §2, RFC 3461 §5.4, RFC 4954 §3, RFC 6531 §3.1.
        self.assertGreaterEqual(LINE_LIMIT, 512 + 26 + 17 + 108 + 500 + 10)
