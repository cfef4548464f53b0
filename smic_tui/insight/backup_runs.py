"""Which runs belong to which job; the rules are those of `backup_state`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from smic_tui.insight.names import normal_name
from smic_tui.records import BackupJob, BackupRun
from smic_tui.text import fold

JobKey = tuple[str, str]


class Sorted(Struct, frozen=True, kw_only=True):
    """Runs by (source, key) of their job, newest first.

    `unplanned` are the jobs of which only runs tell, with the runs of each.
    """

    by_job: dict[JobKey, tuple[BackupRun, ...]]
    unplanned: tuple[tuple[BackupJob, tuple[BackupRun, ...]], ...]


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

    orphans: dict[tuple[str, ...], list[BackupRun]] = {}
    for run in runs:
        job_key = None
        if run.job:
            job_key = same_source.get((run.source, run.job)) or any_source.get(run.job)
        if job_key is None and run.site and run.application:
            where, what = match(run.site), fold(run.application)
            job_key = placed_same.get((run.source, where, what)) or placed_any.get((where, what))
        if job_key is None:
            named = (run.job,) if run.job else (match(run.site), fold(run.application))
            orphans.setdefault((run.source, *named), []).append(run)
        else:
            found[job_key].append(run)
    for listed in (*found.values(), *orphans.values()):
        if len(listed) > 1:
            listed.sort(key=_age, reverse=True)
    unplanned: dict[JobKey, tuple[BackupJob, tuple[BackupRun, ...]]] = {}
    for listed in orphans.values():
        job = job_of(listed)
        while (job.source, job.key) in found or (job.source, job.key) in unplanned:
            job = replace(job, key=job.key + " ·")
        unplanned[job.source, job.key] = (job, tuple(listed))
    return Sorted(
        by_job={key: tuple(listed) for key, listed in found.items()},
        unplanned=tuple(unplanned.values()),
    )


def job_of(runs: Sequence[BackupRun]) -> BackupJob:
    """The job that the runs of one source tell of, newest first, without a plan.

    Its key is what the runs call it. The site and the application are those that the newest
    run names.
    """
    site = next((run.site for run in runs if run.site), "")
    application = next((run.application for run in runs if run.application), "")
    return BackupJob(
        key=runs[0].job or f"{runs[-1].site} · {runs[-1].application}",
        source=runs[0].source,
        site=site,
        application=application or runs[0].job,
    )
