"""Reads the answers of Proxmox Backup Server's API.

Written from its documentation (API viewer and "Backup Protocol", versions 3 and 4),
not tried against a real server. Every answer is an object with `data`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from adapters.shared.epochs import LATEST
from smic_tui.i18n import _
from smic_tui.records import BackupRun, RunResult

# The server writes it last: a snapshot without it is not complete.
_MANIFEST = "index.json.blob"


class Rows(Struct):
    """A list."""

    data: list[msgspec.Raw]


class Version(Struct):
    """GET /version."""

    class Data(Struct):
        version: str = ""
        release: str = ""

    data: Data


class Permissions(Struct):
    """GET /access/permissions: privileges by path."""

    data: dict[str, dict[str, Any]]


class Namespace(Struct):
    """One of GET /admin/datastore/STORE/namespace; the root is ""."""

    ns: str = ""


class Group(Struct, rename="kebab", frozen=True):
    """One of GET /admin/datastore/STORE/groups."""

    backup_type: str
    backup_id: str
    last_backup: int = 0
    backup_count: int = 0
    comment: str | None = None

    @property
    def name(self) -> str:
        """TYPE/ID."""
        return f"{self.backup_type}/{self.backup_id}"


class _Verification(Struct):
    state: str = ""


class Snapshot(Struct, rename="kebab", frozen=True):
    """One of GET /admin/datastore/STORE/snapshots."""

    backup_type: str
    backup_id: str
    backup_time: int
    size: int | None = None
    files: list[Any] | None = None
    verification: _Verification | None = None

    @property
    def name(self) -> str:
        """TYPE/ID of its group."""
        return f"{self.backup_type}/{self.backup_id}"

    @property
    def is_complete(self) -> bool:
        """Whether its manifest is there. Files are names, or objects with one."""
        if self.files is None:
            return True
        names = [each.get("filename") if isinstance(each, dict) else each for each in self.files]
        return _MANIFEST in names


class Task(Struct, frozen=True):
    """One of GET /nodes/localhost/tasks. One that goes on has neither end nor status."""

    upid: str
    starttime: int
    worker_id: str | None = None
    endtime: int | None = None
    status: str | None = None


def moment(epoch: int) -> datetime:
    """Return a time of the API in UTC; raises `ValueError`."""
    if not 0 < epoch < LATEST:
        raise ValueError(_("{value} is no time").format(value=epoch))
    return datetime.fromtimestamp(epoch, UTC)


def run_of_snapshot(snapshot: Snapshot, job: str, site: str, application: str) -> BackupRun:
    """Return the backup that a snapshot is; raises `ValueError`."""
    started = moment(snapshot.backup_time)
    broken = snapshot.verification is not None and snapshot.verification.state == "failed"
    result = RunResult.FAILED if broken else RunResult.OK
    if not snapshot.is_complete:
        result = RunResult.RUNNING
    return BackupRun(
        key=f"{job}/{started:%Y-%m-%dT%H:%M:%SZ}",
        job=job,
        site=site,
        application=application,
        started=started,
        result=result,
        size=snapshot.size,
        message=_("verification failed") if broken else "",
    )


def run_of_failure(task: Task, job: str, site: str, application: str) -> BackupRun:
    """Return the attempt that a failed task was; raises `ValueError`."""
    return BackupRun(
        key=f"{job}/{task.upid}",
        job=job,
        site=site,
        application=application,
        started=moment(task.starttime),
        ended=moment(task.endtime) if task.endtime else None,
        result=RunResult.FAILED,
        message=task.status or "",
    )


def group_of_task(task: Task, known: dict[str, str]) -> str | None:
    """Return the key of the group that a backup task was for.

    Its worker is called STORE:TYPE/ID. `known` are the keys of groups by that name.
    """
    return known.get((task.worker_id or "").replace("\\x2d", "-"))
