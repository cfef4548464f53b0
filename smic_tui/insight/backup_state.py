"""The state of a backup, computed from its plan and its runs.

Which runs belong to a job (`backup_runs.runs_by_job`); the first that exists
    1. a run with a `job`: the job with that key in the run's own source;
    2. the job with that key in another source, the first in the order of the
       configuration;
    3. a run with `site` and `application`: the job of the same site and
       application. Both name the same site of the register, or, where neither is
       matched, the same normalised name; the applications are equal but for case
       and accents. Of several, one of the run's own source goes first, then the
       first in the order of the configuration.
    A run that finds no job is listed with its source; nothing is dropped.

Definitions
    *started* is a run's `started`, the only time of a run that is looked at.
    Runs are ordered by (`started`, `key`); *newest* is the last of that order.
    A run whose `started` is more than one hour after `now` is not believed: it
    is ignored below.
    *ended run*: its result is `ok`, `warning` or `failed`.
    *success*: its result is `ok` or `warning` (a warning is told in a note).
    *local*: in the time zone `display.timezone` of the settings.
    *closed day*: a local day whose weekday is in the job's `closed` (0 is
    Monday), or, if the job's `holidays` is true, that is a public holiday of
    `calendar.country` / `calendar.subdivision`.

    *expected(t)*, the moment at which the run after one that started at `t` is due:
      - all seven weekdays closed, or neither `calendar` nor `period` (or a
        period of 0): there is none;
      - `calendar` is not empty (it then wins over `period`): the first moment
        of the cron expression, on local clocks, that is later than t + 5 minutes
        and not on a closed day. (A run up to five minutes early is the run of
        its moment.);
      - `period`: t + `period` seconds; if that falls on a closed day, the same
        local time of day on the first day after it that is not closed.
    A local time that clocks skip is the end of the gap (02:30 becomes 03:00); of
    one that they show twice, it is the first. Calendars with `*` in the minute
    or hour field follow elapsed time instead.

The state is the first of these that holds
    `unknown`   a source that matters is stale at `now`. These matter: the job's
                own source and the sources of all its runs; if it has no runs,
                the job's own source and every source that offers backup runs.
    `unknown`   the newest run is `unknown`: since it started, what would tell
                cannot be read. Older such runs count for nothing.
    `running`   the newest run is `running`, and `now` is before
                expected(started) + `grace`; where there is no expected(started),
                before started + 24 hours. Such a run that lasts longer is
                *hung*. Older runs that are still `running` were abandoned: they
                count for nothing.
    `failed`    the newest run is hung, or the newest ended run is `failed`.
    `never`     there is no ended run.
    `unknown`   the calendar cannot be read (it is not cron syntax, or has no
                moment outside closed days).
    `fresh`     there is no expected(started of the newest success), or `now` is
                before it.
    `late`      `now` is before expected(started of the newest success) + `grace`.
    `overdue`   otherwise.

`due` is expected(started of the newest success), None where there is none or no
success. All comparisons are of moments (UTC), so a local day of 23 or 25 hours
changes nothing but wall times.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from smic_tui.config.schema import Calendar
from smic_tui.i18n import _, phrase
from smic_tui.insight.plan import BadPlan, next_expected
from smic_tui.model.states import BackupState
from smic_tui.records import BackupJob, BackupRun, RunResult

FUTURE = timedelta(hours=1)
HUNG_WITHOUT_PLAN = timedelta(hours=24)


class Verdict(Struct, frozen=True, kw_only=True):
    """The state of a job at one moment. `note` says, for the reader, what the state hides."""

    state: BackupState
    last_success: datetime | None = None
    due: datetime | None = None
    note: str = ""


def hung_from(job: BackupJob, run: BackupRun, zone: ZoneInfo, calendar: Calendar) -> datetime:
    """From when on (UTC) a newest run that is `running` is hung, as the module says."""
    try:
        expected = next_expected(job, run.started, zone, calendar)
    except BadPlan:
        expected = None
    if expected is None:
        return run.started + HUNG_WITHOUT_PLAN
    return expected + timedelta(seconds=job.grace)


def state_of(
    job: BackupJob,
    runs: Sequence[BackupRun],
    now: datetime,
    zone: ZoneInfo,
    calendar: Calendar,
    *,
    stale: bool = False,
) -> Verdict:
    """The state of `job` at `now`, as the module says.

    `runs` are the job's own, newest first. `stale` says whether a source that
    matters is. Times are UTC; `zone` is that of local days and calendars.
    """
    horizon = now + FUTURE
    newest: BackupRun | None = None
    ended: BackupRun | None = None
    success: BackupRun | None = None
    for run in runs:
        if run.started > horizon:
            continue
        newest = newest or run
        if run.result in (RunResult.RUNNING, RunResult.UNKNOWN):
            continue
        ended = ended or run
        if run.result is not RunResult.FAILED:
            success = run
            break

    last = success.started if success else None
    note = ""
    due = None
    problem = ""
    try:
        due = next_expected(job, last, zone, calendar) if last else None
    except BadPlan as error:
        problem = _("calendar {calendar} cannot be read: {reason}").format(
            calendar=job.calendar, reason=error
        )

    if stale:
        state = BackupState.UNKNOWN
    elif newest and newest.result is RunResult.UNKNOWN:
        state = BackupState.UNKNOWN
        note = phrase(newest.message)
    elif (
        newest
        and newest.result is RunResult.RUNNING
        and now < hung_from(job, newest, zone, calendar)
    ):
        state = BackupState.RUNNING
    elif newest and newest.result is RunResult.RUNNING:
        state = BackupState.FAILED
        note = _("the last run started and does not end")
    elif ended and ended.result is RunResult.FAILED:
        state = BackupState.FAILED
    elif not ended:
        state = BackupState.NEVER
    elif problem:
        state = BackupState.UNKNOWN
    elif due is None or now < due:
        state = BackupState.FRESH
    elif now < due + timedelta(seconds=job.grace):
        state = BackupState.LATE
    else:
        state = BackupState.OVERDUE

    if not note and ended and ended.result is RunResult.WARNING:
        note = _("the last run ended with a warning")
    return Verdict(state=state, last_success=last, due=due, note=problem or note)


def decisive(runs: Sequence[BackupRun], now: datetime) -> list[BackupRun]:
    """Those of a job's runs, newest first, that its state rests on from `now` (UTC) on, for
    as long as there are no others.
    """
    kept: list[BackupRun] = []
    succeeded = False
    sources: set[str] = set()
    for run in runs:
        # Of every source it matters whether it is stale.
        if not succeeded or run.source not in sources:
            kept.append(run)
            sources.add(run.source)
        believed = run.started <= now + FUTURE
        succeeded = succeeded or (believed and run.result in (RunResult.OK, RunResult.WARNING))
    return kept
