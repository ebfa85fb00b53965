"""The cookbook as data"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.recipes import Call, UnknownRecipe, find_recipe, recipes
from mocksmtp.recipes.cookbook import NAMES, read_cookbook
from tests.markdown import ROOT

PAGES = "docs/cookbook.md", "docs/providers.md"


class SourceTests(SynchronousTestCase):
    """recipes.json"""

    def test_it_is_what_the_pages_have(self) -> None:
        """`python -m mocksmtp.recipes.cookbook` with both pages changes nothing."""
        kept = resources.files("mocksmtp.recipes") / "recipes.json"
        texts = [(ROOT / page).read_text() for page in PAGES]
        made = [recipe for text in texts for recipe in read_cookbook(text)]
        self.assertEqual(json.loads(kept.read_text("utf-8")), made)

    def test_no_name_is_for_a_recipe_that_is_gone(self) -> None:
        """Each title with a name is on a page, and no name is used twice."""
        titles = {recipe.title for recipe in recipes().values()}
        self.assertEqual(titles, set(NAMES))
        self.assertEqual(len(recipes()), len(NAMES))

    def test_a_recipe_without_a_name_is_refused(self) -> None:
        """The error says where a name belongs."""
        text = "## New\n\n### A new one\n\nText.\n"
        error = self.assertRaises(ValueError, read_cookbook, text)
        self.assertIn("'A new one'; add it to NAMES", str(error))

    def test_they_are_cheap_to_import(self) -> None:
        """No module of the service, no Twisted and no cattrs is imported."""
        program = (
            "import sys, mocksmtp.recipes; mocksmtp.recipes.recipes();"
            "print(*{name.partition('.')[0] for name in sys.modules},"
            "*[name for name in sys.modules if name.startswith('mocksmtp')])"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        names = set(ran.stdout.split())
        self.assertEqual(
            names & {"twisted", "cattrs", "klein", "ssl", "asyncio"}, set()
        )
        ours = {name for name in names if name.startswith("mocksmtp")}
        self.assertEqual(ours, {"mocksmtp", "mocksmtp.recipes"})


class RecipeTests(SynchronousTestCase):
    """`Recipe`"""

    def test_without_values_it_has_the_cookbooks_documents(self) -> None:
        """Each parameter's default is what stands at its places."""
        for recipe in recipes().values():
            defaults = {one.name: one.default for one in recipe.parameters}
            self.assertEqual(recipe.calls(), recipe.documents, recipe.name)
            self.assertEqual(recipe.calls(**defaults), recipe.documents, recipe.name)

    def test_values_replace_those_of_the_cookbook(self) -> None:
        """At all places of a parameter; the recipe itself does not change."""
        (call,) = find_recipe("data_deferred").calls(code=452, message="4.3.1 Full")
        responses = [behavior["response"] for behavior in call.document]
        self.assertEqual(responses, [{"code": 452, "message": "4.3.1 Full"}] * 2)
        (kept,) = find_recipe("data_deferred").documents
        self.assertEqual(kept.document[0]["response"]["code"], 451)

    def test_every_behavior_can_be_limited_and_tagged(self) -> None:
        """`times` and `tag` are parameters of all recipes with behaviors."""
        (call,) = find_recipe("full_mailbox").calls(times=3, tag="t")
        self.assertEqual(
            [(one["numberOfAnswer"], one["tag"]) for one in call.document],
            [(3, "t")] * 2,
        )

    def test_a_condition_can_be_changed_and_removed(self) -> None:
        """`recipient` replaces the text; null means all recipients."""
        (call,) = find_recipe("always_deferred").calls(recipient="bob@")
        self.assertEqual(
            call.document[0]["condition"],
            {"operator": "contains", "matchingValue": "bob@"},
        )
        (call,) = find_recipe("always_deferred").calls(recipient=None)
        self.assertNotIn("condition", call.document[0])

    def test_documents_of_several_hosts(self) -> None:
        """Behaviors after a named host are for that host."""
        calls = find_recipe("one_address_fails").documents
        self.assertEqual(
            [(call.kind, call.path) for call in calls],
            [("host", "/hosts/mx1"), ("behaviors", "/hosts/mx1/smtpBehaviors")],
        )
        self.assertTrue(find_recipe("one_address_fails").creates_hosts)
        self.assertEqual(Call("host", None, {}).path, "/hosts/default")
        self.assertEqual(Call("behaviors", None, []).path, "/smtpBehaviors")

    def test_tags_tell_what_it_is_about(self) -> None:
        """Its section, the kinds of its documents, and their commands."""
        self.assertEqual(
            find_recipe("starttls_deferred").tags,
            ("TLS", "host", "behaviors", "STARTTLS"),
        )

    def test_unknown_names(self) -> None:
        """The nearest name is suggested, for recipes and for parameters."""
        error = self.assertRaises(UnknownRecipe, find_recipe, "graylist")
        self.assertEqual(str(error), "no recipe 'graylist'; did you mean 'greylist'?")
        error = self.assertRaises(UnknownRecipe, find_recipe("outage").calls, cod=1)
        self.assertEqual(
            str(error),
            "recipe outage has no parameter 'cod'; "
            "one of: code, message, times, tag; did you mean 'code'?",
        )

    def test_names_of_the_command_line(self) -> None:
        """Hyphens are as good as underscores."""
        self.assertIs(find_recipe("full-mailbox"), find_recipe("full_mailbox"))
