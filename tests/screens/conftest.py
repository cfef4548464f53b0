"""The dashboard on the sample syndicate, at one moment, without a source to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from msgspec.structs import replace
from textual.pilot import Pilot

from smic_tui import i18n
from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.config.load import Loaded
from smic_tui.contract.status import SourceStatus
from smic_tui.live_situation import CountsAt
from smic_tui.model.snapshot import Snapshot
from smic_tui.sample.writer import write
from smic_tui.wiring import load_settings, make_collector

# A Tuesday morning before the first pane of the day.
NOW = datetime(2026, 11, 24, 6, 10, tzinfo=UTC)


class StillCollector:
    """Hands out one snapshot and remembers what it was asked."""

    writer = ""

    def __init__(self, snapshot: Snapshot, on_change: Callable[[Snapshot], None]) -> None:
        self._snapshot = snapshot
        self._on_change = on_change
        self._ended = asyncio.Event()
        self.asked: list[str | None] = []

    async def run(self, *, first_shown: object = None) -> None:
        self._on_change(self._snapshot)
        await self._ended.wait()

    def say(self, snapshot: Snapshot) -> None:
        self._on_change(snapshot)

    def refresh(self, source: str | None = None) -> None:
        self.asked.append(source)

    async def close(self) -> None:
        self._ended.set()


@pytest.fixture(scope="session")
def syndicate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Snapshot]:
    """The sample, read once by the real adapters, with its alerts evaluated."""
    folder = tmp_path_factory.mktemp("sample")
    with time_machine.travel(NOW, tick=True):
        write(folder, seed=17, now=NOW)
        loaded = load_settings(folder / "config.toml")
        cache = Cache(tmp_path_factory.mktemp("cache"))

        async def collect() -> Snapshot:
            collector = make_collector(loaded, cache, lambda _snapshot: None)
            try:
                return await collector.sync_once(None)
            finally:
                await collector.close()

        return loaded, _told_by_names(asyncio.run(collect()), folder)


def _told_by_names(snapshot: Snapshot, folder: Path) -> Snapshot:
    """The snapshot without the path of the folder: pictures must be the same everywhere."""
    data = msgspec.json.encode([part.status for part in snapshot.sources])
    statuses = msgspec.json.decode(
        data.replace(f"{folder}/".encode(), b""), type=list[SourceStatus]
    )
    return replace(
        snapshot,
        sources=tuple(
            replace(part, status=status)
            for part, status in zip(snapshot.sources, statuses, strict=True)
        ),
    )


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The moment of the sample, and a clock that goes on from there."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def make_app(syndicate: tuple[Loaded, Snapshot], tmp_path: Path) -> Callable[..., SmicApp]:
    """Make the dashboard; `change` may alter the snapshot that it is given first."""
    loaded, snapshot = syndicate

    def make(
        language: str = "en",
        change: Callable[[Snapshot], Snapshot] = lambda it: it,
        counts_at: CountsAt = lambda now: None,
        **settings: Any,
    ) -> SmicApp:
        i18n.use(language)
        wanted = replace(loaded.settings, **settings)
        return SmicApp(
            wanted,
            Cache(tmp_path / "cache"),
            lambda on_change, **_rest: StillCollector(change(snapshot), on_change),  # type: ignore[arg-type]
            person="Agent Exemple",
            counts_at=counts_at,
        )

    return make


@asynccontextmanager
async def opened(app: SmicApp, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Pilot[None]]:
    """The app once it shows what is known."""
    async with app.run_test(size=size) as pilot:
        for _try in range(3000):
            if app.situation.sources:
                break
            await pilot.pause(0.02)
        await pilot.pause()
        yield pilot


def lines_of(app: SmicApp) -> list[str]:
    """What stands on the screen, line by line."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip)[:width] for strip in strips[:height]]


def text_of(app: SmicApp) -> str:
    """What stands on the screen."""
    return "\n".join(lines_of(app))
