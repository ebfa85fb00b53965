"""What the description of the API adds to routes for its readers.

The meaning of each parameter, and of each operation what its summary leaves out and an
example. Each example is run by a test, after `SETUP`.
"""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class Explained:
    """
    An operation in words, and a request.

    :ivar query: parameters of the request
    :ivar body: its body, a JSON document or a text; None for none
    :ivar path: variables of its path that are not those of `PATH_EXAMPLES`
    """

    meaning: str
    query: dict[str, str] = attrs.field(factory=dict)
    body: Any = None
    path: dict[str, str] = attrs.field(factory=dict)


_BUSY = {
    "command": "RCPT TO",
    "condition": {"operator": "contains", "matchingValue": "busy@"},
    "response": {"code": 450, "message": "4.2.0 Busy"},
    "numberOfAnswer": 2,
}

_GONE = {
    "query": "MX",
    "condition": {"operator": "equals", "matchingValue": "gone.test"},
    "response": {"rcode": "NXDOMAIN"},
}

_MX = {"name": "there.test", "type": "MX", "preference": 10, "exchange": "mx.test"}

_POLICY = {"domain": "there.test", "mode": "enforce", "mx": ["mx.test"]}

SETUP: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "/smtpBehaviors", [{**_BUSY, "id": "busy", "tag": "outage"}]),
    ("PUT", "/dnsBehaviors", [{**_GONE, "id": "gone", "tag": "outage"}]),
    ("PUT", "/dnsRecords", [{**_MX, "id": "mx"}]),
    ("PUT", "/mtaSts", [_POLICY]),
    ("PUT", "/hosts/mx2", {}),
)
"""Requests after which the examples work, when a mail and a query have arrived, too."""

PATH_EXAMPLES = {
    "smtpBehaviors": "busy",
    "dnsBehaviors": "gone",
    "dnsRecords": "mx",
    "smtpMails": "1",
    "smtpSessions": "1",
    "smtpAttempts": "1",
    "deliveries": "1",
    "hosts": "default",
    "parts": "1",
}
"""What a variable is in examples, by the part of the path before it."""

PATH_MEANINGS = {
    "id": "the id of the entry",
    "recordId": "the id of the record",
    "attemptId": "the id of the attempt",
    "deliveryId": "the id of the delivery",
    "name": "the name of the host",
    "n": "the number of the part, as `mime` lists it",
}

MEANINGS = {
    "tag": "those with this tag",
    "fired": "those that answered this number of times; 0: those that never did",
    "view": "how much of each entry is returned",
    "at": "where in the list the new ones are put",
    "sender": "the complete address of the sender in the envelope, or `<>`",
    "rcpt": "the complete address of any recipient in the envelope",
    "bounceOf": "the complete address of a recipient that a bounce reports on",
    "from": "the complete address of the sender in the envelope, or `<>`",
    "to": "the complete address of a recipient in the envelope",
    "subject": "a part of the decoded subject, in any case",
    "contains": "a part of the content, compared octet by octet",
    "body": "a part of the decoded text, in any case",
    "messageId": "the complete Message-ID, with or without angle brackets",
    "session": "the id of the session",
    "helo": "the complete argument of HELO or EHLO, in any case",
    "clientIp": "the address of the client",
    "minSize": "the least size of the content, such as `1000` or `64KiB`",
    "maxSize": "the greatest size of the content, such as `1000` or `64KiB`",
    "since": "at or after this time (RFC 3339)",
    "until": "before this time (RFC 3339)",
    "q": "a search expression: words, phrases and keywords such as `subject:`",
    "host": "the name of the host; at the root, `*` stands for all",
    "limit": "the greatest number of entries to return",
    "order": "`asc`: oldest first; `desc`: newest first",
    "after": "only entries after the one with this id",
    "before": "only entries before the one with this id",
    "total": "whether the number of all matches is returned in `X-Total-Count`",
    "count": "how many entries to wait for",
    "wait": "how long to wait, such as `5s`",
    "settle": "how long no further match may arrive before the wait ends",
    "explain": "whether to return why entries don't match or behaviors did not answer",
    "outcome": "what became of a transaction or a recipient",
    "kept": "whether the mail is kept",
    "verdict": "what the client was told at last",
    "stage": "the stage at which the attempt was decided",
    "code": "the reply code: `450`, a class such as `4xx`, or several with commas",
    "remote": "whether images of other servers may be loaded",
    "probes": "whether attempts without a recipient are included",
    "final": "the verdict of the last attempt",
    "copies": "the number of copies that were kept",
    "name": "the domain name",
    "type": "the type of the record",
    "transport": "`udp` or `tcp`",
    "domain": "the domain of the policy",
    "all": "whether the state at the start of the service is restored",
    "kinds": "the kinds of events, with commas",
    "format": "`html`, or `text` for terminals",
    "how": "`close` sends 421 and closes; `reset` ends them with a RST",
    "connections": "how open SMTP connections are ended; without it they stay open",
}
"""What parameters mean; other parameters are fields of DNS records."""


_E = Explained
_WAIT = {"to": "you@there.test", "count": "1", "wait": "5s"}

EXPLAINED = {
    "listBehaviors": _E(
        "In the order in which they are evaluated. `view=full` adds ids and counters.",
        {"view": "full", "tag": "outage"},
    ),
    "putBehaviors": _E(
        "An array replaces the list and all counters. An object replaces the behavior "
        "with the same id, or with the same command and condition; otherwise it is "
        "appended. If a document is invalid, nothing changes.",
        body=[_BUSY],
    ),
    "addBehaviors": _E(
        "They are appended, or put before all others with `at=front`.",
        {"at": "front"},
        [_BUSY],
    ),
    "clearBehaviors": _E(
        "Clients that wait because of one are released.", {"tag": "outage"}
    ),
    "patchBehaviors": _E(
        "A JSON Merge Patch (RFC 7396). Either all behaviors are changed or none.",
        {"tag": "outage"},
        {"enabled": False},
    ),
    "getBehavior": _E("`keys` has the counts for each client, sender and so on."),
    "putBehavior": _E(
        "Clients that wait because of the former behavior are released.", body=_BUSY
    ),
    "patchBehavior": _E(
        "Null removes a field; `move` puts the behavior to another place.",
        body={"numberOfAnswer": 5},
    ),
    "deleteBehavior": _E("Clients that wait because of it are released."),
    "evaluate": _E(
        "The answer names the behavior that would reply, and tells of each other one "
        "why it would not.",
        body={
            "line": "RCPT TO:<busy@there.test>",
            "helo": "client.test",
            "sender": "me@here.test",
        },
    ),
    "listDnsBehaviors": _E(
        "In the order in which they are evaluated. `view=full` adds ids and counters.",
        {"view": "full"},
    ),
    "putDnsBehaviors": _E(
        "An array replaces the list and all counters. An object replaces the behavior "
        "with the same id, or with the same query and condition; otherwise it is "
        "appended.",
        body=[_GONE],
    ),
    "addDnsBehaviors": _E(
        "They are appended, or put before all others with `at=front`.",
        {"at": "front"},
        [_GONE],
    ),
    "clearDnsBehaviors": _E(
        "Delayed answers because of one are sent.", {"tag": "outage"}
    ),
    "patchDnsBehaviors": _E(
        "A JSON Merge Patch (RFC 7396). Either all behaviors are changed or none.",
        {"tag": "outage"},
        {"enabled": False},
    ),
    "getDnsBehavior": _E("`keys` has the counts for each name, type and so on."),
    "putDnsBehavior": _E(
        "Delayed answers because of the former behavior are sent.", body=_GONE
    ),
    "patchDnsBehavior": _E(
        "Null removes a field; `move` puts the behavior to another place.",
        body={"numberOfAnswer": 5},
    ),
    "deleteDnsBehavior": _E("Delayed answers because of it are sent."),
    "evaluateQuery": _E(
        "The answer names the behavior that would reply, and tells of each other one "
        "why it would not.",
        body={"name": "gone.test", "type": "MX"},
    ),
    "listScenarios": _E("A scenario that was not set is in the state `Started`."),
    "putScenarios": _E("Names and states are any text.", body={"auth": "down"}),
    "resetScenarios": _E("Their first state is `Started`."),
    "listMails": _E(
        "A mail must match all filters. At the root they are the mails of the default "
        "host, or those of `host`.",
        {**_WAIT, "view": "summary"},
    ),
    "deleteMails": _E(
        "A mail must match all filters; without one, all are removed.",
        {"to": "you@there.test"},
    ),
    "addMails": _E(
        "The envelope is that of `from` and `to`, otherwise that of the header. With "
        "the type `application/mbox` the body may have several mails; all are added or "
        "none.",
        {"from": "me@here.test", "to": "you@there.test"},
        "Subject: hello\n\nIt works.\n",
    ),
    "takeMails": _E("No mail is returned to two clients.", _WAIT),
    "newestMail": _E("With all its fields; 404 if there is none.", _WAIT),
    "countMails": _E("The filters are those of `/smtpMails`.", _WAIT),
    "getMail": _E("`mime` has its headers, its text and the list of its parts."),
    "deleteMail": _E("Its number is not used again."),
    "getRaw": _E("Nothing is decoded; the type is `message/rfc822`."),
    "getPart": _E(
        "The type is that of the part; headers prevent that a browser shows it."
    ),
    "getHtml": _E(
        "404 if it has none. Nothing in it runs, and nothing is loaded but its own "
        "images."
    ),
    "listSessions": _E(
        "Each connection with its transcript and the outcome of each mail.",
        {"to": "you@there.test", "wait": "5s"},
    ),
    "deleteSessions": _E("Attempts and deliveries are removed with them."),
    "newestSession": _E("404 if there is none.", {"wait": "5s"}),
    "getSession": _E(
        "With its transcript: each command, its reply and the behavior that answered."
    ),
    "listAttempts": _E(
        "An attempt is what one client tried in one transaction for one recipient.",
        {"to": "you@there.test", "verdict": "accepted", "wait": "5s"},
    ),
    "newestAttempt": _E(
        "404 if there is none.", {"to": "you@there.test", "wait": "5s"}
    ),
    "getAttempt": _E("With the reply that decided it, and the behavior that sent it."),
    "getRefused": _E("Nothing is decoded; the type is `message/rfc822`."),
    "listDeliveries": _E(
        "A delivery has all attempts for one mail and one recipient, on all hosts, in "
        "rounds, with the time between them.",
        {"to": "you@there.test", "wait": "5s"},
    ),
    "newestDelivery": _E(
        "404 if there is none.", {"to": "you@there.test", "wait": "5s"}
    ),
    "getDelivery": _E("With all its attempts, in rounds."),
    "listNearMisses": _E("See `hint` for the fix.", {"limit": "5"}),
    "findRoute": _E(
        "With the reply that each listener would send to MAIL and RCPT, and warnings.",
        {"to": "you@there.test"},
    ),
    "getReport": _E("It can be kept with the results of a test.", {"format": "text"}),
    "listHosts": _E("The first is `default`, whose resources are at the root."),
    "addHost": _E(
        "`Location` names it. It listens on the addresses of its `listeners`.",
        body={"name": "mx3", "listeners": [{"address": "127.0.0.1", "port": 0}]},
    ),
    "getHost": _E("Its listeners with the ports that they were given."),
    "putHost": _E(
        "Fields that are left out are reset; mails and behaviors stay.",
        body={"hostname": "mx.test"},
    ),
    "deleteHost": _E("The default host can't be removed.", path={"name": "mx2"}),
    "listExtensions": _E("They follow the lines of the extensions that are supported."),
    "putExtensions": _E(
        "The service does not implement them; it only announces them.",
        body=["X-OWN"],
    ),
    "clearExtensions": _E("The extensions that are supported are still announced."),
    "listRecords": _E(
        "Each field of a record is a filter. `view=full` adds ids and the records that "
        "the service makes of hosts.",
        {"name": "there.test", "type": "MX"},
    ),
    "putRecords": _E("The new records are complete at the next query.", body=[_MX]),
    "addRecords": _E(
        "Records that exist already are added once.", body=[{**_MX, "preference": 20}]
    ),
    "deleteRecords": _E("Each field of a record is a filter.", {"name": "there.test"}),
    "getRecord": _E("404 if there is none with this id."),
    "putRecord": _E(
        "The change applies to the next query.", body={**_MX, "preference": 20}
    ),
    "deleteRecord": _E("The change applies to the next query."),
    "resolve": _E(
        "With the records that wildcards and aliases lead to.",
        {"name": "there.test", "type": "MX"},
    ),
    "listQueries": _E("Each query with its answer.", {"limit": "10"}),
    "deleteQueries": _E("Later queries have greater ids."),
    "newestQuery": _E("404 if there is none.", {"name": "there.test"}),
    "listPolicies": _E("The service serves each at `https://mta-sts.DOMAIN/`."),
    "putPolicies": _E("DNS gets the records that belong to them.", body=[_POLICY]),
    "deletePolicies": _E(
        "The records that belong to them are removed.", {"domain": "there.test"}
    ),
    "disconnect": _E("Of this host, and of no other.", {"how": "reset"}),
    "getStatus": _E("`hosts` has the counts and limits of each host."),
    "getHealth": _E("It needs no token."),
    "reset": _E(
        "DNS behaviors and the query log are cleared, too; records stay.",
        {"all": "true"},
    ),
    "resetHost": _E("The listeners and the records stay.", {"all": "true"}),
    "getRoot": _E("Clients that trust it accept the certificates of all hosts."),
    "getVersion": _E("It changes with the fields and routes of the API."),
    "getEvents": _E(
        "The stream ends when the client leaves. `Last-Event-ID` continues one."
    ),
    "logIn": _E("For browsers, where `--token` is set.", body={"token": "secret"}),
    "logOut": _E("Other browsers stay logged in."),
    "getMetrics": _E("For each host, and for the service."),
    "getOpenapi": _E(
        "In the part of OpenAPI that generators of clients support. "
        "`/openapi-strict.json` says exactly what is accepted."
    ),
    "getStrictOpenapi": _E(
        "For validators: every form of each document, and the rules between fields. "
        "Clients are generated from `/openapi.json`."
    ),
}
"""By the name of the operation at the root; below a host it is the same."""

TAGS = {
    "smtpBehaviors": "What replies SMTP sends, and when.",
    "dnsBehaviors": "What DNS answers in the place of records.",
    "scenarios": "States that behaviors depend on.",
    "smtpMails": "The mails that were kept.",
    "smtpMailsCount": "How many mails there are.",
    "smtpSessions": "The journal of SMTP connections.",
    "smtpAttempts": "What was tried for each recipient.",
    "deliveries": "All attempts for one mail and recipient.",
    "hosts": "Mail hosts, each with its own listeners.",
    "smtpExtensions": "Additional lines of EHLO.",
    "nearMisses": "Behaviors that nearly answered.",
    "route": "The way of a mail to its recipient.",
    "report": "What happened, as one file.",
    "dnsRecords": "What DNS answers.",
    "dnsResolve": "What DNS would answer.",
    "dnsQueries": "The log of DNS queries.",
    "mtaSts": "MTA-STS policies.",
    "service": "The service itself.",
}
"""What the resources are, by the first part of their path."""
