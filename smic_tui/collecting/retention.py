"""What is not worth keeping: it bounds the size of the cache."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from smic_tui.records import BackupRun, CatalogueRequest, Record, RunResult, Stream, Ticket

KEPT_RUNS = 10
KEPT_CLOSED = timedelta(days=30)


def expired(stream: Stream, rows: Mapping[str, Record], now: datetime) -> frozenset[str]:
    """The keys of rows that are dropped.

    Of the runs of each backup job the newest ten stay, and the newest success
    whatever its age, for a backup's state rests on it. Tickets and requests go
    thirty days after the change that closed them.
    """
    if stream is Stream.BACKUP_RUNS:
        return _old_runs(rows)
    if stream in (Stream.TICKETS, Stream.REQUESTS):
        return frozenset(key for key, row in rows.items() if _long_closed(row, now))
    return frozenset()


def _old_runs(rows: Mapping[str, Record]) -> frozenset[str]:
    by_job: dict[tuple[str, ...], list[BackupRun]] = {}
    for run in rows.values():
        if isinstance(run, BackupRun):
            job = (run.job,) if run.job else (run.site, run.application)
            by_job.setdefault(job, []).append(run)
    doomed: set[str] = set()
    for runs in by_job.values():
        if len(runs) <= KEPT_RUNS:
            continue
        runs.sort(key=lambda run: (run.started, run.key), reverse=True)
        old = runs[KEPT_RUNS:]
        if not any(map(_succeeded, runs[:KEPT_RUNS])):
            success = next((run for run in old if _succeeded(run)), None)
            old = [run for run in old if run is not success]
        doomed.update(run.key for run in old)
    return frozenset(doomed)


def _succeeded(run: BackupRun) -> bool:
    return run.result in (RunResult.OK, RunResult.WARNING)


def _long_closed(row: Record, now: datetime) -> bool:
    match row:
        case Ticket():
            return not row.status.is_open and row.updated < now - KEPT_CLOSED
        case CatalogueRequest():
            return not row.stage.is_open and row.updated < now - KEPT_CLOSED
        case _:
            return False
