"""The list of tickets."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.i18n import N_
from smic_tui.model.facts import TicketFact
from smic_tui.records import Actor, Ticket, TicketStatus
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.initials import INITIALS_CELLS, initials
from smic_tui.views.listing import Lean, Listing
from smic_tui.views.lists.parts import (
    age_cell,
    age_column,
    by_number,
    by_site_name,
    due_cell,
    glyph_cell,
    later,
    lean_columns,
    place_cell,
    site_cell,
    stale_age_cell,
    state_cell,
    work_columns,
)
from smic_tui.views.look import Look
from smic_tui.views.words import NORMAL, priority, word


def _ticket_row(fact: TicketFact, look: Look) -> Row:
    ticket = fact.ticket
    return Row(
        key=fact.key,
        cells=(
            state_cell(fact.level, word(ticket.status), look),
            Cell(ticket.key, Role.KEY if fact.mine else Role.MUTED),
            Cell(ticket.subject),
            site_cell(fact),
            Cell(priority(ticket.priority), Role.WARNING if ticket.priority <= 1 else Role.PLAIN),
            Cell(ticket.owner, Role.KEY if fact.mine else Role.PLAIN),
            Cell(word(ticket.waiting_on), Role.MUTED),
            Cell(human.since(ticket.updated, look.now)),
            due_cell(ticket.due, fact.overdue, look),
            age_cell(fact, look),
        ),
        site=fact.site,
        url=ticket.url,
        copy=f"{ticket.key} {ticket.subject}",
        stale=fact.stale,
    )


def _lean_status(ticket: Ticket) -> str:
    """Of a ticket at work whom it waits for, which tells more than that it is."""
    at_work = ticket.status in (TicketStatus.OPEN, TicketStatus.WAITING)
    if at_work and ticket.waiting_on is not Actor.NOBODY:
        return word(ticket.waiting_on)
    return word(ticket.status)


def _lean_row(fact: TicketFact, look: Look) -> Row:
    ticket = fact.ticket
    mine = Role.KEY if fact.mine else Role.PLAIN
    return replace(
        _ticket_row(fact, look),
        cells=(
            glyph_cell(fact.level, look),
            place_cell(fact),
            Cell(ticket.subject),
            Cell(ticket.key, mine),
            Cell(human.near_day(ticket.due, look.now, look.zone)),
            Cell(initials(ticket.owner)),
            Cell(_lean_status(ticket)),
            Cell(priority(ticket.priority) if ticket.priority < NORMAL else ""),
            stale_age_cell(fact, look),
        ),
    )


_LEAN = Lean(
    columns=lean_columns(
        Column(id="level", title="", width=1),
        Column(id="site", title=N_("Site"), width=16),
        Column(id="subject", title=N_("Subject"), width=26),
        # Those of one length first: what follows them need not be jumped to.
        later("key", N_("No."), 6),
        later("due", N_("Due"), 5),
        later("owner", N_("Whose"), INITIALS_CELLS, spare=1),
        later("status", N_("Status"), 11),
        later("priority", N_("Priority"), 8, spare=2),
    ),
    row=_lean_row,
)

TICKETS = Listing(
    subject="tickets",
    title=N_("Tickets"),
    columns=(
        Column(id="status", title=N_("Status"), width=13, sort=lambda f: -f.level),
        Column(id="key", title=N_("No."), width=7, sort=lambda f: by_number(f.ticket.key)),
        Column(
            id="subject",
            title=N_("Subject"),
            width=20,
            flex=4,
            sort=lambda f: fold(f.ticket.subject),
        ),
        Column(id="site", title=N_("Site"), width=15, flex=1, sort=by_site_name),
        Column(
            id="priority",
            title=N_("Priority"),
            width=8,
            spare=3,
            sort=lambda f: f.ticket.priority,
        ),
        *work_columns(lambda f: f.ticket, waiting_spare=5),
        age_column(),
    ),
    facts=lambda situation: situation.tickets,
    row=_ticket_row,
    key=lambda fact: fact.key,
    marked="subject",
    empty=N_("No ticket."),
    lean=_LEAN,
)
