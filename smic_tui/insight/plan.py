"""When the next success of a backup is expected, as its plan says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from smic_tui.calendars.workdays import at_local, is_holiday
from smic_tui.config.schema import Calendar
from smic_tui.records import BackupJob

# A run that starts this little before its moment is the run of that moment:
# clocks differ, and some schedulers start early to spread their work.
EARLY = timedelta(minutes=5)

# No calendar that is meant has this many closed days in a row among its moments.
MOST_CLOSED = 1000


class BadPlan(ValueError):
    """The calendar of a job is not cron syntax, or has no moment at all."""


# Of one calendar: from when on which moment is the next. Most jobs of a calendar ran in
# the same night, and to search costs more than all else about them. This and the cache of
# `_moment_after` are pure: they save work and change no answer, whoever asked before.
_Spans = list[tuple[datetime, datetime]]
_spans: dict[tuple[str, ZoneInfo], _Spans] = {}
_CALENDARS = 4096
_SPANS = 8
# Clocks do not change twice within this time.
_LONGEST_SPAN = timedelta(days=8)


@lru_cache(16384)
def _moment_after(calendar: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment of `calendar`, on clocks in `zone`, later than `after`; all else UTC."""
    known = _spans.get((calendar, zone), ())
    for start, moment in known:
        if start <= after < moment:
            return moment
    moment = _searched(calendar, zone, after)
    # Where clocks change between them, what is next may depend on where the search began.
    if moment - after <= _LONGEST_SPAN and _offset(after, zone) == _offset(moment, zone):
        if len(_spans) >= _CALENDARS:
            _spans.clear()
        others = [span for span in known if span[1] != moment]
        _spans[calendar, zone] = [(after, moment), *others][:_SPANS]
    return moment


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _searched(calendar: str, zone: ZoneInfo, after: datetime) -> datetime:
    from cronsim import CronSim, CronSimError  # not at start

    try:
        for moment in CronSim(calendar, after.astimezone(zone)):
            # Within the hour that clocks show twice, cronsim may go back.
            if (utc := moment.astimezone(UTC)) > after:
                return utc
    except CronSimError as error:
        raise BadPlan(str(error)) from None
    raise BadPlan("no such moment")


def _is_closed(job: BackupJob, day: date, settings: Calendar) -> bool:
    return day.weekday() in job.closed or (job.holidays and is_holiday(day, settings))


def next_expected(
    job: BackupJob, after: datetime, zone: ZoneInfo, settings: Calendar
) -> datetime | None:
    """When the success that follows a run started at `after` is expected to have started.

    None when the job has no plan, or when all seven weekdays are closed: then
    nothing is ever expected. Times are UTC; `zone` gives the days and the
    calendar's wall times. Raises `BadPlan`.
    """
    if len(set(job.closed)) >= 7:
        return None
    if job.calendar:
        moment = after + EARLY
        for _attempt in range(MOST_CLOSED):
            moment = _moment_after(job.calendar, zone, moment)
            if not _is_closed(job, moment.astimezone(zone).date(), settings):
                return moment
        raise BadPlan("every moment falls on a closed day")
    if not job.period:
        return None
    moment = after + timedelta(seconds=job.period)
    if not job.closed and not job.holidays:
        return moment
    local = moment.astimezone(zone)
    day = local.date()
    if not _is_closed(job, day, settings):
        return moment
    while _is_closed(job, day, settings):
        day += timedelta(days=1)
    return at_local(day, local.time(), zone)
