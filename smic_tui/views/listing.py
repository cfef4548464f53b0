"""What a list screen or a `list` command shows: columns, order, one row per fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from smic_tui.i18n import _, ngettext
from smic_tui.insight.facts import Situation
from smic_tui.views.cells import Column, Row
from smic_tui.views.look import Look


class Listing(Struct, frozen=True, kw_only=True):
    """One list. `subject` names its facts, its filter fields and its screen.

    `facts` come worst first; `row` makes one line; `key` is the row's key.
    `empty` is the message when there is nothing to list. `marked` is the column
    that shows that something about the row is in the outbox.
    """

    subject: str
    title: str
    columns: tuple[Column, ...]
    facts: Callable[[Situation], Sequence[Any]]
    row: Callable[[Any, Look], Row]
    key: Callable[[Any], str]
    empty: str = ""
    marked: str = ""

    def sorts(self) -> list[Column]:
        """The columns that the list can be sorted by."""
        return [column for column in self.columns if column.sort is not None]


def sort_facts(
    listing: Listing, facts: Sequence[Any], by: str | None, descending: bool
) -> Sequence[Any]:
    """The facts in the order of a column; worst first when `by` is None.

    What has no value in that column comes last either way.
    """
    column = next((c for c in listing.columns if c.id == by and c.sort), None)
    if column is None or column.sort is None:
        return facts
    valued, without = [], []
    for fact in facts:
        value = column.sort(fact)
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
