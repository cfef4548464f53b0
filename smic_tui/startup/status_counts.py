"""The file of the counts of the last assessment, so that `status` need not assess again.

It says which files they were made of and until when they hold. It is believed while all of
those files are as they were, for the same configuration and the same program, and only where
others cannot have written it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from smic_tui.model.status_counts import Forecast, StatusCounts, counts_at
from smic_tui.records import ZonedTime
from smic_tui.system import private_file

NAME = "tally.json"
_LARGEST = 1_000_000

FileSignature = tuple[int, int, int]


class StatusCountsFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The counts, their forecast from `made` (UTC) on, and all that they rest on.

    `digest` is that of the configuration (`config.digest`). `files` are paths below the
    cache folder with their signatures (`cache.file_ops`), None for what is not there.
    `all_read` is false while a source was never tried: `status` then reads it first.
    `language` and `ascii` are those of the configuration.
    """

    schema: Literal[2] = 2
    digest: str
    made: ZonedTime
    files: dict[str, FileSignature | None]
    all_read: bool
    language: Literal["auto", "fr", "en"]
    ascii: bool
    counts: StatusCounts = field(name="tally")
    forecast: Forecast

    def at(self, now: datetime) -> StatusCounts:
        """The counts at `now` (UTC), where they `hold`."""
        return counts_at(self.counts, self.forecast, now)

    def holds(self, folder: Path, digest: str, now: datetime) -> bool:
        """Whether assessing the cache in `folder` at `now` would count the same."""
        return (
            self.digest == digest
            # A clock that was set back says nothing about what has happened since.
            and self.made <= now < self.forecast.until
            and all(_signature(folder / name) == seen for name, seen in self.files.items())
        )


def load(folder: Path, digest: str, now: datetime) -> StatusCountsFile | None:
    """What is kept in the cache in `folder`; None if it does not hold."""
    data = private_file.read(folder / NAME, _LARGEST, shared=True)
    if data is None:
        return None
    try:
        kept = msgspec.json.decode(data, type=StatusCountsFile)
        if not _is_plain(kept) or not kept.holds(folder, digest, now):
            return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError, TypeError):
        return None
    return kept


def store(folder: Path, kept: StatusCountsFile) -> None:
    """Keep it; nothing happens where that cannot be done."""
    private_file.write(folder / NAME, msgspec.json.encode(kept), shared=True)


def _is_plain(kept: StatusCountsFile) -> bool:
    """Whether all texts can be shown, and all times have a zone as ours have."""
    sources, forecast = kept.counts.sources, kept.forecast
    times = [kept.made, forecast.until, *forecast.tickets, *forecast.requests, *forecast.alerts]
    times += [turn[0] for turn in forecast.backups]
    times += [source.last_good for source in sources if source.last_good is not None]
    return all(source.name.isprintable() and source.kind.isprintable() for source in sources) and (
        all(time.tzinfo is not None for time in times)
    )


def _signature(path: Path) -> FileSignature | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
