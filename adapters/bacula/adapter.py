"""Kind `bacula`: the jobs in the catalogue of a Bacula director, read by SQL.

The adapter asks the catalogue and not the director, whose console has no JSON and takes fifteen
seconds to notice that nothing answers. It writes nothing (docs/sources/bacula.md has an account
that cannot), and the director need not be reachable.

Each reading asks for the runs after the last one, by number and by JobTDate, and again for those
that had not ended. The catalogue does not know the schedules: the plan stands in the
configuration.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from adapters.bacula.jobs import CHANGES_ONLY, LONGEST_RUN, JobRow, message_of, result_of, times_of
from adapters.bacula.options import BaculaOptions
from adapters.shared.ahead import ALLOWED, told_ahead
from adapters.shared.cursors import decoded_of, setup_of
from adapters.shared.epochs import LATEST
from adapters.shared.row_by_row import refuse_to_empty_the_cache
from smic_tui.contract.adapter import Adapter, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import BadAnswer, SourceError
from smic_tui.i18n import _, labelled
from smic_tui.records import BackupJob, BackupRun, RunResult, Stream

if TYPE_CHECKING:
    from adapters.sql.database import Database, Session

# What was written before a reading may become visible after it, in seconds. New runs and
# those that had not ended are found by their numbers; this is for what is restarted.
_OVERLAP = 60
_ABANDONED = timedelta(seconds=LONGEST_RUN)
# Part of every cursor: raise it when the same row would give another record.
_FORMAT = 2


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """Up to where the catalogue was read, and which runs had not ended then, with their keys.

    `unsettled`: some of the jobs may turn out to be none. `since` is on the database's clock: no
    run that ended before can become visible.
    """

    setup: str
    jobid: int = 0
    since: int = 0
    unfinished: tuple[tuple[int, str], ...] = ()
    unsettled: bool = False


class BaculaAdapter(Adapter[BaculaOptions]):
    """Reads the catalogue of one director."""

    kind: ClassVar[str] = "bacula"
    config_type: ClassVar[type[Struct]] = BaculaOptions
    streams: ClassVar[frozenset[Stream]] = frozenset((Stream.BACKUP_JOBS, Stream.BACKUP_RUNS))

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read what is new since the cursor, or all that is recent."""
        before = decoded_of(self._setup, cursor, _Cursor)
        read = self._jobs if stream is Stream.BACKUP_JOBS else self._runs
        async with self._database().session() as session:
            async for batch in read(session, before):
                yield batch

    async def probe(self) -> Probe:
        """Read the catalogue, and remark on what does not fit the settings."""
        database = self._database()
        async with database.session() as session:
            # Connected: SQLAlchemy is there, and was imported off the event loop.
            from adapters.bacula import catalogue

            reading = _Reading(self.config, self._zone, None)
            async for rows in _pieces(
                session,
                lambda open_: catalogue.newest_runs(open_, self._since(), _until(), 1),
            ):
                reading.take(rows)
            reading.add_ahead(*await session.call(lambda open_: catalogue.ahead(open_, _until())))
            remote = await session.call(catalogue.clock)
            try:
                version = await session.call(catalogue.version)
            except SourceError:  # the right to that table is not needed otherwise
                version = ""
        return Probe(
            version=_("catalogue {version}").format(version=version) if version else "",
            account=self.config.user,
            remote_time=datetime.fromtimestamp(remote, UTC),
            remarks=(*database.remarks(), *reading.remarks()),
        )

    @property
    def _zone(self) -> str:
        return self.config.timezone or self.context.timezone

    @property
    def _setup(self) -> str:
        return setup_of((_FORMAT, self._zone, self.config))

    def _since(self) -> int:
        return int((datetime.now(UTC) - timedelta(days=self.config.days)).timestamp())

    def _database(self) -> Database:
        from adapters.sql.database import Database

        return Database(self.config, self.context)

    async def _jobs(self, session: Session, before: _Cursor | None) -> AsyncIterator[Batch]:
        from adapters.bacula import catalogue

        # A job's first run may become visible after the first of another with a higher number:
        # it is found by its second, or by the next full reading.
        newest = await session.call(catalogue.newest_jobid)
        # A number that has become smaller is that of another catalogue.
        start = before.jobid if before is not None and before.jobid <= newest else 0
        full = before is None or before.unsettled or before.jobid > newest
        found: list[tuple[str, str]] = []
        if full or newest > start:
            seen = 0 if full else start
            found = await session.call(lambda open_: catalogue.jobs(open_, self._since(), seen))
        if full:
            exact = (plan for plan in self.config.plans if plan.is_exact)
            found += [(plan.job, plan.client) for plan in exact]
        unsettled = newest > start and await session.call(
            lambda open_: catalogue.is_unsettled(open_, start)
        )
        # As long as a run goes on it is looked for again, by its number.
        cursor = _Cursor(self._setup, start if unsettled else newest, unsettled=unsettled)
        yield Batch(
            upserts=tuple(self._planned(found)),
            full=full,
            cursor=msgspec.json.encode(cursor).decode(),
        )

    def _planned(self, found: Iterable[tuple[str, str]]) -> Iterator[BackupJob]:
        for name, client in sorted(set(found)):
            if self.config.shows(name):
                plan = self.config.plan_of(name, client)
                site = plan.site or self.config.site_of(client)
                yield plan.job_of(_key(name, client), site, plan.application or name, "bacula")

    async def _runs(self, session: Session, before: _Cursor | None) -> AsyncIterator[Batch]:
        from adapters.bacula import catalogue

        known = before
        if known is not None and await session.call(catalogue.newest_jobid) < known.jobid:
            known = None  # another catalogue
        reading = _Reading(self.config, self._zone, known)
        now = await session.call(catalogue.clock)
        always = tuple({plan.job for plan in self.config.plans if plan.is_exact})

        def ask(open_: Any) -> Iterator[list[JobRow]]:
            if known is None:
                since, newest = self._since(), self.config.newest
                return catalogue.newest_runs(open_, since, _until(), newest, always)
            numbers = tuple(number for number, _key in known.unfinished)
            return catalogue.runs_since(open_, known.jobid, known.since, numbers)

        async for rows in _pieces(session, ask):
            runs, rejected = reading.take(rows)
            yield Batch(upserts=tuple(runs), rejected=tuple(rejected), full=reading.full)
        if known is None:
            reading.add_ahead(*await session.call(lambda open_: catalogue.ahead(open_, _until())))
        reading.refuse_if_nothing_fits()
        yield Batch(
            deletes=reading.left(known.unfinished if known else ()),
            rejected=reading.ahead(),
            full=reading.full,
            cursor=reading.cursor(self._setup, now - _OVERLAP),
        )


def _until() -> int:
    """Return the last moment, in epoch seconds, at which a run is believed."""
    return int((datetime.now(UTC) + ALLOWED).timestamp())


async def _pieces(session: Session, ask: Any) -> AsyncIterator[list[JobRow]]:
    """Yield the rows of an answer, a thousand at a time."""
    rows: Iterator[list[JobRow]] = await session.call(ask)
    while piece := await session.call(lambda _open: next(rows, None)):
        yield piece


class _Reading:
    """One pass over the catalogue: what its rows say, and how far it has come."""

    def __init__(self, config: BaculaOptions, zone: str, before: _Cursor | None) -> None:
        self.full = before is None
        self._config = config
        self._zone = ZoneInfo(zone)
        self._jobid = before.jobid if before else 0
        self._newest = 0
        self._unfinished: list[tuple[int, str]] = []
        self._numbers: set[int] = set()
        self._ahead = 0
        self._latest = 0
        self._usable = 0
        self._rejected: list[Rejected] = []
        self._elsewhere = 0
        self._seen: set[tuple[str, str]] = set()

    def take(self, rows: list[JobRow]) -> tuple[list[BackupRun], list[Rejected]]:
        """Return the rows as runs, and what was set aside."""
        runs: list[BackupRun] = []
        rejected: list[Rejected] = []
        horizon = _until()
        for row in rows:
            self._jobid = max(self._jobid, row.jobid)
            self._numbers.add(row.jobid)
            if not self._config.shows(row.name):
                continue
            if row.epoch > horizon:
                self.add_ahead(1, row.epoch)
                continue
            self._newest = max(self._newest, row.epoch)
            self._seen.add((row.name, row.client))
            try:
                runs.append(self._run(row))
            except ValueError as error:
                where = _("JobId {number}").format(number=row.jobid)
                rejected.append(Rejected(where=where, reason=str(error), sample=row.job))
        self._usable += len(runs)
        self._rejected += rejected
        return runs, rejected

    def add_ahead(self, count: int, latest: int) -> None:
        """Count runs that are dated ahead of the clock, the last of them at `latest` (epoch)."""
        self._ahead += count
        self._latest = max(self._latest, latest)

    def ahead(self) -> tuple[Rejected, ...]:
        """Return the row that says how many runs are dated ahead."""
        if not self._ahead:
            return ()
        latest = datetime.fromtimestamp(min(self._latest, LATEST), UTC)
        return (Rejected(where="JobTDate", reason=told_ahead(self._ahead, latest)),)

    def left(self, unfinished: Iterable[tuple[int, str]]) -> tuple[str, ...]:
        """Return the keys of runs that went on and are none of ours any more.

        They have turned into copies, were cancelled as duplicates, or are gone.
        """
        return tuple(key for number, key in unfinished if number not in self._numbers)

    def refuse_if_nothing_fits(self) -> None:
        """Raise `BadAnswer` when no row of a full reading can be read: the cache keeps its rows."""

        def refusal(first: Rejected) -> BadAnswer:
            return BadAnswer(
                _("no job of the catalogue can be read; {where}: {reason}").format(
                    where=first.where, reason=first.reason
                )
            )

        if self.full:
            refuse_to_empty_the_cache(self._usable, self._rejected, refusal)

    def cursor(self, setup: str, since: int) -> str:
        """Return where the next reading starts."""
        cursor = _Cursor(setup, self._jobid, since, tuple(self._unfinished[:1000]))
        return msgspec.json.encode(cursor).decode()

    def remarks(self) -> list[str]:
        """Return what a person should know about the catalogue and these settings."""
        remarks = [labelled(row.where, row.reason) for row in (*self._rejected[:10], *self.ahead())]
        if not self._seen:
            remarks.append(_("no job ran lately: is it the right catalogue?"))
        elif self._newest:
            newest = datetime.fromtimestamp(self._newest, UTC)
            remarks.append(_("newest run: {moment} UTC").format(moment=f"{newest:%Y-%m-%d %H:%M}"))
        if self._elsewhere:
            remarks.append(
                _(
                    "the director's clock is not in {zone}: set `timezone` (times are right all "
                    "the same, but for the hour that changes)"
                ).format(zone=self._zone)
            )
        remarks += [
            _("no job ran that fits the plan job = {job}, client = {client}").format(
                job=plan.job, client=plan.client
            )
            for plan in self._config.plans
            if not any(plan.fits(*each) for each in self._seen)
        ]
        known = {client for _name, client in self._seen}
        strange = sorted(set(self._config.clients) - known)
        if strange:
            remarks.append(
                _("clients that are not known: {names}").format(names=", ".join(strange[:20]))
            )
        return remarks

    def _run(self, row: JobRow) -> BackupRun:
        times = times_of(row, self._zone)
        if times is None:
            raise ValueError(_("neither StartTime nor SchedTime is a time"))
        self._elsewhere += not times.agrees
        result = result_of(row)
        if result is RunResult.RUNNING and datetime.now(UTC) - times.started < _ABANDONED:
            self._unfinished.append((row.jobid, row.job))
        plan = self._config.plan_of(row.name, row.client)
        return BackupRun(
            key=row.job,
            job=_key(row.name, row.client),
            site=plan.site or self._config.site_of(row.client),
            application=plan.application or row.name,
            started=times.started,
            ended=times.ended,
            result=result,
            size=row.size if result is not RunResult.RUNNING else None,
            message=message_of(row),
            changes_only=row.level in CHANGES_ONLY,
        )


def _key(name: str, client: str) -> str:
    return f"{client}/{name}"
