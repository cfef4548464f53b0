"""A column of a list: how it is laid out, and what stands in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec.structs import replace

from smic_tui.views.cells import Cell, ColumnLayout
from smic_tui.views.look import Look

F_contra = TypeVar("F_contra", contravariant=True)
F = TypeVar("F")


class Ordered(Protocol):
    """Something that can be sorted among its own kind."""

    def __lt__(self, other: Any, /) -> bool: ...


class Column(ColumnLayout, Generic[F_contra], frozen=True, kw_only=True):
    """A column over facts of one kind.

    `cell(fact, look)` is what stands in it. `sort(fact, look)` is what the list is ordered by when
    it is ordered by this column, None for a fact without a value; without `sort` it cannot
    be. `heading(facts, look)` is the title over these facts, in the reader's language, for
    a column whose title depends on them; empty for the ordinary title.
    """

    cell: Callable[[F_contra, Look], Cell]
    sort: Callable[[F_contra, Look], Ordered | None] | None = None
    heading: Callable[[Sequence[F_contra], Look], str] | None = None


def headed(columns: Sequence[Column[F]], facts: Sequence[F], look: Look) -> tuple[Column[F], ...]:
    """The columns with the titles that they have over these facts."""
    return tuple(
        replace(column, title=column.heading(facts, look) or column.title)
        if column.heading is not None
        else column
        for column in columns
    )
