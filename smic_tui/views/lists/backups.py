"""The list of backups."""

from __future__ import annotations

from smic_tui.i18n import N_, phrase
from smic_tui.model.facts import BackupFact
from smic_tui.model.states import BackupState
from smic_tui.model.subjects import BACKUPS
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import (
    age_column,
    by_site_name,
    due_cell,
    known_since,
    later,
    lean_age_column,
    place_cell,
    site_cell,
    state_cell,
    text_column,
)
from smic_tui.views.look import Look
from smic_tui.views.summary import summary_of_backups
from smic_tui.views.words import word


def _state(fact: BackupFact, look: Look) -> Cell:
    return state_cell(fact.level, word(fact.state), look)


def _due(fact: BackupFact, look: Look) -> Cell:
    late = fact.state in (BackupState.LATE, BackupState.OVERDUE)
    return due_cell(fact.due, late, look)


def _size(fact: BackupFact) -> int | None:
    return fact.runs[0].size if fact.runs else None


def message_of(fact: BackupFact) -> str:
    """What the newest run says, after what makes its success doubtful."""
    message = phrase(fact.runs[0].message) if fact.runs else ""
    doubtful = fact.state in (BackupState.SUSPECT, BackupState.OVERDUE) or not fact.job.is_planned
    return " — ".join(filter(None, (phrase(fact.note) if doubtful else "", message)))


_COLUMNS: tuple[Column[BackupFact], ...] = (
    Column(id="state", title=N_("State"), width=12, cell=_state, sort=lambda f, look: -f.level),
    Column(
        id="site",
        title=N_("Site"),
        width=18,
        flex=2,
        cell=site_cell,
        sort=by_site_name,
    ),
    text_column("application", N_("Application"), 13, lambda f: f.job.application, flex=1),
    text_column("protocol", N_("Protocol"), 9, lambda f: f.job.protocol, role=Role.MUTED, spare=3),
    Column(
        id="success",
        title=N_("Last success"),
        width=12,
        right=True,
        cell=lambda f, look: Cell(human.since(f.last_success, look.now)),
        sort=lambda f, look: f.last_success,
    ),
    Column(id="due", title=N_("Expected"), width=11, cell=_due, sort=lambda f, look: f.due),
    Column(
        id="size",
        title=N_("Size"),
        width=9,
        spare=4,
        right=True,
        cell=lambda f, look: Cell(human.size(_size(f)), Role.MUTED),
        sort=lambda f, look: _size(f),
    ),
    Column(
        id="message",
        title=N_("Message"),
        width=14,
        flex=2,
        spare=5,
        cell=lambda f, look: Cell(message_of(f), Role.MUTED),
    ),
    age_column(),
)

_LEAN: tuple[Column[BackupFact], ...] = (
    Column(id="state", title=N_("State"), width=11, cell=_state),
    Column(id="site", title=N_("Site"), width=16, cell=place_cell),
    Column(
        id="application",
        title=N_("Application"),
        width=15,
        cell=lambda f, look: Cell(f.job.application),
    ),
    later("success", N_("Success"), 8, lambda f, look: known_since(f.last_success, look)),
    later("due", N_("Exp."), 5, lambda f, look: Cell(human.near_day(f.due, look.now, look.zone))),
    later("message", N_("Message"), 18, lambda f, look: Cell(message_of(f)), spare=2),
    lean_age_column(),
)

LISTING: Listing[BackupFact] = Listing(
    subject=BACKUPS,
    summary=summary_of_backups,
    columns=_COLUMNS,
    lean=_LEAN,
    key=lambda f: f.key,
    site=lambda f: f.site,
    url=lambda f: f.job.url,
    copy=lambda f: f"{f.site_name or f.site_ref} {f.job.application}",
    stale=lambda f: f.stale,
    empty=N_("No backup is planned in any source."),
)
