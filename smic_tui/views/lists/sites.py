"""The list of sites."""

from __future__ import annotations

from collections.abc import Sequence

from smic_tui.i18n import N_, _, pgettext
from smic_tui.model.facts import RequestFact, SiteFact, TicketFact
from smic_tui.model.states import BackupState, Level, SiteState
from smic_tui.model.subjects import SITES
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import (
    age_column,
    known_since,
    later,
    lean_age_column,
    state_cell,
    text_column,
)
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.summary import summary_of_sites
from smic_tui.views.words import word


def site_marks(fact: SiteFact) -> str:
    """What softens a site's state: planned downtime, an acknowledgement, or the age of a check."""
    if fact.downtime:
        return " " + _("(downtime)")
    if fact.outdated:
        return " " + pgettext("a check", "(old)")
    return " " + _("(ack)") if fact.acknowledged else ""


def _state(fact: SiteFact, look: Look) -> Cell:
    """The state; of a site that nobody can see now, the last one, in grey."""
    if (was := _last_state(fact)) is not None:
        marks = site_marks(fact) if fact.downtime else ""
        return Cell(f"{look.glyph(fact.level)} {was}{marks}", Role.MUTED)
    return state_cell(fact.level, word(fact.state) + site_marks(fact), look)


def _last_state(fact: SiteFact) -> str | None:
    if fact.state is not SiteState.UNKNOWN or fact.last_state is SiteState.UNKNOWN:
        return None
    return pgettext("short", "was {state}").format(state=word(fact.last_state))


def _lean_state(fact: SiteFact, look: Look) -> Cell:
    return state_cell(fact.level, _last_state(fact) or word(fact.state), look)


def _backups(fact: SiteFact, look: Look) -> Cell:
    """How many of the site's backups are as they should be, of how many."""
    if not fact.backups:
        return Cell("–", Role.MUTED)
    total = len(fact.backups)
    bad = [b for b in fact.backups if b.state not in (BackupState.FRESH, BackupState.RUNNING)]
    if not bad:
        return Cell(f"{total}/{total}", Role.PLAIN)
    worst = max(b.level for b in bad)
    return Cell(f"{total - len(bad)}/{total} {word(bad[0].state)}", ROLE_OF_LEVEL[worst])


def _bad_backups(fact: SiteFact, look: Look) -> Cell:
    """As `_backups`; that all are as they should be goes without saying."""
    cell = _backups(fact, look)
    return Cell("") if cell.role in (Role.PLAIN, Role.MUTED) else cell


def _open_tickets(fact: SiteFact) -> list[TicketFact]:
    return [one for one in fact.tickets if one.ticket.status.is_open]


def _open_requests(fact: SiteFact) -> list[RequestFact]:
    return [one for one in fact.requests if one.request.stage.is_open]


def _count(found: Sequence[TicketFact | RequestFact]) -> Cell:
    """How many there are, in the role of the worst; blank for none."""
    if not found:
        return Cell("", Role.MUTED)
    return Cell(str(len(found)), ROLE_OF_LEVEL[max(one.level for one in found)])


_COLUMNS: tuple[Column[SiteFact], ...] = (
    Column(
        id="state", title=N_("State"), width=12, flex=1, cell=_state, sort=lambda f, look: -f.level
    ),
    text_column("name", N_("Site"), 20, lambda f: f.site.name, flex=3),
    Column(
        id="code",
        title=N_("Code"),
        width=9,
        spare=3,
        cell=lambda f, look: Cell(f.site.code, Role.MUTED),
        sort=lambda f, look: f.site.code,
    ),
    text_column("kind", N_("Kind"), 9, lambda f: f.site.kind, role=Role.MUTED, spare=4),
    Column(
        id="since",
        title=N_("Since"),
        width=7,
        cell=lambda f, look: Cell(human.since(f.since, look.now)),
        sort=lambda f, look: f.since,
    ),
    text_column("line", N_("Line"), 6, lambda f: f.site.line, spare=2),
    Column(
        id="backups",
        title=N_("Backups"),
        width=13,
        flex=1,
        cell=_backups,
        sort=lambda f, look: -max((b.level for b in f.backups), default=Level.FINE),
    ),
    Column(
        id="tickets",
        title=N_("Tick."),
        width=5,
        right=True,
        cell=lambda f, look: _count(_open_tickets(f)),
        sort=lambda f, look: -len(_open_tickets(f)),
    ),
    Column(
        id="requests",
        title=N_("Req."),
        width=4,
        spare=2,
        right=True,
        cell=lambda f, look: _count(_open_requests(f)),
        sort=lambda f, look: -len(_open_requests(f)),
    ),
    age_column(),
)

_LEAN: tuple[Column[SiteFact], ...] = (
    Column(
        id="state",
        title=N_("State"),
        width=10,
        cell=_lean_state,
    ),
    Column(id="name", title=N_("Site"), width=21, cell=lambda f, look: Cell(place(f.site.name))),
    Column(id="since", title=N_("Since"), width=6, cell=lambda f, look: known_since(f.since, look)),
    later("line", N_("Line"), 5, lambda f, look: Cell(f.site.line), spare=2),
    later("backups", N_("Backups"), 14, _bad_backups),
    later(
        "tickets", N_("Tick."), 5, lambda f, look: Cell(_count(_open_tickets(f)).text), right=True
    ),
    later(
        "requests",
        N_("Req."),
        4,
        lambda f, look: Cell(_count(_open_requests(f)).text),
        spare=1,
        right=True,
    ),
    later("marks", "", 10, lambda f, look: Cell(site_marks(f).strip())),
    lean_age_column(),
)

LISTING: Listing[SiteFact] = Listing(
    subject=SITES,
    summary=summary_of_sites,
    columns=_COLUMNS,
    lean=_LEAN,
    key=lambda f: f.key,
    site=lambda f: f.key,
    url=lambda f: f.site.url,
    copy=lambda f: f"{f.site.code} {f.site.name}",
    stale=lambda f: f.stale,
    marked="name",
    empty=N_("No site is known yet."),
)
