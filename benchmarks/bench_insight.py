"""Measures how long assessing the situation of a full-sized syndicate takes.

712 sites, 2,000 backup jobs with ten runs each, 4,000 tickets, 300 requests, one
host per site. Run it from the repository: `python -m benchmarks.bench_insight`;
with `--profile`, it shows where the time goes. Fails when the median of a repeated
assessment is over the budget.
"""

from __future__ import annotations

import argparse
import cProfile
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from smic_tui.config.schema import AlertRule, Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.duty.alert_rules import evaluate
from smic_tui.insight.assess import assess
from smic_tui.insight.assessor import Assessor
from smic_tui.insight.status_counts import count
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.alert_store import NO_ALERTS
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.model.user_state import UserState
from smic_tui.query.parser import parse
from smic_tui.query.subjects.all import fields_for
from smic_tui.records import (
    Actor,
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    HealthState,
    Record,
    RunResult,
    Site,
    Stage,
    Stream,
    Ticket,
    TicketStatus,
)

BUDGET_MS = 200
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def contents(name: str, rows: dict[Stream, dict[str, Record]]) -> SourceContents:
    status = SourceStatus(
        name=name,
        kind="csv",
        state=SourceState.OK,
        streams=tuple(rows),
        last_good=NOW,
        last_try=NOW,
        rows=sum(len(of_stream) for of_stream in rows.values()),
    )
    return SourceContents(status=status, rows=rows)


def by_key(records: list[Record]) -> dict[str, Record]:
    return {record.key: record for record in records}


def syndicate(seed: int = 1) -> Snapshot:
    """Returns a snapshot with a believable mix of states."""
    dice = random.Random(seed)
    sites: list[Record] = [
        Site(
            key=f"17{n:03}",
            source="members",
            code=f"17{n:03}",
            name=f"Mairie de Saint-Exemple-{n}",
            member=f"Saint-Exemple-{n}",
            kind="mairie",
            supplier=f"Prestataire {n % 9}",
        )
        for n in range(712)
    ]
    health: list[Record] = [
        Health(
            key=f"h{n}",
            source="icinga",
            site=f"17{n:03}",
            host=f"h{n}",
            state=HealthState.DOWN if dice.random() < 0.05 else HealthState.UP,
            since=NOW - timedelta(minutes=dice.randrange(6000)),
            output="PING OK",
        )
        for n in range(712)
    ]
    jobs: list[Record] = []
    runs: list[Record] = []
    for n in range(2000):
        calendar = dice.choice(["", "0 20 * * 1-5", "30 2 * * *", "0 22 * * 5"])
        jobs.append(
            BackupJob(
                key=f"j{n}",
                source="plan",
                site=f"17{n % 712:03}",
                application=f"application {n % 7}",
                calendar=calendar,
                period=None if calendar else 86400,
                grace=6 * 3600,
                closed=(5, 6) if n % 2 else (),
                holidays=n % 3 == 0,
            )
        )
        started = NOW - timedelta(hours=dice.choice([2, 10, 10, 10, 12, 30, 60]))
        runs.extend(
            BackupRun(
                key=f"r{n}-{back}",
                source="journal",
                job=f"j{n}" if n % 2 else "",
                site=f"17{n % 712:03}",
                application=f"Application {n % 7}",
                started=started - timedelta(days=back, minutes=dice.randrange(20)),
                ended=started - timedelta(days=back),
                result=RunResult.FAILED if dice.random() < 0.05 else RunResult.OK,
                size=dice.randrange(10**9),
            )
            for back in range(10)
        )
    tickets: list[Record] = [
        Ticket(
            key=str(n),
            source="redmine",
            subject=f"Imprimante n° {n} hors d'usage au secrétariat",
            status=dice.choice(list(TicketStatus)),
            priority=dice.choice([1, 2, 3, 3, 3, 3, 4, 5]),
            requester=f"Personne {n % 800}",
            owner=f"Agent {n % 12}",
            site=f"Saint Exemple {n % 720}",
            created=NOW - timedelta(hours=dice.randrange(900)),
            updated=NOW - timedelta(hours=dice.randrange(90)),
            due=NOW + timedelta(hours=dice.randrange(-50, 300)),
        )
        for n in range(4000)
    ]
    requests: list[Record] = [
        CatalogueRequest(
            key=str(n),
            source="catalogue",
            subject=f"Logiciel {n % 30}",
            stage=dice.choice(list(Stage)),
            site=f"17{n:03}",
            waiting_on=dice.choice(list(Actor)),
            created=NOW - timedelta(days=n),
            updated=NOW,
        )
        for n in range(300)
    ]
    return Snapshot(
        taken=NOW,
        sources=(
            contents("members", {Stream.SITES: by_key(sites)}),
            contents("icinga", {Stream.HEALTH: by_key(health)}),
            contents("plan", {Stream.BACKUP_JOBS: by_key(jobs)}),
            contents("journal", {Stream.BACKUP_RUNS: by_key(runs)}),
            contents("redmine", {Stream.TICKETS: by_key(tickets)}),
            contents("catalogue", {Stream.REQUESTS: by_key(requests)}),
        ),
    )


def measure(what: str, work: Callable[[], object], times: int = 15) -> float:
    """Measures some work; prints and returns the median in milliseconds."""
    taken = []
    for _time in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    median = statistics.median(taken)
    print(f"{what:34} {median:8.1f} ms   (slowest {max(taken):.1f})")
    return median


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--profile", action="store_true")
    profile = arguments.parse_args().profile
    snapshot = syndicate()
    settings = Settings(
        alerts=(
            AlertRule(name="down", on="sites", where="state:down", hold="5m"),
            AlertRule(name="lost", on="backups", where="state:overdue or state:failed"),
            AlertRule(name="old", on="tickets", where="is:open age>7d priority<=2"),
        )
    )
    user = UserState()
    assessor = Assessor(settings)
    measure("assess once, for a command", lambda: assess(snapshot, user, settings, NOW), times=1)
    measure("assess, first", lambda: assessor.assess(snapshot, user, NOW), times=1)
    if profile:
        with cProfile.Profile() as profiler:
            assessor.assess(snapshot, user, NOW)
        profiler.print_stats("tottime")
    median = measure("assess, again", lambda: assessor.assess(snapshot, user, NOW))
    again = syndicate()  # equal rows, not the same objects: as after reading the cache anew
    measure("assess, rows read anew", lambda: assessor.assess(again, user, NOW), times=1)
    situation = assess(snapshot, user, settings, NOW)
    measure("troubles", lambda: troubles(situation))
    measure("counts", lambda: count(situation))
    measure("evaluate", lambda: evaluate(situation, NO_ALERTS, settings, NOW))
    for text in ("zzzz", "imprimante age>3d", "is:open !status:waiting site:exemple"):
        query = parse(text, fields_for("tickets"))
        select = partial(query.select, situation.tickets, NOW, situation.freshness)
        measure(f"filter tickets: {text}", select)
    return int(median > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
