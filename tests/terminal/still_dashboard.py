"""The real dashboard at one moment, over sources that stand still until they are told.

usage: python still_dashboard.py prepare FOLDER | python still_dashboard.py FOLDER

SIGUSR1 changes one cell on the screen of tickets, SIGUSR2 one in each of the first
five rows; with SMIC_TUI_CHANGES=SECONDS that happens by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine
from msgspec.structs import replace

from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.records import Stream
from smic_tui.sample.writer import write
from smic_tui.snapshot import Snapshot, SourceContents
from smic_tui.terminal.choice import chosen_driver, chosen_profile
from smic_tui.wiring import load_settings, make_collector

# A Tuesday morning before the first pane of the day.
NOW = datetime(2026, 11, 24, 6, 10, 1, tzinfo=UTC)


class StillCollector:
    """Hands out one snapshot."""

    writer = ""
    is_writer = True

    def __init__(self, snapshot: Snapshot, on_change: Callable[[Snapshot], None]) -> None:
        self.snapshot = snapshot
        self.say = on_change
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Say what there is."""
        self.say(self.snapshot)
        await self._ended.wait()

    def refresh(self, source: str | None = None) -> None:
        """Nothing new."""

    async def close(self) -> None:
        """End."""
        self._ended.set()


class StillApp(SmicApp):
    """The program itself, and two signals."""

    def on_mount(self) -> None:
        """Listen."""
        super().on_mount()
        self._numbers = itertools.count()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._change, 1)
        loop.add_signal_handler(signal.SIGUSR2, self._change, 5)
        if seconds := os.environ.get("SMIC_TUI_CHANGES"):
            self.set_interval(float(seconds), lambda: self._change(5))

    def _change(self, count: int) -> None:
        """Another owner for the tickets on top of the list."""
        number = next(self._numbers) % 10
        keys = {fact.ticket.key for fact in self.situation.tickets[:count]}

        def change(contents: SourceContents) -> SourceContents:
            rows = {
                key: replace(ticket, owner=f"{ticket.owner[:8]} {number}")
                if key in keys
                else ticket
                for key, ticket in contents.of(Stream.TICKETS).items()
            }
            return replace(contents, rows={**contents.rows, Stream.TICKETS: rows})

        collector: Any = self.collector
        sources = tuple(change(contents) for contents in collector.snapshot.sources)
        collector.snapshot = replace(collector.snapshot, sources=sources)
        collector.say(collector.snapshot)


def _collect(folder: Path, *, read: bool) -> tuple[Any, Cache, Snapshot]:
    loaded = load_settings(folder / "sample" / "config.toml")
    cache = Cache(folder / "cache")

    async def collect() -> Snapshot:
        collector = make_collector(loaded, cache, lambda _snapshot: None)
        try:
            return await collector.sync_once(None if read else [])
        finally:
            await collector.close()

    return loaded, cache, asyncio.run(collect())


def main() -> None:
    """Prepare, or run until `q`."""
    if sys.argv[1] == "prepare":
        folder = Path(sys.argv[2])
        with time_machine.travel(NOW, tick=True):
            write(folder / "sample", seed=17, now=NOW)
            _collect(folder, read=True)
        return
    with time_machine.travel(NOW, tick=True):
        loaded, cache, snapshot = _collect(Path(sys.argv[1]), read=False)
    display = loaded.settings.display
    profile = chosen_profile(display.link, os.environ)
    with time_machine.travel(NOW, tick=True):
        app = StillApp(
            loaded.settings,
            cache,
            lambda on_change: StillCollector(snapshot, on_change),  # type: ignore[arg-type,return-value]
            person="Agent Exemple",
            driver_class=chosen_driver(display.driver, profile, os.environ),
        )
        app.run(mouse=profile.mouse)


if __name__ == "__main__":
    main()
