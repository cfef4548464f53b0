"""The list of sources."""

from __future__ import annotations

from smic_tui.i18n import N_, _
from smic_tui.model.facts import SourceFact
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import state_cell
from smic_tui.views.look import Look
from smic_tui.views.words import word


def _source_row(fact: SourceFact, look: Look) -> Row:
    status = fact.status
    missing = sum(u.count for u in fact.unmatched)
    text = word(status.state)
    if fact.stale and status.last_good is not None:
        text = _("stale")
    return Row(
        key=fact.key,
        cells=(
            state_cell(fact.level, text, look),
            Cell(status.name),
            Cell(status.kind, Role.MUTED),
            Cell(str(status.rows)),
            Cell(
                str(status.rejected_count or ""),
                Role.NOTICE if status.rejected_count else Role.MUTED,
            ),
            Cell(str(missing or ""), Role.NOTICE if missing else Role.MUTED),
            Cell(human.age(fact.age), Role.WARNING if fact.stale else Role.PLAIN),
            Cell(human.moment(status.next_try, look.now, look.zone), Role.MUTED),
            Cell(status.error, Role.WARNING),
        ),
        copy=f"{status.name} {status.error}",
        stale=fact.stale,
    )


SOURCES = Listing(
    subject="sources",
    title=N_("Sources"),
    columns=(
        Column(id="state", title=N_("State"), width=16, sort=lambda f: -f.level),
        Column(id="name", title=N_("Source"), width=14, flex=1, sort=lambda f: fold(f.status.name)),
        Column(id="kind", title=N_("Kind"), width=8, spare=2, sort=lambda f: f.status.kind),
        Column(id="rows", title=N_("Rows"), width=6, right=True, sort=lambda f: -f.status.rows),
        Column(
            id="rejected",
            title=N_("Aside"),
            width=6,
            right=True,
            sort=lambda f: -f.status.rejected_count,
        ),
        Column(
            id="unmatched",
            title=N_("No site"),
            width=9,
            right=True,
            sort=lambda f: -sum(u.count for u in f.unmatched),
        ),
        Column(id="age", title=N_("Age"), width=7, right=True, sort=lambda f: f.age),
        Column(id="next", title=N_("Next"), width=7, spare=1, sort=lambda f: f.status.next_try),
        Column(id="error", title=N_("Error"), width=20, flex=3, spare=3),
    ),
    facts=lambda situation: situation.sources,
    row=_source_row,
    key=lambda fact: fact.key,
    empty=N_("No source is configured."),
)
