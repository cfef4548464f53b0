"""The keys of the rows of a list, told when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

_LOOKED_AT_AT_ONCE = 500

F = TypeVar("F")


class Keys(Sequence[str], Generic[F]):
    """The key of each fact, in order. Of a long list nothing is made beforehand.

    `near` is about where a key is looked for first: after an update most stand where
    they stood, or close by.
    """

    def __init__(self, facts: Sequence[F], key: Callable[[F], str], near: int = 0) -> None:
        self._facts = facts
        self._key = key
        self._near = near

    def __len__(self) -> int:
        return len(self._facts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._key(fact) for fact in self._facts[index]]
        return self._key(self._facts[index])

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """Where a key stands; raises `ValueError` when it does not."""
        stop = len(self) if stop is None else min(stop, len(self))
        below = above = max(start, min(self._near, stop))
        while below > start or above < stop:
            for first, last in (
                (above, min(stop, above + _LOOKED_AT_AT_ONCE)),
                (max(start, below - _LOOKED_AT_AT_ONCE), below),
            ):
                keys = self[first:last]
                if value in keys:
                    return first + keys.index(value)
            above = min(stop, above + _LOOKED_AT_AT_ONCE)
            below = max(start, below - _LOOKED_AT_AT_ONCE)
        raise ValueError(value)
