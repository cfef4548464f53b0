"""Serves ten sources on loopback: 712 sites, 2,100 checks, 2,000 jobs, 1,500 tickets.

usage: python -m benchmarks._ten_sources FOLDER

Writes FOLDER/config.toml and serves the sources that it names. Answers each line on
standard input with a line of JSON: `change` lets a minute pass (a fifth of the checks run
again, ten rows of every other source change), `count` tells how many bytes and requests
each server has served since the last count.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fakes.backuppc import FakeBackupPc
from tests.fakes.glpi import FakeGlpi
from tests.fakes.icinga2 import FakeIcinga
from tests.fakes.misbehaving import MisbehavingServer, Reply, Request
from tests.fakes.redmine import FakeRedmine
from tests.live.counting import CountingProxy

SITES = 712
SERVICES = 1388
# How many backup jobs each place records; 2,000 in all.
PLANNED, WRITTEN, COPIED, SELECTED = 800, 500, 400, 300
RUNS_EACH = 5
REDMINE, GLPI, REQUESTS = 900, 600, 100
CHANGES = 10

SECRETS = {
    "BENCH_MONITORING": "word",
    "BENCH_REDMINE": "a-key",
    "BENCH_GLPI": "a-token",
    "BENCH_BACKUPPC": "lecture seule",
}


def site(number: int) -> str:
    """Returns the code of a site."""
    return str(17001 + number % SITES)


class Documents:
    """A web server with entity tags, which serves two files: a plan and its journal."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.latest = dict.fromkeys(range(PLANNED), self.started)

    def change(self) -> None:
        """Lets some jobs run again."""
        for number in random.sample(range(PLANNED), CHANGES):
            self.latest[number] = datetime.now(UTC)

    def __call__(self, request: Request) -> Reply:
        body = self._plan() if request.path == "/plan.json" else self._journal()
        tag = f'"{hash(body):x}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(304, headers={"ETag": tag})
        kind = "application/json" if request.path == "/plan.json" else "text/csv"
        return Reply(200, body, kind, {"ETag": tag})

    def _plan(self) -> bytes:
        jobs = [
            {"site": site(n), "application": f"application {n}", "period": 86400}
            for n in range(PLANNED)
        ]
        return json.dumps({"jobs": jobs}).encode()

    def _journal(self) -> bytes:
        lines = ["site;application;started;result"]
        for number, latest in self.latest.items():
            for back in range(RUNS_EACH):
                at = (latest - timedelta(days=back)).isoformat()
                lines.append(f"{site(number)};application {number};{at};ok")
        return "\n".join(lines).encode()


class Journal:
    """A folder in which the syndicate's own scripts leave the lines of their runs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._file = folder / "scripts.jsonl"
        now = int(time.time())
        for number in range(WRITTEN):
            for back in range(RUNS_EACH, 0, -1):
                self._line(number, now - back * 86400)

    def change(self) -> None:
        """Lets some scripts run again."""
        for number in random.sample(range(WRITTEN), CHANGES):
            self._line(number, int(time.time()))

    def _line(self, number: int, at: int) -> None:
        line = {
            **{"site": site(number), "application": f"script {number}", "period": "1d"},
            **{"started": at - 300, "ended": at, "result": 0},
        }
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")


class Database:
    """A database of backups, which one SELECT reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with sqlite3.connect(path) as link:
            link.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, site TEXT, app TEXT, ran TEXT)")
            rows = [(n, site(n), f"base {n}", self._now()) for n in range(SELECTED)]
            link.executemany("INSERT INTO job VALUES (?, ?, ?, ?)", rows)
        link.close()

    def change(self) -> None:
        """Lets some jobs run again."""
        link = sqlite3.connect(self._path)
        with link:
            for number in random.sample(range(SELECTED), CHANGES):
                link.execute("UPDATE job SET ran = ? WHERE id = ?", (self._now(), number))
        link.close()

    def _now(self) -> str:
        return datetime.now(UTC).isoformat()


def monitoring() -> FakeIcinga:
    """Returns monitoring with hosts and services that were checked in turn, minutes ago."""
    fake = FakeIcinga()
    for number in range(SITES):
        at = fake.now() - 600 - 300 * number / SITES
        fake.add_host(site(number), state=int(number % 50 == 0), last_check=at)
    for number in range(SERVICES):
        at, name = fake.now() - 600 - 300 * number / SERVICES, f"service {number // SITES}"
        fake.add_service(site(number), name, int(number % 40 == 0), last_check=at)
    return fake


def fill(redmine: FakeRedmine, glpi: FakeGlpi, backuppc: FakeBackupPc) -> None:
    """Adds tickets, requests and hosts with backups to the servers."""
    now = datetime.now(UTC)
    for number in range(REDMINE):
        at = now - timedelta(minutes=20 * (REDMINE - number))
        redmine.add("assistance", status=2, updated=at, custom={1: site(number)})
    for number in range(REQUESTS):
        at = now - timedelta(hours=4 * (REQUESTS - number))
        redmine.add("catalogue", status=2, updated=at, custom={1: site(number)})
    for number in range(GLPI):
        glpi.add(updated=now - timedelta(minutes=20 * (GLPI - number)))
    for number in range(COPIED):
        backuppc.add(f"pc-{site(number)}-{number}")


def config(folder: Path, urls: dict[str, str]) -> str:
    """Returns the configuration with all ten sources."""
    return f"""
[display]
language = "en"

[sources.members]
kind = "csv"
[sources.members.sites]
path = "{folder}/sites.csv"
columns = {{ code = "code", name = "name" }}

[sources.monitoring]
kind = "icinga2"
url = "{urls["monitoring"]}"
user = "smic"
password = {{ env = "BENCH_MONITORING" }}

[sources.redmine]
kind = "redmine"
as = "tickets"
url = "{urls["redmine"]}"
api_key = {{ env = "BENCH_REDMINE" }}
projects = ["assistance"]
site_field = "Code INSEE"

[sources.catalogue]
kind = "redmine"
as = "requests"
url = "{urls["catalogue"]}"
api_key = {{ env = "BENCH_REDMINE" }}
projects = ["catalogue"]
site_field = "Code INSEE"

[sources.glpi]
kind = "glpi"
as = "tickets"
url = "{urls["glpi"]}"
user_token = {{ env = "BENCH_GLPI" }}
timezone = "Europe/Paris"

[sources.plan]
kind = "json"
[sources.plan.backup_jobs]
url = "{urls["plan"]}/plan.json"
rows = "jobs"
columns = {{ site = "site", application = "application", period = "period" }}

[sources.journal_of_plan]
kind = "csv"
[sources.journal_of_plan.backup_runs]
url = "{urls["journal_of_plan"]}/journal.csv"
columns = {{ site = "site", application = "application", started = "started", result = "result" }}

[sources.scripts]
kind = "journal"
path = "{folder}/journal"

[sources.backuppc]
kind = "backuppc"
url = "{urls["backuppc"]}"
user = "smic"
password = {{ env = "BENCH_BACKUPPC" }}

[sources.database]
kind = "sql"
database = "sqlite:///{folder}/backups.sqlite"
[sources.database.backup_jobs]
select = "SELECT site, app, 86400 AS period FROM job"
columns = {{ site = "site", application = "app", period = "period" }}
[sources.database.backup_runs]
select = "SELECT site, app, ran, 'ok' AS result FROM job"
columns = {{ site = "site", application = "app", started = "ran", result = "result" }}
"""


def main() -> None:
    """Serves until standard input ends."""
    folder = Path(sys.argv[1]).absolute()
    random.seed(17)
    (folder / "sites.csv").write_text(
        "code;name\n" + "".join(f"{site(n)};Mairie {n}\n" for n in range(SITES))
    )
    icinga, redmine, glpi, backuppc = monitoring(), FakeRedmine(), FakeGlpi(), FakeBackupPc()
    fill(redmine, glpi, backuppc)
    documents = Documents()
    journal = Journal(folder / "journal")
    database = Database(folder / "backups.sqlite")
    answers: dict[str, Callable[[Request], Reply]] = {
        **{"monitoring": icinga, "redmine": redmine, "catalogue": redmine, "glpi": glpi},
        **{"plan": documents, "journal_of_plan": documents, "backuppc": backuppc},
    }
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(MisbehavingServer(respond))
            for name, respond in answers.items()
        }
        lines = {
            name: stack.enter_context(CountingProxy(server.url)) for name, server in servers.items()
        }
        (folder / "config.toml").write_text(
            config(folder, {name: line.url for name, line in lines.items()})
        )

        def change() -> object:
            for _change in range(CHANGES):
                redmine.set_status(random.randint(1, REDMINE), random.choice([2, 4, 7]))
                glpi.change(random.randint(1, GLPI), priority=random.randint(1, 5))
                icinga.check(site(random.randrange(SITES)), random.choice([0, 0, 1]))
            for attrs in random.sample([*icinga.hosts.values(), *icinga.services.values()], 420):
                attrs["last_check"] = icinga.now()
            documents.change()
            journal.change()
            database.change()
            return None

        def count() -> object:
            found = {
                name: {"bytes": line.received, "requests": len(servers[name].requests)}
                for name, line in lines.items()
            }
            for name, line in lines.items():
                line.received = 0
                servers[name].requests.clear()
            return found

        print(json.dumps("ready"), flush=True)
        for command in sys.stdin:
            print(json.dumps({"change": change, "count": count}[command.strip()]()), flush=True)


if __name__ == "__main__":
    main()
