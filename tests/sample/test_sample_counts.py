"""What the program says of a sample is what an independent script counts in its files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from smic_tui.model.facts import Situation
from smic_tui.model.states import SiteState
from smic_tui.records import Actor
from smic_tui.sample.writer import write
from tests.sample import count_sample
from tests.sample.sample_reading import assess_sample

MOMENTS = {
    "a Tuesday morning": "2026-11-24T06:30:00Z",
    "a Sunday night": "2026-03-08T02:10:00Z",
    "the night clocks go forward": "2026-03-29T01:30:00Z",
    "the night clocks go back": "2026-10-25T01:30:00Z",
    "Easter Monday": "2027-03-29T12:00:00Z",
    "New Year's Day": "2027-01-01T09:00:00Z",
    "a bridge day after Ascension": "2026-05-15T15:45:00Z",
}


def said(situation: Situation) -> dict[str, dict[str, int]]:
    """The counts of `status --json` that rest on the files alone."""
    sites = Counter(site.state for site in situation.sites)
    states = Counter(str(backup.state) for backup in situation.backups)
    requests = [one.request for one in situation.requests if one.request.stage.is_open]
    return {
        "sites": {
            "total": len(situation.sites),
            "down": sites[SiteState.DOWN],
            "unknown": sites[SiteState.UNKNOWN],
        },
        "backups": {
            "total": len(situation.backups),
            **{state: states[state] for state in count_sample.BACKUP_STATES},
        },
        "tickets": {
            "open": sum(one.ticket.status.is_open for one in situation.tickets),
            "overdue": sum(one.overdue for one in situation.tickets),
        },
        "requests": {
            "open": len(requests),
            "waiting_on_us": sum(one.waiting_on is Actor.US for one in requests),
        },
    }


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Callable[[datetime, int], Path]:
    """Folders with samples as of a moment, each written once."""

    @cache
    def folder(now: datetime, seed: int) -> Path:
        path = tmp_path_factory.mktemp("sample")
        write(path, seed=seed, now=now)
        return path

    return folder


Samples = Callable[[datetime, int], Path]


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
async def test_program_and_script_agree(samples: Samples, moment: str) -> None:
    now = datetime.fromisoformat(moment)
    folder = samples(now, 17)
    assert said(await assess_sample(folder, now)) == count_sample.count(folder, now)


@pytest.mark.parametrize("later", [timedelta(hours=9), timedelta(days=4), timedelta(days=40)])
async def test_they_agree_when_nobody_collects_for_a_while(
    samples: Samples, later: timedelta
) -> None:
    now = datetime(2026, 12, 23, 16, tzinfo=UTC)
    folder = samples(now, 4)
    counted = count_sample.count(folder, now + later)
    assert said(await assess_sample(folder, now + later)) == counted
    assert counted["backups"]["fresh"] < count_sample.count(folder, now)["backups"]["fresh"]


def test_the_script_needs_nothing_of_the_program(samples: Samples) -> None:
    now = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
    folder = samples(now, 17)
    script = Path(count_sample.__file__)
    command = [sys.executable, "-I", str(script), str(folder), now.isoformat()]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    counts: dict[str, Any] = json.loads(printed)
    assert counts == count_sample.count(folder, now)


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_health_is_believable_at_any_hour(samples: Samples, moment: str) -> None:
    now = datetime.fromisoformat(moment)
    counts = count_sample.count(samples(now, 17), now)
    backups = counts["backups"]
    assert backups["fresh"] + backups["running"] > 0.85 * backups["total"]
    assert 5 <= backups["late"] <= 120
    assert 15 <= backups["overdue"] <= 120
    assert 40 <= backups["failed"] <= 120
    assert 3 <= backups["never"] <= 40
    assert backups["unknown"] == 0
    assert counts["sites"] == {"total": 712, "down": 46, "unknown": 26}
    assert 15 <= counts["tickets"]["overdue"] <= 90
