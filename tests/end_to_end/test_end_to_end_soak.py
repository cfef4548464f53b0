"""An hour of a sample that is played, without the waiting: memory stays what it is.

`SMIC_TUI_SOAK_COMMITS=3000` makes it the long one; the suite makes a short one.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.config.load import Loaded
from smic_tui.duty.alert_rules import AlertRules
from smic_tui.insight.assessor import Assessor
from smic_tui.records import Stream
from smic_tui.sample.writer import write
from smic_tui.system import turns
from smic_tui.wiring import load_settings, make_collector

COMMITS = int(os.environ.get("SMIC_TUI_SOAK_COMMITS", "90"))
# A whole pass each time, as when a source goes stale or a job comes.
WHOLE = 15


class _Widget:
    """Something like a screen: it is part of a circle, and dropped one day."""

    def __init__(self) -> None:
        self.parts = [[self, number] for number in range(300)]


def _commit(cache: Cache, chance: random.Random, number: int, now: datetime) -> None:
    file = cache.source(chance.choice(("tickets", "requests")))
    ups: dict[Stream, dict[str, Any]] = {}
    gone: dict[Stream, list[str]] = {}
    for stream, rows in file.contents.rows.items():
        first, second = chance.sample(sorted(rows), 2)
        row: Any = rows[first]
        new = msgspec.structs.replace(row, key=f"n{number}", updated=now)
        ups[stream], gone[stream] = {new.key: new}, [second]
    status = msgspec.structs.replace(file.contents.status, last_good=now, last_try=now)
    assert file.commit(ups, gone, {}, status)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _read(loaded: Loaded, cache: Cache) -> None:
    async def collect() -> None:
        collector = make_collector(loaded, cache, lambda _snapshot: None)
        try:
            await collector.sync_once(None)
        finally:
            await collector.close()

    asyncio.run(collect())


def test_memory_does_not_grow(tmp_path: Path) -> None:
    write(tmp_path / "sample")
    loaded = load_settings(tmp_path / "sample/config.toml")
    cache = Cache(tmp_path / "cache")
    _read(loaded, cache)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(loaded.settings.sources)
    assessor, rules = Assessor(loaded.settings), AlertRules(loaded.settings)
    chance, start = random.Random(17), datetime.now(UTC)
    shown = [_Widget() for _each in range(20)]
    measured: list[tuple[int, float]] = []
    try:
        for number in range(COMMITS):
            _commit(cache, chance, number, start + timedelta(seconds=1.2 * number))
            now = datetime.now(UTC)
            snapshot, user = cache.snapshot(loaded.settings), cache.user.load()
            situation = assessor.assess_once(snapshot, user, now)
            cache.alerts.commit(rules.evaluate(situation, snapshot.alerts, now))
            if number % WHOLE == WHOLE - 1:
                assessor = Assessor(loaded.settings)
                shown = [_Widget() for _each in shown]
                # What the facts of many rows do after a whole pass.
                turns.keep_out_of_sight()
                measured.append((gc.get_freeze_count() + len(gc.get_objects()), _resident()))
        print(*measured, sep="\n")
        settled = len(measured) // 3
        objects, resident = measured[settled]
        assert measured[-1][0] <= 1.05 * objects
        assert measured[-1][1] <= 1.05 * resident + 2
    finally:
        gc.unfreeze()
        cache.close()
