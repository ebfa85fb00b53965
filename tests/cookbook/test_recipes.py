"""The cookbook as a whole."""

from __future__ import annotations

import importlib
import pkgutil

from twisted.trial.unittest import SynchronousTestCase

import tests.cookbook
from tests.behaviors.sixteen import DOCUMENTS
from tests.cookbook.recipes import recipes
from tests.markdown import blocks


def tasted() -> list[str]:
    """The titles of the recipes for which there is a test."""
    found = []
    for module in pkgutil.iter_modules(tests.cookbook.__path__, "tests.cookbook."):
        for case in vars(importlib.import_module(module.name)).values():
            if isinstance(case, type) and case.__module__ == module.name:
                found += [getattr(test, "recipe", "") for test in vars(case).values()]
    return sorted(title for title in found if title)


class RecipesTests(SynchronousTestCase):
    """docs/cookbook.md and docs/providers.md"""

    def test_each_recipe_is_tasted(self) -> None:
        """Each has one test, and there is none for what is not in it."""
        self.assertEqual(tasted(), sorted(recipes()))

    def test_no_document_is_outside_of_a_recipe(self) -> None:
        """What a reader can paste belongs to a title."""
        in_recipes = sum(len(recipe.documents) for recipe in recipes().values())
        pages = "docs/cookbook.md", "docs/providers.md"
        documents = [one for page in pages for one in blocks(page, "json")]
        self.assertEqual(in_recipes, len(documents))
        self.assertGreater(in_recipes, 100)

    def test_the_sixteen_are_there(self) -> None:
        """Those that the model must have an answer for, as they are."""
        calls = [call for recipe in recipes().values() for call in recipe.documents]
        documents = [call.document for call in calls]
        for document in DOCUMENTS:
            self.assertIn(document, documents)
