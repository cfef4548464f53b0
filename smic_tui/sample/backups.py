"""The backup jobs of the sample and their runs: most go well, the usual share does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import msgspec
from msgspec import Struct

from smic_tui.sample.applications import backed_up
from smic_tui.sample.chance import chance
from smic_tui.sample.outage import Outage
from smic_tui.sample.protocols import MEGABYTE, PROTOCOLS, Protocol, schedule
from smic_tui.sample.schedules import Schedule
from smic_tui.sample.sites import SampleSite

SHARES = {"well": 905, "failed": 35, "missing": 44, "never": 9, "running": 5, "hung": 2}


class SampleJob(Struct, frozen=True, kw_only=True):
    """A backup job of the plan."""

    key: str
    site: SampleSite
    application: str
    protocol: Protocol
    schedule: Schedule


class SampleRun(Struct, frozen=True, kw_only=True):
    """A run in the journal: times in UTC, `size` in bytes, `result` in the journal's words."""

    job: SampleJob
    started: datetime
    ended: datetime | None
    result: str
    size: int | None
    message: str

    @property
    def key(self) -> str:
        """The key of the run in the journal."""
        return f"{self.job.key}-{self.started:%Y%m%dT%H%M%SZ}"


def jobs(sites: tuple[SampleSite, ...], seed: int) -> tuple[SampleJob, ...]:
    """Returns the plan: one job for each application that is backed up at its site."""
    random = chance(seed, "jobs")
    shares = [protocol.share for protocol in PROTOCOLS]
    plan: list[SampleJob] = []
    for site in sites:
        for application in backed_up(site.applications):
            protocol = random.choices(PROTOCOLS, shares)[0]
            plan.append(
                SampleJob(
                    key=f"SV-{len(plan) + 1:04d}",
                    site=site,
                    application=application,
                    protocol=protocol,
                    schedule=schedule(protocol, random, office=site.kind in ("mairie", "école")),
                )
            )
    return tuple(plan)


def begun(job: SampleJob, started: datetime) -> SampleRun:
    """Returns a run that has begun at `started` (UTC) and not ended."""
    return SampleRun(job=job, started=started, ended=None, result="en cours", size=None, message="")


def duration(random: Random, job: SampleJob) -> timedelta:
    """Returns how long a run of the job takes, within what is usual for its protocol."""
    least, most = job.protocol.minutes
    return timedelta(seconds=random.randrange(least * 60, most * 60))


def finished(random: Random, run: SampleRun, ended: datetime, result: str) -> SampleRun:
    """Returns the run, ended at `ended` (UTC) with that result, as the journal writes it."""
    job = run.job
    low, high = job.protocol.megabytes
    # The runs of one job are of about the same size each time.
    usual = chance(job.key).uniform(low, low + (high - low) ** 0.5 * 8)
    size: int | None = round(usual * random.uniform(0.95, 1.05) * MEGABYTE)
    if result == "échec":
        message, size = random.choice(job.protocol.failures), None
    elif result == "avertissement":
        message = random.choice(job.protocol.warnings)
    else:
        message = job.protocol.done.format(
            files=random.randrange(400, 60000), new=random.randrange(0, 300)
        )
    return msgspec.structs.replace(run, ended=ended, result=result, size=size, message=message)


def _starts(random: Random, job: SampleJob, now: datetime, skip: int, count: int) -> list[datetime]:
    """Returns when `count` runs began, the newest first, if the last `skip` were missed."""
    plan = job.schedule
    if plan.period is None:
        due = plan.last(now, skip + count)[skip:]
        starts = [when + timedelta(seconds=random.randrange(0, 900)) for when in due]
        return [when for when in starts if when <= now]
    last = now - plan.period * (skip + random.uniform(0.02, 0.96))
    return [
        (last - plan.period * (back + random.uniform(-0.02, 0.02) * bool(back))).replace(
            microsecond=0
        )
        for back in range(count)
    ]


def _runs_of(random: Random, job: SampleJob, now: datetime, fate: str) -> Iterator[SampleRun]:
    """Yields the runs of one job, the newest first."""
    if fate == "never":
        return
    skip = 0
    if fate == "missing":
        skip = 1 if random.random() < 0.6 else random.randrange(2, 13)
    failing = 1 if random.random() < 0.6 else random.randrange(2, 5)
    if fate in ("running", "hung"):
        ago = random.uniform(4, 25) if fate == "running" else random.uniform(4000, 9000)
        started = (now - timedelta(minutes=ago)).replace(microsecond=0)
        yield begun(job, started)
        now = started - timedelta(minutes=30)
    for index, started in enumerate(_starts(random, job, now, skip, random.randrange(6, 11))):
        if fate == "failed" and index < failing:
            result = "échec"
        elif index == 0:
            result = random.choices(("réussi", "avertissement"), (96, 4))[0]
        else:
            result = random.choices(("réussi", "avertissement", "échec"), (94, 3, 3))[0]
        run, ended = begun(job, started), started + duration(random, job)
        yield finished(random, run, ended, result) if ended <= now else run


def runs(
    plan: tuple[SampleJob, ...], outage: Outage, seed: int, now: datetime
) -> tuple[SampleRun, ...]:
    """Returns the journal up to `now` (UTC), the oldest run first.

    No site of the outage has runs after its beginning.
    """
    random = chance(seed, "runs")
    fates = random.choices(tuple(SHARES), tuple(SHARES.values()), k=len(plan))
    journal = [
        run
        for job, fate in zip(plan, fates, strict=True)
        for run in _runs_of(random, job, now, fate)
        if not (job.site.code in outage.sites and run.started >= outage.began)
    ]
    journal.sort(key=lambda run: (run.started, run.job.key))
    return tuple(journal)
