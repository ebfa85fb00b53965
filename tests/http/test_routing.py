"""Routes, and the host that they are for"""

from __future__ import annotations

from klein import Klein
from treq.testing import StubTreq
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.http import mails
from mocksmtp.http import status as service
from mocksmtp.http.problems import not_found
from mocksmtp.http.routing import (
    DONE,
    Answers,
    Api,
    answers,
    array,
    document,
    mount,
    one_or_more,
    text,
)
from mocksmtp.mock import Mock
from tests.http.rig import Rig, keep


def named_host(mock: Mock, path: dict[str, str]) -> MailHost:
    """The host that a path names."""
    try:
        return mock.hosts[path.pop("host")]
    except KeyError:
        raise not_found("no such host") from None


class MountTests(SynchronousTestCase):
    """The same resources for any host"""

    def test_a_host_is_found_by_its_path(self) -> None:
        """Mounted below a prefix, the resources are those of the host it names."""
        rig = Rig()
        other = MailHost("mx2", "mx2.test")
        rig.mock.hosts["mx2"] = other
        for _ in range(2):
            keep(other.mailbox)
        rig.receive()
        routes = (*mails.ROUTES, *service.ROUTES)

        class Application:
            app = Klein()
            mount(app, routes)
            mount(app, routes, "/hosts/<host>", named_host)
            api: Api = rig.site.resource.api

        treq = StubTreq(Application().app.resource())
        for path, count in (
            ("/smtpMailsCount", b"1"),
            ("/hosts/default/smtpMailsCount", b"1"),
            ("/hosts/mx2/smtpMailsCount", b"2"),
            ("/hosts/mx2/version", b"0.4"),
        ):
            response = self.successResultOf(treq.get("http://localhost" + path))
            body = self.successResultOf(treq.content(response))
            self.assertEqual((response.code, body), (200, count), path)


class ContentTests(SynchronousTestCase):
    """Bodies"""

    A = {"$ref": "#/components/schemas/A"}
    B = {"$ref": "#/components/schemas/B"}

    def test_documents(self) -> None:
        """One, an array of some, or either."""
        self.assertEqual(document("A").schema.written_schema({}), self.A)
        either = {"anyOf": [self.A, self.B]}
        self.assertEqual(document("A", "B").schema.written_schema({}), either)
        found = array("A", "B").schema.written_schema({})
        self.assertEqual(found, {"type": "array", "items": either})
        self.assertEqual(
            one_or_more("A").schema,
            {"anyOf": [{"type": "array", "items": self.A}, self.A]},
        )

    def test_texts(self) -> None:
        """Of any media type."""
        self.assertEqual(text("text/dns").type, "text/dns")

    def test_answers(self) -> None:
        """200 unless another status is told; nothing is 204."""
        self.assertEqual(answers(text("a/b")), (Answers(200, (text("a/b"),)),))
        self.assertEqual(answers(status=201)[0].status, 201)
        self.assertEqual(DONE, (Answers(204),))
