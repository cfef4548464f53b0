"""Every source stopped, frozen, broken or dripping, under the real dashboard.

The screen answers throughout, the rows stay and grow old, and all comes back
without a key press.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal
from tests.fakes.icinga2 import FakeIcinga
from tests.fakes.misbehaving import MisbehavingServer, Mode, Reply, Request, json_reply
from tests.fakes.redmine import FakeRedmine

SITES, TICKETS, REQUESTS, JOBS = 300, 250, 60, 600

# Blocks of the event loop are counted from here on: opening is another promise.
OPENED = 4.0
LONGEST_BLOCK = 0.050


def backups(_request: Request) -> Reply:
    jobs = [
        {"site": f"{17001 + n % SITES}", "application": f"app {n}", "period": 86400}
        for n in range(JOBS)
    ]
    started = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
    runs = [{**job, "started": started, "result": "ok"} for job in jobs]
    return json_reply({"jobs": jobs, "runs": runs})


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Path, list[MisbehavingServer]]]:
    icinga, redmine = FakeIcinga(), FakeRedmine()
    for number in range(SITES):
        icinga.add_host(f"{17001 + number}", state=int(number % 50 == 0))
        icinga.add_service(f"{17001 + number}", "ping")
    for _number in range(TICKETS):
        redmine.add("assistance", status=2)
    for _number in range(REQUESTS):
        redmine.add("catalogue", status=2)
    (tmp_path / "sites.csv").write_text(
        "code;name\n" + "".join(f"{17001 + n};Mairie {n}\n" for n in range(SITES))
    )
    with ExitStack() as stack:
        started = [
            stack.enter_context(MisbehavingServer(respond))
            for respond in (icinga, redmine, backups)
        ]
        monitoring, work, journal = (server.url for server in started)
        timing = 'refresh = "1s"\nstale_after = "4s"\ndeadline = "3s"'
        (tmp_path / "config.toml").write_text(
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
        yield tmp_path / "config.toml", started


FRESH = f"{SITES} sites   ■ 6 down"


def all_fresh(text: str) -> bool:
    return (
        "▲" not in text.splitlines()[-2]
        and "never" not in text.splitlines()[-2]
        and FRESH in text
        and f"{JOBS} backups " in text
    )


@pytest.mark.slow
def test_sources_may_do_what_they_like(
    servers: tuple[Path, list[MisbehavingServer]], tmp_path: Path
) -> None:
    config, started = servers
    report = tmp_path / "blocks.json"
    program = Path(__file__).with_name("measured_dashboard.py")
    command = [sys.executable, str(program), str(config), str(tmp_path / "cache"), str(report)]
    env = {"MONITORING_PASSWORD": "word", "WORK_KEY": "a-key"}
    with Terminal(command, env=env) as terminal:
        terminal.wait_for(all_fresh, 30)
        slowest = 0.0
        for mode in (
            Mode.STOPPED,
            Mode.FROZEN,
            Mode.STATUS500,
            Mode.HTML,
            Mode.TRUNCATED,
            Mode.CUT,
            Mode.DRIP,
        ):
            for server in started:
                server.mode = mode
            # All four become stale, their rows stay, and nothing of them is green.
            text = terminal.wait_for(lambda text: text.splitlines()[-2].count("▲") == 4, 60)
            assert f"{SITES} sites" in text, mode
            assert f"{JOBS} backups " in text, mode
            assert re.search(rf"\? {JOBS} unknown", text), mode
            slowest = max(slowest, answer_time(terminal))
            for server in started:
                server.mode = Mode.OK
            terminal.wait_for(all_fresh, 90)
        terminal.pump(1.5)
        blocks = json.loads(report.read_text())
        terminal.press("q")
        terminal.settle(0.5, 10)
        assert terminal.end() == 0
    opened = [block for block in blocks if block[0] > OPENED]
    late = max((late for _at, late, _busy in opened), default=0.0)
    busy = max((busy for _at, _late, busy in opened), default=0.0)
    print(
        f"event loop: at most {late * 1000:.0f} ms late, {busy * 1000:.0f} ms of it busy; "
        f"slowest answer to a key {slowest * 1000:.0f} ms"
    )
    # The machine that tests may be busy with other things: only our own work counts.
    assert busy <= LONGEST_BLOCK, opened
    assert slowest < 0.5


def answer_time(terminal: Terminal) -> float:
    """The slowest of a few keys, from the press to the screen that it asks for."""
    slowest = 0.0
    for key, sign in (("2", " Site "), ("4", " Subject "), ("7", " Kind "), ("1", " Where ")):
        before = time.monotonic()
        terminal.press(key)
        terminal.wait_for(sign, 5)
        slowest = max(slowest, time.monotonic() - before)
    return slowest
