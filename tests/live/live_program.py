"""The collecting program around one real source, without its screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.config.load import COMMON_KEYS
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.secret import Secret
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import Stream

NAME = "it"


class LiveProgram:
    """A collector over a cache in `folder`; nobody presses a key in it.

    `table` is the source's table as a configuration has it.
    """

    def __init__(
        self,
        folder: Path,
        table: Mapping[str, Any],
        secrets: Mapping[str, str],
        *,
        refresh: str = "1s",
        stale_after: str = "2s",
    ) -> None:
        options = {key: value for key, value in table.items() if key not in COMMON_KEYS}
        source = Source(
            name=NAME,
            kind=table["kind"],
            refresh=refresh,
            stale_after=stale_after,
            deadline="120s",
            options=options,
        )
        self.history: list[SourceStatus] = []
        self._changed = asyncio.Event()
        self._last: Snapshot | None = None
        self._task: asyncio.Task[None] | None = None

        def secret(wanted: Secret) -> str:
            return secrets[wanted.env]

        self._collector = Collector(
            Settings(sources={NAME: source}),
            folder,
            Cache(folder / "cache"),
            on_change=self._take,
            secret=secret,
        )

    async def __aenter__(self) -> LiveProgram:
        self._task = asyncio.create_task(self._collector.run())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._collector.close()
        if self._task is not None:
            await self._task

    @property
    def contents(self) -> SourceContents:
        """What it knows of the source now."""
        assert self._last is not None
        return self._last.sources[0]

    @property
    def status(self) -> SourceStatus:
        """How the source does."""
        return self.contents.status

    def keys(self) -> dict[Stream, set[str]]:
        """The keys of all rows, by stream; streams without rows are not there."""
        return {stream: set(rows) for stream, rows in self.contents.rows.items() if rows}

    async def until(
        self, condition: Callable[[SourceStatus], bool], seconds: float = 90
    ) -> SourceStatus:
        """Wait for a status like that."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self._changed.clear()
                    if self._last is not None and condition(self.status):
                        return self.status
                    await self._changed.wait()
        except TimeoutError:
            shown = self.status if self._last is not None else "nothing"
            raise AssertionError(f"waited {seconds} s; the source is {shown}") from None

    async def until_state(self, *states: SourceState, seconds: float = 90) -> SourceStatus:
        """Wait for one of these states, reached from now on."""
        return await self.until(lambda status: status.state in states, seconds)

    def _take(self, snapshot: Snapshot) -> None:
        self._last = snapshot
        self._changed.set()
