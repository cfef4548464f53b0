"""Reads the rows of Bacula's table Job.

From Bacula's documentation ("Catalog Services", table Job) and as seen in the catalogue of a
director 9.6: SchedTime, StartTime and EndTime are local times of the director without offset.
JobTDate is the only epoch: that of StartTime while a job runs, and that of EndTime once it has
ended. So it tells what the local times mean.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from adapters.shared.epochs import LATEST
from smic_tui.i18n import _, ngettext
from smic_tui.records import RunResult

# The letters of JobStatus, as Bacula's table Status has them, and some that newer ones write.
_ENDED = {
    "T": RunResult.OK,
    "W": RunResult.WARNING,
    "D": RunResult.WARNING,  # verify found differences
    "E": RunResult.FAILED,
    "e": RunResult.FAILED,
    "f": RunResult.FAILED,
    "A": RunResult.FAILED,
    "I": RunResult.FAILED,  # incomplete
}
GOOD = tuple(letter for letter, result in _ENDED.items() if result is not RunResult.FAILED)
CANCELLED = "A"
RUNNING = tuple("CRBFSmMsjcdtpaiLlqQuU")
# A run that has not ended after so many seconds never will: its director died.
LONGEST_RUN = 14 * 86_400
# The levels that save what changed since another run.
CHANGES_ONLY = ("I", "D")
_LEVELS = {"F": "Full", "D": "Differential", "I": "Incremental", "B": "Base", "f": "VirtualFull"}
_FORMAT = "%Y-%m-%d %H:%M:%S"
# A zone is right if it explains the end to the second; clocks may be rounded.
_AGREES = timedelta(seconds=2)


class JobRow(Struct, frozen=True, kw_only=True):
    """The columns that are read. Times are as the driver gives them."""

    jobid: int
    job: str
    name: str
    client: str
    level: str
    status: str
    scheduled: object
    started: object
    ended: object
    epoch: int
    files: int
    size: int
    errors: int


class UnknownStatus(ValueError):
    """A letter that Bacula's documentation does not have; the text says so."""


class Times(Struct, frozen=True, kw_only=True):
    """When a job began and ended, in UTC; `agrees` is whether the zone explains its end."""

    started: datetime
    ended: datetime | None
    agrees: bool


def result_of(row: JobRow) -> RunResult:
    """Return how a job ended, or that it still runs. Raises `UnknownStatus`.

    A job whose folder is missing gets T, "completed successfully", too: it saved nothing then and
    has an error.
    """
    if row.status in RUNNING:
        return RunResult.RUNNING
    result = _ENDED.get(row.status)
    if result is None:
        raise UnknownStatus(_("the status {letter} is not known").format(letter=repr(row.status)))
    if result is RunResult.OK and row.errors:
        return RunResult.WARNING if row.files else RunResult.FAILED
    return result


def message_of(row: JobRow) -> str:
    """Return what a person should know: the level, and how much there was."""
    parts = [
        _LEVELS.get(row.level, row.level),
        ngettext("{count} file", "{count} files", row.files).format(count=row.files),
    ]
    if row.errors:
        parts.append(
            ngettext("{count} error", "{count} errors", row.errors).format(count=row.errors)
        )
    if row.status not in ("T", "R"):
        parts.append(_("status {letter}").format(letter=row.status))
    if row.status == "T" and row.errors and not row.files:
        parts.append(_("nothing was saved: a folder may be missing"))
    return ", ".join(parts)


def times_of(row: JobRow, zone: ZoneInfo) -> Times | None:
    """Return when a job ran; None if the row has no usable time."""
    start = _local(row.started) or _local(row.scheduled)
    end = _local(row.ended)
    epoch = _of_epoch(row.epoch)
    if row.status in RUNNING:
        started = epoch or (start and _in(zone, start, None))
        return Times(started=started, ended=None, agrees=True) if started else None
    if epoch is None or end is None:
        if start is None:
            return None
        ended = _in(zone, end, None) if end else None
        started = _in(zone, start, ended)
        return Times(started=min(started, ended or started), ended=ended, agrees=True)
    agrees = any(
        abs(end.replace(tzinfo=zone, fold=fold).astimezone(UTC) - epoch) <= _AGREES
        for fold in (0, 1)
    )
    if agrees:
        started = _in(zone, start or end, epoch)
    else:
        # The director's clock is not in that zone: how long it took is right nonetheless.
        started = epoch - max(end - (start or end), timedelta())
    return Times(started=min(started, epoch), ended=epoch, agrees=agrees)


def _in(zone: ZoneInfo, local: datetime, before: datetime | None) -> datetime:
    """Return a local time in UTC; of an hour that comes twice, the last that is before `before`."""
    later, earlier = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    return later if before is not None and earlier <= later <= before else earlier


def _of_epoch(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < LATEST else None


def _local(value: object) -> datetime | None:
    """Read a time of the catalogue: text in sqlite, "0" or all zeros where there is none."""
    if isinstance(value, str):
        try:
            value = datetime.strptime(value[:19], _FORMAT)
        except ValueError:
            return None
    if not isinstance(value, datetime) or not 1980 <= value.year < 2200:
        return None
    return value.replace(tzinfo=None)
