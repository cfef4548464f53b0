"""A program to be killed: syncs and acknowledges, and says what was confirmed.

    python cache_victim.py FOLDER NUMBER

Prints "ready", then one line per confirmed thing: "ack FINGERPRINT" and
"sync GENERATION", each after the call has returned. All rows of a generation
carry its number.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.adapter import Adapter, Probe
from smic_tui.contract.batch import Batch
from smic_tui.records import Stream
from tests.cache.cache_examples import acknowledgement, site

ROWS = 50


class Options(Struct):
    """The first generation that this program brings."""

    generation: int


class Generations(Adapter[Options]):
    """Each reading is a new generation of all rows, and one row of its own."""

    kind: ClassVar[str] = "generations"
    config_type: ClassVar[type[Struct]] = Options
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.SITES})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        name = str(self.config.generation)
        self.config.generation += 1
        keys = [*map(str, range(ROWS)), f"only {name}"]
        yield Batch(full=True, upserts=tuple(site(key, name) for key in keys), cursor=name)

    async def probe(self) -> Probe:
        return Probe()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def acknowledge_for_ever(folder: Path, number: int) -> None:
    cache = Cache(folder)
    for count in itertools.count():
        fingerprint = f"alert {number} {count}"
        if cache.user.acknowledge(acknowledgement(fingerprint)):
            say(f"ack {fingerprint}")


async def sync_for_ever(folder: Path, first: int) -> None:
    options = Options(first)
    source = Source(name="register", kind="generations", options=options)
    collector = Collector(
        Settings(sources={"register": source}),
        folder,
        Cache(folder),
        on_change=lambda _snapshot: None,
        secret=lambda _secret: "",
        adapter_factory=lambda _source, context: Generations(options, context),
    )
    while True:
        snapshot = await collector.sync_once()
        (contents,) = snapshot.sources
        assert contents.status.error == "", contents.status
        say(f"sync {options.generation - 1}")


if __name__ == "__main__":
    where, number = Path(sys.argv[1]), int(sys.argv[2])
    say("ready")
    threading.Thread(target=acknowledge_for_ever, args=(where, number), daemon=True).start()
    asyncio.run(sync_for_ever(where, number * 1_000_000))
