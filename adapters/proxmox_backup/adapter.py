"""Kind `proxmox-backup`: the backup groups of a Proxmox Backup Server, by its API.

Written from its documentation, not tried against a real server.

The list of groups tells which of them have a new backup: the adapter asks only for their
snapshots. Snapshots are successes. Failed attempts are tasks, which the token sees only with the
right Sys.Audit on /system/tasks: without it they are missing, and `doctor` says so. Each reading
proves the rights to the datastores, because an account without them sees no groups but its own,
and no error.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

import msgspec
from msgspec import Struct

from adapters.http.adapter import HttpAdapter
from adapters.proxmox_backup.api import (
    Group,
    Namespace,
    Permissions,
    Rows,
    Snapshot,
    Task,
    Version,
    group_of_task,
    run_of_failure,
    run_of_snapshot,
)
from adapters.proxmox_backup.options import ProxmoxBackupOptions
from adapters.shared.ahead import newest_of, rejected_ahead, without_those_ahead
from adapters.shared.cursors import decoded_of, setup_of
from adapters.shared.durations import seconds
from adapters.shared.row_by_row import read_each
from smic_tui.contract.adapter import Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed
from smic_tui.i18n import _, labelled
from smic_tui.records import BackupJob, BackupRun, RunResult, Stream

if TYPE_CHECKING:
    from adapters.http.session import Credentials, HttpSession

T = TypeVar("T")

_API = "/api2/json"
# With more groups than this changed, one list of all snapshots is cheaper.
_ONE_BY_ONE = 20
_FORMAT = 1


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """For each group its newest backup and how many it has; "" if one went on.

    `tasks` is a digest of the failed attempts.
    """

    setup: str
    groups: dict[str, str] = {}
    tasks: str = ""


class _Found(Struct, frozen=True):
    """A group, and the datastore and namespace that it is in."""

    store: str
    ns: str
    group: Group

    @property
    def key(self) -> str:
        return "/".join(filter(None, (self.store, self.ns, self.group.name)))

    @property
    def workers(self) -> tuple[str, ...]:
        """The names that tasks may give it: how they write a namespace is not documented."""
        name = self.group.name
        if not self.ns:
            return (f"{self.store}:{name}",)
        return (f"{self.store}:{self.ns}/{name}", f"{self.store}:{self.ns}:{name}")

    @property
    def state(self) -> str:
        return f"{self.group.last_backup}.{self.group.backup_count}"


class ProxmoxBackupAdapter(HttpAdapter[ProxmoxBackupOptions]):
    """Reads one Proxmox Backup Server."""

    kind: ClassVar[str] = "proxmox-backup"
    config_type: ClassVar[type[Struct]] = ProxmoxBackupOptions
    streams: ClassVar[frozenset[Stream]] = frozenset((Stream.BACKUP_JOBS, Stream.BACKUP_RUNS))

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the groups, and the snapshots of those that changed."""
        before = decoded_of(self._setup, cursor, _Cursor)
        http = self._session()
        async with http.signed_in():
            await self._prove_rights(http)
            found, rejected = await self._groups(http)
            if stream is Stream.BACKUP_JOBS:
                jobs = tuple(self._job(each) for each in found)
                yield Batch(upserts=jobs, rejected=tuple(rejected), full=not rejected)
                return
            async for batch in self._runs(http, found, rejected, before):
                yield batch

    async def probe(self) -> Probe:
        """Prove the rights, and read the groups."""
        http = self._session()
        async with http.signed_in():
            about = await http.json(Version, "GET", f"{_API}/version")
            await self._prove_rights(http)
            sees_tasks = await self._may(http, "/system/tasks", "Sys.Audit")
            found, rejected = await self._groups(http)
        remarks = [
            _("written from its documentation, not tried against a real one"),
            *http.remarks(),
            *(labelled(row.where, row.reason) for row in rejected[:10]),
        ]
        if not sees_tasks:
            remarks.append(
                _("without the right Sys.Audit on /system/tasks, failed attempts are not seen")
            )
        if not found:
            remarks.append(_("the datastores hold no backup"))
        return Probe(
            version=f"Proxmox Backup Server {about.data.version}",
            account=self.config.token,
            remote_time=http.remote_time,
            remarks=tuple(remarks),
        )

    def _credentials(self) -> Credentials:
        from adapters.http.session import Credentials

        secret = self.context.secret(self.config.secret)
        header = f"PBSAPIToken={self.config.token}:{secret}"
        return Credentials(headers={"Authorization": header}, secrets=(secret,))

    @property
    def _setup(self) -> str:
        return setup_of((_FORMAT, self.config))

    async def _prove_rights(self, http: HttpSession) -> None:
        for store in self.config.datastores:
            if not await self._may(http, f"/datastore/{store}", "Datastore.Audit"):
                raise AuthFailed(
                    _("the token {token} lacks the right Datastore.Audit on {store}").format(
                        token=self.config.token, store=store
                    ),
                    hint=_(
                        "Give it the role DatastoreAudit there; a token has no more rights than "
                        "its user."
                    ),
                )

    async def _may(self, http: HttpSession, path: str, right: str) -> bool:
        """Whether the token has a right at a path; rights from above are in the answer."""
        query = {"path": path}
        found = await http.json(Permissions, "GET", f"{_API}/access/permissions", params=query)
        return right in found.data.get(path, {})

    async def _groups(self, http: HttpSession) -> tuple[list[_Found], list[Rejected]]:
        found: list[_Found] = []
        rejected: list[Rejected] = []
        for store in self.config.datastores:
            path = f"{_API}/admin/datastore/{store}"
            spaces, odd = _decoded_rows(
                await http.json(Rows, "GET", f"{path}/namespace"), Namespace, store
            )
            rejected += odd
            for space in spaces:
                query = {"ns": space.ns} if space.ns else None
                rows = await http.json(Rows, "GET", f"{path}/groups", params=query)
                groups, odd = _decoded_rows(rows, Group, "/".join(filter(None, (store, space.ns))))
                found += [_Found(store, space.ns, group) for group in groups]
                rejected += odd
        return found, rejected

    async def _runs(
        self,
        http: HttpSession,
        found: list[_Found],
        rejected: list[Rejected],
        before: _Cursor | None,
    ) -> AsyncIterator[Batch]:
        known = before.groups if before else {}
        gone = known.keys() - {each.key for each in found}
        changed = [each for each in found if known.get(each.key) != each.state]
        states = {each.key: each.state for each in found}
        runs: list[BackupRun] = []
        told: list[Rejected] = []
        async for asked, rows in self._snapshots(http, changed):
            taken, odd, ahead = self._taken(asked, rows)
            runs += taken
            rejected += odd
            told += ahead
        for run in runs:
            if run.result is RunResult.RUNNING:
                states[run.job] = ""  # the next readings ask for it again until it has ended
        failures, odd = await self._failures(http, found)
        rejected += odd
        digest = hashlib.sha256(repr(sorted(run.key for run in failures)).encode()).hexdigest()[:16]
        is_quiet = before is not None and not changed and not gone and before.tasks == digest
        if not is_quiet:
            runs += failures
        # Of groups that did not change only the failed attempts are told: the rest stays.
        looked_into = {each.key for each in changed}
        unseen = [each.key for each in found if each.key not in looked_into]
        cursor = msgspec.json.encode(_Cursor(self._setup, states, digest)).decode()
        yield Batch(
            upserts=tuple({run.key: run for run in runs}.values()),
            rejected=(*rejected, *told),
            # A row that cannot be read may be of any group.
            full=not is_quiet and not rejected,
            unseen=() if is_quiet or rejected else tuple(unseen),
            cursor=cursor,
        )

    async def _snapshots(
        self, http: HttpSession, changed: list[_Found]
    ) -> AsyncIterator[tuple[list[_Found], Rows]]:
        """Ask for the snapshots of groups: one by one if they are few, else place by place."""
        places: dict[tuple[str, str], list[_Found]] = {}
        for each in changed:
            places.setdefault((each.store, each.ns), []).append(each)
        for (store, ns), groups in places.items():
            path = f"{_API}/admin/datastore/{store}/snapshots"
            query = {"ns": ns} if ns else {}
            if len(groups) > _ONE_BY_ONE:
                yield groups, await http.json(Rows, "GET", path, params=query)
                continue
            for each in groups:
                chosen = {
                    "backup-type": each.group.backup_type,
                    "backup-id": each.group.backup_id,
                }
                yield [each], await http.json(Rows, "GET", path, params={**query, **chosen})

    def _taken(
        self, asked: list[_Found], rows: Rows
    ) -> tuple[list[BackupRun], list[Rejected], list[Rejected]]:
        """Return the newest snapshots of each group that was asked for.

        With them the rows that cannot be read, and what to say of snapshots dated ahead.
        """
        by_name = {each.group.name: each for each in asked}
        where = asked[0].store if asked else ""
        snapshots, rejected = _decoded_rows(rows, Snapshot, where)
        runs: dict[str, list[BackupRun]] = {}
        odd_ones: list[Rejected] = []
        for snapshot in snapshots:
            each = by_name.get(snapshot.name)
            if each is None:
                continue
            try:
                run = run_of_snapshot(snapshot, each.key, *self._what(each))
            except ValueError as error:
                rejected.append(Rejected(where=each.key, reason=str(error)))
            else:
                runs.setdefault(each.key, []).append(run)
        newest: list[BackupRun] = []
        for key, group in runs.items():
            possible, ahead = without_those_ahead(group, datetime.now(UTC))
            odd_ones += rejected_ahead(key, ahead)
            newest += newest_of(possible, self.config.newest)
        return newest, rejected, odd_ones

    async def _failures(
        self, http: HttpSession, found: list[_Found]
    ) -> tuple[list[BackupRun], list[Rejected]]:
        since = int(time.time() - seconds(self.config.tasks_since))
        # To the hour, so that the same question has the same answer.
        query = {
            "typefilter": "backup",
            "errors": "1",
            "since": str(since - since % 3600),
            "limit": "1000",
        }
        rows = await http.json(Rows, "GET", f"{_API}/nodes/localhost/tasks", params=query)
        tasks, rejected = _decoded_rows(rows, Task, "tasks")
        by_key = {each.key: each for each in found}
        names = {worker: each.key for each in found for worker in each.workers}
        runs = []
        for task in tasks:
            key = group_of_task(task, names)
            if key is None or task.endtime is None or task.status == "OK":
                continue
            try:
                runs.append(run_of_failure(task, key, *self._what(by_key[key])))
            except ValueError as error:
                rejected.append(Rejected(where=task.upid, reason=str(error)))
        return runs, rejected

    def _what(self, each: _Found) -> tuple[str, str]:
        """Return site and application of a group."""
        plan = self.config.plan_of(each.key)
        comment = (each.group.comment or "").partition("\n")[0].strip()
        site = plan.site or self.config.site_of(each.group.name, comment)
        return site, plan.application or comment or each.group.name

    def _job(self, each: _Found) -> BackupJob:
        return self.config.plan_of(each.key).job_of(each.key, *self._what(each), "proxmox-backup")


def _decoded_rows(rows: Rows, type_: type[T], where: str) -> tuple[list[T], list[Rejected]]:
    """Return the rows of a list, and those that cannot be read."""
    return read_each(
        rows.data,
        msgspec.json.Decoder(type_).decode,
        lambda number, _raw: _("{where}, item {number}").format(where=where, number=number),
    )
