"""Worst first: the order of each kind of fact.

    sites      level of the worst part, then of the health; longest trouble first;
               name
    backups    level; failed, overdue, never, late, unknown, running, fresh; the
               oldest success first; site name, application
    tickets    open before the rest; level; earliest due; priority; oldest first
    requests   open before the rest; level; earliest due; oldest first
    sources    level; the order of the configuration

Equal facts are in the order of their keys, so that nothing jumps on a refresh.

Beside each order stand the fields that it is made of: to compare those costs less.
"""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, TicketFact
from smic_tui.model.states import BackupState
from smic_tui.text import fold

Order = tuple[float | str, ...]

_BACKUPS = {
    BackupState.FAILED: 0,
    BackupState.OVERDUE: 1,
    BackupState.NEVER: 2,
    BackupState.SUSPECT: 3,
    BackupState.LATE: 4,
    BackupState.UNKNOWN: 5,
    BackupState.RUNNING: 6,
    BackupState.FRESH: 7,
}
_LAST = float("inf")


def _or_last(moment: datetime | None) -> float:
    return _LAST if moment is None else moment.timestamp()


SITE_SORT_FIELDS = attrgetter("trouble", "level", "trouble_since", "site.name", "key")


def site_order(fact: SiteFact) -> Order:
    """Sort key of a site."""
    return (
        -fact.trouble,
        -fact.level,
        _or_last(fact.trouble_since),
        fold(fact.site.name),
        fact.key,
    )


BACKUP_SORT_FIELDS = attrgetter(
    "level", "state", "last_success", "site_name", "site_ref", "job.application", "key"
)


def backup_order(fact: BackupFact) -> Order:
    """Sort key of a backup; one without any success is older than all others."""
    last = 0.0 if fact.last_success is None else fact.last_success.timestamp()
    return (
        -fact.level,
        _BACKUPS[fact.state],
        last,
        fold(fact.site_name or fact.site_ref),
        fold(fact.job.application),
        fact.key,
    )


TICKET_SORT_FIELDS = attrgetter(
    "ticket.status", "level", "ticket.due", "ticket.priority", "ticket.created", "key"
)


def ticket_order(fact: TicketFact) -> Order:
    """Sort key of a ticket."""
    ticket = fact.ticket
    return (
        not ticket.status.is_open,
        -fact.level,
        _or_last(ticket.due),
        ticket.priority,
        ticket.created.timestamp(),
        fact.key,
    )


REQUEST_SORT_FIELDS = attrgetter("request.stage", "level", "request.due", "request.created", "key")


def request_order(fact: RequestFact) -> Order:
    """Sort key of a catalogue request."""
    request = fact.request
    return (
        not request.stage.is_open,
        -fact.level,
        _or_last(request.due),
        request.created.timestamp(),
        fact.key,
    )
