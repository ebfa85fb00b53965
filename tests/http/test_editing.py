"""``PATCH /smtpBehaviors/{id}`` and ``PATCH /smtpBehaviors?tag=``"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.http.rig import Answer, Rig
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import on, when

MAIL = "MAIL FROM:<a@x.test>"


class EditingCase(SynchronousTestCase):
    """A host whose behaviors are changed while clients talk to it."""

    def setUp(self) -> None:
        self.rig = Rig()
        self.talk = Dialogue(self.rig.host, self.rig.clock)

    def put(self, *documents: Any) -> None:
        answer = self.rig.ask("PUT", "/smtpBehaviors", [*documents])
        self.assertEqual(answer.status, 204, answer.body)

    def patch(self, path: str, patch: Any) -> Answer:
        return self.rig.ask("PATCH", "/smtpBehaviors" + path, patch)

    def full(self) -> list[Any]:
        return list(self.rig.get("/smtpBehaviors?view=full"))

    def ids(self) -> list[str]:
        return [one["id"] for one in self.full()]


class PatchTests(EditingCase):
    """One behavior"""

    def test_counters_are_kept(self) -> None:
        """Whatever field is changed; null removes one."""
        self.put(on("NOOP", 450, id="a", numberOfAnswer=3))
        self.talk.say("NOOP", "NOOP")
        answer = self.patch("/a", {"response": {"code": 451}, "name": "busy"})
        self.assertEqual(answer.status, 200)
        told = answer.json()
        self.assertEqual((told["seen"], told["fired"], told["remaining"]), (2, 2, 1))
        self.assertEqual(told["response"], {"code": 451})
        self.assertEqual(self.talk.say("NOOP", "NOOP")[0][:3], "451")
        self.assertEqual(self.full()[0]["fired"], 3)
        self.patch("/a", {"numberOfAnswer": None, "name": None})
        (told,) = self.full()
        self.assertEqual((told["numberOfAnswer"], told["remaining"]), (None, None))
        self.assertNotIn("name", told)

    def test_a_single_response_becomes_several(self) -> None:
        """Those in turn go on where the single one was."""
        self.put(on("NOOP", 450, id="a", numberOfAnswer=2))
        self.assertEqual(self.talk.say("NOOP")[0][:3], "450")
        turns = [{"code": 450, "times": 2}, {"code": 550, "times": None}]
        patch = {"response": None, "responses": turns, "numberOfAnswer": None}
        self.assertEqual(self.patch("/a", patch).status, 200)
        replies = self.talk.say("NOOP", "NOOP", "NOOP")
        self.assertEqual([reply[:3] for reply in replies], ["450", "550", "550"])

    def test_counts_by_key_are_kept(self) -> None:
        """Unless they are now counted by something else."""
        once = on("NOOP", 450, id="a", per="helo", numberOfAnswer=1)
        self.put(once)
        self.talk.say("EHLO c", "NOOP")
        self.patch("/a", {"response": {"message": "again"}})
        self.assertEqual(self.talk.say("NOOP")[0][:3], "250")
        (key,) = self.rig.get("/smtpBehaviors/a")["keys"]
        self.assertEqual((key["key"], key["remaining"]), ({"helo": "c"}, 0))
        self.patch("/a", {"per": "clientIp"})
        self.assertEqual(self.rig.get("/smtpBehaviors/a")["keys"], [])
        self.assertEqual(self.talk.say("NOOP")[0][:3], "450")

    def test_a_condition_is_changed_in_part(self) -> None:
        """As a hint's fix is applied."""
        condition = {"operator": "contains", "matchingValue": "A@"}
        self.put(on("MAIL FROM", 450, id="a", condition=condition))
        self.patch("/a", {"condition": {"ignoreCase": True}})
        self.assertEqual(self.talk.say(MAIL)[0][:3], "450")

    def test_disabled_and_enabled_again(self) -> None:
        """It is passed over, keeps its counts, and goes on with them."""
        self.put(on("NOOP", 450, id="a", numberOfAnswer=2))
        self.talk.say("NOOP")
        self.patch("/a", {"enabled": False})
        self.assertEqual(self.talk.say("NOOP")[0][:3], "250")
        self.assertEqual(self.rig.get("/smtpBehaviors"), [])
        self.patch("/a", {"enabled": True})
        said = [line[:3] for line in self.talk.say("NOOP", "NOOP")]
        self.assertEqual(said, ["450", "250"])

    def test_clients_that_wait(self) -> None:
        """They wait on, unless it is disabled or answers something else."""
        for patch, released in (
            ({"name": "slow"}, False),
            ({"tag": "slow", "numberOfAnswer": 9}, False),
            ({"enabled": False}, True),
            ({"response": {"delay": 0}}, True),
        ):
            self.put(on("NOOP", 450, id="a", delay="30s"))
            self.talk = Dialogue(self.rig.host, self.rig.clock)
            self.assertEqual(self.talk.send(b"NOOP\r\n"), "")
            self.patch("/a", patch)
            self.assertEqual(bool(self.talk.heard()), released, patch)
            self.talk.protocol.connectionLost()

    def test_a_refused_patch_changes_nothing(self) -> None:
        """The places of errors are those of the behavior that would result."""
        self.put(on("NOOP", 450, id="a"), on("RSET", 450, id="b"))
        before = self.full()
        for patch, place in (
            ({"typo": 1}, "$.typo"),
            ({"command": None}, "$.command"),
            ({"response": None}, "$.response"),
            ({"response": {"code": 99}}, "$.response.code"),
            ({"condition": {"operator": "contains"}}, "$.condition.matchingValue"),
            ({"id": "c"}, "$.id"),
            ({"move": {}}, "$.move"),
            ({"move": {"to": "front", "after": "b"}}, "$.move"),
            ({"move": {"to": "back"}}, "$.move.to"),
            ({"move": {"before": "gone"}}, "$.move.before"),
            ({"move": {"after": "a"}}, "$.move.after"),
            ({"move": "front"}, "$.move"),
            ([], "$"),
            (b"{", "$"),
        ):
            answer = self.patch("/a", patch)
            self.assertEqual((answer.status, answer.paths), (400, [place]), patch)
        self.assertEqual(self.full(), before)
        self.assertEqual(self.patch("/gone", {}).status, 404)

    def test_moving(self) -> None:
        """Before or after another, or to the front; in one step with other changes."""
        self.put(*[on("NOOP", 450, id=name) for name in "abcd"])
        for name, move, order in (
            ("c", {"to": "front"}, "cabd"),
            ("c", {"after": "b"}, "abcd"),
            ("a", {"before": "d"}, "bcad"),
            ("b", {"after": "d"}, "cadb"),
            ("b", {"before": "c"}, "bcad"),
        ):
            self.assertEqual(self.patch("/" + name, {"move": move}).status, 200)
            self.assertEqual("".join(self.ids()), order)
        self.patch("/d", {"response": {"code": 451}, "move": {"to": "front"}})
        self.assertEqual(self.talk.say("NOOP")[0][:3], "451")

    def test_the_full_view_can_be_put_back(self) -> None:
        """With what is only told; counters begin anew."""
        named = {**on("NOOP", 450, id="a"), "name": "n", "enabled": False}
        self.put(named, on("NOOP", 451, id="b", numberOfAnswer=2))
        self.rig.clock.advance(1_700_000_000)
        Dialogue(self.rig.host, self.rig.clock).say("NOOP")
        told = self.full()
        self.assertEqual(
            [one["lastFiredAt"] for one in told], [None, "2023-11-14T22:13:20.000Z"]
        )
        self.put(*told)
        fresh = {"seen": 0, "fired": 0, "lastFiredAt": None}
        self.assertEqual(self.full(), [told[0], {**told[1], **fresh, "remaining": 2}])

    def test_its_fields_as_they_are_told(self) -> None:
        """A patch may have what is only told, which is ignored."""
        self.put(on("NOOP", 450, id="a"))
        (told,) = self.full()
        self.assertEqual(self.patch("/a", {**told, "fired": 7}).json()["fired"], 0)


class TagTests(EditingCase):
    """All behaviors with a tag"""

    def test_a_switch(self) -> None:
        """All of them are disabled in one step, and enabled again."""
        tagged = [on("NOOP", 450, tag="outage"), on("RSET", 450, tag="outage")]
        self.put(*tagged, on("EXPN", 450))
        answer = self.patch("?tag=outage", {"enabled": False})
        told = [one["enabled"] for one in answer.json()]
        self.assertEqual((answer.status, told), (200, [False, False]))
        said = [line[:3] for line in self.talk.say("NOOP", "RSET", "EXPN x")]
        self.assertEqual(said, ["250", "250", "450"])
        self.patch("?tag=outage", {"enabled": True})
        self.assertEqual(self.talk.say("NOOP")[0][:3], "450")
        self.assertEqual(self.patch("?tag=none", {"enabled": False}).json(), [])

    def test_all_or_nothing(self) -> None:
        """A patch that one of them refuses changes none."""
        size = {**when("size", "5", "atLeast")}
        self.put(on("NOOP", 450, tag="t"), on("DATA", 450, tag="t"))
        answer = self.patch("?tag=t", {"condition": size})
        self.assertEqual((answer.status, answer.paths), (400, ["$.condition.target"]))
        self.assertNotIn("target", str(self.full()))

    def test_bad_requests(self) -> None:
        """Without a tag, with a place in the list, or with what no behavior can be."""
        self.put(on("NOOP", 450, tag="t"))
        for query, patch, place in (
            ("", {"enabled": False}, "?tag"),
            ("?tag=t", {"move": {"to": "front"}}, "$.move"),
            ("?tag=t", {"id": "x"}, "$.id"),
            ("?tag=none", {"typo": 1}, "$.typo"),
            ("?tag=none", {"enabled": "yes"}, "$.enabled"),
            ("?tag=none", {"command": None}, "$.command"),
            ("?tag=none", {"response": 5}, "$.response"),
            ("?tag=none", {"responses": [{"cod": 1}]}, "$.responses[0].cod"),
        ):
            answer = self.patch(query, patch)
            self.assertEqual((answer.status, answer.paths), (400, [place]))

    def test_those_that_never_answered(self) -> None:
        """They can be listed, those that are disabled included."""
        self.put(
            on("NOOP", 450, id="a"),
            on("RSET", 450, id="b"),
            {**on("QUIT", 450, id="c"), "enabled": False},
        )
        self.talk.say("NOOP")
        told = self.rig.get("/smtpBehaviors?fired=0&view=full")
        self.assertEqual([one["id"] for one in told], ["b", "c"])
        told = self.rig.get("/smtpBehaviors?fired=0")
        self.assertEqual([one["command"] for one in told], ["RSET", "QUIT"])
        self.assertEqual(self.rig.ask("GET", "/smtpBehaviors?fired=x").status, 400)


class NameTests(EditingCase):
    """A behavior with a name"""

    def test_it_is_told_with_its_id(self) -> None:
        """In transcripts and events."""
        self.put(
            {**on("NOOP", 451, skip=1, id="a"), "name": "first"},
            {**on("NOOP", 450, id="b"), "name": "Bob is busy"},
            {**on("RSET", 450, skip=1, id="c"), "name": "never"},
        )
        self.talk.say("NOOP", "RSET")
        _, noop, rset = self.rig.get("/smtpSessions/1")["transcript"]
        self.assertEqual((noop["behavior"], noop["behaviorName"]), ("b", "Bob is busy"))
        self.assertEqual(
            rset["passedOver"], [{"behavior": "c", "name": "never", "reason": "skip"}]
        )


class DnsTests(SynchronousTestCase):
    """``/dnsBehaviors``, which are changed as those of SMTP are"""

    def test_a_patch(self) -> None:
        """Counters are kept, `move` and `tag` work."""
        rig = Rig()
        fails = {"query": "MX", "response": {"rcode": "SERVFAIL"}, "tag": "t"}
        rig.ask("PUT", "/dnsBehaviors", [{**fails, "id": "a"}, {**fails, "id": "b"}])
        patch = {"response": {"rcode": "REFUSED"}, "move": {"to": "front"}}
        told = rig.ask("PATCH", "/dnsBehaviors/b", patch).json()
        self.assertEqual((told["id"], told["fired"]), ("b", 0))
        rig.ask("PATCH", "/dnsBehaviors?tag=t", {"enabled": False})
        listed = rig.get("/dnsBehaviors?view=full")
        self.assertEqual(
            [(one["id"], one["enabled"]) for one in listed],
            [("b", False), ("a", False)],
        )
