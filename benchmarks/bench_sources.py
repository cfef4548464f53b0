"""Measures ten sources read at once: what a first full reading costs, and a later one.

The sources run in another process (`_ten_sources.py`), which counts their bytes below
HTTP. While the collector reads, a task beside it measures by how much the event loop is
late: that is how long a key would wait.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks._ten_sources import SECRETS
from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.contract.status import SourceState
from smic_tui.model.snapshot import Snapshot
from smic_tui.wiring import load_settings, make_collector

TIMES = 3 if os.environ.get("BENCH_QUICK") else 10
LOOK_EVERY = 0.005


class Servers:
    """The ten sources, in a process of their own."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._ten_sources", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, command: str) -> Any:
        """Sends a command and waits for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Lateness:
    """Measures how late the event loop is at worst, and how long it worked, in seconds."""

    def __init__(self) -> None:
        self.worst = self.busy = 0.0

    async def watch(self) -> None:
        """Measures until cancelled."""
        while True:
            due, own = time.perf_counter() + LOOK_EVERY, time.thread_time()
            await asyncio.sleep(LOOK_EVERY)
            self.worst = max(self.worst, time.perf_counter() - due)
            self.busy = max(self.busy, time.thread_time() - own)


Figures = tuple[float, float, float, float]


async def measured(collector: Collector) -> tuple[Snapshot, Figures]:
    """Reads all sources once.

    Returns the snapshot, and in seconds: time, processor time, lateness, longest work.
    """
    lateness = Lateness()
    watch = asyncio.create_task(lateness.watch())
    began, cpu = time.perf_counter(), time.process_time()
    snapshot = await collector.sync_once()
    took = time.perf_counter() - began, time.process_time() - cpu
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    return snapshot, (*took, lateness.worst, lateness.busy)


def report(name: str, figures: list[Figures], counted: list[Any]) -> None:
    """Prints one line: medians, the worst lateness, bytes and requests of one reading."""
    middle = len(figures) // 2
    wall = sorted(figure[0] for figure in figures)[middle]
    cpu = sorted(figure[1] for figure in figures)[middle]
    late = max(figure[2] for figure in figures)
    busy = max(figure[3] for figure in figures)
    total = sum(one["bytes"] for each in counted for one in each.values()) // len(counted)
    requests = sum(one["requests"] for each in counted for one in each.values()) / len(counted)
    print(
        f"{name:22} {wall * 1000:7.0f} ms {cpu * 1000:7.0f} ms processor "
        f"{requests:6.1f} requests {total:10,} bytes"
        f"   loop: {late * 1000:.0f} ms late, {busy * 1000:.0f} ms of it at work"
    )


async def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        servers = Servers(folder)
        try:
            os.environ.update(SECRETS)
            await compare(folder, servers)
        finally:
            servers.close()


async def compare(folder: Path, servers: Servers) -> None:
    """Measures a first reading, then readings with no row and with a few rows changed."""
    loaded = load_settings(folder / "config.toml")
    once = make_collector(loaded, Cache(folder / "once"), lambda _snapshot: None)
    snapshot, first = await measured(once)
    await once.close()
    full = servers.ask("count")
    for contents in snapshot.sources:
        status = contents.status
        if status.state is not SourceState.OK:
            raise SystemExit(f"{status.name}: {status.state} {status.error}")
    rows = {each.status.name: each.status.rows for each in snapshot.sources}
    print(f"{len(rows)} sources, {sum(rows.values()):,} rows: {rows}")
    report("first full reading", [first], [full])

    # From here on the adapters live on between readings, as in the dashboard.
    collects = asyncio.Event()

    def said(_snapshot: Snapshot) -> None:
        if collector.is_writer:
            collects.set()

    collector = make_collector(loaded, Cache(folder / "cache"), said)
    running = asyncio.create_task(collector.run())
    try:
        await collects.wait()
        await collector.sync_once()
        servers.ask("count")
        idle, unchanged, busy, changed = [], [], [], []
        for _time in range(TIMES):
            _snapshot, figures = await measured(collector)
            idle.append(figures)
            unchanged.append(servers.ask("count"))
        for _time in range(TIMES):
            servers.ask("change")
            _snapshot, figures = await measured(collector)
            busy.append(figures)
            changed.append(servers.ask("count"))
    finally:
        await collector.close()
        await running
    report("nothing has changed", idle, unchanged)
    report("a minute later", busy, changed)
    print("bytes when nothing has changed, of those of the first reading:")
    for source, one in full.items():
        least = unchanged[-1][source]["bytes"]
        print(f"  {source:16} {least:9,} of {one['bytes']:10,}  {least / one['bytes']:6.1%}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at most {peak:.0f} MB")


if __name__ == "__main__":
    asyncio.run(main())
