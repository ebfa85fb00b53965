"""What documents of all behaviors have in common"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.behavior import Behavior
from mocksmtp.behaviors.dns import DNS, DnsBehavior
from mocksmtp.behaviors.smtp import SMTP, SmtpBehavior
from mocksmtp.documents.problems import DocumentError

KINDS: tuple[tuple[Any, dict[str, Any], dict[str, Any], str], ...] = (
    (SMTP.parse_all, {"command": "NOOP"}, {"code": 250}, "code"),
    (DNS.parse_all, {"query": "MX"}, {"rcode": "REFUSED"}, "rcode"),
)
"""For each kind: its reader, what a document begins with, and a response."""

GATE = {
    "numberOfAnswer": 2,
    "skip": 1,
    "per": ["clientIp"],
    "activeFor": "1m",
    "window": 5000,
    "probability": 0.5,
    "scenario": {"name": "outage", "next": "over"},
    "id": "a-1",
    "tag": "b",
    "name": "c",
    "enabled": False,
    "persistent": True,
}


class FieldTests(SynchronousTestCase):
    """Fields"""

    def test_both_kinds_have_them(self) -> None:
        """What answers and what is answered comes first."""
        shared = [field.name for field in attrs.fields(Behavior)]
        for kind, own in ((SmtpBehavior, "command"), (DnsBehavior, "types")):
            names = [field.name for field in attrs.fields(kind)]
            self.assertEqual(names, [own, *shared])

    def test_both_kinds_read_them_alike(self) -> None:
        """Gates, ids and tags."""
        read = []
        for parse, head, response, _ in KINDS:
            (behavior,) = parse({**head, "response": response, **GATE})
            read.append((behavior.skip, behavior.active_for, behavior.window))
            self.assertEqual((behavior.id, behavior.tag), ("a-1", "b"))
            self.assertEqual(
                (behavior.name, behavior.enabled, behavior.persistent),
                ("c", False, True),
            )
            self.assertEqual(behavior.answers, 2)
        self.assertEqual(read, [(1, 60.0, 5.0)] * 2)

    def test_both_kinds_tell_alike_what_is_wrong(self) -> None:
        """Each response with its number, and all of them."""
        for parse, head, good, field in KINDS:
            bad = {field: "nonsense"}
            for more, paths in (
                ({}, ["$[0].response"]),
                ({"response": good, "responses": [good]}, ["$[0].responses"]),
                ({"response": {**good, "times": 1}}, ["$[0].response.times"]),
                (
                    {"responses": [good, bad, good, bad]},
                    [f"$[0].responses[1].{field}", f"$[0].responses[3].{field}"],
                ),
                ({"responses": []}, ["$[0].response"]),
                ({"responses": [good] * 1001}, ["$[0].responses"]),
                (
                    {"responses": [{**good, "times": None}, good]},
                    ["$[0].responses[0].times"],
                ),
                ({"response": good, "id": "../x"}, ["$[0].id"]),
                ({"response": good, "skip": -1}, ["$[0].skip"]),
                ({"response": good, "probability": 0}, ["$[0].probability"]),
            ):
                with self.assertRaises(DocumentError) as raised:
                    parse([{**head, **more}])
                told = [problem.path for problem in raised.exception.problems]
                self.assertEqual(told, paths)

    def test_an_id_comes_once(self) -> None:
        """In one document."""
        for parse, head, response, _ in KINDS:
            named = {**head, "response": response, "id": "x"}
            with self.assertRaises(DocumentError) as raised:
                parse([named, {**head, "response": response}, named])
            self.assertEqual(raised.exception.problems[0].path, "$[2].id")
