"""The list of backups."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.i18n import N_
from smic_tui.model.facts import BackupFact
from smic_tui.model.states import BackupState
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.listing import Lean, Listing
from smic_tui.views.lists.parts import (
    age_cell,
    age_column,
    by_site_name,
    due_cell,
    known_since,
    later,
    lean_columns,
    place_cell,
    site_cell,
    stale_age_cell,
    state_cell,
)
from smic_tui.views.look import Look
from smic_tui.views.words import word


def _backup_row(fact: BackupFact, look: Look) -> Row:
    newest = fact.runs[0] if fact.runs else None
    late = fact.state in (BackupState.LATE, BackupState.OVERDUE)
    return Row(
        key=fact.key,
        cells=(
            state_cell(fact.level, word(fact.state), look),
            site_cell(fact),
            Cell(fact.job.application),
            Cell(fact.job.protocol, Role.MUTED),
            Cell(human.since(fact.last_success, look.now)),
            due_cell(fact.due, late, look),
            Cell(human.size(newest.size) if newest else "–", Role.MUTED),
            Cell(newest.message if newest else "", Role.MUTED),
            age_cell(fact, look),
        ),
        site=fact.site,
        url=fact.job.url,
        copy=f"{fact.site_name or fact.site_ref} {fact.job.application}",
        stale=fact.stale,
    )


def _lean_row(fact: BackupFact, look: Look) -> Row:
    newest = fact.runs[0] if fact.runs else None
    return replace(
        _backup_row(fact, look),
        cells=(
            state_cell(fact.level, word(fact.state), look),
            place_cell(fact),
            Cell(fact.job.application),
            known_since(fact.last_success, look),
            Cell(human.near_day(fact.due, look.now, look.zone)),
            Cell(newest.message if newest else ""),
            stale_age_cell(fact, look),
        ),
    )


_LEAN = Lean(
    columns=lean_columns(
        Column(id="state", title=N_("State"), width=11),
        Column(id="site", title=N_("Site"), width=16),
        Column(id="application", title=N_("Application"), width=15),
        later("success", N_("Success"), 7),
        later("due", N_("Due"), 5),
        later("message", N_("Message"), 18, spare=2),
    ),
    row=_lean_row,
)

BACKUPS = Listing(
    subject="backups",
    title=N_("Backups"),
    columns=(
        Column(id="state", title=N_("State"), width=12, sort=lambda f: -f.level),
        Column(id="site", title=N_("Site"), width=18, flex=2, sort=by_site_name),
        Column(
            id="application",
            title=N_("Application"),
            width=13,
            flex=1,
            sort=lambda f: fold(f.job.application),
        ),
        Column(
            id="protocol",
            title=N_("Protocol"),
            width=9,
            spare=3,
            sort=lambda f: fold(f.job.protocol),
        ),
        Column(
            id="success", title=N_("Success"), width=8, right=True, sort=lambda f: f.last_success
        ),
        Column(id="due", title=N_("Due"), width=11, sort=lambda f: f.due),
        Column(
            id="size",
            title=N_("Size"),
            width=9,
            spare=4,
            right=True,
            sort=lambda f: f.runs[0].size if f.runs else None,
        ),
        Column(id="message", title=N_("Message"), width=14, flex=2, spare=5),
        age_column(),
    ),
    facts=lambda situation: situation.backups,
    row=_backup_row,
    key=lambda fact: fact.key,
    empty=N_("No backup is planned in any source."),
    lean=_LEAN,
)
