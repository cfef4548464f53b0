"""The real dashboard over the real collector, with sources that give rows from memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from benchmarks import _scale_data as data
from smic_tui.app import SmicApp
from smic_tui.cache.cache import Cache
from smic_tui.collecting.collector import Collector
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch
from smic_tui.duty.alert_rules import AlertRules
from smic_tui.insight.assessor import Assessor
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot
from smic_tui.records import Stream
from smic_tui.startup import first_rows
from smic_tui.startup.first_rows_writer import FirstRowsWriter
from smic_tui.wiring import CollectorOf

PART = 0.01
DIGEST = "bench"


class NoOptions(Struct, frozen=True, kw_only=True):
    """The options of an adapter that has none."""


class Memory(Adapter[NoOptions]):
    """An adapter that gives the rows that were put into `waiting`, once."""

    kind: ClassVar[str] = "memory"
    config_type: ClassVar[type[Struct]] = NoOptions
    streams: ClassVar[frozenset[Stream]] = frozenset(Stream)
    waiting: ClassVar[dict[str, data.Rows]] = {}

    def offered(self) -> frozenset[Stream]:
        return frozenset(data.STREAMS[self.context.source])

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        rows = self.waiting.get(self.context.source, {}).pop(stream, {})
        yield Batch(upserts=tuple(rows.values()), cursor="here", full=False)

    async def probe(self) -> Probe:
        return Probe()


def change_a_part(cache: Cache, seed: int) -> None:
    """Makes the next reading change 1 % of the rows of each stream."""
    Memory.waiting = {
        name: data.changed(cache.source(name).contents.rows, PART, datetime.now(UTC), seed)
        for name in data.STREAMS
    }


def make_collector(folder: Path, cache: Cache, settings: Settings) -> CollectorOf:
    """As the program makes its own, over `Memory`."""
    heads = FirstRowsWriter(DIGEST, folder)

    def make(source: Source, context: Context) -> Adapter[Any]:
        return Memory(NoOptions(), context)

    rules = AlertRules(settings)

    def collector_of(
        on_change: Callable[[Snapshot], None], *, assessor: Assessor, **more: Any
    ) -> Collector:
        def assessed(snapshot: Snapshot) -> Situation:
            return assessor.assess_once(snapshot, cache.user.load(), datetime.now(UTC))

        def after_commit(snapshot: Snapshot) -> Any:
            return rules.evaluate(assessed(snapshot), snapshot.alerts, datetime.now(UTC))

        return Collector(
            settings,
            folder,
            cache,
            on_change=on_change,
            after_commit=after_commit,
            keep=lambda snapshot, _seen: heads.keep(snapshot, assessed(snapshot)),
            secret=lambda _secret: "",
            adapter_factory=make,
            **more,
        )

    return collector_of


def make_app(
    folder: Path, settings: Settings, kind: type[SmicApp] = SmicApp, **options: Any
) -> SmicApp:
    """Returns the dashboard over the cache in `folder`."""
    cache = Cache(folder)
    collector_of = make_collector(folder, cache, settings)
    kept = first_rows.load(folder, DIGEST)
    return kind(settings, cache, collector_of, person="agent 1", first_rows=kept, **options)
