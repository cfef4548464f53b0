"""Sets runs aside that are dated ahead of the clock, before the newest are chosen. Public.

A machine with a wrong clock dates its backups a year ahead: they would push out all those that
are true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from smic_tui.contract.batch import Rejected
from smic_tui.i18n import ngettext
from smic_tui.records import BackupRun, RunResult

# Clocks differ, and nobody looks at them; the program believes no run that begins later.
ALLOWED = timedelta(hours=1)


def without_those_ahead(
    runs: Iterable[BackupRun], now: datetime
) -> tuple[list[BackupRun], list[BackupRun]]:
    """Return the runs that can be, newest first, and those dated ahead of `now` (UTC)."""
    possible: list[BackupRun] = []
    ahead: list[BackupRun] = []
    for run in runs:
        (ahead if run.started > now + ALLOWED else possible).append(run)
    possible.sort(key=lambda run: (run.started, run.key), reverse=True)
    return possible, ahead


def newest_of(runs: list[BackupRun], count: int) -> list[BackupRun]:
    """Return the first runs of a list, newest first, and with them the newest that ended well.

    The state of a backup rests on its newest success, however old that is.
    """
    good = (RunResult.OK, RunResult.WARNING)
    kept, older = runs[:count], runs[count:]
    if not any(run.result in good for run in kept):
        kept = kept + [run for run in older if run.result in good][:1]
    return kept


def told_ahead(count: int, latest: datetime) -> str:
    """Return what to say of so many runs that are dated ahead."""
    return ngettext(
        "{count} run is dated ahead of this machine's clock, until {moment} UTC, and left out: "
        "compare the clocks",
        "{count} runs are dated ahead of this machine's clock, until {moment} UTC, and left out: "
        "compare the clocks",
        count,
    ).format(count=count, moment=f"{latest:%Y-%m-%d %H:%M}")


def rejected_ahead(where: str, ahead: list[BackupRun]) -> list[Rejected]:
    """Return the row that says how many runs of a place are dated ahead; none for none."""
    if not ahead:
        return []
    reason = told_ahead(len(ahead), max(run.started for run in ahead))
    return [Rejected(where=where, reason=reason)]
