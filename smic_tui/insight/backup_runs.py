"""Which runs belong to which job; the rules are those of `backup_state`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter

from msgspec import Struct

from smic_tui.insight.names import normal_name
from smic_tui.records import BackupJob, BackupRun
from smic_tui.text import fold

JobKey = tuple[str, str]


class Sorted(Struct, frozen=True, kw_only=True):
    """Runs by (source, key) of their job, newest first, and those that have none."""

    by_job: dict[JobKey, tuple[BackupRun, ...]]
    orphans: tuple[BackupRun, ...]


_age = attrgetter("started", "key")


def runs_by_job(
    jobs: Iterable[BackupJob], runs: Iterable[BackupRun], site_of: Callable[[str], str]
) -> Sorted:
    """Give each run to its job.

    `jobs` are in the order of the configuration. `site_of` gives the key of the
    register's site that a reference means, "" where there is none.
    """

    places: dict[str, str] = {}

    def match(reference: str) -> str:
        if reference not in places:
            places[reference] = site_of(reference) or "?" + normal_name(reference)
        return places[reference]

    same_source: dict[tuple[str, str], JobKey] = {}
    any_source: dict[str, JobKey] = {}
    placed_same: dict[tuple[str, str, str], JobKey] = {}
    placed_any: dict[tuple[str, str], JobKey] = {}
    found: dict[JobKey, list[BackupRun]] = {}
    for job in jobs:
        key = (job.source, job.key)
        found[key] = []
        same_source[key] = key
        any_source.setdefault(job.key, key)
        where, what = match(job.site), fold(job.application)
        placed_same.setdefault((job.source, where, what), key)
        placed_any.setdefault((where, what), key)

    orphans: list[BackupRun] = []
    for run in runs:
        job_key = None
        if run.job:
            job_key = same_source.get((run.source, run.job)) or any_source.get(run.job)
        if job_key is None and run.site and run.application:
            where, what = match(run.site), fold(run.application)
            job_key = placed_same.get((run.source, where, what)) or placed_any.get((where, what))
        if job_key is None:
            orphans.append(run)
        else:
            found[job_key].append(run)
    for listed in found.values():
        if len(listed) > 1:
            listed.sort(key=_age, reverse=True)
    return Sorted(
        by_job={key: tuple(listed) for key, listed in found.items()}, orphans=tuple(orphans)
    )
