"""A whole program on a cache, for tests that start several of them and kill some.

    python -m tests.collecting.collecting_program FOLDER LOG

Collects or follows until killed. The source's own log is LOG: a line with the
pid per reading, begun and ended. Each snapshot is printed as a line: the
generation that its row carries, the pid that brought it, and whether this
program is the writer.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.batch import Batch
from smic_tui.model.snapshot import Snapshot
from smic_tui.records import Stream
from tests.collecting.collecting_doubles import Scripted, always, site

SOURCES = ("desk", "register")


class Counted(Scripted):
    """Counts its readings over all programs, in the source's log."""

    log: Path

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        name = self.context.source
        self._write(f"{name} begin")
        await asyncio.sleep(0.02)
        generation = int(cursor or 0) + 1
        yield Batch(
            upserts=(site("1", f"{generation}", member=str(os.getpid())),), cursor=str(generation)
        )
        self._write(f"{name} end")

    def _write(self, what: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{time.monotonic():.3f} {os.getpid()} {what}\n")


def make(source: Source, context: object) -> Counted:
    adapter = Counted(always())
    adapter.context = context  # type: ignore[assignment]
    return adapter


async def main(folder: Path, log: Path) -> None:
    Counted.log = log
    sources = {name: Source(name=name, kind="counted", refresh="0.5s") for name in SOURCES}

    def show(snapshot: Snapshot) -> None:
        rows = snapshot.sources[0].of(Stream.SITES).values()
        seen = " ".join(f"{getattr(row, 'name', '')} {getattr(row, 'member', '')}" for row in rows)
        print(f"{'writer' if collector.is_writer else 'reader'} {seen}", flush=True)

    collector = Collector(
        Settings(sources=sources),
        folder,
        Cache(folder),
        on_change=show,
        secret=lambda _secret: "",
        adapter_factory=make,
    )
    await collector.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
