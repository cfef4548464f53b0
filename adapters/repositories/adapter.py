"""The base of the kinds that read backup repositories with the program that made them. Public.

Backup programs record what succeeded. A repository holds neither failed attempts nor the plan, so
the plan is in the configuration. One repository is one job.

A repository that cannot be read, or does not answer in time, does not affect the others. Its
known runs are kept, it is set aside with the reason, and it gets one run with the result
`unknown`, newer than all others, until it can be read again.

A run that ended well may have saved nothing. Where the program does not record how much a backup
holds, the adapter looks once into the newest one, until it finds a file.
"""

from __future__ import annotations

import asyncio
import re
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.http.errors import Redactor
from adapters.repositories.lanes import Silent, each_in_time
from adapters.repositories.options import PASSWORD_IN_URL, RepositoryOptions
from adapters.repositories.programs import program_of
from adapters.repositories.subprocesses import Finished, run
from adapters.shared.ahead import told_ahead, without_those_ahead
from adapters.shared.durations import seconds
from adapters.shared.paths import path_of
from adapters.shared.row_by_row import read_each
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.records import BackupJob, BackupRun, RunResult, Stream

_UNREADABLE = "unreadable"
_BATCH = 1000
_OUTPUT_LIMIT = 64 * 1024 * 1024
# The part of a reading's deadline within which the repositories must answer.
_IN_TIME = 0.9


class Reading(Struct, frozen=True, kw_only=True):
    """The answer of one repository, its runs newest first.

    `oddities` are complaints that came with a good answer.
    """

    runs: tuple[BackupRun, ...] = ()
    oddities: tuple[str, ...] = ()


class Listed(Struct, frozen=True, kw_only=True):
    """The runs that a repository lists, newest first, without those `ahead` of the clock."""

    runs: tuple[BackupRun, ...]
    complaints: tuple[str, ...]
    ahead: int


class _Known(Struct, frozen=True, omit_defaults=True):
    """What is known of one repository since the last reading, at `read_at` (epoch seconds).

    `complaints` are repeated until it is read again. `holds` says of runs, by their keys, whether
    the backup holds anything.
    """

    unreadable_since: datetime | None = None
    read_at: float = 0.0
    complaints: tuple[str, ...] = ()
    holds: dict[str, bool] = {}


class Access(Struct, frozen=True, kw_only=True):
    """The secrets of one call of the program: environment variables, and how to hide them."""

    address: str
    secrets: Mapping[str, str]
    redactor: Redactor

    def __repr__(self) -> str:
        return "Access(***)"


class RepositoriesAdapter(Adapter[Any]):
    """Base of the kinds that start a backup program for each repository."""

    streams: ClassVar[frozenset[Stream]] = frozenset((Stream.BACKUP_JOBS, Stream.BACKUP_RUNS))
    package: ClassVar[str]

    def __init__(self, config: Any, context: Context) -> None:
        super().__init__(config, context)
        self._since: dict[str, datetime] = {}
        # The last readings, which full readings use until a repository has its turn.
        self._last: dict[str, tuple[float, Reading]] = {}
        # Of the runs of each repository, whether they hold anything.
        self._holds: dict[str, dict[str, bool]] = {}

    @abstractmethod
    def secrets_of(self, repository: Any) -> Mapping[str, Secret]:
        """Return the secrets of a repository by the environment variable that takes them."""

    @abstractmethod
    async def read(self, repository: Any, access: Access) -> Reading:
        """Return the newest runs of a repository, errors as in `fetch`."""

    @abstractmethod
    def path_of(self, address: str) -> Path | None:
        """Return where a repository lies on this machine; None if it is on another."""

    @abstractmethod
    def filters_of(self, repository: Any) -> Mapping[str, str]:
        """Return what chooses the job's runs among those of a repository, by its key."""

    @abstractmethod
    async def holds_anything(self, repository: Any, access: Access, run: BackupRun) -> bool:
        """Return whether a backup holds anything but folders, errors as in `fetch`."""

    @abstractmethod
    async def version(self) -> str:
        """Return what the backup program calls itself."""

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Give the plan, or read all repositories.

        Raises the repositories' common kind of error when none can be read,
        `Unavailable` when they differ.
        """
        if stream is Stream.BACKUP_JOBS:
            jobs = tuple(self._job(repository) for repository in self.config.repositories)
            yield Batch(upserts=jobs, full=True)
            return
        known = _decode(cursor)
        now = time.time()
        due = self._due(known, now)
        readings = await self._read_all(due, known)
        failed = [error for error in readings.values() if isinstance(error, SourceError)]
        others = {each.key for each in self.config.repositories} - readings.keys()
        well = any(not known.get(name, _Known()).unreadable_since for name in others)
        if failed and len(failed) == len(readings) and not well:
            raise _common(failed, next(iter(readings)))
        self._last |= {
            name: (now, reading)
            for name, reading in readings.items()
            if isinstance(reading, Reading) and seconds(self.config.spread)
        }
        batch = self._merged(readings, known, now)
        for start in range(0, max(len(batch.upserts), 1), _BATCH):
            last = start + _BATCH >= len(batch.upserts)
            yield Batch(
                upserts=batch.upserts[start : start + _BATCH],
                unseen=batch.unseen if last else (),
                rejected=batch.rejected if last else (),
                cursor=batch.cursor if last else None,
                full=batch.full,
            )

    async def probe(self) -> Probe:
        """Read every repository; what fails is remarked, unless all do."""
        version = await self.version()
        readings = await self._read_all(self.config.repositories, {})
        failed = [error for error in readings.values() if isinstance(error, SourceError)]
        if len(failed) == len(readings):
            raise _common(failed, next(iter(readings)))
        remarks = [
            f"{repository.key}: {part}"
            for repository in self.config.repositories
            for part in self._remarks(repository, readings[repository.key])
        ]
        return Probe(version=version, remarks=tuple(remarks))

    def _remarks(self, repository: Any, reading: Reading | SourceError) -> Iterable[str]:
        if isinstance(reading, SourceError):
            return [_reason(reading)]
        filters = self.filters_of(repository)
        if reading.runs or not filters:
            return reading.oddities
        chosen = ", ".join(f"{name} = {value}" for name, value in filters.items())
        return [
            *reading.oddities,
            _("nothing in the repository fits {filters}: the job has no run").format(
                filters=chosen
            ),
        ]

    async def run(
        self,
        command: list[str],
        env: Mapping[str, str],
        access: Access,
        until: re.Pattern[bytes] | None = None,
    ) -> Finished:
        """Start the backup program for one repository; end it once it has written `until`."""
        return await run(
            command,
            {**env, **access.secrets},
            timeout=seconds(self.config.timeout),
            limit=_OUTPUT_LIMIT,
            package=self.package,
            until=until,
        )

    async def about(self, argument: str) -> str:
        """Return what the backup program writes when it is asked with one argument alone."""
        finished = await run(
            [self.config.binary, argument], {}, timeout=10, limit=10_000, package=self.package
        )
        return finished.stdout.decode(errors="replace")

    def local_path(self, address: str) -> Path:
        """Return a local address as an absolute path."""
        return path_of(self.context.folder, address)

    def _of_another_program(self, address: str) -> SourceError | None:
        """Return what to say of a repository that another program made. Blocks.

        The programs themselves take it for a damaged one, or for a wrong password.
        """
        path = self.path_of(address)
        program = program_of(path) if path is not None else ""
        if program in ("", self.kind):
            return None
        return BadAnswer(
            _("{path} is a repository of {program}, not of {kind}").format(
                path=path, program=program, kind=self.kind
            ),
            hint=_('Correct `repository`, or give it to a source with kind = "{program}".').format(
                program=program
            ),
        )

    def _job(self, repository: RepositoryOptions) -> BackupJob:
        return repository.job_of(repository.key, repository.site, repository.application, self.kind)

    def _due(self, known: Mapping[str, _Known], now: float) -> list[RepositoryOptions]:
        """Return the repositories whose turn has come since they were read.

        Turns are spread evenly by the order of the configuration, so that after a
        first reading of all of them each refresh reads a few.
        """
        spread = seconds(self.config.spread)
        repositories = self.config.repositories
        if not spread:
            return list(repositories)
        due = []
        for place, repository in enumerate(repositories):
            read_at = known[repository.key].read_at if repository.key in known else 0.0
            if not known and repository.key in self._last:
                read_at = self._last[repository.key][0]
            turn = now - (now - place * spread / len(repositories)) % spread
            if read_at < turn or read_at > now:
                due.append(repository)
        return due

    async def _read_all(
        self, repositories: Iterable[RepositoryOptions], known: Mapping[str, _Known]
    ) -> dict[str, Reading | SourceError]:
        """Read repositories, those last that could not be read before."""
        by_key = {each.key: each for each in repositories}
        none = _Known()

        async def one(name: str) -> Reading | SourceError:
            return await self._read_one(by_key[name], known.get(name, none))

        within = self.context.deadline * _IN_TIME
        readings = await each_in_time(
            sorted(by_key, key=lambda name: known.get(name, none).unreadable_since is not None),
            one,
            lanes=self.config.parallel,
            within=within,
        )
        return {
            name: _silence(reading, within) if isinstance(reading, Silent) else reading
            for name, reading in ((name, readings[name]) for name in by_key)
        }

    async def _read_one(
        self, repository: RepositoryOptions, before: _Known
    ) -> Reading | SourceError:
        try:
            access = await asyncio.to_thread(self._access, repository)
        except SourceError as error:
            return error
        redactor = access.redactor
        try:
            reading = await self.read(repository, access)
        except SourceError as error:
            other = await asyncio.to_thread(self._of_another_program, access.address)
            return _redacted(other or error, redactor)
        reading = await self._looked_into(repository, access, reading, before)
        return Reading(runs=reading.runs, oddities=tuple(map(redactor.text, reading.oddities)))

    async def _looked_into(
        self, repository: RepositoryOptions, access: Access, reading: Reading, before: _Known
    ) -> Reading:
        """Return the reading; runs that are known to hold nothing have the size 0."""
        looks = self.config.look_inside == "all" or (
            self.config.look_inside == "local" and self.path_of(access.address) is not None
        )
        newest = next(iter(reading.runs), None)
        holds = dict(before.holds)
        oddities = reading.oddities
        if looks and newest is not None and newest.size is None and newest.key not in holds:
            try:
                holds[newest.key] = await self.holds_anything(repository, access, newest)
            except SourceError as error:
                told = _("what the newest backup holds cannot be told: {reason}")
                oddities = (*oddities, told.format(reason=error.message))
        self._holds[repository.key] = {
            run.key: holds[run.key] for run in reading.runs if run.key in holds
        }
        runs = tuple(
            replace(run, size=0) if run.size is None and holds.get(run.key) is False else run
            for run in reading.runs
        )
        return Reading(runs=runs, oddities=oddities)

    def _access(self, repository: RepositoryOptions) -> Access:
        ask: Callable[[Secret], str] = self.context.secret
        wanted = {**self.secrets_of(repository), **repository.secret_environment}
        secrets = {name: ask(secret) for name, secret in wanted.items()}
        address = repository.repository
        hidden = list(secrets.values())
        if isinstance(address, Secret):
            address = ask(address)
            hidden.append(address)
            for account in PASSWORD_IN_URL.findall(address):
                hidden += [account, account.partition(":")[2]]
        return Access(address=address, secrets=secrets, redactor=Redactor(hidden))

    def _merged(
        self,
        readings: Mapping[str, Reading | SourceError],
        known: Mapping[str, _Known],
        now: float,
    ) -> Batch:
        """Return everything as one batch, which says nothing of repositories that were not read."""
        upserts: list[BackupRun] = []
        rejected: list[Rejected] = []
        unseen: list[str] = []
        kept: dict[str, _Known] = {}
        for repository in self.config.repositories:
            name = repository.key
            before = known.get(name, _Known())
            read_at, reading = now, readings.get(name)
            if reading is None and not known:
                read_at, reading = self._last[name]
            if reading is None:
                unseen.append(name)
                kept[name] = before
                rejected += _complaints(name, before.complaints)
                continue
            if isinstance(reading, SourceError):
                unseen.append(name)
                marker = self._marker(repository, reading, before)
                upserts.append(marker)
                told = (_reason(reading),)
                rejected += _complaints(name, told)
                kept[name] = _Known(marker.started, read_at, told, before.holds)
                continue
            self._since.pop(name, None)
            upserts += reading.runs
            rejected += _complaints(name, reading.oddities)
            holds = self._holds.get(name, {})
            kept[name] = _Known(None, read_at, reading.oddities, holds)
        return Batch(
            upserts=tuple(upserts),
            unseen=tuple(unseen),
            rejected=tuple(rejected),
            full=True,
            cursor=msgspec.json.encode(kept).decode(),
        )

    def _marker(
        self, repository: RepositoryOptions, error: SourceError, before: _Known
    ) -> BackupRun:
        since = before.unreadable_since or datetime.now(UTC).replace(microsecond=0)
        since = self._since.setdefault(repository.key, since)
        return BackupRun(
            key=_marker_key(repository.key),
            job=repository.key,
            site=repository.site,
            application=repository.application,
            started=since,
            result=RunResult.UNKNOWN,
            message=error.message,
        )


def newest_first(
    raws: Iterable[msgspec.Raw], read: Callable[[msgspec.Raw], BackupRun], complaint: str
) -> Listed:
    """Read the runs of a repository, with a complaint for each that cannot be read.

    `complaint` is translated, and has the place {reason}.
    """
    found, rejected = read_each(raws, read, lambda number, _raw: str(number))
    runs, ahead = without_those_ahead(found, datetime.now(UTC))
    complaints = [complaint.format(reason=row.reason) for row in rejected]
    if ahead:
        complaints.append(told_ahead(len(ahead), max(run.started for run in ahead)))
    return Listed(runs=tuple(runs), complaints=tuple(complaints), ahead=len(ahead))


def _silence(silent: Silent, within: float) -> Unavailable:
    if silent.began:
        return Unavailable(
            _("no answer within {seconds:g} seconds").format(seconds=within),
            hint=_("It is read last until it answers. Is the machine that has it reachable?"),
        )
    return Unavailable(
        _("its turn did not come within {seconds:g} seconds").format(seconds=within),
        hint=_("Raise `deadline` or `parallel`, or set `spread`."),
    )


def _marker_key(name: str) -> str:
    return f"{name}/{_UNREADABLE}"


def _reason(error: SourceError) -> str:
    return " — ".join(filter(None, (error.message, error.hint)))


def _complaints(name: str, complaints: Iterable[str]) -> list[Rejected]:
    """Return complaints as rows set aside; each place is told once only, so they are numbered."""
    return [
        Rejected(where=name if number == 1 else f"{name} ({number})", reason=complaint)
        for number, complaint in enumerate(complaints, start=1)
    ]


def _redacted(error: SourceError, redactor: Redactor) -> SourceError:
    """Return an error like `error` that quotes no secret."""
    message, hint = redactor.text(error.message), redactor.text(error.hint)
    if isinstance(error, BadAnswer):
        return BadAnswer(message, hint=hint, excerpt=redactor.data(error.excerpt))
    return type(error)(message, hint=hint)


def _decode(cursor: str | None) -> dict[str, _Known]:
    try:
        return msgspec.json.decode(cursor or "{}", type=dict[str, _Known])
    except msgspec.DecodeError:
        return {}


def _common(errors: list[SourceError], first_name: str) -> SourceError:
    """Return one error for a source of which no repository can be read."""
    first = errors[0]
    if len(errors) == 1:
        return first
    message = _("none of {count} repositories can be read; {name}: {reason}").format(
        count=len(errors), name=first_name, reason=first.message
    )
    if all(isinstance(error, AuthFailed) for error in errors):
        return AuthFailed(message, hint=first.hint)
    bad = [error for error in errors if isinstance(error, BadAnswer)]
    if len(bad) == len(errors):
        return BadAnswer(message, hint=first.hint, excerpt=bad[0].excerpt)
    return Unavailable(message, hint=first.hint)
