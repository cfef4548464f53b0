"""How much attention a ticket or a catalogue request needs.

    ticket    overdue, priority 1                    CRITICAL
              overdue, or priority 1                 WARNING
              priority 2, or mine and waiting on us  NOTICE
    request   overdue                                WARNING
              waiting on us                          NOTICE

Overdue is past `due` and open. Anything else is FINE, and so is what is not open.
Facts of a stale source are UNKNOWN where they would be FINE.
"""

from __future__ import annotations

from smic_tui.model.states import Level
from smic_tui.records import Actor, CatalogueRequest, Ticket


def ticket_level(ticket: Ticket, *, overdue: bool, mine: bool) -> Level:
    """The level of a ticket."""
    if not ticket.status.is_open:
        return Level.FINE
    urgent = ticket.priority <= 1
    if overdue or urgent:
        return Level.CRITICAL if overdue and urgent else Level.WARNING
    if ticket.priority == 2 or (mine and ticket.waiting_on is Actor.US):
        return Level.NOTICE
    return Level.FINE


def request_level(request: CatalogueRequest, *, overdue: bool) -> Level:
    """The level of a catalogue request."""
    if not request.stage.is_open:
        return Level.FINE
    if overdue:
        return Level.WARNING
    return Level.NOTICE if request.waiting_on is Actor.US else Level.FINE


def never_fine_when_stale(level: Level, stale: bool) -> Level:
    """`level`, but never FINE for facts of a stale source."""
    return Level.UNKNOWN if stale and level is Level.FINE else level
