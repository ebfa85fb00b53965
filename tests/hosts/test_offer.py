"""What a host offers, by how a connection stands with TLS."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.offer import Stage, make_offers
from mocksmtp.sasl.settings import AuthSettings, Mechanism

PLAIN = (Mechanism.PLAIN, Mechanism.LOGIN)


def offered(
    before: tuple[str, ...] = (),
    under: tuple[str, ...] = (),
    extensions: tuple[str, ...] = (),
    size: int | None = None,
    auth: AuthSettings | None = None,
) -> list[list[str]]:
    """The lines without TLS, before it and under it."""
    offers = make_offers("mx", Capabilities(before, under), extensions, size, auth)
    return [list(offers[stage].lines) for stage in Stage]


class OfferTests(SynchronousTestCase):
    """`make_offers`"""

    def test_each_state_has_its_lines(self) -> None:
        """STARTTLS is offered where it is to be had (RFC 3207 §4.2)."""
        lines = offered(("A",), ("B c",))
        self.assertEqual(lines, [["A"], ["A", "STARTTLS"], ["B c"]])

    def test_size_and_extensions(self) -> None:
        """They are the same in every state, and extensions are last."""
        lines = offered(extensions=("X-1",), size=5)
        self.assertEqual(
            lines,
            [
                ["SIZE 5", "X-1"],
                ["SIZE 5", "STARTTLS", "X-1"],
                ["SIZE 5", "X-1"],
            ],
        )

    def test_auth(self) -> None:
        """With its mechanisms in their order; where TLS is required, under it."""
        for require_tls, expected in ((False, [1, 1, 1]), (True, [0, 0, 1])):
            lines = offered(auth=AuthSettings(PLAIN, require_tls=require_tls))
            found = [state.count("AUTH PLAIN LOGIN") for state in lines]
            self.assertEqual(found, expected)

    def test_what_a_list_names_is_not_added(self) -> None:
        """Whatever parameters it gives, and in whatever case."""
        told = ("size 7", "starttls", "Auth X")
        lines = offered(told, told, size=5, auth=AuthSettings())
        self.assertEqual(lines, [list(told)] * 3)

    def test_what_is_offered_is_known_by_its_keyword(self) -> None:
        """Without a keyword's parameters, in upper case."""
        told = ("Chunking", "SMTPutf8", "size 5")
        offers = make_offers("mx", Capabilities(told, ()))
        before, under = offers[Stage.BEFORE_TLS], offers[Stage.UNDER_TLS]
        keywords = {"CHUNKING", "SMTPUTF8", "SIZE", "STARTTLS"}
        self.assertEqual(before.keywords, keywords)
        flags = (before.chunking, before.smtputf8, before.size)
        self.assertEqual(flags, (True, True, True))
        flags = (under.chunking, under.smtputf8, under.size)
        self.assertEqual(flags, (False, False, False))

    def test_the_reply_has_the_lines(self) -> None:
        """Behind the hostname, and before HELP."""
        reply = make_offers("mx", Capabilities(("A",), ()))[Stage.WITHOUT_TLS]
        self.assertEqual(reply.extended_hello.text, "mx\nA\nHELP")
