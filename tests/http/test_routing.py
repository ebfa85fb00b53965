"""Routes, and the host that they are for"""

from __future__ import annotations

from klein import Klein
from treq.testing import StubTreq
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.http.app import HOST_ROUTES
from mocksmtp.http.problems import not_found
from mocksmtp.http.routing import Api, mount
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
        app = Klein()
        mount(app, self.api(rig), HOST_ROUTES)
        mount(app, self.api(rig), HOST_ROUTES, "/hosts/<host>", named_host)
        treq = StubTreq(app.resource())
        for path, count in (
            ("/smtpMailsCount", b"1"),
            ("/hosts/default/smtpMailsCount", b"1"),
            ("/hosts/mx2/smtpMailsCount", b"2"),
            ("/hosts/mx2/version", b"0.4"),
        ):
            response = self.successResultOf(treq.get("http://localhost" + path))
            body = self.successResultOf(treq.content(response))
            self.assertEqual((response.code, body), (200, count), path)

    def api(self, rig: Rig) -> Api:
        """What the requests of `rig` share."""
        api: Api = rig.site.resource.api
        return api
