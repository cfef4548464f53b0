"""The list of sites."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.i18n import N_, _
from smic_tui.model.facts import SiteFact
from smic_tui.model.states import BackupState, Level
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Column, Role, Row
from smic_tui.views.listing import Lean, Listing
from smic_tui.views.lists.parts import (
    age_cell,
    age_column,
    known_since,
    later,
    lean_columns,
    stale_age_cell,
    state_cell,
)
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.words import word


def _backups_in_words(fact: SiteFact) -> Cell:
    """How many of the site's backups are not as they should be, of how many."""
    if not fact.backups:
        return Cell("–", Role.MUTED)
    total = len(fact.backups)
    bad = [b for b in fact.backups if b.state not in (BackupState.FRESH, BackupState.RUNNING)]
    if not bad:
        return Cell(f"{total}/{total}", Role.PLAIN)
    worst = max(b.level for b in bad)
    return Cell(f"{total - len(bad)}/{total} {word(bad[0].state)}", ROLE_OF_LEVEL[worst])


def _open_count(count: int, worst: Level) -> Cell:
    return Cell(str(count) if count else "", ROLE_OF_LEVEL[worst] if count else Role.MUTED)


def site_marks(fact: SiteFact) -> str:
    """What softens a site's state: it is acknowledged, or in a planned downtime."""
    if fact.downtime:
        return " " + _("(downtime)")
    return " " + _("(ack)") if fact.acknowledged else ""


def _site_row(fact: SiteFact, look: Look) -> Row:
    tickets = [t for t in fact.tickets if t.ticket.status.is_open]
    requests = [r for r in fact.requests if r.request.stage.is_open]
    site = fact.site
    return Row(
        key=fact.key,
        cells=(
            state_cell(fact.level, word(fact.state) + site_marks(fact), look),
            Cell(site.name),
            Cell(site.code, Role.MUTED),
            Cell(site.kind, Role.MUTED),
            Cell(human.since(fact.since, look.now)),
            Cell(site.line),
            _backups_in_words(fact),
            _open_count(len(tickets), max((t.level for t in tickets), default=Level.FINE)),
            _open_count(len(requests), max((r.level for r in requests), default=Level.FINE)),
            age_cell(fact, look),
        ),
        site=fact.key,
        url=site.url,
        copy=f"{site.code} {site.name}",
        stale=fact.stale,
    )


def _lean_row(fact: SiteFact, look: Look) -> Row:
    full = _site_row(fact, look)
    _state, _name, _code, _kind, _since, line, backups, tickets, requests, _age = full.cells
    return replace(
        full,
        cells=(
            state_cell(fact.level, word(fact.state), look),
            Cell(place(fact.site.name)),
            known_since(fact.since, look),
            line,
            # That all are as they should be goes without saying.
            backups if backups.role not in (Role.PLAIN, Role.MUTED) else Cell(""),
            Cell(tickets.text),
            Cell(requests.text),
            Cell(site_marks(fact).strip()),
            stale_age_cell(fact, look),
        ),
    )


_LEAN = Lean(
    columns=lean_columns(
        Column(id="state", title=N_("State"), width=10),
        Column(id="name", title=N_("Site"), width=23),
        Column(id="since", title=N_("Since"), width=6),
        later("line", N_("Line"), 5, spare=2),
        later("backups", N_("Backups"), 14),
        later("tickets", N_("Tkt"), 3, right=True),
        later("requests", N_("Req"), 3, spare=1, right=True),
        later("marks", "", 10),
    ),
    row=_lean_row,
)

SITES = Listing(
    subject="sites",
    title=N_("Sites"),
    columns=(
        Column(id="state", title=N_("State"), width=12, flex=1, sort=lambda f: -f.level),
        Column(id="name", title=N_("Site"), width=20, flex=3, sort=lambda f: fold(f.site.name)),
        Column(id="code", title=N_("Code"), width=9, spare=3, sort=lambda f: f.site.code),
        Column(id="kind", title=N_("Kind"), width=9, spare=4, sort=lambda f: fold(f.site.kind)),
        Column(id="since", title=N_("Since"), width=7, sort=lambda f: f.since),
        Column(id="line", title=N_("Line"), width=6, spare=2, sort=lambda f: fold(f.site.line)),
        Column(
            id="backups",
            title=N_("Backups"),
            width=13,
            flex=1,
            sort=lambda f: -max((b.level for b in f.backups), default=Level.FINE),
        ),
        Column(
            id="tickets",
            title=N_("Tkt"),
            width=3,
            right=True,
            sort=lambda f: -sum(t.ticket.status.is_open for t in f.tickets),
        ),
        Column(
            id="requests",
            title=N_("Req"),
            width=3,
            spare=2,
            right=True,
            sort=lambda f: -sum(r.request.stage.is_open for r in f.requests),
        ),
        age_column(),
    ),
    facts=lambda situation: situation.sites,
    row=_site_row,
    key=lambda fact: fact.key,
    marked="name",
    empty=N_("No site is known yet."),
    lean=_LEAN,
)
