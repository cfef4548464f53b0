"""What a list screen or a `list` command shows: columns, order, one row per fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from smic_tui.i18n import _, ngettext
from smic_tui.model.facts import Situation
from smic_tui.model.subjects import Subject
from smic_tui.views.cells import Cell, Row
from smic_tui.views.columns import Column
from smic_tui.views.look import Look

F = TypeVar("F")


class Listing(Struct, Generic[F], frozen=True, kw_only=True):
    """How the facts of a subject are listed.

    `summary(situation, look)` sums the whole list up in a few words. `columns` are those
    that it has, in order. `lean` are the columns of the same list on a line that counts
    every byte: the first say what and where, in some forty cells that come with the key;
    the others come when the cursor rests. What the first say already, what goes without
    saying and what is the same everywhere is left out. Without `lean` the list is the same
    there.

    `key`, `site`, `url`, `copy` and `stale` give these parts of a fact's `Row`. `marked` is
    the id of the column that shows that something about the row is in the outbox. `empty` is
    the message, unmarked, when there is nothing to list.
    """

    subject: Subject[F]
    summary: Callable[[Situation, Look], list[Cell]]
    columns: tuple[Column[F], ...]
    key: Callable[[F], str]
    copy: Callable[[F], str]
    site: Callable[[F], str] = lambda fact: ""
    url: Callable[[F], str] = lambda fact: ""
    stale: Callable[[F], bool]
    empty: str
    marked: str = ""
    lean: tuple[Column[F], ...] = ()

    def facts(self, situation: Situation) -> Sequence[F]:
        """All facts to list, worst first."""
        return self.subject.facts(situation)

    def row(self, fact: F, look: Look, columns: Iterable[Column[F]]) -> Row:
        """The line of a fact, with a cell for each of `columns`."""
        return Row(
            key=self.key(fact),
            cells=tuple([column.cell(fact, look) for column in columns]),
            site=self.site(fact),
            url=self.url(fact),
            copy=self.copy(fact),
            stale=self.stale(fact),
        )

    def chosen(self, ids: Iterable[str]) -> tuple[Column[F], ...]:
        """The columns with these ids, in their order; raises `KeyError` for an unknown one."""
        known = {column.id: column for column in self.columns}
        return tuple([known[id] for id in ids])

    def sorts(self) -> list[Column[F]]:
        """The columns that the list can be sorted by."""
        return [column for column in self.columns if column.sort is not None]


def sort_facts(
    listing: Listing[F], facts: Sequence[F], by: str | None, descending: bool, look: Look
) -> Sequence[F]:
    """The facts in the order of a column; worst first when `by` is None.

    What has no value in that column comes last either way.
    """
    sort = next((column.sort for column in listing.columns if column.id == by), None)
    if sort is None:
        return facts
    valued, without = [], []
    for fact in facts:
        value = sort(fact, look)
        if value is None or value == "":
            without.append(fact)
        else:
            valued.append((value, fact))
    valued.sort(key=lambda pair: pair[0], reverse=descending)
    return [fact for _value, fact in valued] + without


def tally(shown: int, total: int) -> str:
    """How many lines are shown, and of how many when a filter hides some."""
    if shown == total:
        return ngettext("{n} line", "{n} lines", total).format(n=total)
    return _("{shown} of {total}").format(shown=shown, total=total)
