"""Kind `journal`: backup runs that scripts of the house write down, one line of JSON each.

Every syndicate has backups made by a script: `rsync` and `mysqldump` in a cron job, a NAS that
sends a file. What they have in common is that they can append a line to a file.
docs/sources/journal.md describes the line.

Each reading goes on where the last one stopped; only full readings notice that lines are gone,
with a file that was rotated away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
from msgspec import Struct

from adapters.journal.files import Following, JournalFile, Mark, find_files
from adapters.journal.lines import Entry, LineError, read_line
from adapters.journal.options import JournalOptions
from adapters.shared.cursors import decoded_of, setup_of
from adapters.shared.decoding import AUTO, LineDecoder, encoding_words
from adapters.shared.paths import path_of
from adapters.shared.row_by_row import refuse_to_empty_the_cache
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import BadAnswer, SourceError
from smic_tui.i18n import _, labelled, ngettext
from smic_tui.records import BackupJob, BackupRun, RunResult, Stream

_BATCH = 1000
# With more rows set aside than a cursor can carry, everything is read again.
_REMEMBERED = 100
_SAMPLE = 120
# Part of every cursor: raise it when the same line would give another record.
_FORMAT = 2


class _Known(Struct, frozen=True, omit_defaults=True):
    """How far a file has been read, and which lines were set aside."""

    mark: Mark = Mark()
    rejected: tuple[Rejected, ...] = ()


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """What is known of each file, by its inode; `setup` is a digest of the settings."""

    setup: str
    files: dict[str, _Known] = {}

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        return tuple(row for known in self.files.values() for row in known.rejected)


class JournalAdapter(Adapter[JournalOptions]):
    """Reads journals of backup scripts."""

    kind: ClassVar[str] = "journal"
    config_type: ClassVar[type[Struct]] = JournalOptions
    streams: ClassVar[frozenset[Stream]] = frozenset((Stream.BACKUP_JOBS, Stream.BACKUP_RUNS))

    def __init__(self, config: JournalOptions, context: Context) -> None:
        super().__init__(config, context)
        # What is known of jobs, and the cursor that it belongs to.
        self._jobs: dict[str, Entry] = {}
        self._jobs_cursor: str | None = None

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the lines that are new since the cursor, or all."""
        before = decoded_of(self._setup, cursor, _Cursor)
        if stream is Stream.BACKUP_JOBS and cursor != self._jobs_cursor:
            # Only all lines together tell which plan of a job is the newest.
            if before is not None and await asyncio.to_thread(self._is_unchanged, before):
                yield Batch(cursor=cursor, rejected=before.rejected)
                return
            before = None
        reading = _Reading(self._path, self.config, self._zone, before)
        await asyncio.to_thread(reading.read)
        reading.refuse_if_nothing_fits()
        if stream is Stream.BACKUP_JOBS:
            known = self._jobs if before is not None else {}
            self._jobs = _newest_plans([*known.values(), *reading.entries])
            news = reading.full or reading.entries
            upserts: list[BackupJob | BackupRun] = [*self._planned(self._jobs)] if news else []
        else:
            upserts = list(_latest_words(reading.entries))
        after = reading.cursor(self._setup)
        if stream is Stream.BACKUP_JOBS:
            self._jobs_cursor = after
        for start in range(0, max(len(upserts), 1), _BATCH):
            last = start + _BATCH >= len(upserts)
            yield Batch(
                upserts=tuple(upserts[start : start + _BATCH]),
                rejected=tuple(reading.rejected) if last else (),
                cursor=after if last else None,
                full=reading.full,
            )

    async def probe(self) -> Probe:
        """Read everything; remark on lines that were set aside and on unknown keys."""
        reading = _Reading(self._path, self.config, self._zone, None)
        await asyncio.to_thread(reading.read)
        reading.refuse_if_nothing_fits()
        files = len(reading.files)
        remarks = []
        notes = [
            ngettext("{count} line in {files}", "{count} lines in {files}", reading.count).format(
                count=reading.count,
                files=ngettext("{count} file", "{count} files", files).format(count=files),
            )
        ]
        unknown = sorted({name for entry in reading.entries for name in entry.unknown})
        if unknown:
            remarks.append(
                _("keys that are not known: {keys}").format(keys=", ".join(unknown[:20]))
            )
        remarks += [labelled(row.where, row.reason) for row in reading.rejected[:10]]
        seen = {entry.job.key for entry in reading.entries}
        silent = [plan.key for plan in self.config.plans if plan.key not in seen]
        if silent:
            remarks.append(
                _("planned, but no line names them: {jobs}").format(jobs=", ".join(silent[:20]))
            )
        told = encoding_words(
            reading.decoder.seen or {"utf-8"}, configured=self.config.encoding != AUTO
        )
        return Probe(remarks=tuple(remarks), notes=(*notes, told))

    @property
    def _path(self) -> Path:
        return path_of(self.context.folder, self.config.path)

    @property
    def _zone(self) -> str:
        return self.config.timezone or self.context.timezone

    @property
    def _setup(self) -> str:
        return setup_of((_FORMAT, self._zone, self.config))

    def _is_unchanged(self, before: _Cursor) -> bool:
        files = find_files(self._path, self.config.files)
        versions = {file.identity: file.version for file in files}
        known = {identity: each.mark.version for identity, each in before.files.items()}
        return versions == known and all(versions.values())

    def _planned(self, entries: dict[str, Entry]) -> Iterator[BackupJob]:
        """Return the jobs of the lines and of the configuration, whose plan wins."""
        plans = {plan.key: plan for plan in self.config.plans}
        for key in sorted({*entries, *plans}):
            entry, plan = entries.get(key), plans.get(key)
            if plan is None:
                assert entry is not None
                yield entry.job
                continue
            protocol = entry.job.protocol if entry else ""
            yield plan.job_of(key, plan.site, plan.application, protocol or plan.protocol)


class _Reading:
    """One pass over the files. `read` blocks: used in a thread."""

    def __init__(
        self, path: Path, config: JournalOptions, zone: str, before: _Cursor | None
    ) -> None:
        self.full = before is None
        self.entries: list[Entry] = []
        self.files: dict[str, _Known] = {}
        self.count = 0
        self._unreadable: list[Rejected] = []
        self._path = path
        self.decoder = LineDecoder(config.encoding)
        self._patterns = config.files
        self._zone = zone
        self._codes = config.codes()
        self._before = before.files if before else {}

    @property
    def rejected(self) -> list[Rejected]:
        """The lines set aside, in this reading and in those before it."""
        return [
            *self._unreadable,
            *(row for known in self.files.values() for row in known.rejected),
        ]

    def read(self) -> None:
        """Read every file that has changed; one that cannot be read takes no other with it."""
        files = find_files(self._path, self._patterns)
        errors: list[SourceError] = []
        for file in files:
            known = self._before.get(file.identity, _Known())
            try:
                self.files[file.identity] = self._followed(file, known)
            except SourceError as error:
                errors.append(error)
                self.full = False
                self.files[file.identity] = known
                reason = " — ".join(filter(None, (error.message, error.hint)))
                self._unreadable.append(Rejected(where=str(file.path), reason=reason))
        if errors and len(errors) == len(files):
            raise errors[0]

    def refuse_if_nothing_fits(self) -> None:
        """Raise `BadAnswer` if no line of a full reading can be read: the cache keeps its rows."""

        def refusal(first: Rejected) -> BadAnswer:
            return BadAnswer(
                _("no line of {file} can be read; {where}: {reason}").format(
                    file=self._path, where=first.where, reason=first.reason
                ),
                hint=_("The lines are described in docs/sources/journal.md."),
                excerpt=first.sample.encode(),
            )

        if self.full:
            refuse_to_empty_the_cache(len(self.entries), self.rejected, refusal)

    def cursor(self, setup: str) -> str:
        """Return where the next reading starts."""
        many = len(self.rejected) > _REMEMBERED
        return msgspec.json.encode(_Cursor(setup, {} if many else self.files)).decode()

    def _followed(self, file: JournalFile, known: _Known) -> _Known:
        if file.version and file.version == known.mark.version:
            return known
        following = Following(file, known.mark, self.decoder)
        aside: dict[str, Rejected] = {}
        for line in following.lines():
            self.count += 1
            reason = line.problem
            if not reason:
                try:
                    self.entries.append(read_line(line.data, self._zone, self._codes))
                    continue
                except LineError as error:
                    reason = str(error)
            if line.settled:
                where = f"{file.path}:{line.number}"
                sample = line.data[:_SAMPLE].decode(errors="replace")
                aside[where] = Rejected(where=where, reason=reason, sample=sample)
        if not following.began_anew:
            aside = {row.where: row for row in known.rejected} | aside
        return _Known(following.mark, tuple(aside.values()))


def _newest_plans(entries: list[Entry]) -> dict[str, Entry]:
    """Return for each job its newest line that has a plan, or else its newest."""
    newest: dict[str, Entry] = {}
    for entry in entries:
        rank = (entry.has_plan, entry.run.started)
        other = newest.get(entry.job.key)
        if other is None or rank >= (other.has_plan, other.run.started):
            newest[entry.job.key] = entry
    return newest


def _latest_words(entries: list[Entry]) -> list[BackupRun]:
    """Return each run once: a line about its end replaces one that says that it runs."""
    runs: dict[str, BackupRun] = {}
    for entry in entries:
        if entry.run.key not in runs or entry.run.result is not RunResult.RUNNING:
            runs[entry.run.key] = entry.run
    return list(runs.values())
