"""The parameters of lists as keywords, for type checkers and editors.

At runtime a client passes all keywords to the service, in camelCase.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypedDict

from mocksmtp.client.requests import Duration
from mocksmtp.client.values import Outcome, Verdict


class Waiting(TypedDict, total=False):
    """
    Waiting for entries.

    - ``count``: return as soon as so many match (default 1),
    - ``wait``: or after this time,
    - ``settle``: but only if the matches have not changed for this long
    """

    count: int
    wait: Duration
    settle: Duration


class Paging(TypedDict, total=False):
    """A part of a list: entries newer or older than the one with an id."""

    limit: int
    order: Literal["asc", "desc"]
    after: str
    before: str
    total: bool


class MailFilters(TypedDict, total=False):
    """
    What a mail must have.

    - ``sender``, ``to``: a complete address of the envelope (``<>``: null sender)
    - ``subject``, ``body``, ``contains``: a part of the subject, text or content
    - ``q``: a search expression, as ``from:shop has:attachment "your order"``
    - ``bounce_of``: a recipient that it reports on as a bounce
    - ``host``: another host, or ``*`` for all hosts
    """

    sender: str
    to: str
    subject: str
    body: str
    contains: str
    q: str
    bounce_of: str
    message_id: str
    session: str
    helo: str
    client_ip: str
    min_size: int | str
    max_size: int | str
    since: datetime | str
    until: datetime | str
    host: str


class WaitingMailFilters(MailFilters, Waiting, total=False):
    """What mails must have, and how long to wait for them."""


class MailListing(WaitingMailFilters, Paging, total=False):
    """A list of mails; ``view`` is ``summary`` (no content) or ``full``."""

    view: Literal["summary", "full"]


class MailTaking(WaitingMailFilters, total=False):
    """Mails to remove; ``limit`` is how many, the oldest first."""

    limit: int
    view: Literal["summary", "full"]


class MailRemoval(MailFilters, total=False):
    """Mails to remove."""

    limit: int
    after: str
    view: Literal["summary", "full"]


class SessionFilters(Waiting, total=False):
    """What a session must have; the fields on mails must match the same mail."""

    host: str
    client_ip: str
    sender: str
    to: str
    outcome: Outcome
    kept: bool


class SessionListing(SessionFilters, Paging, total=False):
    """A list of sessions."""


class AttemptFilters(Waiting, total=False):
    """What an attempt must have; ``code`` is ``450`` or ``4xx``."""

    sender: str
    to: str
    message_id: str
    host: str
    verdict: Verdict
    stage: str
    code: int | str
    kept: bool
    since: datetime | str
    client_ip: str
    session: str
    probes: bool


class AttemptListing(AttemptFilters, Paging, total=False):
    """A list of attempts."""


class DeliveryFilters(Waiting, total=False):
    """
    What a delivery must have.

    - ``final``: the last verdict; ``verdict``, ``code``: of any attempt
    - ``copies``: how many times the mail was kept
    """

    sender: str
    to: str
    message_id: str
    host: str
    final: Verdict
    verdict: Verdict
    code: int | str
    kept: bool
    copies: int
    since: datetime | str
    client_ip: str


class DeliveryListing(DeliveryFilters, Paging, total=False):
    """A list of deliveries."""


class QueryFilters(Waiting, total=False):
    """What a DNS query must have."""

    name: str
    type: str
    client_ip: str
    transport: Literal["udp", "tcp"]


class QueryListing(QueryFilters, Paging, total=False):
    """A list of DNS queries."""


class RecordFilters(TypedDict, total=False):
    """What a DNS record must have."""

    id: str
    name: str
    type: str
    ttl: int
    tag: str
    owner: str
    address: str
    preference: int
    exchange: str
    target: str
    strings: str
    priority: int
    weight: int
    port: int


class EvaluationContext(TypedDict, total=False):
    """What is known when a command arrives; or ``session`` and ``exchange``."""

    sender: str
    recipients: list[str]
    helo: str
    client_ip: str
    listener: str
    tls: bool | str
    auth_user: str
    content: str
    protocol: Literal["smtp", "lmtp"]
    session: str
    exchange: int
