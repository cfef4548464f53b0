"""The list of sources."""

from __future__ import annotations

from smic_tui.i18n import N_, pgettext
from smic_tui.model.facts import SourceFact
from smic_tui.model.subjects import SOURCES
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import state_cell, text_column
from smic_tui.views.look import Look
from smic_tui.views.narrowed import narrowed_text
from smic_tui.views.summary import summary_of_sources
from smic_tui.views.words import word


def _state(fact: SourceFact, look: Look) -> Cell:
    stale = fact.stale and fact.status.last_good is not None
    return state_cell(
        fact.level, pgettext("one source", "stale") if stale else word(fact.status.state), look
    )


def _unmatched(fact: SourceFact) -> int:
    return sum(missing.count for missing in fact.unmatched)


def _count(count: int) -> Cell:
    """A number of rows that could not be used; blank for none."""
    return Cell(str(count or ""), Role.NOTICE if count else Role.MUTED)


def _error(fact: SourceFact) -> str:
    """What keeps the source from being trusted."""
    if not fact.status.error and fact.status.narrowed is not None:
        return narrowed_text(fact.status.narrowed)
    return fact.status.error


_COLUMNS: tuple[Column[SourceFact], ...] = (
    Column(id="state", title=N_("State"), width=16, cell=_state, sort=lambda f, look: -f.level),
    text_column("name", N_("Source"), 14, lambda f: f.status.name, flex=1),
    Column(
        id="kind",
        title=N_("Kind"),
        width=8,
        spare=2,
        cell=lambda f, look: Cell(f.status.kind, Role.MUTED),
        sort=lambda f, look: f.status.kind,
    ),
    Column(
        id="rows",
        title=N_("Rows"),
        width=6,
        right=True,
        cell=lambda f, look: Cell(str(f.status.rows)),
        sort=lambda f, look: -f.status.rows,
    ),
    Column(
        id="rejected",
        title=N_("Aside"),
        width=6,
        right=True,
        cell=lambda f, look: _count(f.status.rejected_count),
        sort=lambda f, look: -f.status.rejected_count,
    ),
    Column(
        id="unmatched",
        title=N_("No site"),
        width=9,
        right=True,
        cell=lambda f, look: _count(_unmatched(f)),
        sort=lambda f, look: -_unmatched(f),
    ),
    Column(
        id="age",
        title=N_("Age"),
        width=7,
        right=True,
        cell=lambda f, look: Cell(human.age(f.age), Role.WARNING if f.stale else Role.PLAIN),
        sort=lambda f, look: f.age,
    ),
    Column(
        id="next",
        title=N_("Next"),
        width=7,
        spare=1,
        cell=lambda f, look: Cell(human.moment(f.status.next_try, look.now, look.zone), Role.MUTED),
        sort=lambda f, look: f.status.next_try,
    ),
    Column(
        id="error",
        title=N_("Error"),
        width=20,
        flex=3,
        spare=3,
        cell=lambda f, look: Cell(_error(f), Role.WARNING),
    ),
)

LISTING: Listing[SourceFact] = Listing(
    subject=SOURCES,
    summary=summary_of_sources,
    columns=_COLUMNS,
    key=lambda f: f.key,
    copy=lambda f: f"{f.status.name} {f.status.error}",
    stale=lambda f: f.stale,
    empty=N_("No source is configured."),
)
