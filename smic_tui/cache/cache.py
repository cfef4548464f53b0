"""The cache folder as a whole. No fault in it ever ends the program.

sources/NAME.json   rows, status and cursors of one source
sources/NAME.changes.json   what has changed since, where that file is large
user.json           acknowledgements, notes, panes seen, filters, the outbox
alerts.json         the memory of alerts
tally.json          counts made of these files (`smic_tui.startup.status_counts`)
head.json           rows that the first lines rest on (`smic_tui.startup.first_rows`)
writer.lock         held by the one program that collects
user.lock           held for an instant by the program that changes user.json
requests/           what readers ask of the writer
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from smic_tui.cache import trouble
from smic_tui.cache.alert_file import AlertFile
from smic_tui.cache.cache_folder import CacheFolder
from smic_tui.cache.file_ops import FileOps, Signature
from smic_tui.cache.lock import WriterLock
from smic_tui.cache.notices import Notices
from smic_tui.cache.user_file import UserFile
from smic_tui.cache.watch import FileWatcher
from smic_tui.config import duration
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.status import SourceStatus
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import Record, Stream

if TYPE_CHECKING:
    from smic_tui.cache.requests import RefreshRequests
    from smic_tui.cache.source_file import SourceFile

# Clocks of one machine do not differ by more; a later time was written while
# the clock was wrong and says nothing about the age of a fact.
_CLOCK_ERROR = timedelta(minutes=1)


class Cache:
    """Keeps what the program knows in `folder`, which is made when it is first written.

    `user` and `alerts` are files in it, `lock` decides which program collects,
    `requests` asks that program. Methods do file work: call them off the event loop,
    except `snapshot` at the start.
    """

    def __init__(self, folder: Path, *, ops: FileOps | None = None) -> None:
        self.folder = folder
        self._notices = Notices()
        self._folder = CacheFolder(folder, FileOps() if ops is None else ops, self._notices)
        self.user = UserFile(self._folder)
        self.alerts = AlertFile(self._folder)
        self.lock = WriterLock(self._folder)
        self._sources: dict[str, SourceFile] = {}

    @cached_property
    def requests(self) -> RefreshRequests:
        """The requests of readers to the program that collects."""
        from smic_tui.cache.requests import RefreshRequests

        return RefreshRequests(self._folder)

    @property
    def notices(self) -> tuple[str, ...]:
        """The texts that the person must know about the cache now."""
        return self._notices.current()

    def source(self, name: str) -> SourceFile:
        """Return the file of the source called `name`; one object per name."""
        found = self._sources.get(name)
        if found is None:
            from smic_tui.cache.source_file import SourceFile

            # Two threads that ask at once both get the object that came first.
            found = self._sources.setdefault(name, SourceFile(name, self._folder))
        return found

    def snapshot(self, settings: Settings) -> Snapshot:
        """Return what the cache knows of the enabled sources, in the configuration's order.

        The sources that a source relays follow it. No source is contacted. Files of
        sources that are not configured any more stay, and are not shown.
        """
        now = datetime.now(UTC)
        sources = tuple(
            shown
            for source in settings.sources.values()
            if source.enabled
            for shown in _apart(_as_configured(self.source(source.name).load(), source, now), now)
        )
        holder = None if self.lock.held else self.lock.holder()
        return Snapshot(
            taken=now,
            sources=sources,
            alerts=self.alerts.load(),
            writer="" if holder is None else str(holder),
            notices=self.notices,
        )

    def watcher(self, settings: Settings) -> FileWatcher:
        """Return what notices that another program has written something that is shown."""
        return FileWatcher(self._folder.ops, self._paths(settings))

    def signatures(self, settings: Settings) -> dict[str, Signature | None]:
        """Return the signatures of the files that make snapshots and the user's state.

        They go by paths below `folder`. Raises `OSError`.
        """
        return {
            str(path.relative_to(self.folder)): self._folder.ops.signature(path)
            for path in self._paths(settings)
        }

    def _paths(self, settings: Settings) -> list[Path]:
        """The files that snapshots and the user's state are read from."""
        of_sources = (path for name in settings.sources for path in self.source(name).paths)
        return [self.user.path, self.alerts.path, *of_sources]

    def open(self, names: Iterable[str]) -> None:
        """Become the writer of the files of these sources and of the alerts."""
        for name in names:
            self.source(name).open()
        self.alerts.open()

    def flush(self) -> bool:
        """Try again to write what could not be written; return whether all is on the disk."""
        done = [file.flush() for file in self._sources.values()]
        return all([*done, self.alerts.flush(), self.user.flush()])

    def close(self) -> None:
        """Be a reader again, and let another program become the writer.

        Waits for writes that other threads have begun. What could not be written is
        given up, except the user's own state.
        """
        self.flush()
        for file in self._sources.values():
            file.close()
        self.alerts.close()
        self.lock.release()

    def report(self, error: OSError) -> None:
        """Say that the folder allows no writing at all."""
        trouble.report(self._folder, "folder", error)

    def settle(self) -> None:
        """Drop the notice: the folder can be written again."""
        trouble.settle(self._folder, "folder")

    def put_notice(self, topic: str, text: str) -> None:
        """Show a text among the notices until `drop_notice`."""
        self._notices.put(topic, text)

    def drop_notice(self, topic: str) -> None:
        """Take the text of this topic away."""
        self._notices.drop(topic)


def _as_configured(contents: SourceContents, source: Source, now: datetime) -> SourceContents:
    """Return the contents as this configuration sees them, whatever the writer's says."""
    status = contents.status
    return msgspec.structs.replace(
        contents,
        status=msgspec.structs.replace(
            status,
            name=source.name,
            kind=source.kind,
            stale_after=stale_after(source),
            last_good=_believable(status, now),
        ),
    )


def _apart(contents: SourceContents, now: datetime) -> Iterator[SourceContents]:
    """Yield the source, then those that it relays, each with its own rows and age."""
    if not contents.status.relayed:
        yield contents
        return
    by_name: dict[str, dict[Stream, dict[str, Record]]] = {}
    for stream, rows in contents.rows.items():
        for row in rows.values():
            by_name.setdefault(row.source, {}).setdefault(stream, {})[row.key] = row
    yield msgspec.structs.replace(contents, rows=MappingProxyType({}))
    for status in contents.status.relayed:
        own = by_name.pop(status.name, {})
        yield SourceContents(
            status=msgspec.structs.replace(
                status,
                last_good=_believable(status, now),
                rows=sum(len(of_stream) for of_stream in own.values()),
            ),
            rows=MappingProxyType(
                {stream: MappingProxyType(of_stream) for stream, of_stream in own.items()}
            ),
        )


def _believable(status: SourceStatus, now: datetime) -> datetime | None:
    if status.last_good is not None and status.last_good > now + _CLOCK_ERROR:
        return None
    return status.last_good


def stale_after(source: Source) -> float:
    """Return the seconds after which facts of a source are stale: as set, or 3 × refresh."""
    if source.stale_after is not None:
        return duration.seconds(source.stale_after)
    return 3 * duration.seconds(source.refresh)
