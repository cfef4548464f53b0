"""What a list screen or a `list` command shows: columns, order, one row per fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct

from smic_tui.i18n import _, ngettext
from smic_tui.model.facts import Situation
from smic_tui.views.cells import Column, Row
from smic_tui.views.look import Look


class Lean(Struct, frozen=True, kw_only=True):
    """How a list is shown on a line that counts every byte.

    The first columns say what and where, in some forty cells that come with the key;
    the others come when the cursor rests. What the first say already, what goes without
    saying and what is the same everywhere is left out. `row` has a cell for each of
    `columns`, which have no `sort` of their own. The `age` column is blank but for stale
    lines: its title is then how old the others are at most.
    """

    columns: tuple[Column, ...]
    row: Callable[[Any, Look], Row]


class Listing(Struct, frozen=True, kw_only=True):
    """One list. `subject` names its facts, its filter fields and its screen.

    `facts` come worst first; `row` makes one line; `key` is the row's key.
    `empty` is the message when there is nothing to list. `marked` is the column
    that shows that something about the row is in the outbox. `lean` is how it is shown
    on a slow line, None where that is no different.
    """

    subject: str
    title: str
    columns: tuple[Column, ...]
    facts: Callable[[Situation], Sequence[Any]]
    row: Callable[[Any, Look], Row]
    key: Callable[[Any], str]
    empty: str = ""
    marked: str = ""
    lean: Lean | None = None

    def sorts(self) -> list[Column]:
        """The columns that the list can be sorted by."""
        return [column for column in self.columns if column.sort or column.sort_with_look]


def sort_facts(
    listing: Listing, facts: Sequence[Any], by: str | None, descending: bool, look: Look
) -> Sequence[Any]:
    """The facts in the order of a column; worst first when `by` is None.

    What has no value in that column comes last either way.
    """
    column = next((c for c in listing.sorts() if c.id == by), None)
    if column is None:
        return facts
    sort = column.sort or partial(_with_look, column.sort_with_look, look)
    valued, without = [], []
    for fact in facts:
        value = sort(fact)
        if value is None or value == "":
            without.append(fact)
        else:
            valued.append((value, fact))
    valued.sort(key=lambda pair: pair[0], reverse=descending)
    return [fact for _value, fact in valued] + without


def _with_look(sort: Any, look: Look, fact: Any) -> Any:
    return sort(fact, look)


def oldest(facts: Sequence[Any], look: Look) -> datetime | None:
    """When the oldest answer came that a fact rests on which is not stale; None: none is."""
    of_sources = {id(fact.rests_on): fact.rests_on for fact in facts if not fact.stale}
    moments = map(look.freshness.last_good, of_sources.values())
    return min((moment for moment in moments if moment), default=None)


def tally(shown: int, total: int) -> str:
    """How many lines are shown, and of how many when a filter hides some."""
    if shown == total:
        return ngettext("{n} line", "{n} lines", total).format(n=total)
    return _("{shown} of {total}").format(shown=shown, total=total)
