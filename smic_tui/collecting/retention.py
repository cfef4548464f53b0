"""Finds rows that are not worth keeping, so that the cache does not grow for ever."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sized
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TypeVar

from smic_tui.model.snapshot import SourceContents
from smic_tui.records import BackupRun, CatalogueRequest, Record, RunResult, Stream, Ticket
from smic_tui.system.turns import after_others

KEPT_RUNS = 10
_LOOKED_AT_AT_ONCE = 2000
_REST_SECONDS = 0.002
_job = attrgetter("job")
KEPT_CLOSED = timedelta(days=30)

T = TypeVar("T")

# Fewer rows are looked through at each commit.
LARGE = 20_000
# Of a large stream, all are looked through again when this part of them is new.
NEW = 0.05


class Retention:
    """Decides when the rows of a source are looked through for what is not worth keeping.

    A small stream is looked through at each commit. A large one is looked through once,
    and again when many rows are new, as work of its own.
    """

    def __init__(self) -> None:
        self._new: dict[Stream, int] = {}

    def expired(
        self, stream: Stream, known: Mapping[str, Record], new: Mapping[str, Record], now: datetime
    ) -> frozenset[str]:
        """Return the keys of rows that are dropped before `new` is put over `known`."""
        if max(len(known), len(new)) > LARGE:
            self._new[stream] = self._new.get(stream, len(known)) + len(new)
            # What is long closed need not get in at all.
            return frozenset(key for key, row in new.items() if _long_closed(row, now))
        return expired(stream, {**known, **new}, now)

    def is_due(self, contents: SourceContents) -> bool:
        """Whether all rows should be looked through now."""
        return any(count > NEW * len(contents.of(stream)) for stream, count in self._new.items())

    def look(self, contents: SourceContents, now: datetime) -> dict[Stream, frozenset[str]]:
        """Return the keys of rows to drop from large streams. This takes seconds."""
        streams = [stream for stream, count in self._new.items() if count]
        self._new = dict.fromkeys(self._new, 0)
        return {
            stream: old for stream in streams if (old := expired(stream, contents.of(stream), now))
        }


def expired(stream: Stream, rows: Mapping[str, Record], now: datetime) -> frozenset[str]:
    """Return the keys of rows that are not worth keeping at `now` (UTC).

    Of the runs of each backup job the newest ten stay, and the newest success
    whatever its age, because a backup's state rests on it. Tickets and requests go
    thirty days after the change that closed them.
    """
    if stream is Stream.BACKUP_RUNS:
        return _old_runs(rows)
    if stream in (Stream.TICKETS, Stream.REQUESTS):
        return frozenset(key for key, row in _resting(rows.items()) if _long_closed(row, now))
    return frozenset()


def _old_runs(rows: Mapping[str, Record]) -> frozenset[str]:
    many = _jobs_with_many_runs(rows)
    if not many:
        return frozenset()
    by_job: dict[tuple[str, ...], list[tuple[str, BackupRun]]] = {}
    for key, run in _resting(rows.items()):
        if isinstance(run, BackupRun) and run.job in many:
            job = (run.job,) if run.job else (run.site, run.application)
            # Rows that are relayed stand under another key than their own.
            by_job.setdefault((run.source, *job), []).append((key, run))
    doomed: set[str] = set()
    for runs in by_job.values():
        if len(runs) <= KEPT_RUNS:
            continue
        runs.sort(key=lambda named: (named[1].started, named[1].key), reverse=True)
        old = runs[KEPT_RUNS:]
        if not any(_succeeded(run) for _key, run in runs[:KEPT_RUNS]):
            success = next((key for key, run in old if _succeeded(run)), None)
            old = [named for named in old if named[0] != success]
        doomed.update(key for key, _run in old)
    return frozenset(doomed)


def _jobs_with_many_runs(rows: Mapping[str, Record]) -> frozenset[str]:
    """Return the keys of jobs that may have more runs than are kept, "" for runs without one."""
    counts: Counter[str] = Counter()
    # One by one: counting many at once lets no other thread take its turn.
    for run in _resting(rows.values()):
        counts[_job(run)] += 1
    return frozenset(job for job, count in counts.items() if count > KEPT_RUNS)


def _resting(rows: Iterable[T]) -> Iterator[T]:
    """Yield the rows, with a rest between parts: nobody waits for this work.

    Those of a large stream come while nobody else computes.
    """
    is_large = isinstance(rows, Sized) and len(rows) > LARGE
    left = iter(rows)
    while part := list(itertools.islice(left, _LOOKED_AT_AT_ONCE)):
        yield from part
        if len(part) == _LOOKED_AT_AT_ONCE:
            time.sleep(_REST_SECONDS)
            if is_large:
                after_others()


def _succeeded(run: BackupRun) -> bool:
    """Whether it may be a success: one that saved nothing is none."""
    if run.size == 0 and not run.changes_only:
        return False
    return run.result in (RunResult.OK, RunResult.WARNING)


def _long_closed(row: Record, now: datetime) -> bool:
    match row:
        case Ticket():
            return not row.status.is_open and row.updated < now - KEPT_CLOSED
        case CatalogueRequest():
            return not row.stage.is_open and row.updated < now - KEPT_CLOSED
        case _:
            return False
