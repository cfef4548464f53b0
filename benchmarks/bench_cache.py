"""Measures what the cache costs: commits, loads, and how long the event loop waits for them.

    python -m benchmarks.bench_cache [ROWS]

Prints milliseconds (the best and the median of several) and ratios, which depend less on
the machine. The files are on a real disk, in SMIC_TUI_BENCH or in a folder beside this
file's repository.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.collecting.intake import admit
from smic_tui.contract.batch import Batch
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.model.user_state import Acknowledgement
from smic_tui.records import BackupRun, Record, RunResult, Stream, Ticket, TicketStatus

ROUNDS = 9
NOW = datetime.now(UTC)
STATUS = SourceStatus(name="desk", kind="redmine", state=SourceState.OK, last_good=NOW)


def tickets(count: int, round_: int = 0) -> dict[str, Record]:
    return {
        str(number): Ticket(
            key=str(number),
            source="desk",
            subject=f"Impression impossible à la mairie, poste {number}, essai {round_}",
            status=TicketStatus.OPEN,
            status_label="En cours",
            requester="Accueil de la mairie",
            owner="Premier niveau",
            site=f"17{number % 700:03d}",
            queue="Bureautique",
            created=NOW - timedelta(hours=number % 900),
            updated=NOW,
            due=NOW + timedelta(days=2),
            url=f"https://redmine.example/issues/{number}",
        )
        for number in range(count)
    }


def runs(count: int) -> dict[str, Record]:
    return {
        f"{number // 10}/{number}": BackupRun(
            key=f"{number // 10}/{number}",
            source="desk",
            job=str(number // 10),
            started=NOW - timedelta(hours=number % 240),
            ended=NOW,
            result=RunResult.OK,
            size=123_456_789,
            message="3 512 files, 12 changed",
        )
        for number in range(count)
    }


def timed(label: str, work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Returns the best of several times, in milliseconds."""
    times = []
    for _round in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    print(f"{label:<58}{min(times):9.2f} ms  (median {statistics.median(times):.2f})")
    return min(times)


def ratio(label: str, value: float, other: float) -> None:
    print(f"{label:<58}{value / other:9.2f} x")


def opened(folder: Path) -> Cache:
    cache = Cache(folder)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["desk"])
    return cache


def commits_and_loads(folder: Path, count: int) -> None:
    cache = opened(folder)
    file = cache.source("desk")
    rows = tickets(count)
    assert file.commit({Stream.TICKETS: rows}, {}, {}, STATUS)
    size = file.path.stat().st_size
    print(f"{count} tickets, {size / 1e6:.1f} MB\n")

    rounds = iter(range(10_000))

    def all_new() -> None:
        assert file.commit({Stream.TICKETS: tickets(count, next(rounds))}, {}, {}, STATUS)

    def five_new() -> None:
        assert file.commit({Stream.TICKETS: tickets(5, next(rounds))}, {}, {}, STATUS)

    everything = timed(f"commit, all {count} rows new", all_new)
    five = timed("commit, 5 rows new", five_new)
    nothing = timed("commit, only the status new", lambda: file.commit({}, {}, {}, STATUS))
    ratio("  all rows / 5 rows", everything, five)

    data = file.path.read_bytes()
    raw = timed("  of which writing and syncing the bytes", lambda: synced(folder, data))
    ratio("  status only / bytes only", nothing, raw)

    load = timed("load into records", lambda: Cache(folder).source("desk").load())
    plain = timed("json.loads of the same bytes", lambda: json.loads(data))
    ratio("  load / json.loads", load, plain)
    again = Cache(folder).source("desk")
    again.load()
    timed("load of an unchanged file (one stat)", again.load)

    batch = Batch(upserts=tuple(rows.values()))
    timed(
        f"intake of {count} rows (off the event loop)", lambda: admit("d", Stream.TICKETS, batch), 3
    )
    cache.close()


def synced(folder: Path, data: bytes) -> None:
    with (folder / "bytes").open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def acknowledgements(folder: Path) -> None:
    user = Cache(folder).user
    numbers = iter(range(10_000))

    def acknowledge() -> None:
        name = f"site down/monitoring/{next(numbers)}"
        assert user.acknowledge(Acknowledgement(fingerprint=name, by="duty", at=NOW))

    for _count in range(300):
        acknowledge()
    timed("acknowledge, on the disk when it returns (300 there)", acknowledge)


async def loop_waits(folder: Path, count: int) -> None:
    """Measures for how long the event loop got no turn at worst while files were handled."""
    cache = opened(folder)
    file = cache.source("desk")
    old, new = tickets(count, 1), tickets(count, 2)
    many = runs(2 * count)
    collections: list[float] = []
    began = [0.0]

    def watch(phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            began[0] = time.perf_counter()
        else:
            collections.append((time.perf_counter() - began[0]) * 1000)

    gc.callbacks.append(watch)
    print()
    for label, work in (
        (f"commit of {count} rows", lambda: file.commit({Stream.TICKETS: new}, {}, {}, STATUS)),
        (
            f"commit of {count} rows again",
            lambda: file.commit({Stream.TICKETS: old}, {}, {}, STATUS),
        ),
        (
            f"commit of {2 * count} runs beside them",
            lambda: file.commit({Stream.BACKUP_RUNS: many}, {}, {}, STATUS),
        ),
        ("commit of 5 rows", lambda: file.commit({Stream.TICKETS: tickets(5)}, {}, {}, STATUS)),
        ("load of all that", lambda: Cache(folder).source("desk").load()),
        ("first commit after a start", lambda: first_commit(folder, cache)),
    ):
        worst = []
        for _attempt in range(5):
            collections.clear()
            worst.append(await longest_wait(work))
        pause = max(collections, default=0.0)
        print(
            f"event loop held up by: {label:<35}{statistics.median(worst):9.2f} ms  "
            f"(worst {max(worst):.2f}, gc {pause:.2f})"
        )
    gc.callbacks.remove(watch)
    cache.close()


def first_commit(folder: Path, cache: Cache) -> None:
    cache.close()
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["desk"])
    cache.source("desk").commit({Stream.TICKETS: tickets(5)}, {}, {}, STATUS)


async def longest_wait(work: Callable[[], object]) -> float:
    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(None, work)
    worst, before = 0.0, time.perf_counter()
    while not future.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        worst = max(worst, (now - before) * 1000 - 1)
        before = now
    await future
    return worst


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    place = os.environ.get("SMIC_TUI_BENCH") or Path(__file__).parents[1]
    with tempfile.TemporaryDirectory(dir=place, prefix=".bench-") as folder:
        commits_and_loads(Path(folder) / "a", count)
        acknowledgements(Path(folder) / "b")
        asyncio.run(loop_waits(Path(folder) / "c", count))


if __name__ == "__main__":
    main()
