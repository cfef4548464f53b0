"""Read a sample as the program does: its configuration, the real adapters, the assessment."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from smic_tui.collecting import registry
from smic_tui.config.load import Loaded, load
from smic_tui.config.schema import Settings
from smic_tui.contract.adapter import Context
from smic_tui.contract.batch import Rejected
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.insight.assess import assess
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.model.user_state import UserState
from smic_tui.query.parser import parse
from smic_tui.query.subjects.all import fields_for
from smic_tui.records import Record, Stream


def check_filter(subject: str, text: str) -> str:
    """Raise at a filter that cannot be understood."""
    parse(text, fields_for(subject))
    return ""


def load_config(path: Path) -> Loaded:
    """Load a configuration with the kinds and filters of the program."""
    return load(path, kinds=registry, check_filter=check_filter)


async def read_source(
    settings: Settings, name: str, folder: Path
) -> tuple[dict[Stream, dict[str, Record]], tuple[Rejected, ...]]:
    """All records of one source by stream and key, and the rows that it set aside."""
    source = settings.sources[name]
    context = Context(
        source=name,
        folder=folder,
        timezone=settings.display.timezone,
        secret=lambda _secret: "",
    )
    adapter = registry.find(source.kind)(source.options, context)
    rows: dict[Stream, dict[str, Record]] = {}
    rejected: list[Rejected] = []
    try:
        for stream in adapter.offered():
            rows[stream] = {}
            async for batch in adapter.fetch(stream, None):
                rejected += batch.rejected
                for record in batch.upserts:
                    rows[stream][record.key] = msgspec.structs.replace(record, source=name)
    finally:
        await adapter.close()
    return rows, tuple(rejected)


async def read_sample(folder: Path, now: datetime) -> tuple[Settings, Snapshot]:
    """Everything in a folder, as a snapshot that was taken at `now`."""
    settings = load_config(folder / "config.toml").settings
    sources = []
    for name, source in settings.sources.items():
        rows, rejected = await read_source(settings, name, folder)
        status = SourceStatus(
            name=name,
            kind=source.kind,
            state=SourceState.OK,
            streams=tuple(rows),
            last_good=now,
            rows=sum(map(len, rows.values())),
            rejected=rejected,
            rejected_count=len(rejected),
        )
        sources.append(SourceContents(status=status, rows=rows))
    return settings, Snapshot(taken=now, sources=tuple(sources))


async def assess_sample(folder: Path, now: datetime) -> Situation:
    """What the program says of a folder at `now`."""
    settings, snapshot = await read_sample(folder, now)
    return assess(snapshot, UserState(), settings, now)
