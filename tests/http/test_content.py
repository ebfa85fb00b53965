"""``/raw`` and ``/parts/{n}``: the octets of a mail"""

from __future__ import annotations

from email.message import EmailMessage

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.mails import PIECE
from mocksmtp.http.responses import MAX_FILE_NAME, disposition
from mocksmtp.mail.display import MAX_HTML, MAX_INLINE
from tests.http.rig import Answer, Rig

_HTML = "text/html; charset=utf-8"


def mail_with(kind: str, name: str, octets: bytes) -> bytes:
    """A mail with a text and one attachment."""
    message = EmailMessage()
    message.set_content("text\n")
    main, _, sub = kind.partition("/")
    message.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


class RawTests(SynchronousTestCase):
    """``/smtpMails/{id}/raw``"""

    def test_the_octets_are_exact(self) -> None:
        """What was received is answered, whatever it is."""
        rig = Rig()
        for content in b"", b"\x00\xff\r\n.\r\nbare\n", bytes(range(256)) * 3000:
            mail = rig.receive(content)
            answer = rig.ask("GET", f"/smtpMails/{mail.id}/raw")
            self.assertEqual((answer.status, answer.body), (200, content))
            self.assertEqual(answer.kind, "message/rfc822")
            self.assertEqual(answer.length, len(content))

    def test_a_browser_is_to_do_nothing_with_it(self) -> None:
        """It is hostile content on the API's origin."""
        rig = Rig()
        rig.receive(b"<script>")
        assert_protected(self, rig.ask("GET", "/smtpMails/1/raw"))


class PartTests(SynchronousTestCase):
    """``/smtpMails/{id}/parts/{n}``"""

    def part(self, content: bytes, number: object = 1) -> Answer:
        """A part of a mail with this content."""
        rig = Rig()
        mail = rig.receive(content)
        return rig.ask("GET", f"/smtpMails/{mail.id}/parts/{number}")

    def test_a_part_is_decoded(self) -> None:
        """With its type and file name, without its transfer encoding."""
        octets = bytes(range(256)) * 10
        content = mail_with("application/pdf", "report 1.pdf", octets)
        answer = self.part(content, 2)
        self.assertEqual((answer.status, answer.body), (200, octets))
        self.assertEqual(answer.kind, "application/pdf")
        self.assertEqual(
            answer.header("Content-Disposition"), 'attachment; filename="report 1.pdf"'
        )
        assert_protected(self, answer)

    def test_a_large_part_comes_in_pieces(self) -> None:
        """Nothing is lost between the windows that it is decoded in."""
        octets = bytes(range(251)) * (2 * PIECE // 251)
        answer = self.part(mail_with("application/x", "x", octets), 2)
        self.assertEqual(answer.body, octets)

    def test_a_text_that_is_too_long_to_be_shown(self) -> None:
        """It is null in the structure, with the reason, and can be read as a part."""
        html = b'<img src="data:image/png;base64,' + b"A" * 5_000_000 + b'">'
        rig = Rig()
        mail = rig.receive(
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n"
            b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nP\r\n--b--\r\n"
        )
        shown = rig.get(f"/smtpMails/{mail.id}")
        self.assertIsNone(shown["mime"]["html"])
        self.assertEqual(shown["mimeReason"], shown["mime"]["parts"][0]["reason"])
        self.assertEqual(shown["mime"]["attachments"][0]["fileName"], "a.pdf")
        answer = rig.ask("GET", f"/smtpMails/{mail.id}/parts/1")
        self.assertEqual(answer.body, html)

    def test_numbers_are_those_of_the_structure(self) -> None:
        """What ``/smtpMails/{id}`` lists as part n is at ``/parts/n``."""
        rig = Rig()
        mail = rig.receive(mail_with("text/html", "a.html", b"<b>"))
        mime = rig.get(f"/smtpMails/{mail.id}")["mime"]
        (attachment,) = mime["attachments"]
        answer = rig.ask("GET", f"/smtpMails/{mail.id}/parts/{attachment['part']}")
        self.assertEqual(len(answer.body), attachment["size"])
        self.assertEqual(answer.body, b"<b>")

    def test_a_mail_without_mime_is_one_part(self) -> None:
        """Its body, as plain text."""
        answer = self.part(b"Subject: x\r\n\r\nhello")
        self.assertEqual((answer.body, answer.kind), (b"hello", "text/plain"))
        self.assertEqual(
            answer.header("Content-Disposition"), 'attachment; filename="part-1"'
        )

    def test_unknown_parts_are_404(self) -> None:
        """Beyond the last one, or not a number."""
        for number in 0, 2, -1, "01", "x", "9" * 40, "%20":
            self.assertEqual(self.part(b"\r\nhello", number).status, 404, number)

    def test_parts_that_are_not_read_are_404(self) -> None:
        """Past a bound of the reader; the detail says which."""
        answer = self.part(
            b"Content-Type: multipart/x; boundary=b\n\n" + b"--b\n" * 2000
        )
        self.assertEqual(answer.status, 404)
        self.assertIn("parts", answer.json()["detail"])

    def test_a_type_is_told_only_if_it_is_one(self) -> None:
        """Nothing of a mail gets into the header of an answer but clean tokens."""
        for sent, told in (
            (b"text/html; charset=utf-8", "text/html; charset=utf-8"),
            (b'text/html; charset="a b"', "text/html"),
            (b'text/html; charset="x;\r\n y"', "text/html"),
            (b"TEXT/HTML", "text/html"),
            (b"text", "text/plain"),
            (b"text/\xc3\xa9", "application/octet-stream"),
            (b"a/b/c", "text/plain"),
            (b"", "text/plain"),
            (b"x/" + b"y" * 500, "application/octet-stream"),
        ):
            answer = self.part(b"Content-Type: " + sent + b"\r\n\r\n<b>")
            self.assertEqual(answer.kind, told, sent)
            assert_protected(self, answer)


class DispositionTests(SynchronousTestCase):
    """The file name in a header (RFC 6266)"""

    def test_names(self) -> None:
        """A name is one part of a path, and nothing but printable text."""
        for name, expected in (
            ("a.txt", 'attachment; filename="a.txt"'),
            ("a b.txt", 'attachment; filename="a b.txt"'),
            ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
            ("c:\\x.exe", 'attachment; filename="c_x.exe"'),
            ('a"; filename="b', 'attachment; filename="a_; filename=_b"'),
            ("a\r\nX: y", 'attachment; filename="a_X_ y"'),
            (".hidden", 'attachment; filename="hidden"'),
            ("...", 'attachment; filename="unnamed"'),
            (
                "é.txt",
                "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A9.txt",
            ),
            (
                "100%.txt",
                "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt",
            ),
            ("\u202etxt.exe", 'attachment; filename="_txt.exe"'),
        ):
            self.assertEqual(disposition(name), expected)

    @settings(deadline=None)
    @given(st.text())
    def test_any_name_is_safe(self, name: str) -> None:
        """One header line of ASCII, bounded, whose quotes are those around the name."""
        header = disposition(name)
        self.assertTrue(header.isascii() and header.isprintable(), header)
        self.assertEqual(header.count('"'), 2)
        self.assertNotIn("\\", header)
        self.assertNotIn("/", header)
        self.assertLess(len(header), 100 + 13 * MAX_FILE_NAME)


def assert_protected(test: SynchronousTestCase, answer: Answer) -> None:
    """A browser saves `answer`, guesses nothing and runs nothing."""
    disposed = answer.header("Content-Disposition") or ""
    test.assertTrue(disposed.startswith("attachment"), disposed)
    test.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")
    test.assertEqual(answer.header("Content-Security-Policy"), "sandbox")


def html_mail(html: str, image: bytes = b"\x89PNG", name: str = "<pic@x>") -> bytes:
    """A mail with HTML and one image that it may refer to."""
    message = EmailMessage()
    message.set_content("text\n")
    message.add_alternative(html, subtype="html")
    body = message.get_payload()[1]
    body.add_related(image, "image", "png", cid=name)
    return message.as_bytes()


class HtmlTests(SynchronousTestCase):
    """``/smtpMails/{id}/html``"""

    def html(self, content: bytes, query: str = "") -> Answer:
        """The HTML of a mail with this content."""
        rig = Rig()
        mail = rig.receive(content)
        return rig.ask("GET", f"/smtpMails/{mail.id}/html{query}")

    def test_images_of_the_mail_are_in_it(self) -> None:
        """A reference to a part becomes its octets, also where it is escaped."""
        page = "<img src=\"cid:pic@x\"><p style='background:url(cid:pic%40x)'>é"
        answer = self.html(html_mail(page))
        self.assertEqual((answer.status, answer.kind), (200, _HTML))
        data = "data:image/png;base64,iVBORw=="
        expected = f"<img src=\"{data}\"><p style='background:url({data})'>é\n"
        self.assertEqual(answer.body.decode(), expected)

    def test_it_can_do_nothing(self) -> None:
        """Its policy allows its own style and images, and nothing else."""
        answer = self.html(html_mail("<script>"))
        policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        self.assertEqual(answer.header("Content-Security-Policy"), policy)
        self.assertEqual(answer.header("X-DNS-Prefetch-Control"), "off")
        self.assertIsNone(answer.header("Content-Disposition"))

    def test_remote_images_on_request(self) -> None:
        """They may be loaded by HTTPS, without a Referer."""
        answer = self.html(html_mail("<img src=https://x.test/>"), "?remote=1")
        policy = answer.header("Content-Security-Policy") or ""
        self.assertTrue(policy.endswith("img-src data: https:"), policy)
        self.assertEqual(answer.header("Referrer-Policy"), "no-referrer")

    def test_no_element_makes_the_browser_connect(self) -> None:
        """No policy prevents that for links and frames: they are renamed."""
        page = "<LINK rel=preconnect href=https://x.test><link/rel=x><linked>"
        body = self.html(html_mail(page)).body
        self.assertEqual(body.lower().count(b"<link"), 1)
        page = "<iframe src=//x.test><Frame\n src=//x.test><object/></embed><frames>"
        body = self.html(html_mail(page)).body
        self.assertTrue(body.startswith(b"<x-iframe src=//x.test><x-Frame"), body)
        self.assertTrue(body.endswith(b"<x-object/></x-embed><frames>\n"), body)

    def test_an_unknown_reference_stays(self) -> None:
        """It is a broken image."""
        self.assertIn(b"cid:no@x", self.html(html_mail("<img src=cid:no@x>")).body)

    def test_references_are_bounded(self) -> None:
        """A large image that is referred to often is not repeated without end."""
        image = bytes(MAX_INLINE // 4)
        body = self.html(html_mail("<img src=cid:pic@x>" * 50, image)).body
        self.assertEqual(body.count(b"data:image/png"), 4)

    def test_a_large_part(self) -> None:
        """5 MiB of HTML are displayed, more than `MAX_HTML` are not."""
        page = "Content-Type: text/html\r\n\r\n" + "<p>" * (5 * 2**20 // 3)
        self.assertEqual(self.html(page.encode()).status, 200)
        answer = self.html((page + "x" * MAX_HTML).encode())
        self.assertEqual(answer.status, 404)
        self.assertIn("octets of HTML", answer.json()["detail"])

    def test_a_mail_without_html(self) -> None:
        """There is nothing to display."""
        answer = self.html(b"Subject: x\r\n\r\nx\r\n")
        self.assertEqual(answer.status, 404)
        self.assertIn("no HTML part", answer.json()["detail"])
