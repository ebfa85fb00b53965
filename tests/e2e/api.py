"""The HTTP API of a mock that runs in a namespace."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from tests.e2e.namespaces import Namespace
from tests.e2e.program import PATIENCE

Document = dict[str, Any]


class Api:
    """
    Talks to the API, from inside a namespace.

    :param namespace: where the requests come from; it is an attribute, too
    :param url: the API's root
    """

    def __init__(self, namespace: Namespace, url: str) -> None:
        self.namespace = namespace
        self._url = url
        # No proxy that the environment names can reach a namespace.
        self._opener = build_opener(ProxyHandler({}))

    def host(self, name: str) -> Api:
        """The API of one of the mail hosts."""
        return Api(self.namespace, f"{self._url}/hosts/{name}")

    def add_host(self, document: Document) -> Api:
        """Make a mail host; answers its API."""
        self._call("POST", "/hosts", json.dumps(document).encode())
        return self.host(document["name"])

    def set_host(self, document: Document) -> None:
        """Have a mail host be what `document` says."""
        path = f"/hosts/{document['name']}"
        self._call("PUT", path, json.dumps(document).encode())

    def delete_host(self, name: str) -> None:
        """Take a mail host away."""
        self._call("DELETE", f"/hosts/{name}")

    def sessions(self, **filters: str | int) -> list[Document]:
        """The sessions that match."""
        query = urlencode(filters)
        return list(json.loads(self._call("GET", f"/smtpSessions?{query}")))

    def attempts(self, **filters: str | int) -> list[Document]:
        """The attempts that match."""
        query = urlencode(filters)
        return list(json.loads(self._call("GET", f"/smtpAttempts?{query}")))

    def delivery(self, **filters: str | int) -> Document:
        """
        The one delivery that matches, as soon as it does.

        :raises AssertionError: there is none, or more than one
        """
        query = urlencode({"wait": f"{PATIENCE}s", **filters})
        found = json.loads(self._call("GET", f"/deliveries?{query}"))
        if len(found) != 1:
            raise AssertionError(f"{len(found)} deliveries: {filters}: {found}")
        delivery: Document = found[0]
        return delivery

    def root(self) -> bytes:
        """The root of the service's certificates, in PEM."""
        return self._call("GET", "/ca.pem")

    def reset(self) -> None:
        """Forget mails and behaviors."""
        self._call("POST", "/reset")

    def set_records(self, *lines: str) -> None:
        """The DNS records of a zone file with these lines, and no others."""
        self._call("PUT", "/dnsRecords", "\n".join(lines).encode(), "text/dns")

    def add_records(self, *records: Document) -> None:
        """More DNS records, as documents."""
        self._call("POST", "/dnsRecords", json.dumps(records).encode())

    def queries(self, **filters: str | int) -> list[Document]:
        """The DNS queries that match."""
        query = urlencode(filters)
        return list(json.loads(self._call("GET", f"/dnsQueries?{query}")))

    def set_behaviors(self, *behaviors: Document) -> None:
        """These behaviors and no others."""
        self._call("PUT", "/smtpBehaviors", json.dumps(behaviors).encode())

    def set_dns_behaviors(self, *behaviors: Document) -> None:
        """These behaviors of DNS and no others."""
        self._call("PUT", "/dnsBehaviors", json.dumps(behaviors).encode())

    def fired(self) -> list[int]:
        """How often each behavior has answered."""
        behaviors = json.loads(self._call("GET", "/smtpBehaviors?view=full"))
        return [behavior["fired"] for behavior in behaviors]

    def mails(self, **filters: str | int) -> list[Document]:
        """The mails that match."""
        return list(json.loads(self._call("GET", f"/smtpMails?{urlencode(filters)}")))

    def mail_to(self, recipient: str) -> Document:
        """
        The one mail for `recipient`, as soon as it arrives.

        :raises AssertionError: there is none, or more than one
        """
        mails = self.mails(to=recipient, count=1, wait=f"{PATIENCE}s")
        if len(mails) != 1:
            raise AssertionError(f"{len(mails)} mails to {recipient}: {mails}")
        return mails[0]

    def content(self, mail: Document) -> bytes:
        """What arrived as the content of `mail`."""
        return self._call("GET", f"/smtpMails/{mail['id']}/raw")

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        headers = {"Content-Type": content_type}
        request = Request(self._url + path, body, headers, method=method)
        return self.namespace.call(self._send, request)

    def _send(self, request: Request) -> bytes:
        try:
            with self._opener.open(request, timeout=2 * PATIENCE) as response:
                return bytes(response.read())
        except HTTPError as error:
            call = f"{request.get_method()} {request.selector}"
            raise AssertionError(f"{call}: {error}\n{error.read()!r}") from None
