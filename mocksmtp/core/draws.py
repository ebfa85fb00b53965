"""Chance that can be had again: numbers that follow from what they are for."""

from __future__ import annotations

from hashlib import blake2b


def draw(seed: str, salt: str, key: object, number: int) -> float:
    """
    A number from 0 up to, and not, 1.

    It is the same for the same arguments on every machine and in every run, and has
    nothing to do with that for others, so that no generator has to be kept for a key.
    """
    text = f"{seed}\n{salt}\n{key!r}\n{number}"
    digest = blake2b(text.encode(errors="replace"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def digest_of(thing: object) -> str:
    """What stands for a value of the model in a salt."""
    return blake2b(repr(thing).encode(errors="replace"), digest_size=8).hexdigest()
