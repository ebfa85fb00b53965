"""The MIME structure of a mail"""

from __future__ import annotations

from email.message import EmailMessage

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail import mime
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mime import (
    MAX_NESTING,
    MAX_PARTS,
    Structure,
    read_structure,
)
from mocksmtp.mail.part import TooComplex


def octets(content: bytes) -> list[bytes]:
    """The decoded content of each part."""
    return [b"".join(part.windows) for part in read_structure(content).parts]


def multipart(
    *parts: bytes, boundary: bytes = b"b", end: bytes = b"--b--\r\n"
) -> bytes:
    """A multipart of these parts, each with its header."""
    head = b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n"
    return head + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def nested(depth: int) -> bytes:
    """Multiparts within each other."""
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )


def reason(content: bytes) -> str:
    """Why a mail is not taken apart."""
    try:
        read_structure(content)
    except TooComplex as error:
        return str(error)
    raise AssertionError("it was taken apart")


def subject_of(content: bytes) -> str:
    field = next(ParsedMessage(content).fields("subject"), None)
    return "" if field is None else field.text


class WholeTests(SynchronousTestCase):
    """Mails as programs send them"""

    def structure(self) -> Structure:
        """A mail with a text in two forms, an image in one, and an attachment."""
        message = EmailMessage()
        message["Subject"] = "Grüße ☃"
        message["X-Long"] = "word " * 40
        message.set_content("hällo\n")
        message.add_alternative("<b>hällo</b>\n", subtype="html")
        html = message.get_payload()[1]
        html.add_related(
            *(b"GIF", "image", "gif"), cid="<1@x.test>", disposition="inline"
        )
        message.add_attachment(
            b"\0\xff" * 100, maintype="application", subtype="pdf", filename="ü.pdf"
        )
        return read_structure(message.as_bytes())

    def test_headers_are_in_order_and_decoded(self) -> None:
        """As often as they were sent, folded or not."""
        headers = [(field.name, field.text) for field in self.structure().headers]
        self.assertEqual(headers[0], ("Subject", "Grüße ☃"))
        self.assertEqual(headers[1], ("X-Long", ("word " * 40).strip()))

    def test_text_and_html_are_found(self) -> None:
        """Decoded from their transfer encoding and their charset."""
        structure = self.structure()
        assert structure.plain is not None
        assert structure.html is not None
        self.assertEqual(structure.plain.text, "hällo\n")
        self.assertEqual(structure.html.text, "<b>hällo</b>\n")

    def test_the_rest_is_attached(self) -> None:
        """In order, with numbers among all parts."""
        image, pdf = self.structure().attachments
        self.assertEqual(
            (image.number, image.content_type, image.content_id, image.disposition),
            (3, "image/gif", "1@x.test", "inline"),
        )
        self.assertEqual(
            (pdf.number, pdf.content_type, pdf.file_name, pdf.disposition, pdf.size),
            (4, "application/pdf", "ü.pdf", "attachment", 200),
        )

    def test_a_mail_without_mime_is_one_part(self) -> None:
        """Its body is plain text in UTF-8, whether or not there is a header."""
        for content, text in (
            ("Subject: x\r\n\r\nhé".encode(), "hé"),
            (b"no header\r\nat all", "no header\r\nat all"),
            (b"", ""),
            (b"Subject: x", ""),
        ):
            structure = read_structure(content)
            (part,) = structure.parts
            self.assertEqual((part.content_type, part.text), ("text/plain", text))
            self.assertEqual(structure.attachments, ())

    def test_an_attached_text_is_no_body(self) -> None:
        """What has a file name, or says that it is attached, is not the text."""
        for field in (
            b"Content-Disposition: attachment",
            b'Content-Disposition: inline; filename="a.txt"',
            b"Content-Type: text/plain; name=a.txt",
        ):
            structure = read_structure(field + b"\r\n\r\nx")
            self.assertIsNone(structure.plain)
            self.assertEqual(len(structure.attachments), 1)

    def test_a_mail_within_a_mail_is_one_part(self) -> None:
        """Its own parts are its own."""
        inner = multipart(b"\r\ninner").replace(b"--b", b"--i").replace(b"=b", b"=i")
        content = multipart(
            b"Content-Type: message/rfc822\r\n\r\n" + inner, b"\r\nlast"
        )
        self.assertEqual(octets(content), [inner, b"last"])


class DelimiterTests(SynchronousTestCase):
    """Boundaries (RFC 2046 §5.1.1)"""

    def test_the_line_end_before_a_delimiter_is_its_own(self) -> None:
        """It belongs to no part; another one before it does."""
        self.assertEqual(
            octets(multipart(b"\r\none", b"\r\ntwo\r\n", b"\r\n", b"")),
            [b"one", b"two\r\n", b"", b""],
        )

    def test_bare_line_feeds(self) -> None:
        """They end lines as well."""
        content = multipart(b"\none", b"\ntwo").replace(b"\r\n", b"\n")
        self.assertEqual(octets(content), [b"one", b"two"])

    def test_what_is_around_the_parts_is_left_out(self) -> None:
        """Preamble and epilogue are for programs that know no MIME."""
        content = multipart(b"\r\none", end=b"--b--\r\nepilogue\r\n--b\r\n\r\nno part")
        content = content.replace(b"\r\n\r\n", b"\r\n\r\npreamble\r\n", 1)
        self.assertEqual(octets(content), [b"one"])

    def test_only_the_whole_line_delimits(self) -> None:
        """White space may follow it, and nothing else; it begins the line."""
        for line in b"--bb", b"--b x", b" --b", b"-- b", b"x--b", b"--B", b"--":
            content = multipart(b"\r\none\r\n" + line + b"\r\nmore")
            self.assertEqual(octets(content), [b"one\r\n" + line + b"\r\nmore"], line)
        spaced = multipart(b"\r\none\r\n--b \t\r\n\r\ntwo")
        self.assertEqual(octets(spaced), [b"one", b"two"])

    def test_a_missing_end(self) -> None:
        """The last part ends with the mail."""
        self.assertEqual(octets(multipart(b"\r\none", end=b"")), [b"one\r\n"])
        self.assertEqual(octets(multipart(end=b"--b")), [b""])

    def test_an_outer_delimiter_ends_what_is_within(self) -> None:
        """Also where the inner multipart was not closed."""
        inner = b"Content-Type: multipart/x; boundary=i\r\n\r\n--i\r\n\r\ninner"
        self.assertEqual(octets(multipart(inner, b"\r\nouter")), [b"inner", b"outer"])

    def test_a_delimiter_ends_a_header(self) -> None:
        """A part may have a header only, or not even that."""
        self.assertEqual(
            octets(multipart(b"X: y", b"", b"\r\nlast")), [b"", b"", b"last"]
        )

    def test_a_delimiter_that_looks_like_a_field(self) -> None:
        """A boundary may have a colon."""
        content = (
            b'Content-Type: multipart/x; boundary="a:b"\r\n\r\n'
            b"--a:b\r\nX: y\r\n--a:b\r\n\r\ntwo\r\n--a:b--\r\n"
        )
        self.assertEqual(octets(content), [b"", b"two"])

    def test_a_multipart_without_parts_is_plain_text(self) -> None:
        """No boundary, or one that never comes, or that of an outer one."""
        for kind in (
            b"multipart/mixed",
            b"multipart/mixed; boundary=",
            (b"multipart/mixed; boundary=never"),
        ):
            content = b"Content-Type: " + kind + b"\r\n\r\ntext"
            plain = read_structure(content).plain
            assert plain is not None
            self.assertEqual((plain.text, plain.content_type), ("text", "text/plain"))
        again = b"Content-Type: multipart/mixed; boundary=b\r\n\r\nx"
        self.assertEqual(octets(multipart(again, b"\r\ny")), [b"x", b"y"])


class BoundsTests(SynchronousTestCase):
    """Hostile mails: each is told at once what it goes past"""

    def test_depth(self) -> None:
        """As many levels as are allowed are read; 900 take no time."""
        self.assertEqual(octets(nested(MAX_NESTING) + b"\r\nx"), [b"x"])
        self.assertIn("deep", reason(nested(MAX_NESTING + 1)))
        self.assertIn("deep", reason(nested(900)))

    def test_parts(self) -> None:
        """As many as are allowed are read; 100,000 take no time."""
        many = [b"\r\nx"] * (MAX_PARTS - 1)
        self.assertEqual(len(octets(multipart(*many))), MAX_PARTS - 1)
        self.assertIn("parts", reason(multipart(*many, b"\r\nx")))
        self.assertIn("parts", reason(multipart(*[b"\r\nx"] * 99_000)))

    def test_delimiters(self) -> None:
        """Lines that look like one are counted where there may be one at all."""
        dashes = b"--\r\n" * (mime.MAX_DELIMITERS + 1)
        self.assertIn("delimiters", reason(multipart(b"\r\n" + dashes)))
        self.assertEqual(octets(b"\r\n" + dashes), [dashes])

    def test_headers(self) -> None:
        """A field of mebibytes, or header fields without end."""
        self.assertIn("a header", reason(b"Subject: " + b"x" * 2**22 + b"\r\n\r\n"))
        self.assertIn("fields", reason(b"A:\r\n" * (mime.MAX_FIELDS + 1)))
        part = b"A:\r\n" * 900 + b"\r\n"
        self.assertIn("fields", reason(multipart(*[part] * 120)))

    def test_delimiters_that_look_like_fields(self) -> None:
        """Each ends a header; none is read again with the next part."""
        head = b'Content-Type: multipart/x; boundary="a:b"\r\n\r\n'
        many = head + b"--a:b\r\n" * (MAX_PARTS - 1) + b"--other:x\r\n" * 50_000
        self.patch(mime, "MAX_FIELDS", 60_000)
        self.assertEqual(len(octets(many)), MAX_PARTS - 1)

    def test_sizes(self) -> None:
        """A mail that is too large is not looked at."""
        self.patch(mime, "MAX_SIZE", 1000)
        self.assertIn("octets", reason(b"x" * 1001))

    @settings(deadline=None, max_examples=300)
    @given(
        st.lists(
            st.sampled_from(
                [
                    *(b"Content-Type: multipart/mixed; boundary=b", b"\r\n", b"\r\n"),
                    *(b"\n", b"--b", b"--b--", b"--i", b"X: y", b"text", b"\xff", b" "),
                    *(b"Content-Type: multipart/x; boundary=i", b"\r\n\r\n--b\r\n"),
                    *(b"Content-Transfer-Encoding: base64", b"boundary", b"\x00", b":"),
                    *(b"Content-Type: text/plain; charset=utf-7; name*0*=x", b"--"),
                ]
            )
            | st.binary(max_size=5)
        )
    )
    def test_any_content_is_taken_apart_or_refused(self, pieces: list[bytes]) -> None:
        """No other exception, and every part can be told."""
        content = b"".join(pieces)
        subject_of(content).encode()
        structure = read_structure(content)
        self.assertGreaterEqual(len(structure.parts), 0)
        for part in structure.parts:
            part.text.encode()
            (part.file_name + part.content_type + part.content_id).encode()


class SubjectTests(SynchronousTestCase):
    """What a filter compares"""

    def test_subjects(self) -> None:
        """Decoded, unfolded, the first; none is an empty one."""
        for content, subject in (
            (b"Subject: hi\r\n\r\n", "hi"),
            (b"SUBJECT:hi\n\n", "hi"),
            (b"From: x\r\nSubject: a\r\n b\r\n\r\n", "a b"),
            (b"Subject: =?utf-8?b?w6k=?=\r\n\r\n", "é"),
            ("Subject: é\r\n\r\n".encode(), "é"),
            (b"Subject: \xff\r\n\r\n", "\ufffd"),
            (b"Subject: 1\r\nSubject: 2\r\n\r\n", "1"),
            (b"From: x\r\n\r\nSubject: body\r\n", ""),
            (b"text\r\nSubject: body\r\n", ""),
            (b"", ""),
        ):
            self.assertEqual(subject_of(content), subject, content)

    def test_the_whole_header_is_read(self) -> None:
        """A subject of a mebibyte, and one behind it."""
        self.assertEqual(len(subject_of(b"Subject: " + b"x" * 2**20)), 2**20)
        self.assertEqual(subject_of(b"X: " + b"x" * 2**20 + b"\r\nSubject: y\r\n"), "y")
