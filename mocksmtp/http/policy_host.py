"""The policy hosts of MTA-STS: one web server for all domains (RFC 8461 §3.3).

The Host of a request names the domain. The listener adds TLS.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from mocksmtp.hosts.policies import POLICY_PATH, MtaStsPolicy
from mocksmtp.http.problems import HttpProblem, answer_problem, not_found
from mocksmtp.http.site import ApiSite
from mocksmtp.mock import Mock

ALLOWED = ("GET", "HEAD")


def make_policy_site(mock: Mock, clock: IReactorTime) -> Site:
    """What serves the policies of `mock`, as a factory of connections."""
    return ApiSite(PolicyHosts(mock, clock), clock)


class PolicyHosts(Resource):
    """Answers requests for policies."""

    isLeaf = True

    def __init__(self, mock: Mock, clock: IReactorTime) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._mock = mock
        self._clock = clock

    def render(self, request: Request) -> bytes | int:
        """Respond to a request, after the delay of its policy."""
        policy = self._find(request)
        if policy is None or request.path != POLICY_PATH:
            return answer_problem(
                request, not_found("no policy for this domain and path")
            )
        if request.method.decode("latin-1") not in ALLOWED:
            allowed = ", ".join(ALLOWED)
            headers = {"Allow": allowed}
            problem = HttpProblem(405, f"allowed: {allowed}", headers=headers)
            return answer_problem(request, problem)
        if not policy.delay:
            return _tell(request, policy)
        self._tell_later(request, policy)
        return NOT_DONE_YET

    def _find(self, request: Request) -> MtaStsPolicy | None:
        told = request.requestHeaders.getRawHeaders(b"Host", [b""])[0]
        host = told.decode("latin-1").partition(":")[0].lower().removesuffix(".")
        return self._mock.policy_of(host)

    def _tell_later(self, request: Request, policy: MtaStsPolicy) -> None:
        def tell() -> None:
            request.write(_tell(request, policy))
            request.finish()

        timer = self._clock.callLater(policy.delay, tell)

        def ended(_: object) -> None:
            if timer.active():
                timer.cancel()

        request.notifyFinish().addBoth(ended)


def _tell(request: Request, policy: MtaStsPolicy) -> bytes:
    body = policy.text.encode()
    request.setResponseCode(policy.status)
    request.setHeader("Content-Type", "text/plain; charset=utf-8")
    request.setHeader("Content-Length", str(len(body)))
    return b"" if request.method == b"HEAD" else body
