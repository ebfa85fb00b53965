"""``/smtpBehaviors`` and ``/smtpBehaviors/{id}``"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.http import behaviors
from tests.behaviors.attempts import FakeAttempt
from tests.http.rig import BUSY, Rig

DENY = {
    "command": "RCPT TO",
    "condition": {"operator": "matchAll"},
    "response": {"code": 550, "message": "no"},
    "numberOfAnswer": None,
}

PLACES_OF_ERRORS = (
    (b"{not json", "$"),
    (b"", "$"),
    (b"\xff\xfe", "$"),
    (None, "$"),
    ("text", "$"),
    (5, "$"),
    ([5], "$[0]"),
    ([[BUSY]], "$[0]"),
    ([BUSY, {}], "$[1].command"),
    ([dict(BUSY, command="MAIL TO")], "$[0].command"),
    ([dict(BUSY, command=["DATA"])], "$[0].command"),
    ([dict(BUSY, numberOfAnswer=0)], "$[0].numberOfAnswer"),
    ([dict(BUSY, numberOfAnswer=-1)], "$[0].numberOfAnswer"),
    ([dict(BUSY, numberOfAnswer=1.5)], "$[0].numberOfAnswer"),
    ([dict(BUSY, numberOfAnswer="two")], "$[0].numberOfAnswer"),
    ([dict(BUSY, numberOfAnswer=True)], "$[0].numberOfAnswer"),
    ([dict(BUSY, typo=1)], "$[0].typo"),
    ([dict(BUSY, number_of_answer=1)], "$[0].number_of_answer"),
    ([dict(BUSY, response={"code": 199})], "$[0].response.code"),
    ([dict(BUSY, response={"code": 600})], "$[0].response.code"),
    ([dict(BUSY, response={"code": 250.0})], "$[0].response.code"),
    ([dict(BUSY, response={"code": None})], "$[0].response.code"),
    ([dict(BUSY, response={})], "$[0].response.code"),
    ([dict(BUSY, response={"code": 250, "message": []})], "$[0].response.message"),
    ([dict(BUSY, response={"code": 250, "message": "\r"})], "$[0].response.message"),
    ([dict(BUSY, response=None)], "$[0].response"),
    ([dict(BUSY, condition={})], "$[0].condition.operator"),
    ([dict(BUSY, condition={"operator": "contain"})], "$[0].condition.operator"),
    ([dict(BUSY, condition={"operator": 1})], "$[0].condition.operator"),
    (
        [dict(BUSY, condition={"operator": "contains"})],
        "$[0].condition.matchingValue",
    ),
    (
        [dict(BUSY, condition={"operator": "matchAll", "matchingValue": "x"})],
        "$[0].condition.matchingValue",
    ),
    (
        [dict(BUSY, condition={"operator": "matchAll", "value": "x"})],
        "$[0].condition.value",
    ),
)
"""Documents that are no behaviors, and where that shows."""


class ListTests(SynchronousTestCase):
    """What a listing tells"""

    def test_there_are_none_at_start(self) -> None:
        """A fresh host has an empty list."""
        self.assertEqual(Rig().get("/smtpBehaviors"), [])

    def test_base_fields_come_back_exactly(self) -> None:
        """A behavior of base fields is listed as it was given, and nothing added."""
        rig = Rig()
        self.assertEqual(rig.ask("PUT", "/smtpBehaviors", [BUSY, DENY]).status, 204)
        self.assertEqual(rig.get("/smtpBehaviors"), [BUSY, DENY])

    def test_what_time_has_ended_is_not_listed(self) -> None:
        """A window that has ended gives all answers back."""
        rig = Rig()
        ended = {**DENY, "activeFor": "5s"}
        again = {**DENY, "numberOfAnswer": 1, "window": "10s", "id": "again"}
        rig.ask("PUT", "/smtpBehaviors", [ended, again])
        rules, attempt = rig.host.behaviors, FakeAttempt(rig.clock)
        for seconds in 0, 5:
            rig.clock.advance(seconds)
            rules.decide(Command.RCPT_TO, b"", attempt)
        self.assertEqual([b["id"] for b in rig.get("/smtpBehaviors")], ["again"])
        for remaining in [0, 0], [0, 1]:
            listed = rig.get("/smtpBehaviors?view=full")
            self.assertEqual([each["remaining"] for each in listed], remaining)
            rig.clock.advance(10)

    def test_exhausted_ones_are_not_listed(self) -> None:
        """One that has given all its answers is listed in the full view only."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        for _ in range(2):
            self.assertEqual(rig.get("/smtpBehaviors"), [BUSY])
            rig.host.behaviors.decide(Command.MAIL_FROM, b"bob@x.test")
        self.assertEqual(rig.get("/smtpBehaviors"), [])
        (document,) = rig.get("/smtpBehaviors?view=full")
        self.assertEqual(document["remaining"], 0)

    def test_the_full_view_has_counters(self) -> None:
        """``?view=full`` adds the id, the counters, and when it answered last."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY, DENY])
        rig.host.behaviors.decide(Command.MAIL_FROM, b"bob@x.test")
        busy, deny = rig.get("/smtpBehaviors?view=full")
        self.assertEqual(
            busy,
            {
                "id": busy["id"],
                **BUSY,
                "seen": 1,
                "fired": 1,
                "remaining": 1,
                "lastFiredAt": "1970-01-01T00:00:00.000Z",
            },
        )
        self.assertEqual(
            deny,
            {
                "id": deny["id"],
                **DENY,
                "seen": 0,
                "fired": 0,
                "remaining": None,
                "lastFiredAt": None,
            },
        )


class PutTests(SynchronousTestCase):
    """Setting behaviors"""

    def test_an_array_replaces_all(self) -> None:
        """PUT of an array leaves nothing of what was there, counters included."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        rig.host.behaviors.decide(Command.MAIL_FROM, b"bob@x.test")
        rig.ask("PUT", "/smtpBehaviors", [DENY, BUSY])
        listed = rig.get("/smtpBehaviors?view=full")
        self.assertEqual([d["command"] for d in listed], ["RCPT TO", "MAIL FROM"])
        self.assertEqual([d["fired"] for d in listed], [0, 0])

    def test_an_object_sets_that_one(self) -> None:
        """PUT of one object adds it, as the article has it, and leaves the others."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [DENY])
        self.assertEqual(rig.ask("PUT", "/smtpBehaviors", BUSY).status, 204)
        self.assertEqual(rig.get("/smtpBehaviors"), [DENY, BUSY])

    def test_an_object_takes_the_place_of_its_like(self) -> None:
        """With the command and condition of another it replaces that, afresh."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY, DENY])
        rig.host.behaviors.decide(Command.MAIL_FROM, b"bob@x.test")
        again = dict(BUSY, response={"code": 451, "message": "still"})
        rig.ask("PUT", "/smtpBehaviors", again)
        self.assertEqual(rig.get("/smtpBehaviors"), [again, DENY])
        self.assertEqual(rig.get("/smtpBehaviors?view=full")[0]["fired"], 0)

    def test_an_empty_array_clears(self) -> None:
        """PUT of no behaviors is allowed."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        self.assertEqual(rig.ask("PUT", "/smtpBehaviors", []).status, 204)
        self.assertEqual(rig.get("/smtpBehaviors"), [])

    def test_any_content_type_is_json(self) -> None:
        """No media type is refused, nor is any Accept; curl sends form-urlencoded."""
        for headers in (
            {},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "multipart/form-data"},
            {"Content-Type": "text/dns"},
            {"Content-Type": "nonsense", "Accept": "image/png"},
        ):
            answer = Rig().ask("PUT", "/smtpBehaviors", [BUSY], headers=headers)
            self.assertEqual(answer.status, 204, headers)

    def test_a_large_document_is_read_in_a_thread(self) -> None:
        """What is too large to be read at once is read all the same."""
        rig = Rig()
        many = [dict(BUSY, numberOfAnswer=n + 1) for n in range(2000)]
        rig.ask("PUT", "/smtpBehaviors", [DENY])
        pending = rig.begin("PUT", "/smtpBehaviors", many)
        self.assertEqual(len(rig.threads), 1)
        self.assertEqual(len(rig.host.behaviors), 1)
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 204)
        self.assertEqual(len(rig.get("/smtpBehaviors")), 2000)


class PostTests(SynchronousTestCase):
    """Adding behaviors"""

    def test_one_is_added(self) -> None:
        """POST of an object answers 201, the id, and where it is now."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        answer = rig.ask("POST", "/smtpBehaviors", DENY)
        self.assertEqual(answer.status, 201)
        (rule_id,) = answer.json()["ids"]
        self.assertEqual(answer.header("Location"), f"/smtpBehaviors/{rule_id}")
        self.assertEqual(rig.get("/smtpBehaviors"), [BUSY, DENY])
        self.assertEqual(rig.get(f"/smtpBehaviors/{rule_id}")["response"]["code"], 550)

    def test_several_are_added(self) -> None:
        """POST of an array answers the ids in order; its like is not replaced."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        answer = rig.ask("POST", "/smtpBehaviors", [DENY, BUSY])
        self.assertIsNone(answer.header("Location"))
        listed = rig.get("/smtpBehaviors?view=full")
        self.assertEqual([d["id"] for d in listed[1:]], answer.json()["ids"])
        self.assertEqual(rig.get("/smtpBehaviors"), [BUSY, DENY, BUSY])

    def test_the_front_is_a_place(self) -> None:
        """``?at=front`` puts the new ones first, in their order."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        other = dict(DENY, command="DATA")
        rig.ask("POST", "/smtpBehaviors?at=front", [DENY, other])
        self.assertEqual(rig.get("/smtpBehaviors"), [DENY, other, BUSY])

    def test_no_other_place_is_known(self) -> None:
        """Anything but ``front`` is refused, and nothing is added."""
        rig = Rig()
        answer = rig.ask("POST", "/smtpBehaviors?at=back", [DENY])
        self.assertEqual((answer.status, answer.paths), (400, ["?at"]))
        self.assertEqual(rig.get("/smtpBehaviors"), [])


class OneTests(SynchronousTestCase):
    """``/smtpBehaviors/{id}``"""

    def setUp(self) -> None:
        """Two behaviors, of which the first has fired."""
        self.rig = Rig()
        answer = self.rig.ask("POST", "/smtpBehaviors", [BUSY, DENY])
        self.first, self.second = answer.json()["ids"]
        self.rig.host.behaviors.decide(Command.MAIL_FROM, b"bob@x.test")

    def test_one_is_told_with_its_counters(self) -> None:
        """GET has the same fields as the full view."""
        document = self.rig.get(f"/smtpBehaviors/{self.first}")
        self.assertEqual(document, self.rig.get("/smtpBehaviors?view=full")[0])
        self.assertEqual(document["fired"], 1)

    def test_one_is_replaced_in_its_place(self) -> None:
        """PUT keeps the id and the place, and counts afresh."""
        path = f"/smtpBehaviors/{self.first}"
        self.assertEqual(self.rig.ask("PUT", path, dict(DENY)).status, 204)
        document = self.rig.get(path)
        self.assertEqual((document["command"], document["fired"]), ("RCPT TO", 0))
        listed = self.rig.get("/smtpBehaviors?view=full")
        self.assertEqual([d["id"] for d in listed], [self.first, self.second])

    def test_one_that_goes_while_it_is_replaced(self) -> None:
        """It is gone: 404, and it is not there again."""
        path = f"/smtpBehaviors/{self.first}"
        large = dict(BUSY, response={"code": 450, "message": "x" * 100_000})
        pending = self.rig.begin("PUT", path, large)
        self.rig.host.behaviors.clear()
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 404)
        self.assertEqual(self.rig.get("/smtpBehaviors"), [])

    def test_only_one_can_be_put(self) -> None:
        """An array is no single behavior."""
        answer = self.rig.ask("PUT", f"/smtpBehaviors/{self.first}", [BUSY])
        self.assertEqual((answer.status, answer.paths), (400, ["$"]))

    def test_one_is_deleted(self) -> None:
        """DELETE takes out that one only, and it is unknown from then on."""
        path = f"/smtpBehaviors/{self.first}"
        self.assertEqual(self.rig.ask("DELETE", path).status, 204)
        self.assertEqual(self.rig.get("/smtpBehaviors"), [DENY])
        for method, body in ("GET", None), ("PUT", BUSY), ("DELETE", None):
            self.assertEqual(self.rig.ask(method, path, body).status, 404, method)

    def test_unknown_ids_are_404(self) -> None:
        """Whatever an id looks like."""
        for unknown in "0", "99", "x", "%C3%A9", "a" * 3000, "-1", "1.0":
            answer = self.rig.ask("GET", f"/smtpBehaviors/{unknown}")
            self.assertEqual(answer.status, 404, unknown)

    def test_all_are_deleted(self) -> None:
        """DELETE of the list clears it."""
        self.assertEqual(self.rig.ask("DELETE", "/smtpBehaviors").status, 204)
        self.assertEqual(self.rig.get("/smtpBehaviors?view=full"), [])


class RefusedTests(SynchronousTestCase):
    """Documents that are refused"""

    def test_a_bad_document_changes_nothing(self) -> None:
        """It is 400 with the place of the error, for every way to set behaviors."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [DENY])
        before = rig.get("/smtpBehaviors?view=full")
        for document, path in PLACES_OF_ERRORS:
            for method in "PUT", "POST":
                answer = rig.ask(method, "/smtpBehaviors", _body(document))
                self.assertEqual(answer.status, 400, (document, answer))
                self.assertEqual(answer.kind, "application/problem+json")
                self.assertIn(path, answer.paths, document)
        self.assertEqual(rig.get("/smtpBehaviors?view=full"), before)

    def test_all_errors_are_told(self) -> None:
        """Each has its own path; the detail names the first."""
        bad = {
            "command": "X",
            "response": {"code": "9", "text": ""},
            "condition": {"operator": "?"},
        }
        answer = Rig().ask("PUT", "/smtpBehaviors", [BUSY, bad])
        self.assertEqual(
            sorted(answer.paths),
            [
                "$[1].command",
                "$[1].condition.operator",
                "$[1].response.code",
                "$[1].response.text",
            ],
        )
        self.assertIn("and 3 more", answer.json()["detail"])

    def test_a_list_has_an_end(self) -> None:
        """400 for an array that is too long, 409 for one more than there may be."""
        self.patch(behaviors, "MAX_RULES", 3)
        rig = Rig()
        answer = rig.ask("PUT", "/smtpBehaviors", [BUSY] * 4)
        self.assertEqual((answer.status, answer.paths), (400, ["$"]))
        self.assertIn("must have at most 3 items, got 4", answer.json()["detail"])
        self.assertEqual(rig.ask("PUT", "/smtpBehaviors", [BUSY] * 2).status, 204)
        self.assertEqual(rig.ask("POST", "/smtpBehaviors", [BUSY] * 2).status, 409)
        self.assertEqual(rig.ask("POST", "/smtpBehaviors", BUSY).status, 201)
        for method in "POST", "PUT":
            answer = rig.ask(method, "/smtpBehaviors", dict(BUSY, command="NOOP"))
            self.assertEqual(answer.status, 409)
        self.assertEqual(len(rig.host.behaviors), 3)

    def test_too_many_values_are_413(self) -> None:
        """A document of over 100,000 values is refused before it is built."""
        rig = Rig()
        answer = rig.ask("PUT", "/smtpBehaviors", [[]] * 100_000)
        self.assertEqual(answer.status, 413)
        self.assertEqual(answer.kind, "application/problem+json")

    @settings(deadline=None, max_examples=50)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 10**19) | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(
                        ["command", "condition", "response", "operator", "code", "x"]
                    ),
                    inner,
                )
            ),
            max_leaves=12,
        )
    )
    def test_any_document_is_taken_or_refused(self, document: Any) -> None:
        """No JSON document brings anything but 204 or 400."""
        answer = Rig().ask("PUT", "/smtpBehaviors", _body(document))
        self.assertIn(answer.status, (204, 400))


def _body(document: Any) -> Any:
    """None is a document here, and not the lack of one."""
    return b"null" if document is None else document


class GroupTests(SynchronousTestCase):
    """Tags, ids and keys"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.tagged = dict(DENY, id="deny", tag="t", per="helo", numberOfAnswer=2)
        self.rig.ask("PUT", "/smtpBehaviors", [BUSY, self.tagged])

    def test_by_tag(self) -> None:
        """They are listed and taken out; of an unknown tag there are none."""
        self.assertEqual(self.rig.get("/smtpBehaviors?tag=t"), [self.tagged])
        self.assertEqual(self.rig.get("/smtpBehaviors?tag=x"), [])
        self.assertEqual(self.rig.ask("DELETE", "/smtpBehaviors?tag=t").status, 204)
        self.assertEqual(self.rig.get("/smtpBehaviors"), [BUSY])

    def test_ids_of_users(self) -> None:
        """They are kept, and had once."""
        self.assertEqual(self.rig.get("/smtpBehaviors/deny")["tag"], "t")
        answer = self.rig.ask("POST", "/smtpBehaviors", dict(BUSY, id="deny"))
        self.assertEqual(answer.status, 409)
        twice = [dict(BUSY, id="x"), dict(DENY, id="x")]
        answer = self.rig.ask("PUT", "/smtpBehaviors", twice)
        self.assertEqual((answer.status, answer.paths), (400, ["$[1].id"]))
        answer = self.rig.ask("PUT", "/smtpBehaviors/deny", dict(BUSY, id="x"))
        self.assertEqual((answer.status, answer.paths), (400, ["$.id"]))
        self.assertEqual(self.rig.get("/smtpBehaviors"), [BUSY, self.tagged])

    def test_the_counts_of_keys(self) -> None:
        """Those of the newest hundred, and how many there are."""
        behaviors = self.rig.host.behaviors
        for number in (*range(150), 149):
            behaviors.decide(Command.RCPT_TO, b"", FakeAttempt(helo=f"h{number}"))
        told = self.rig.get("/smtpBehaviors/deny")
        self.assertEqual((told["keyCount"], len(told["keys"])), (150, 100))
        self.assertEqual(
            told["keys"][0],
            {"key": {"helo": "h149"}, "seen": 2, "fired": 2, "remaining": 0},
        )
        self.assertEqual((told["seen"], told["remaining"]), (151, 2))


class PutBackTests(SynchronousTestCase):
    """What is listed, sent again"""

    def test_the_full_view_can_be_put_back(self) -> None:
        """Read-only fields are ignored; the behaviors are the same, counted afresh."""
        rig = Rig()
        keyed = {**DENY, "per": "helo", "id": "k", "name": "no helo", "enabled": False}
        rig.ask("PUT", "/smtpBehaviors", [BUSY, keyed])
        rig.host.behaviors.decide(Command.MAIL_FROM, b"bob@x")
        listed = rig.get("/smtpBehaviors?view=full")
        self.assertEqual([one["seen"] for one in listed], [1, 0])
        self.assertEqual(rig.ask("PUT", "/smtpBehaviors", listed).status, 204)
        again = rig.get("/smtpBehaviors?view=full")
        for before, after in zip(listed, again, strict=True):
            changed = {"seen": 0, "fired": 0, "remaining": before["numberOfAnswer"]}
            changed["lastFiredAt"] = None
            self.assertEqual(after, {**before, **changed})

    def test_one_with_the_counts_of_its_keys_can_be_put_back(self) -> None:
        """The same of ``/smtpBehaviors/{id}``."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [{**DENY, "per": "helo", "id": "k"}])
        attempt = FakeAttempt(rig.clock, helo="a")
        rig.host.behaviors.decide(Command.RCPT_TO, b"", attempt)
        one = rig.get("/smtpBehaviors/k")
        self.assertEqual(one["keyCount"], 1)
        self.assertEqual(rig.ask("PUT", "/smtpBehaviors/k", one).status, 204)
        self.assertEqual(rig.get("/smtpBehaviors/k")["keyCount"], 0)


class SpellingTests(SynchronousTestCase):
    """Numbers, marks and keys of a body"""

    def test_a_number_is_text_as_it_was_spelled(self) -> None:
        """5.10 stays 5.10, and a long integer keeps its digits."""
        rig = Rig()
        for number in "5.10", "1e3", "-0", "12345678901234567890123":
            body = (
                b'{"command": "DATA", "response": {"code": 250, "message": %s},'
                b'"condition": {"operator": "contains", "matchingValue": %s}}'
            ) % (number.encode(), number.encode())
            rig.ask("DELETE", "/smtpBehaviors")
            answer = rig.ask("PUT", "/smtpBehaviors", b"\xef\xbb\xbf" + body)
            self.assertEqual(answer.status, 204)
            (told,) = rig.get("/smtpBehaviors")
            self.assertEqual(told["response"]["message"], number)
            self.assertEqual(told["condition"]["matchingValue"], number)

    def test_a_duplicate_key_is_refused(self) -> None:
        """With its path, and nothing changes."""
        rig = Rig()
        body = b'[{"command": "DATA", "response": {"code": 250, "code": 251}}]'
        answer = rig.ask("PUT", "/smtpBehaviors", body)
        self.assertEqual((answer.status, answer.paths), (400, ["$[0].response.code"]))


class EnabledTests(SynchronousTestCase):
    """A behavior that is switched off"""

    def test_it_is_listed_in_the_full_view_only(self) -> None:
        """It can't answer."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY, {**DENY, "enabled": False}])
        self.assertEqual(rig.get("/smtpBehaviors"), [BUSY])
        self.assertEqual(len(rig.get("/smtpBehaviors?view=full")), 2)


INVALID = (
    (dict(DENY, responses=[{"code": 450}]), ".responses"),
    (dict(DENY, response={"raw": "x", "code": 250}), ".response.code"),
    (dict(DENY, probability=0), ".probability"),
    (dict(DENY, scenario={"name": "x", "state": "a", "next": "a"}), ".scenario.next"),
    (
        dict(DENY, condition={"operator": "inNetwork", "matchingValue": "10.0.0.1/8"}),
        ".condition.matchingValue",
    ),
    (
        dict(DENY, condition={"operator": "matches", "matchingValue": "(a"}),
        ".condition.matchingValue",
    ),
    (dict(DENY, response={"code": 550, "message": "x" * 2**20}), ".response.message"),
    (dict(DENY, response={"code": 550, "message": "a\rb"}), ".response.message"),
    (dict(DENY, per="size"), ".per"),
    (dict(DENY, per=["helo", "header:x"]), ".per[1]"),
    (dict(DENY, activeFor=-1), ".activeFor"),
    (dict(DENY, window=0), ".window"),
)


class InvalidTests(SynchronousTestCase):
    """What makes no sense"""

    def test_it_is_refused_at_its_place(self) -> None:
        """The list in force is untouched."""
        rig = Rig()
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        for document, place in INVALID:
            for method in "PUT", "POST":
                answer = rig.ask(method, "/smtpBehaviors", [BUSY, document])
                told = (answer.status, answer.paths)
                self.assertEqual(told, (400, [f"$[1]{place}"]))
        self.assertEqual(rig.get("/smtpBehaviors"), [BUSY])


OUTAGE = {
    "command": "AUTH",
    "scenario": {"name": "outage", "state": "down", "next": "up"},
    "response": {"code": 454, "message": "4.7.0 Temporary authentication failure"},
}


class ScenarioTests(SynchronousTestCase):
    """States by name"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.rig.ask("PUT", "/smtpBehaviors", [OUTAGE])

    def put(self, states: object) -> int:
        return self.rig.ask("PUT", "/scenarios", states).status

    def test_those_of_behaviors_are_there(self) -> None:
        """In the state in which they start."""
        self.assertEqual(self.rig.get("/scenarios"), {"outage": "Started"})

    def test_they_are_set_and_moved(self) -> None:
        """By the API and by what fires; others stay as they are."""
        self.assertEqual(self.put({"outage": "down", "other": "x"}), 204)
        self.assertIsNotNone(self.rig.host.behaviors.decide(Command.AUTH, b""))
        self.assertEqual(self.rig.get("/scenarios"), {"outage": "up", "other": "x"})
        self.assertEqual(self.put({"outage": "down"}), 204)
        states = self.rig.get("/hosts/default/scenarios")
        self.assertEqual(states, {"outage": "down", "other": "x"})

    def test_they_go_back(self) -> None:
        """With DELETE, and with all else."""
        for method, path in (("DELETE", "/scenarios"), ("POST", "/reset")):
            self.put({"outage": "down"})
            self.assertEqual(self.rig.ask(method, path).status, 204)
            self.assertEqual(
                set(self.rig.get("/scenarios").values()) - {"Started"}, set()
            )

    def test_what_are_no_states(self) -> None:
        """They are refused with their places, and nothing changes."""
        answer = self.rig.ask("PUT", "/scenarios", {"outage": "down", "x": 5})
        self.assertEqual((answer.status, answer.paths), (400, ["$.x"]))
        self.assertEqual(self.put([]), 400)
        self.assertEqual(self.rig.get("/scenarios"), {"outage": "Started"})
