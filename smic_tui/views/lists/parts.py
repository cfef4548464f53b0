"""Cells, columns and sort keys that several lists share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeGuard, TypeVar

from smic_tui.i18n import N_
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, TicketFact
from smic_tui.model.states import Level
from smic_tui.records import CatalogueRequest, Ticket
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.words import word

# Facts that rest on the answers of sources, those that belong to a site, those of a desk.
Dated = SiteFact | BackupFact | TicketFact | RequestFact
Placed = BackupFact | TicketFact | RequestFact
Work = TypeVar("Work", TicketFact, RequestFact)
F = TypeVar("F")


# -- cells


def state_cell(level: Level, text: str, look: Look) -> Cell:
    """A state in words, after the shape of its level."""
    return Cell(f"{look.glyph(level)} {text}", ROLE_OF_LEVEL[level])


def glyph_cell(level: Level, look: Look) -> Cell:
    """The shape of a level alone, for lists whose words come later."""
    return Cell(look.glyph(level), ROLE_OF_LEVEL[level])


def site_cell(fact: Placed, look: Look) -> Cell:
    """The site's name, or what the source wrote where no site of the register matches."""
    if fact.site_name:
        return Cell(fact.site_name)
    return Cell(fact.site_ref and f"? {fact.site_ref}", Role.MUTED)


def place_cell(fact: Placed, look: Look) -> Cell:
    """The site as `site_cell` has it, in few cells."""
    cell = site_cell(fact, look)
    return Cell(place(cell.text), cell.role)


def due_cell(due: datetime | None, overdue: bool, look: Look) -> Cell:
    """When something is due, and whether that is over."""
    role = Role.WARNING if overdue else Role.PLAIN
    return Cell(human.moment(due, look.now, look.zone), role)


def known_since(moment: datetime | None, look: Look) -> Cell:
    """How long ago `moment` was; blank where that is not known."""
    return Cell("" if moment is None else human.since(moment, look.now))


# -- sort keys


def by_site_name(fact: Placed, look: Look) -> str:
    """The site's name, or what the source wrote, without case and accents."""
    return fold(fact.site_name or fact.site_ref)


def by_number(key: str) -> tuple[int, str]:
    """Ticket numbers in the order of their numbers, other keys by their text."""
    digits = "".join(char for char in key if char.isdigit())
    return (int(digits) if digits and len(digits) < 19 else 0, key)


# -- the age of a fact


def age_cell(fact: Dated, look: Look) -> Cell:
    """How long ago the sources of a fact last answered well; of a site with an outdated check,
    how long ago that was.
    """
    age = look.freshness.age(fact.rests_on, look.now)
    if _is_outdated(fact) and not fact.stale:
        checks = (one.checked for one in fact.past if one.outdated and one.checked)
        if (oldest := min(checks, default=None)) is not None:
            return Cell(human.since(oldest, look.now), Role.WARNING)
    return Cell(human.age(age), Role.WARNING if fact.stale else Role.MUTED)


def stale_age_cell(fact: Dated, look: Look) -> Cell:
    """The age of what is stale or outdated; that of all else is said once for the list."""
    return age_cell(fact, look) if fact.stale or _is_outdated(fact) else Cell("")


def _is_outdated(fact: Dated) -> TypeGuard[SiteFact]:
    return isinstance(fact, SiteFact) and fact.outdated


def _by_age(fact: Dated, look: Look) -> float | None:
    last = look.freshness.last_good(fact.rests_on)
    return None if last is None else -last.timestamp()


def _greatest_age(facts: Sequence[Dated], look: Look) -> str:
    """How old the facts that are not stale are at most: "<13 min"; empty where all are stale."""
    of_sources = {id(fact.rests_on): fact.rests_on for fact in facts if not fact.stale}
    moments = map(look.freshness.last_good, of_sources.values())
    oldest = min((moment for moment in moments if moment), default=None)
    return "" if oldest is None else human.less_than(max(0.0, (look.now - oldest).total_seconds()))


def age_column() -> Column[Dated]:
    """How long ago the sources of each fact last answered well."""
    return Column(
        id="age", title=N_("Age"), width=6, spare=1, right=True, cell=age_cell, sort=_by_age
    )


def lean_age_column() -> Column[Dated]:
    """The age of stale facts alone; the title is then how old the others are at most."""
    return Column(
        id="age",
        title=N_("Age"),
        width=7,
        right=True,
        at_once=0,
        cell=stale_age_cell,
        heading=_greatest_age,
    )


# -- other columns


def text_column(
    id: str,
    title: str,
    width: int,
    text: Callable[[F], str],
    *,
    role: Role = Role.PLAIN,
    flex: int = 0,
    spare: int = 0,
) -> Column[F]:
    """A text of each fact; a list is ordered by it without regard to case and accents."""
    return Column(
        id=id,
        title=title,
        width=width,
        flex=flex,
        spare=spare,
        cell=lambda fact, look: Cell(text(fact), role),
        sort=lambda fact, look: fold(text(fact)),
    )


def later(
    id: str,
    title: str,
    width: int,
    cell: Callable[[F, Look], Cell],
    *,
    spare: int = 0,
    right: bool = False,
) -> Column[F]:
    """A column of a lean list that comes when the cursor rests."""
    return Column(id=id, title=title, width=width, spare=spare, right=right, at_once=0, cell=cell)


def work_columns(
    record: Callable[[Work], Ticket | CatalogueRequest],
    *,
    waiting_role: Role,
    waiting_spare: int,
) -> tuple[Column[Work], Column[Work], Column[Work], Column[Work]]:
    """Owner, who is waited for, last change and due date of a ticket-like record.

    `record` gives the record of a fact; `waiting_role` is how who is waited for looks,
    `waiting_spare` says how soon that may be left out.
    """
    return (
        Column(
            id="owner",
            title=N_("Owner"),
            width=12,
            spare=4,
            flex=1,
            cell=lambda f, look: Cell(record(f).owner, Role.KEY if f.mine else Role.PLAIN),
            sort=lambda f, look: fold(record(f).owner),
        ),
        Column(
            id="waiting",
            title=N_("Waiting on"),
            width=10,
            spare=waiting_spare,
            cell=lambda f, look: Cell(word(record(f).waiting_on), waiting_role),
            sort=lambda f, look: record(f).waiting_on,
        ),
        Column(
            id="updated",
            title=N_("Updated"),
            width=8,
            right=True,
            cell=lambda f, look: Cell(human.since(record(f).updated, look.now)),
            sort=lambda f, look: record(f).updated,
        ),
        Column(
            id="due",
            title=N_("Due"),
            width=11,
            spare=2,
            cell=lambda f, look: due_cell(record(f).due, f.overdue, look),
            sort=lambda f, look: record(f).due,
        ),
    )
