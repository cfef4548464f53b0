"""Random numbers that are always the same for the same seed."""

from __future__ import annotations

from random import Random


def chance(*seed: object) -> Random:
    """Returns a generator for one part of the sample, so that a change of one part does not
    change the others.
    """
    return Random(" ".join(map(str, seed)))  # noqa: S311 - nothing here is a secret
