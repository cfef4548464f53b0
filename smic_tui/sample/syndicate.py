"""The whole sample syndicate at one moment, in memory, before a folder gets it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from smic_tui.sample.backups import SampleJob, SampleRun, jobs, runs
from smic_tui.sample.communes import base_data
from smic_tui.sample.monitoring import SampleHealth, health
from smic_tui.sample.outage import Outage, outage
from smic_tui.sample.requests import SampleRequest, requests
from smic_tui.sample.sites import SampleSite, sites
from smic_tui.sample.tickets import SampleTicket, tickets


class Syndicate(Struct, frozen=True, kw_only=True):
    """All that the files of the sample hold, made from `seed` for the moment `now` (UTC)."""

    seed: int
    now: datetime
    sites: tuple[SampleSite, ...]
    outage: Outage
    health: tuple[SampleHealth, ...]
    jobs: tuple[SampleJob, ...]
    runs: tuple[SampleRun, ...]
    tickets: tuple[SampleTicket, ...]
    requests: tuple[SampleRequest, ...]


def compose(seed: int, now: datetime) -> Syndicate:
    """Makes the syndicate, which is always the same for the same seed and moment (UTC)."""
    register = sites(base_data(), seed)
    plan = jobs(register, seed)
    cut = outage(register, seed, now)
    return Syndicate(
        seed=seed,
        now=now,
        sites=register,
        outage=cut,
        health=health(register, cut, seed, now),
        jobs=plan,
        runs=runs(plan, cut, seed, now),
        tickets=tickets(register, cut, seed, now),
        requests=requests(register, seed, now),
    )
