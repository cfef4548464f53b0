"""Kind `backuppc`: the hosts that a BackupPC 4 server backs up.

Over HTTP the adapter reads BackupPC's page of metrics, which also tells the periods. The server
takes some seconds to make it, so both streams of one refresh share it. Where BackupPC's files can
be read, they are quicker and tell failed attempts with their times, but no plan.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import Struct

from adapters.backuppc.files import read_backups
from adapters.backuppc.hosts import hosts_in, list_beside
from adapters.backuppc.metrics import Host, Page, attempt_of, period_of, runs_of
from adapters.backuppc.options import BackupPcOptions
from adapters.http.adapter import HttpAdapter
from adapters.http.documents import file_failure, version_of_file
from adapters.shared.ahead import rejected_ahead, without_those_ahead
from adapters.shared.cursors import decoded_of, setup_of
from adapters.shared.paths import path_of
from adapters.shared.row_by_row import refuse_to_empty_the_cache, set_aside
from smic_tui.contract.adapter import Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError
from smic_tui.i18n import _, labelled
from smic_tui.records import BackupJob, BackupRun, Stream

if TYPE_CHECKING:
    from adapters.http.session import Credentials

# One refresh reads both streams; the page is not asked for twice.
_SHARED = 30.0
# How many runs of each host are read from its file.
_NEWEST = 10
_LARGEST = 8 << 20
# Part of every cursor: raise it when the same page would give other records.
_FORMAT = 1


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """What the last reading saw.

    `page` is a digest of the page; `seen` is when attempts without times were first
    heard of, by key; `versions` are those of files, by host.
    """

    setup: str
    page: str = ""
    seen: dict[str, datetime] = {}
    versions: dict[str, str] = {}


class _Shared(Struct):
    """A page of metrics, until each stream has used it once."""

    hosts: dict[str, Host]
    rejected: list[Rejected]
    version: str
    digest: str
    at: float
    used: set[Stream]


class BackupPcAdapter(HttpAdapter[BackupPcOptions]):
    """Reads one BackupPC."""

    kind: ClassVar[str] = "backuppc"
    config_type: ClassVar[type[Struct]] = BackupPcOptions
    streams: ClassVar[frozenset[Stream]] = frozenset((Stream.BACKUP_JOBS, Stream.BACKUP_RUNS))

    def __init__(self, config: BackupPcOptions, context: Context) -> None:
        super().__init__(config, context)
        self._page: _Shared | None = None
        self._asking = asyncio.Lock()

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the page, or the files that changed."""
        before = decoded_of(self._setup, cursor, _Cursor)
        if self.config.path:
            yield await asyncio.to_thread(self._from_files, stream, before)
        else:
            yield self._from_page(await self._metrics(stream), stream, before)

    async def probe(self) -> Probe:
        """Read everything once."""
        if self.config.path:
            batch = await asyncio.to_thread(self._from_files, Stream.BACKUP_RUNS, None)
            remarks = [labelled(row.where, row.reason) for row in batch.rejected[:10]]
            planned = any(plan.period or plan.calendar for plan in self.config.plans)
            if not planned:
                remarks.append(_("the files tell no plan: set `plans`, or no run can be late"))
            if await asyncio.to_thread(self._list_of_hosts) is None:
                remarks.append(
                    _(
                        "BackupPC's list of hosts is not known: set `hosts`, or a host that is "
                        "taken out of it stays for ever"
                    )
                )
            return Probe(remarks=tuple(remarks))
        page = await self._metrics(None)
        http = self._session()
        remarks = [
            *http.remarks(),
            *(labelled(row.where, row.reason) for row in page.rejected[:10]),
        ]
        return Probe(
            version=f"BackupPC {page.version}" if page.version else "",
            account=self.config.user,
            remote_time=http.remote_time,
            remarks=tuple(remarks),
        )

    @property
    def _setup(self) -> str:
        return setup_of((_FORMAT, self.config))

    # -- over HTTP -------------------------------------------------------------

    async def _metrics(self, stream: Stream | None) -> _Shared:
        """Return the page; one just made for the other stream will do."""
        async with self._asking:
            page = self._page
            fresh = page is not None and time.monotonic() - page.at < _SHARED
            if page is None or not fresh or stream is None or stream in page.used:
                self._page = page = await self._ask()
            if stream is not None:
                page.used.add(stream)
            return page

    async def _ask(self) -> _Shared:
        http = self._session()
        query = {"action": "metrics", "format": "json"}
        async with http.signed_in():
            # Some versions send it as text/plain; a page in HTML is refused all the same.
            answer = await http.request("GET", params=query)
            page = await http.decode(Page, answer)
        if not page.hosts:
            raise AuthFailed(
                _("BackupPC shows {user} no host").format(user=self.config.user or "?"),
                hint=_(
                    "Put the account into CgiAdminUsers, or make it a user of the hosts: without "
                    "a right BackupPC answers as if there were none."
                ),
            )
        hosts, rejected = await asyncio.to_thread(_decoded_hosts, page.hosts)
        hosts = {name: host for name, host in hosts.items() if self.config.shows(name)}
        refuse_to_empty_the_cache(
            len(hosts),
            rejected,
            lambda first: http.bad_answer(
                _("no host of BackupPC can be read: {reason}").format(reason=first.reason)
            ),
        )
        return _Shared(
            hosts=hosts,
            rejected=rejected,
            version=(page.server.version or "") if page.server else "",
            # The page also tells the time of the next wake-up and the like.
            digest=hashlib.sha256(msgspec.json.encode(hosts)).hexdigest()[:32],
            at=time.monotonic(),
            used=set(),
        )

    def _from_page(self, page: _Shared, stream: Stream, before: _Cursor | None) -> Batch:
        seen = self._heard_of(page, before.seen if before else {})
        cursor = msgspec.json.encode(_Cursor(self._setup, page.digest, seen)).decode()
        rejected = tuple(page.rejected)
        if before is not None and before.page == page.digest:
            return Batch(cursor=cursor, rejected=rejected)
        if stream is Stream.BACKUP_JOBS:
            upserts: list[Any] = [
                self._job(name, period_of(host)) for name, host in page.hosts.items()
            ]
        else:
            upserts = [
                run
                for name, host in page.hosts.items()
                for run in runs_of(
                    name, self.config.site_of(name), self._application(name), host, seen
                )
            ]
        upserts, ahead = self._possible(upserts)
        return Batch(
            upserts=tuple(upserts),
            rejected=(*rejected, *ahead),
            full=True,
            # A row that was set aside still exists at the source.
            unseen=tuple(row.where for row in rejected),
            cursor=cursor,
        )

    @staticmethod
    def _possible(records: list[Any]) -> tuple[list[Any], list[Rejected]]:
        """Return the records without runs that are dated ahead, and what to say of those."""
        runs = [record for record in records if isinstance(record, BackupRun)]
        possible, ahead = without_those_ahead(runs, datetime.now(UTC))
        return (possible, rejected_ahead("metrics", ahead)) if ahead else (records, [])

    def _heard_of(self, page: _Shared, before: dict[str, datetime]) -> dict[str, datetime]:
        now = datetime.now(UTC).replace(microsecond=0)
        attempts = (attempt_of(name, host) for name, host in page.hosts.items())
        return {attempt: before.get(attempt, now) for attempt in attempts if attempt}

    @property
    def _has_account(self) -> bool:
        return self.config.password is not None

    def _credentials(self) -> Credentials:
        from adapters.http.session import basic

        assert self.config.password is not None
        return basic(self.config.user, self.context.secret(self.config.password))

    # -- by its files; all of it blocks ----------------------------------------

    def _from_files(self, stream: Stream, before: _Cursor | None) -> Batch:
        files = self._files()
        if stream is Stream.BACKUP_JOBS:
            jobs = tuple(self._job(name, None) for name in files)
            return Batch(upserts=jobs, full=True)
        upserts: list[BackupRun] = []
        rejected: list[Rejected] = []
        versions: dict[str, str] = {}
        errors: list[SourceError] = []
        unseen: list[str] = []
        known = before.versions if before else {}
        for name, file in files.items():
            try:
                version = version_of_file(file) if _exists(file) else ""
                if version and version == known.get(name):
                    versions[name] = version
                    unseen.append(name)
                    continue
                runs, odd = self._read(name, file)
            except SourceError as error:
                errors.append(error)
                unseen.append(name)
                rejected.append(Rejected(where=str(file), reason=error.message))
                continue
            upserts += runs
            rejected += [
                Rejected(where=f"{file}:{number}", reason=reason) for number, reason in odd
            ]
            if not odd:  # else the next reading reads the file again, and repeats what is odd
                versions[name] = version
        if errors and len(errors) == len(files):
            raise errors[0]
        if before is not None and versions == known and not (rejected or upserts):
            return Batch(cursor=msgspec.json.encode(before).decode())
        if before is None:
            refuse_to_empty_the_cache(
                len(upserts),
                rejected,
                lambda first: BadAnswer(
                    _("no backup can be read; {where}: {reason}").format(
                        where=first.where, reason=first.reason
                    )
                ),
            )
        return Batch(
            upserts=tuple(upserts),
            rejected=tuple(rejected),
            full=True,
            unseen=tuple(unseen),
            cursor=msgspec.json.encode(_Cursor(self._setup, versions=versions)).decode(),
        )

    def _read(self, name: str, file: Path) -> tuple[list[BackupRun], list[tuple[int, str]]]:
        from adapters.http.documents import read_file

        if not _exists(file):  # never backed up yet
            return [], []
        document = read_file(file, limit=_LARGEST)
        assert document is not None
        return read_backups(
            document.data, name, self.config.site_of(name), self._application(name), _NEWEST
        )

    def _files(self) -> dict[str, Path]:
        """Return the file of each host; raises the contract's error for a missing folder."""
        folder = path_of(self.context.folder, self.config.path) / "pc"
        try:
            names = sorted(
                entry.name
                for entry in folder.iterdir()
                if not entry.name.startswith(".") and entry.is_dir()
            )
        except OSError as error:
            raise file_failure(folder, error) from None
        if not names:
            raise BadAnswer(
                _("{folder} has no host").format(folder=folder),
                hint=_("Check `path`; a share that is not mounted is empty, too."),
            )
        known = self._list_of_hosts()
        return {
            name: folder / name / "backups"
            for name in names
            if self.config.shows(name) and (known is None or name.lower() in known)
        }

    def _list_of_hosts(self) -> frozenset[str] | None:
        """Return the names of BackupPC's own list, None where it is not known.

        Raises the contract's error for a list that is configured and cannot be read.
        """
        if self.config.hosts:
            file: Path | None = self.context.folder / Path(self.config.hosts).expanduser()
        else:
            file = list_beside(self.context.folder / Path(self.config.path).expanduser())
        if file is None:
            return None
        try:
            return hosts_in(file)
        except OSError as error:
            if self.config.hosts:
                raise file_failure(file, error) from None
            return None

    # -- both ------------------------------------------------------------------

    def _application(self, name: str) -> str:
        return self.config.plan_of(name).application or name

    def _job(self, name: str, period: int | None) -> BackupJob:
        plan = self.config.plan_of(name)
        job = plan.job_of(name, self.config.site_of(name), self._application(name), "backuppc")
        if plan.period or plan.calendar or period is None:
            return job
        return msgspec.structs.replace(job, period=period)


def _decoded_hosts(raw: dict[str, msgspec.Raw]) -> tuple[dict[str, Host], list[Rejected]]:
    hosts: dict[str, Host] = {}
    rejected: list[Rejected] = []
    for name, data in raw.items():
        try:
            hosts[name] = msgspec.json.decode(data, type=Host)
        except msgspec.DecodeError as error:
            rejected.append(set_aside(name, error, data))
    return hosts, rejected


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as error:
        raise file_failure(file, error) from None
