"""Why a behavior did or did not answer, as the page shows it"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.web.transcript import Why


def considered(**changes: Any) -> dict[str, Any]:
    """A behavior whose condition failed, and nearly did not."""
    return {
        "behavior": "b1",
        "name": None,
        "result": "passedOver",
        "step": "condition",
        "target": "recipient",
        "operator": "equals",
        "found": "Bob@x.test",
        "wanted": "bob@x.test",
        "hint": {"code": "case", "text": "…", "fix": {"ignoreCase": True}},
        **changes,
    }


LEAF = {"operator": "equals", "matchingValue": "bob@x.test"}


class PatchTests(SynchronousTestCase):
    """The fix of a near miss, as the body of a PATCH"""

    def patch(self, condition: Any, **changes: Any) -> Any:
        return Why(considered(**changes), {"condition": condition}).patch

    def test_a_condition(self) -> None:
        """It gets the fields of the fix."""
        self.assertEqual(self.patch(LEAF), {"condition": {**LEAF, "ignoreCase": True}})

    def test_a_part_of_a_condition(self) -> None:
        """Only the part that failed is changed, and the whole condition is sent."""
        other = {"operator": "equals", "matchingValue": "eve@x.test"}
        condition = {"operator": "any", "conditions": [other, LEAF]}
        fixed = {"operator": "any", "conditions": [other, {**LEAF, "ignoreCase": True}]}
        self.assertEqual(self.patch(condition), {"condition": fixed})
        inner = {"operator": "not", "condition": condition}
        self.assertEqual(
            self.patch(inner), {"condition": {"operator": "not", "condition": fixed}}
        )

    def test_none(self) -> None:
        """Where it is not known which part, or the behavior is no longer set."""
        both = {"operator": "any", "conditions": [LEAF, LEAF]}
        self.assertIsNone(self.patch(both))
        self.assertIsNone(self.patch({**LEAF, "target": "helo"}))
        self.assertIsNone(self.patch(LEAF, hint=None))
        self.assertIsNone(Why(considered(), None).patch)


class StepTests(SynchronousTestCase):
    """The checks of a behavior"""

    def steps(self, behavior: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
        each = Why(considered(**changes), behavior).steps
        return [(one.name, one.state) for one in each]

    def test_in_order(self) -> None:
        """Those before the one that failed passed; those after it were not reached."""
        behavior = {"condition": LEAF, "numberOfAnswer": 2, "probability": 0.5}
        expected = [
            ("condition", "failed"),
            ("exhausted", "notReached"),
            ("probability", "notReached"),
        ]
        self.assertEqual(self.steps(behavior), expected)
        expected = [
            ("condition", "passed"),
            ("exhausted", "failed"),
            ("probability", "notReached"),
        ]
        self.assertEqual(self.steps(behavior, step="exhausted"), expected)

    def test_what_answered(self) -> None:
        """All passed; for a behavior that was never reached none."""
        behavior = {"condition": LEAF, "scenario": {}}
        expected = [("scenario", "passed"), ("condition", "passed")]
        self.assertEqual(self.steps(behavior, step=None, result="fired"), expected)
        expected = [("scenario", "notReached"), ("condition", "notReached")]
        self.assertEqual(self.steps(behavior, step=None, result="notReached"), expected)
