"""Four network sources that can all misbehave at once, for the real dashboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.fakes.icinga2 import FakeIcinga
from tests.fakes.misbehaving import MisbehavingServer, Mode, Reply, Request, json_reply
from tests.fakes.redmine import FakeRedmine

SITES, TICKETS, REQUESTS, JOBS = 300, 250, 60, 600
# What the configuration asks the environment for.
SECRETS = {"MONITORING_PASSWORD": "word", "WORK_KEY": "a-key"}
MODES = (
    Mode.STOPPED,
    Mode.FROZEN,
    Mode.STATUS500,
    Mode.HTML,
    Mode.TRUNCATED,
    Mode.CUT,
    Mode.DRIP,
)
# The screens and what stands on them alone.
SCREENS = (("2", " Site "), ("4", " Subject "), ("7", " Kind "), ("1", " Where "))


def backups(_request: Request) -> Reply:
    jobs = [
        {"site": f"{17001 + n % SITES}", "application": f"app {n}", "period": 86400}
        for n in range(JOBS)
    ]
    started = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
    runs = [{**job, "started": started, "result": "ok"} for job in jobs]
    return json_reply({"jobs": jobs, "runs": runs})


@contextmanager
def sources(folder: Path) -> Iterator[tuple[Path, list[MisbehavingServer]]]:
    """The configuration and the servers: all that the dashboard reads but a file of sites."""
    icinga, redmine = FakeIcinga(), FakeRedmine()
    for number in range(SITES):
        icinga.add_host(f"{17001 + number}", state=int(number % 50 == 0))
        icinga.add_service(f"{17001 + number}", "ping")
    for _number in range(TICKETS):
        redmine.add("assistance", status=2)
    for _number in range(REQUESTS):
        redmine.add("catalogue", status=2)
    (folder / "sites.csv").write_text(
        "code;name\n" + "".join(f"{17001 + n};Mairie {n}\n" for n in range(SITES))
    )
    with ExitStack() as stack:
        started = [
            stack.enter_context(MisbehavingServer(respond))
            for respond in (icinga, redmine, backups)
        ]
        monitoring, work, journal = (server.url for server in started)
        timing = 'refresh = "1s"\nstale_after = "4s"\ndeadline = "3s"'
        (folder / "config.toml").write_text(
            f"""
[display]
language = "en"
[sources.members]
kind = "csv"
[sources.members.sites]
path = "sites.csv"
columns = {{ code = "code", name = "name" }}
[sources.monitoring]
kind = "icinga2"
{timing}
url = "{monitoring}"
user = "smic"
password = {{ env = "MONITORING_PASSWORD" }}
[sources.tickets]
kind = "redmine"
{timing}
url = "{work}"
api_key = {{ env = "WORK_KEY" }}
as = "tickets"
projects = ["assistance"]
[sources.requests]
kind = "redmine"
{timing}
url = "{work}"
api_key = {{ env = "WORK_KEY" }}
as = "requests"
projects = ["catalogue"]
[sources.backups]
kind = "json"
{timing}
[sources.backups.backup_jobs]
url = "{journal}/jobs"
rows = "jobs"
columns = {{ site = "site", application = "application", period = "period" }}
[sources.backups.backup_runs]
url = "{journal}/runs"
rows = "runs"
columns = {{ site = "site", application = "application", started = "started", result = "result" }}
"""
        )
        yield folder / "config.toml", started


FRESH = f"{SITES:,} sites   ■ 6 down"


def all_fresh(text: str) -> bool:
    """Whether everything is read and nothing is stale."""
    return (
        "▲" not in text.splitlines()[-2]
        and "never" not in text.splitlines()[-2]
        and FRESH in text
        and f"{JOBS:,} backups " in text
    )


def all_stale(text: str) -> bool:
    """Whether all four network sources are marked as stale."""
    return text.splitlines()[-2].count("▲") == 4
