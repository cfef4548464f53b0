"""The list of tickets."""

from __future__ import annotations

from smic_tui.i18n import N_
from smic_tui.model.facts import TicketFact
from smic_tui.model.subjects import TICKETS
from smic_tui.records import Actor, Ticket, TicketStatus
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.initials import INITIALS_CELLS, initials
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import (
    age_column,
    by_number,
    by_site_name,
    glyph_cell,
    later,
    lean_age_column,
    place_cell,
    site_cell,
    state_cell,
    text_column,
    work_columns,
)
from smic_tui.views.look import Look
from smic_tui.views.summary import summary_of_tickets
from smic_tui.views.words import NORMAL, priority, word


def _ticket(fact: TicketFact) -> Ticket:
    return fact.ticket


def _status(fact: TicketFact, look: Look) -> Cell:
    return state_cell(fact.level, word(fact.ticket.status), look)


def _lean_status(fact: TicketFact, look: Look) -> Cell:
    """Of a ticket at work whom it waits for, which tells more than that it is."""
    ticket = fact.ticket
    at_work = ticket.status in (TicketStatus.OPEN, TicketStatus.WAITING)
    if at_work and ticket.waiting_on is not Actor.NOBODY:
        return Cell(word(ticket.waiting_on))
    return Cell(word(ticket.status))


def _priority(fact: TicketFact, look: Look) -> Cell:
    number = fact.ticket.priority
    return Cell(priority(number), Role.WARNING if number <= 1 else Role.PLAIN)


def _lean_priority(fact: TicketFact, look: Look) -> Cell:
    number = fact.ticket.priority
    return Cell(priority(number) if number < NORMAL else "")


_COLUMNS: tuple[Column[TicketFact], ...] = (
    Column(id="status", title=N_("Status"), width=13, cell=_status, sort=lambda f, look: -f.level),
    Column(
        id="key",
        title=N_("No."),
        width=7,
        cell=lambda f, look: Cell(f.ticket.key, Role.KEY if f.mine else Role.MUTED),
        sort=lambda f, look: by_number(f.ticket.key),
    ),
    text_column("subject", N_("Subject"), 20, lambda f: f.ticket.subject, flex=4),
    Column(
        id="site",
        title=N_("Site"),
        width=15,
        flex=1,
        cell=site_cell,
        sort=by_site_name,
    ),
    Column(
        id="priority",
        title=N_("Priority"),
        width=8,
        spare=3,
        cell=_priority,
        sort=lambda f, look: f.ticket.priority,
    ),
    *work_columns(_ticket, waiting_role=Role.MUTED, waiting_spare=5),
    age_column(),
)

_LEAN: tuple[Column[TicketFact], ...] = (
    Column(id="level", title="", width=1, cell=lambda f, look: glyph_cell(f.level, look)),
    Column(id="site", title=N_("Site"), width=16, cell=place_cell),
    Column(
        id="subject",
        title=N_("Subject"),
        width=26,
        cell=lambda f, look: Cell(f.ticket.subject),
    ),
    # Those of one length first: what follows them need not be jumped to.
    later(
        "key",
        N_("No."),
        6,
        lambda f, look: Cell(f.ticket.key, Role.KEY if f.mine else Role.PLAIN),
    ),
    later(
        "due",
        N_("Due"),
        5,
        lambda f, look: Cell(human.near_day(f.ticket.due, look.now, look.zone)),
    ),
    later(
        "owner",
        N_("Whose"),
        INITIALS_CELLS,
        lambda f, look: Cell(initials(f.ticket.owner)),
        spare=1,
    ),
    later("status", N_("Status"), 11, _lean_status),
    later("priority", N_("Priority"), 8, _lean_priority, spare=2),
    lean_age_column(),
)

LISTING: Listing[TicketFact] = Listing(
    subject=TICKETS,
    summary=summary_of_tickets,
    columns=_COLUMNS,
    lean=_LEAN,
    key=lambda f: f.key,
    site=lambda f: f.site,
    url=lambda f: f.ticket.url,
    copy=lambda f: f"{f.ticket.key} {f.ticket.subject}",
    stale=lambda f: f.stale,
    marked="subject",
    empty=N_("No ticket."),
)
