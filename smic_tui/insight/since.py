"""Since when something needs attention."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from smic_tui.model.facts import BackupFact, RequestFact, TicketFact
from smic_tui.model.states import BackupState
from smic_tui.records import RunResult


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of the moments that are known."""
    return min((moment for moment in moments if moment), default=None)


def backup_since(fact: BackupFact) -> datetime | None:
    """When the trouble of a backup began, None where it has none or nobody knows.

    A failure, and what is suspect: when the first such run since the last success began.
    Late: when it was due. Overdue: when its grace had passed.
    """
    if fact.state is BackupState.FAILED:
        began = fact.runs[0].started
        for run in fact.runs:
            if run.result in (RunResult.OK, RunResult.WARNING):
                break
            if run.result is RunResult.FAILED:
                began = run.started
        return began
    if fact.state is BackupState.SUSPECT:
        since = fact.last_success
        return earliest(
            run.started
            for run in fact.runs
            if run.result in (RunResult.OK, RunResult.WARNING)
            and (since is None or run.started > since)
        )
    if fact.due is None or fact.state not in (BackupState.LATE, BackupState.OVERDUE):
        return None
    if fact.state is BackupState.LATE:
        return fact.due
    return fact.due + timedelta(seconds=fact.job.grace)


def ticket_since(fact: TicketFact) -> datetime:
    """When a ticket was due, if it is overdue; otherwise when it was created."""
    ticket = fact.ticket
    return ticket.due if fact.overdue and ticket.due else ticket.created


def request_since(fact: RequestFact) -> datetime:
    """When a request was due, if it is overdue; otherwise when it was created."""
    request = fact.request
    return request.due if fact.overdue and request.due else request.created
