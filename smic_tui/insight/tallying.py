"""From a situation to its tally, and how long that holds by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from smic_tui.config.schema import Settings
from smic_tui.insight.backup_state import FUTURE, hung_from
from smic_tui.insight.facts import AlertLife, BackupFact, BackupState, Level, Situation
from smic_tui.insight.site_state import verdict
from smic_tui.insight.tally import (
    Tally,
    tally_of_alerts,
    tally_of_backups,
    tally_of_requests,
    tally_of_sites,
    tally_of_sources,
    tally_of_tickets,
)

# Nothing is believed for longer without a look at the facts themselves.
LONGEST = timedelta(days=1)
# A source that was read and has no good answer may have one from a clock that was ahead.
SOON = timedelta(minutes=1)


def tally_of(situation: Situation) -> Tally:
    """Count the situation."""
    return Tally(
        sites=dict(tally_of_sites(situation.sites)),
        backups=dict(tally_of_backups(situation.backups)),
        tickets=tally_of_tickets(situation.tickets),
        requests=tally_of_requests(situation.requests),
        alerts=dict(tally_of_alerts(situation.alerts)),
        sources=tally_of_sources(situation.sources),
        attention=attention(situation),
    )


def attention(situation: Situation) -> bool:
    """Whether something needs somebody: a firing alert, or a site, backup, ticket or
    request of level WARNING or worse. Sources speak for themselves.
    """
    stale = frozenset(fact.key for fact in situation.sources if fact.stale)
    return (
        any(alert.life is AlertLife.FIRING for alert in situation.alerts)
        or any(fact.level >= Level.WARNING for fact in situation.sites)
        or any(fact.level >= Level.WARNING for fact in situation.backups)
        or any(fact.level >= Level.WARNING for fact in situation.tickets)
        or any(fact.level >= Level.WARNING for fact in situation.requests)
        or any(
            not (health.acknowledged or health.downtime)
            and verdict(health, stale=health.source in stale)[1] >= Level.WARNING
            for health in situation.unplaced_health
        )
    )


def holding(situation: Situation, settings: Settings) -> datetime:
    """Until when (UTC, not included) the tally of the situation stays right if nothing is
    read or decided anew; `settings` are those that it was assessed with.

    Never later than the truth, sometimes a little earlier.
    """
    now = situation.now
    until = now + LONGEST
    for moment in _turns(situation, settings):
        if now <= moment < until:
            until = moment
    return until


def _turns(situation: Situation, settings: Settings) -> Iterator[datetime]:
    """All moments at which something changes by the clock alone; some lie in the past."""
    for source in situation.sources:
        status = source.status
        if status.last_good is None:
            if status.last_try is not None:
                yield situation.now + SOON
        elif (end := status.stale_from()) is not None:
            yield end
    for ticket in situation.tickets:
        if ticket.ticket.due is not None:
            yield ticket.ticket.due
    for request in situation.requests:
        if request.request.due is not None:
            yield request.request.due
    for alert in situation.alerts:
        if alert.acknowledged_until is not None:
            yield alert.acknowledged_until
    zone = ZoneInfo(settings.display.timezone)
    for backup in situation.backups:
        yield from _turns_of_backup(backup, situation.now, settings, zone)


def _turns_of_backup(
    fact: BackupFact, now: datetime, settings: Settings, zone: ZoneInfo
) -> Iterator[datetime]:
    horizon = now + FUTURE
    newest = None
    for run in fact.runs:
        if run.started <= horizon:
            newest = run
            break
        # It is believed from then on.
        yield run.started - FUTURE
    if fact.state is BackupState.RUNNING:
        if newest is not None:
            yield hung_from(fact.job, newest, zone, settings.calendar)
    elif fact.due is not None:
        yield fact.due
        yield fact.due + timedelta(seconds=fact.job.grace)
