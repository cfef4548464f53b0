"""Chance that is always the same for the same seed."""

from __future__ import annotations

from random import Random


def chance(*seed: object) -> Random:
    """A generator for one part of the sample: parts do not disturb each other."""
    return Random(" ".join(map(str, seed)))  # noqa: S311 - nothing here is a secret
