"""How the values are made that each mail makes anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from attrs import frozen
else:
    # Frozen for the type checker, which reads every line of ours, and not at run
    # time: setting the fields of an object that is frozen takes three times as
    # long, and a mail makes half a dozen of them.
    def frozen(cls: type) -> type:
        """Make `cls` an attrs class with slots, hashed by its fields."""
        return attrs.define(unsafe_hash=True)(cls)


__all__ = ["frozen"]
