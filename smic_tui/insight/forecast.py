"""What becomes of the counts of a situation by the clock alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import nsmallest
from zoneinfo import ZoneInfo

from smic_tui.config.schema import Settings
from smic_tui.insight.backup_state import FUTURE, hung_from
from smic_tui.model.facts import BackupFact, Situation
from smic_tui.model.states import BackupState
from smic_tui.model.status_counts import Forecast
from smic_tui.records import RunResult

# Nothing is believed for longer without a look at the facts themselves.
LONGEST = timedelta(days=1)
# A source that was read and has no good answer may have one from a clock that was ahead.
SOON = timedelta(minutes=1)
# What happens after a moment happens at the next one that a clock can show.
TICK = timedelta.resolution
# A forecast has no more changes than this.
MOST = 500


def forecast_of(situation: Situation, settings: Settings) -> Forecast:
    """How the clock alone changes the counts of the situation; `settings` are those that it was
    assessed with.
    """
    now, zone = situation.now, ZoneInfo(settings.display.timezone)
    until = min([now + LONGEST, *_ends(situation)])
    found = Forecast(
        until=until,
        backups=tuple(
            turn
            for fact in situation.backups
            for turn in _turns_of_backup(fact, now, settings, zone)
            if turn[0] < until
        ),
        tickets=tuple(
            due + TICK
            for fact in situation.tickets
            if (due := fact.ticket.due) is not None
            and now <= due < until
            and fact.ticket.status.is_open
        ),
        requests=tuple(
            due + TICK
            for fact in situation.requests
            if (due := fact.request.due) is not None
            and now <= due < until
            and fact.request.stage.is_open
        ),
        alerts=tuple(
            end
            for fact in situation.alerts
            if (end := fact.acknowledged_until) is not None and end < until
        ),
    )
    return _shortened(found)


def _ends(situation: Situation) -> Iterator[datetime]:
    """Moments at which more changes than a forecast can say."""
    horizon = situation.now + FUTURE
    for source in situation.sources:
        status = source.status
        if status.last_good is None:
            if status.last_try is not None:
                yield situation.now + SOON
        elif not source.stale and (end := status.stale_from()) is not None:
            yield end + TICK
    for backup in situation.backups:
        for run in backup.runs:
            if run.started <= horizon:
                break
            # From then on it is believed.
            yield run.started - FUTURE


def _turns_of_backup(
    fact: BackupFact, now: datetime, settings: Settings, zone: ZoneInfo
) -> Iterator[tuple[datetime, BackupState, BackupState]]:
    newest = next((run for run in fact.runs if run.started <= now + FUTURE), None)
    if fact.stale or newest is None:
        return
    due_end = None if fact.due is None else fact.due + timedelta(seconds=fact.job.grace)
    coming: list[tuple[datetime | None, BackupState]] = []
    if newest.result is RunResult.RUNNING and fact.state is not BackupState.FAILED:
        hung = hung_from(fact.job, newest, zone, settings.calendar)
        if fact.state is BackupState.RUNNING:
            coming = [(due_end, BackupState.OVERDUE), (fact.doubted, BackupState.UNKNOWN)]
        coming = [(at, state) for at, state in coming if at is not None and at < hung]
        coming.append((hung, BackupState.FAILED))
    elif fact.state is BackupState.LATE:
        coming = [(due_end, BackupState.OVERDUE)]
    elif fact.state is BackupState.FRESH:
        coming = [
            (fact.due, BackupState.LATE),
            (due_end, BackupState.OVERDUE),
            (fact.doubted, BackupState.UNKNOWN),
        ]
    state = fact.state
    for at, after in coming:
        if at is not None:
            yield at, state, after
            state = after


def _shortened(forecast: Forecast) -> Forecast:
    """As much of it as fits into a small file."""
    moments = [turn[0] for turn in forecast.backups]
    moments += (*forecast.tickets, *forecast.requests, *forecast.alerts)
    if len(moments) <= MOST:
        return forecast
    until = nsmallest(MOST + 1, moments)[-1]
    return Forecast(
        until=until,
        backups=tuple(turn for turn in forecast.backups if turn[0] < until),
        tickets=tuple(at for at in forecast.tickets if at < until),
        requests=tuple(at for at in forecast.requests if at < until),
        alerts=tuple(at for at in forecast.alerts if at < until),
    )
