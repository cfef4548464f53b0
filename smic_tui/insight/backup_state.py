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
    Runs that find no job are a backup of their own, one for each key of a job, or
    else for each site and application, of a source: its plan is not known.

Definitions
    *started* is a run's `started`, the only time of a run that is looked at.
    Runs are ordered by (`started`, `key`); *newest* is the last of that order.
    A run whose `started` is more than one hour after `now` is not believed: it
    is ignored below.
    *ended run*: its result is `ok`, `warning` or `failed`.
    *suspect run*: its result is `ok` or `warning`, and its `size` is 0, or less than
    `backups.shrunk_below` of the lower quartile of the sizes of three earlier runs or
    more: those of changes only, those without a size and those that were suspect
    themselves are left out. A run of changes only is never compared: it is suspect as
    the run is that it rests on, the newest before it that is not of changes only; not
    if that one was empty and it is not.
    *success*: its result is `ok` or `warning` (a warning is told in a note), and it is not
    suspect.
    *doubted*: a job with neither `calendar` nor `period` is doubted from
    `backups.unplanned_after` after the start of its newest success on.
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
    `overdue`   the newest run is `running` and not hung, and `now` is not before
                expected(started of the newest success) + `grace`.
    `unknown`   the newest run is `running` and not hung, and the job is doubted.
    `running`   the newest run is `running`, and `now` is before
                expected(started) + `grace`; where there is no expected(started),
                before started + 24 hours. Such a run that lasts longer is
                *hung*. Older runs that are still `running` were abandoned: they
                count for nothing.
    `failed`    the newest run is hung, or the newest ended run is `failed`.
    `never`     there is no ended run.
    `suspect`   the newest ended run is suspect.
    `unknown`   the calendar cannot be read (it is not cron syntax, or has no
                moment outside closed days).
    `unknown`   the job is doubted.
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
from enum import Enum
from zoneinfo import ZoneInfo

from msgspec import Struct

from smic_tui.config.duration import seconds
from smic_tui.config.schema import Backups, Calendar
from smic_tui.i18n import _, phrase
from smic_tui.insight.plan import BadPlan, next_expected
from smic_tui.model.states import BackupState
from smic_tui.records import BackupJob, BackupRun, RunResult

FUTURE = timedelta(hours=1)
HUNG_WITHOUT_PLAN = timedelta(hours=24)
# A member of an enumeration is looked up by a function; every run of every backup needs some.
_RUNNING, _UNKNOWN, _FAILED = RunResult.RUNNING, RunResult.UNKNOWN, RunResult.FAILED
# With fewer earlier runs there is no history to compare a size with.
HISTORY = 3


class Trust(Struct, frozen=True, kw_only=True):
    """How far the success that a source reports is believed; see the settings `backups`."""

    shrunk_below: float
    unplanned_after: timedelta


def trust_of(settings: Backups) -> Trust:
    """The settings, read."""
    return Trust(
        shrunk_below=settings.shrunk_below,
        unplanned_after=timedelta(seconds=seconds(settings.unplanned_after)),
    )


class Doubt(Enum):
    """Why a run is suspect that ended well."""

    EMPTY = "empty"
    SHRUNK = "shrunk"


class Verdict(Struct, frozen=True, kw_only=True):
    """The state of a job at one moment. `note` says, for the reader, what the state hides."""

    state: BackupState
    last_success: datetime | None = None
    due: datetime | None = None
    note: str = ""
    doubted: datetime | None = None
    doubt: Doubt | None = None


def hung_from(job: BackupJob, run: BackupRun, zone: ZoneInfo, calendar: Calendar) -> datetime:
    """From when on (UTC) a newest run that is `running` is hung, as the module says."""
    try:
        expected = next_expected(job, run.started, zone, calendar)
    except BadPlan:
        expected = None
    if expected is None:
        return run.started + HUNG_WITHOUT_PLAN
    return expected + timedelta(seconds=job.grace)


def _is_whole(run: BackupRun) -> bool:
    """Whether it ended well and saved all there was."""
    return not run.changes_only and (run.result is RunResult.OK or run.result is RunResult.WARNING)


def _tells_size(run: BackupRun) -> bool:
    return run.size is not None and _is_whole(run)


def doubt_of(runs: Sequence[BackupRun], place: int, shrunk_below: float) -> Doubt | None:
    """Why the run at `place`, which ended well, is suspect, as the module says.

    `runs` are those of one job, newest first.
    """
    size = runs[place].size
    if runs[place].changes_only:
        base = next((at for at in range(place + 1, len(runs)) if _is_whole(runs[at])), None)
        doubt = None if base is None else doubt_of(runs, base, shrunk_below)
        return None if doubt is Doubt.EMPTY and size else doubt
    if size is None:
        return None
    if size == 0:
        return Doubt.EMPTY
    if not shrunk_below:
        return None
    limit = size / shrunk_below
    for run in runs[place + 1 :]:
        earlier = run.size
        if earlier is not None and earlier > limit:
            break
    else:
        return None  # none was so much larger: of most backups all else need not be asked
    trusted: list[int] = []
    for run in reversed(runs[place:]):
        if not run.size or not _tells_size(run):
            continue
        shrunk = (
            len(trusted) >= HISTORY and run.size < shrunk_below * sorted(trusted)[len(trusted) // 4]
        )
        if run is runs[place]:
            return Doubt.SHRUNK if shrunk else None
        if not shrunk:
            trusted.append(run.size)
    return None


def state_of(
    job: BackupJob,
    runs: Sequence[BackupRun],
    now: datetime,
    zone: ZoneInfo,
    calendar: Calendar,
    *,
    trust: Trust,
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
    doubt: Doubt | None = None
    for place, run in enumerate(runs):
        if run.started > horizon:
            continue
        newest = newest or run
        result = run.result
        if result is _RUNNING or result is _UNKNOWN:
            continue
        if result is not _FAILED:
            # A size that is not known is not compared: most runs of some kinds have none.
            found = None
            if run.size is not None or run.changes_only:
                found = doubt_of(runs, place, trust.shrunk_below)
            if found is None:
                ended = ended or run
                success = run
                break
            doubt = found if ended is None else doubt
        ended = ended or run

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
    # In two steps, and asked once: most backups are fresh and have a plan.
    overdue = due is not None and now >= due and now >= due + timedelta(seconds=job.grace)
    is_planned = job.is_planned
    doubted = None if is_planned or last is None else last + trust.unplanned_after
    is_doubted = doubted is not None and now >= doubted

    if stale:
        state = BackupState.UNKNOWN
    elif newest and newest.result is _UNKNOWN:
        state = BackupState.UNKNOWN
        note = phrase(newest.message)
    elif newest and newest.result is _RUNNING and now < hung_from(job, newest, zone, calendar):
        state = BackupState.RUNNING
        if overdue or is_doubted:
            state = BackupState.OVERDUE if overdue else BackupState.UNKNOWN
            note = _("a run is in progress")
    elif newest and newest.result is _RUNNING:
        state = BackupState.FAILED
        note = _("the last run started and does not end")
    elif ended and ended.result is _FAILED:
        state = BackupState.FAILED
    elif not ended:
        state = BackupState.NEVER
    elif doubt:
        state = BackupState.SUSPECT
        note = _doubt_note(doubt)
    elif problem or is_doubted:
        state = BackupState.UNKNOWN
    elif due is None or now < due:
        state = BackupState.FRESH
    elif not overdue:
        state = BackupState.LATE
    else:
        state = BackupState.OVERDUE

    if not note and ended and ended.result is RunResult.WARNING:
        note = _("the last run ended with a warning")
    if not is_planned:
        no_plan = _("no plan is known")
        note = f"{note}; {no_plan}" if note else no_plan
    return Verdict(
        state=state,
        last_success=last,
        due=due,
        note=problem or note,
        doubted=doubted,
        doubt=doubt,
    )


def _doubt_note(doubt: Doubt) -> str:
    if doubt is Doubt.EMPTY:
        return _("the last run ended well and saved nothing")
    return _("the last run ended well and is far smaller than those before it")


def decisive(
    runs: Sequence[BackupRun], now: datetime, last_success: datetime | None
) -> list[BackupRun]:
    """Those of a job's runs, newest first, that its state rests on from `now` (UTC) on, for
    as long as there are no others. `last_success` is that of its verdict.
    """
    horizon = now + FUTURE
    good = [
        run
        for run in runs
        if run.result in (RunResult.OK, RunResult.WARNING)
        and run.started <= horizon
        and (last_success is None or run.started >= last_success)
    ]
    if len(good) > (last_success is not None):
        return list(runs)  # some are suspect beside those that are older
    kept: list[BackupRun] = []
    succeeded = False
    sources: set[str] = set()
    for run in runs:
        # Of every source it matters whether it is stale.
        if not succeeded or run.source not in sources:
            kept.append(run)
            sources.add(run.source)
        succeeded = succeeded or run in good
    return kept
