"""The screen of mails: the list, a search, and one mail."""

from __future__ import annotations

from email.message import EmailMessage

from tests.browser.case import BrowserCase

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
    "789c6360f8cf50000000030101006b0d3ba50000000049454e44ae426082"
)
"""An image of one pixel."""


def order_mail() -> bytes:
    """A mail as a shop sends it: text, HTML with its own image, and an attachment."""
    message = EmailMessage()
    message["From"] = "Shop <shop@h.test>"
    message["To"] = "Bob Öz <bob@x.test>"
    message["Subject"] = "Your order 5: thank you"
    message["Message-ID"] = "<order5@h.test>"
    message["Date"] = "Fri, 27 Nov 2026 10:00:00 +0000"
    message.set_content("Thank you for order 5.\nSee https://shop.test/orders/5\n")
    message.add_alternative(
        "<h1 style='font-family: sans-serif'>Thank you</h1>"
        "<p>Order 5 is on its way. <a href='https://shop.test/orders/5'>See it</a></p>"
        "<img src='cid:logo@h.test' width='40' height='40' alt='Logo'>"
        "<img src='https://tracker.test/pixel.png'>",
        subtype="html",
    )
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<logo@h.test>")
    message.add_attachment(
        b"%PDF-1.4", maintype="application", subtype="pdf", filename="invoice 5.pdf"
    )
    return message.as_bytes()


class MailListTests(BrowserCase):
    """``/ui/mails``"""

    shares = True

    def test_new_mails_appear(self) -> None:
        """At the top, without a reload; the row that is read stays where it is."""
        page = self.open("/ui/mails")
        self.see(page.locator("main"), "No mail is kept")
        self.wait_live(page)
        for number in range(60):
            self.send(f"Mail {number}")
        self.see(page.get_by_role("link", name="Mail 59"))
        page.evaluate("scrollTo(0, 600)")
        row = page.get_by_role("link", name="Mail 30", exact=True)
        row.scroll_into_view_if_needed()
        before = row.bounding_box()
        self.send("The newest")
        self.see_count(page.get_by_role("link", name="The newest"), 1)
        after = row.bounding_box()
        assert before
        assert after
        self.assertLess(abs(before["y"] - after["y"]), 2)

    def test_rows(self) -> None:
        """Subject, addresses, size and marks."""
        self.send_octets(order_mail(), ["bob@x.test", "archive@h.test"], "b+5@h.test")
        page = self.open("/ui/mails")
        row = page.locator("tr[data-row]").first
        for text in (
            *("Your order 5", "Shop <shop@h.test>", "bob@x.test, archive@h.test"),
            *("2 attachments", "envelope differs", "KiB"),
        ):
            self.see(row, text)
        self.check_accessible(page)

    def test_search(self) -> None:
        """By the expressions of the API; an error is shown where it is."""
        self.send("Invoice 1")
        self.send("Hello", sender="carl@h.test")
        page = self.open("/ui/mails?q=from:carl")
        self.see_count(page.locator("tr[data-row]"), 1)
        page.keyboard.press("/")
        page.keyboard.type("subject:invoice")
        page.keyboard.press("Enter")
        self.see(page.locator("tr[data-row]"), "Invoice 1")
        page.goto(f"{self.url}/ui/mails?q=invoice+subjct:x")
        self.see(page.get_by_role("alert").locator("mark"), "subjct:x")
        self.see(page.get_by_role("alert").last, "did you mean 'subject'")
        self.check_accessible(page)

    def test_keys(self) -> None:
        """j and k move, Enter opens, d deletes, Esc goes back."""
        for number in range(3):
            self.send(f"Mail {number}")
        page = self.open("/ui/mails")
        self.see_count(page.locator("tr[data-row]"), 3)
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("d")
        self.see_count(page.locator("tr[data-row]"), 2)
        self.assertEqual(self.call("GET", "/smtpMailsCount"), 2)
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        self.see(page.get_by_role("heading", name="Mail 2"))
        page.keyboard.press("Escape")
        self.see(page.get_by_role("heading", name="Mails", exact=True))

    def test_selected_mails_are_deleted(self) -> None:
        """Those that are checked, on whatever host."""
        self.call("POST", "/hosts", {"name": "mx2"})
        self.send("One")
        first = self.latest_mail()
        self.send("Two")
        page = self.open("/ui/mails")
        page.get_by_label(f"Select mail {first}").check()
        page.get_by_role("button", name="Delete 1 selected").click()
        self.see_count(page.locator("tr[data-row]"), 1)
        self.see(page.locator("tr[data-row]"), "Two")

    def test_narrow(self) -> None:
        """At 360 pixels nothing is wider than the view; dark, it is accessible."""
        self.send_octets(order_mail())
        self.expected_errors = ["tracker.test"]
        context = self.new_context(dark=True, width=360)
        mail = f"/ui/mails/{self.latest_mail()}"
        for path in "/ui/mails", mail, f"{mail}?tab=headers":
            page = self.open(path, context)
            self.see(page.get_by_text("Your order 5").first)
            self.check_width(page)
            self.check_accessible(page)

    def test_without_javascript(self) -> None:
        """The list and a mail are readable."""
        self.send_octets(order_mail())
        self.expected_errors = ["tracker.test"]
        page = self.open("/ui/mails", self.new_context(java_script_enabled=False))
        page.get_by_role("link", name="Your order 5").click()
        page.get_by_role("link", name="Text").click()
        self.see(page.get_by_text("Thank you for order 5."))
        page.get_by_role("button", name="Delete d", exact=True).click()
        self.see(page.get_by_text("No mail is kept."))
        self.send("One more")
        page.get_by_role("link", name="Mails").click()
        page.get_by_role("button", name="Delete all", exact=True).click()
        self.see(page.get_by_text("Delete all mails of all hosts?"))
        page.get_by_role("button", name="Yes").click()
        self.see(page.get_by_text("No mail is kept."))

    def test_picture(self) -> None:
        """A list as users see it."""
        self.send_octets(order_mail(), ["bob@x.test", "archive@h.test"], "b+5@h.test")
        self.send("Password reset", ["carl@x.test"])
        self.send("Weekly report", [f"r{n}@x.test" for n in range(12)])
        self.send("Привет, мир", ["dora@x.test"], headers=["X-Mailer: test"])
        page = self.open("/ui/mails")
        self.see_count(page.locator("tr[data-row]"), 4)
        page.keyboard.press("j")
        self.picture(page, "mails")


class MailTests(BrowserCase):
    """``/ui/mails/{id}``"""

    shares = True

    def setUp(self) -> None:
        """The browser reports that it blocks the remote image."""
        super().setUp()
        self.expected_errors = ["tracker.test"]

    def test_one_mail(self) -> None:
        """Its views, and its envelope beside its header."""
        self.send_octets(order_mail(), ["bob@x.test", "archive@h.test"], "b+5@h.test")
        page = self.open(f"/ui/mails/{self.latest_mail()}")
        frame = page.frame_locator("iframe")
        self.see(frame.get_by_role("heading", name="Thank you"))
        logo = frame.get_by_alt_text("Logo")
        self.assertEqual(logo.evaluate("image => image.naturalWidth"), 1)
        compared = page.locator(".compared")
        self.see(compared.locator("mark", has_text="archive@h.test"))
        self.see(compared, "not in the header")
        self.see(compared, "another address than From")
        self.see(page.get_by_text("1 reference to other servers is blocked"))
        self.picture(page, "mail")
        for tab, text in (
            ("Text", "Thank you for order 5."),
            ("Source", "cid:logo@h.test"),
            ("Headers", "Bob Öz <bob@x.test>"),
            ("Parts", "invoice 5.pdf"),
            ("Links", "https://shop.test/orders/5"),
            ("Raw", "Content-Transfer-Encoding"),
        ):
            page.locator(".tabs").get_by_role("link", name=tab).click()
            self.see(page.locator(".view"), text)
            self.check_accessible(page)

    def test_its_delivery(self) -> None:
        """The link leads to the deliveries of this mail."""
        self.send("Other")
        self.send_octets(order_mail())
        page = self.open(f"/ui/mails/{self.latest_mail()}")
        page.get_by_role("link", name="Its deliveries").click()
        self.see(page.locator("main"), "bob@x.test")
        self.see(page.locator("main"), "Your order 5")
        self.see_count(page.locator("main").get_by_text("Other"), 0)

    def test_the_mail_is_downloaded(self) -> None:
        """As it was received."""
        self.send_octets(order_mail())
        mail = self.latest_mail()
        page = self.open(f"/ui/mails/{mail}")
        with page.expect_download() as started:
            page.get_by_role("link", name="Download .eml").click()
        self.assertEqual(started.value.suggested_filename, f"{mail}.eml")
        self.assertIn(b"Your order", started.value.path().read_bytes())

    def test_delete(self) -> None:
        """By its key; the list follows."""
        self.send("Hello")
        page = self.open(f"/ui/mails/{self.latest_mail()}")
        page.keyboard.press("d")
        self.see(page.get_by_text("No mail is kept"))


class TokenTests(BrowserCase):
    """A service that requires its token"""

    token = "secret"

    def test_the_frame_of_a_mail(self) -> None:
        """Whoever has logged in sees the HTML, although its frame is sandboxed."""
        self.send_octets(order_mail())
        self.expected_errors = ["tracker.test"]
        page = self.open("/ui/mails/1")
        page.get_by_label("Token").fill("secret")
        page.keyboard.press("Enter")
        heading = page.frame_locator("iframe").get_by_role("heading", name="Thank you")
        self.see(heading)
        self.see(page.get_by_role("heading", name="Your order 5"))
