"""The real dashboard at one moment, over sources that stand still until they are told.

usage: python still_dashboard.py prepare FOLDER | python still_dashboard.py FOLDER

SIGUSR1 changes one cell of what is shown, SIGUSR2 one in each of five rows; with
SMIC_TUI_CHANGES=SECONDS the latter happens by itself. With SMIC_TUI_LATER=SECONDS it is
as much later, with SMIC_TUI_FROZEN=1 the clock on the wall stands still, and SIGALRM puts
it forward by a minute. The sources age, but do not become stale. SMIC_TUI_LATE=SECONDS
is how much later the ends of new lines follow, whatever the line to the terminal.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from msgspec.structs import force_setattr, replace

from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import Stream
from smic_tui.sample.writer import write
from smic_tui.screens.dossier import DossierScreen
from smic_tui.screens.listing import ListScreen
from smic_tui.screens.sources import SourcesScreen
from smic_tui.terminal.choice import chosen_driver, chosen_profile
from smic_tui.terminal.profile import PROFILES
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

    async def run(self, *, first_shown: object = None) -> None:
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
        self._numbers = itertools.count()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._change, 1)
        loop.add_signal_handler(signal.SIGUSR2, self._change, 5)
        if seconds := os.environ.get("SMIC_TUI_CHANGES"):
            self.set_interval(float(seconds), lambda: self._change(5))

    def _change(self, count: int) -> None:
        """Other texts in the first rows, which differ by one digit each time."""
        number = next(self._numbers) % 10
        screen: Any = self.screen
        collector: Any = self.collector
        parts = collector.snapshot.sources
        if isinstance(screen, DossierScreen):
            site = self.situation.sites_by_key[screen.site].site
            parts = _replaced(parts, Stream.SITES, {site.key: _changed_site(site, count, number)})
        elif isinstance(screen, SourcesScreen):
            parts = (*(_changed_source(part, number) for part in parts[:count]), *parts[count:])
        elif isinstance(screen, ListScreen):
            sites = self._shown_sites(screen)[:count]
            changes = {one.key: replace(one, name=f"{one.name[:7]} {number}") for one in sites}
            parts = _replaced(parts, Stream.SITES, changes)
        collector.snapshot = replace(collector.snapshot, sources=parts)
        collector.say(collector.snapshot)

    def _shown_sites(self, screen: ListScreen[Any]) -> list[Any]:
        """The sites of the first rows, of those that stand there once."""
        table = screen.table
        rows = [table.content(index) for index in range(min(60, table.line_count()))]
        names = Counter(row.site for row in rows if row.site)
        return [
            self.situation.sites_by_key[name].site for name, often in names.items() if often == 1
        ]


def _never_stale(part: SourceContents) -> SourceContents:
    return replace(part, status=replace(part.status, stale_after=86400.0))


def _changed_source(part: SourceContents, number: int) -> SourceContents:
    rows = part.status.rows // 10 * 10 + number
    return replace(part, status=replace(part.status, rows=rows))


def _changed_site(site: Any, count: int, number: int) -> Any:
    if count == 1:
        return replace(site, name=f"{site.name[:7]} {number}")
    return replace(
        site,
        population=number,
        address=f"Rue {number}",
        supplier=f"Accès {number}",
        equipment=(f"Poste {number}",),
        applications=(f"Paie {number}",),
    )


def _replaced(
    parts: tuple[SourceContents, ...], stream: Stream, changes: Mapping[str, Any]
) -> tuple[SourceContents, ...]:
    return tuple(
        replace(
            part,
            rows={
                **part.rows,
                stream: {key: changes.get(key, row) for key, row in part.of(stream).items()},
            },
            serial=0,
            steps=(),
        )
        if part.of(stream).keys() & changes.keys()
        else part
        for part in parts
    )


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
    snapshot = replace(snapshot, sources=tuple(map(_never_stale, snapshot.sources)))
    display = loaded.settings.display
    if late := os.environ.get("SMIC_TUI_LATE"):
        for each in PROFILES.values():
            force_setattr(each, "late", float(late))
    profile = chosen_profile(display.link, os.environ)
    now = NOW + timedelta(seconds=float(os.environ.get("SMIC_TUI_LATER", "0")))
    with time_machine.travel(now, tick=not os.environ.get("SMIC_TUI_FROZEN")) as clock:
        signal.signal(signal.SIGALRM, lambda _number, _frame: clock.shift(60))
        app = StillApp(
            loaded.settings,
            cache,
            lambda on_change, **_rest: StillCollector(snapshot, on_change),  # type: ignore[arg-type]
            person="Agent Exemple",
            driver_class=chosen_driver(display.driver, profile, os.environ),
        )
        app.run(mouse=profile.mouse)


if __name__ == "__main__":
    main()
