"""What a name is taken to mean, and how that is known. Public."""

from __future__ import annotations

from enum import IntEnum
from typing import Generic, TypeVar

from msgspec import Struct

V = TypeVar("V")


class Known(IntEnum):
    """How a meaning is known; the surest is the smallest."""

    CONFIGURED = 0
    # The system says so itself, or ships the name with that meaning.
    TOLD = 1
    GUESSED = 2


class Meaning(Struct, Generic[V], frozen=True):
    """A meaning with how it is known."""

    value: V
    how: Known

    @property
    def guessed(self) -> bool:
        """Whether only words suggest it."""
        return self.how is Known.GUESSED
