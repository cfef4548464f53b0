"""kill -9 of a real program that syncs and acknowledges, after so much work as was seen.

SMIC_TUI_KILLS sets how often (40 unless set).
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.records import Site, Stream
from tests.cache.cache_victim import ROWS

KILLS = int(os.environ.get("SMIC_TUI_KILLS", "40"))
ROOT = Path(__file__).parents[2]


class Moment(NamedTuple):
    """When to kill: so many confirmations of a kind after the start, and a little later."""

    word: str
    confirmed: int
    later: float


def killed(folder: Path, number: int, moment: Moment) -> list[str]:
    """Start the victim, kill it at the moment, and return what it had confirmed."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.cache.cache_victim", str(folder), str(number)],
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        seen: list[str] = []
        while sum(line.startswith(moment.word) for line in seen) < moment.confirmed:
            seen.append(process.stdout.readline())
            assert seen[-1], "it ended by itself"
        time.sleep(moment.later)
        process.kill()
        out = "".join(seen) + process.stdout.read()
        process.stdout.close()
        complaints.seek(0)
        assert process.wait() == -9, complaints.read()
    # A line that was being written when the program died was not confirmed to anybody.
    return out.split("\n")[:-1]


@pytest.mark.slow
def test_kills_at_random_instants(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    chance = random.Random(20261124)
    acknowledged: set[str] = set()
    synced = -1
    for number in range(KILLS):
        # The instant within an operation is left to the machine, how many were done before is not.
        word = "ack" if number % 2 else "sync"
        for line in killed(folder, number, Moment(word, number % 4, chance.uniform(0, 0.03))):
            word, _space, rest = line.partition(" ")
            if word == "ack":
                acknowledged.add(rest)
            else:
                synced = max(synced, int(rest))

        cache = Cache(folder)
        assert cache.lock.holder() is None
        assert cache.lock.try_acquire() is Outcome.HELD
        cache.open(["register"])
        assert acknowledged <= cache.user.load().acknowledgements.keys()
        check_generation(cache, synced)
        assert cache.notices == ()
        cache.close()
    assert len(acknowledged) >= sum(number % 4 for number in range(1, KILLS, 2))
    assert synced > 0


def check_generation(cache: Cache, synced: int) -> None:
    """The rows, the cursor and nothing else of one generation, not older than confirmed."""
    file = cache.source("register")
    rows = file.contents.of(Stream.SITES)
    if not rows:
        assert synced < 0
        return
    names = {row.name for row in rows.values() if isinstance(row, Site)}
    (name,) = names
    assert int(name) >= synced
    assert rows.keys() == {*map(str, range(ROWS)), f"only {name}"}
    assert file.cursors[Stream.SITES].value == name
    assert file.contents.status.rows == ROWS + 1
