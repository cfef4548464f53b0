"""The file of the first rows of the Overview, so that there is something to work with at once;
also those of the other lists where reading the rest takes long.

Reading the cache and assessing it takes a while, with many sites seconds. The rows that
the worst facts of the last situation rest on are few: from them the first lines are
assessed as always, with the age that each source has now, before the rest is read. It is
believed for the same configuration and the same program, in a folder that only they can write.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct

from smic_tui.cache.scrub import scrubbed
from smic_tui.contract.status import SourceStatus
from smic_tui.model.alert_store import AlertEntry
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Record,
    Site,
    Stream,
    Ticket,
    ZonedTime,
)
from smic_tui.system import private_file

NAME = "head.json"
_LARGEST = 20_000_000


class SourceRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of one source by stream; the fields are named as `Stream` is."""

    sites: tuple[Site, ...] = ()
    health: tuple[Health, ...] = ()
    backup_jobs: tuple[BackupJob, ...] = ()
    backup_runs: tuple[BackupRun, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    requests: tuple[CatalogueRequest, ...] = ()


class FirstRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some rows of every source, as its `status` was at `made` (UTC).

    `digest` is that of the configuration (`config.digest`), `alerts` are the first ones.
    `lists` says whether the first rows of all lists are among them.
    """

    schema: Literal[2] = 2
    digest: str
    made: ZonedTime
    lists: bool
    sources: tuple[tuple[SourceStatus, SourceRows], ...]
    alerts: tuple[AlertEntry, ...]

    def snapshot(self, now: datetime) -> Snapshot:
        """A snapshot of these rows alone."""
        return Snapshot(
            taken=now,
            is_partial=True,
            lists=self.lists,
            sources=tuple(
                SourceContents(status=status, rows=MappingProxyType(_by_stream(rows)))
                for status, rows in self.sources
            ),
            alerts={entry.fingerprint: entry for entry in self.alerts},
        )


def _by_stream(rows: SourceRows) -> Mapping[Stream, Mapping[str, Record]]:
    return {
        stream: MappingProxyType({row.key: row for row in found})
        for stream in Stream
        if (found := getattr(rows, stream.value))
    }


def load(folder: Path, digest: str) -> Snapshot | None:
    """What is kept in the cache in `folder`, None where it cannot be believed."""
    data = private_file.read(folder / NAME, _LARGEST, shared=True)
    if data is None or scrubbed(data) is not data:
        return None
    try:
        kept = msgspec.json.decode(data, type=FirstRows)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    now = datetime.now(UTC)
    # A clock that was set back says nothing about the age of facts.
    if kept.digest != digest or kept.made > now:
        return None
    return kept.snapshot(now)


def store(folder: Path, kept: FirstRows) -> None:
    """Keep it; nothing happens where that cannot be done."""
    private_file.write(folder / NAME, msgspec.json.encode(kept), shared=True)
