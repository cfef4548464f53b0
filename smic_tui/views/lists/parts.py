"""Cells, columns and sort keys that several lists share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from smic_tui.i18n import N_
from smic_tui.model.states import Level
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Column, Role
from smic_tui.views.look import Look
from smic_tui.views.place import place


def state_cell(level: Level, text: str, look: Look) -> Cell:
    return Cell(f"{look.glyph(level)} {text}", ROLE_OF_LEVEL[level])


def age_cell(fact: Any, look: Look) -> Cell:
    age = look.freshness.age(fact.rests_on, look.now)
    return Cell(human.age(age), Role.WARNING if fact.stale else Role.MUTED)


def site_cell(fact: Any) -> Cell:
    """The site's name, or what the source wrote where no site of the register matches."""
    if fact.site_name:
        return Cell(fact.site_name)
    return Cell(fact.site_ref and f"? {fact.site_ref}", Role.MUTED)


def due_cell(due: datetime | None, overdue: bool, look: Look) -> Cell:
    role = Role.WARNING if overdue else Role.PLAIN
    return Cell(human.moment(due, look.now, look.zone), role)


def glyph_cell(level: Level, look: Look) -> Cell:
    """The state's shape alone, for lists whose words come later."""
    return Cell(look.glyph(level), ROLE_OF_LEVEL[level])


def place_cell(fact: Any) -> Cell:
    """The site as `site_cell` has it, in few cells."""
    cell = site_cell(fact)
    return Cell(place(cell.text), cell.role)


def stale_age_cell(fact: Any, look: Look) -> Cell:
    """The age of what is stale; that of everything else is said once for the list."""
    return age_cell(fact, look) if fact.stale else Cell("")


def known_since(moment: datetime | None, look: Look) -> Cell:
    """How long ago; nothing where nobody knows."""
    return Cell("" if moment is None else human.since(moment, look.now))


def by_site_name(fact: Any) -> str:
    return fold(fact.site_name or fact.site_ref)


def _by_age(fact: Any, look: Look) -> float | None:
    last = look.freshness.last_good(fact.rests_on)
    return None if last is None else -last.timestamp()


def age_column() -> Column:
    return Column(id="age", title=N_("Age"), width=6, spare=1, right=True, sort_with_look=_by_age)


def lean_columns(*columns: Column) -> tuple[Column, ...]:
    """The columns of a lean list, with the age of stale lines at their end."""
    return (*columns, later("age", N_("Age"), 7, right=True))


def later(id: str, title: str, width: int, *, spare: int = 0, right: bool = False) -> Column:
    """A column that comes when the cursor rests."""
    return Column(id=id, title=title, width=width, spare=spare, right=right, at_once=0)


def work_columns(
    record: Callable[[Any], Any], *, waiting_spare: int
) -> tuple[Column, Column, Column, Column]:
    """Owner, who is waited for, last change and due date of a ticket-like record.

    `record` gives the record of a fact; `waiting_spare` says how soon who is
    waited for may be left out.
    """
    return (
        Column(
            id="owner",
            title=N_("Owner"),
            width=12,
            spare=4,
            flex=1,
            sort=lambda f: fold(record(f).owner),
        ),
        Column(
            id="waiting",
            title=N_("Waiting on"),
            width=10,
            spare=waiting_spare,
            sort=lambda f: record(f).waiting_on,
        ),
        Column(
            id="updated",
            title=N_("Updated"),
            width=8,
            right=True,
            sort=lambda f: record(f).updated,
        ),
        Column(id="due", title=N_("Due"), width=11, spare=2, sort=lambda f: record(f).due),
    )


def by_number(key: str) -> tuple[int, str]:
    """Ticket numbers in the order of their numbers, other keys by their text."""
    digits = "".join(char for char in key if char.isdigit())
    return (int(digits) if digits and len(digits) < 19 else 0, key)
