"""The recipes of the cookbook by their titles, as `mocksmtp.recipes` has them."""

from __future__ import annotations

import functools

from mocksmtp.recipes import Recipe
from mocksmtp.recipes import recipes as recipes_by_name


@functools.cache
def recipes() -> dict[str, Recipe]:
    """All of them by title."""
    return {recipe.title: recipe for recipe in recipes_by_name().values()}
