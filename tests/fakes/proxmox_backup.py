"""Proxmox Backup Server's API as its documentation has it."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.fakes.misbehaving import Reply, Request, json_reply

DAY = 86_400
NOW = int(time.time())
TOKEN, SECRET = "smic@pbs!tui", "5f0e1d2c-aaaa-bbbb-cccc-0123456789ab"


class FakeProxmoxBackup:
    """One server with datastores, namespaces and groups.

    `rights` are those of the token by path. Without Datastore.Audit the groups of
    others are not listed, and nothing says so; without Sys.Audit neither are tasks.
    """

    def __init__(self) -> None:
        self.rights: dict[str, set[str]] = {
            "/datastore/nas": {"Datastore.Audit"},
            "/datastore/far": {"Datastore.Audit"},
            "/system/tasks": {"Sys.Audit"},
        }
        self.namespaces: dict[str, list[str]] = {"nas": [""], "far": [""]}
        self.comments: dict[tuple[str, str, str], str] = {}
        self.snapshots: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        self.tasks: list[dict[str, Any]] = []

    def add(
        self, group: str, at: int, *, store: str = "nas", ns: str = "", **values: Any
    ) -> dict[str, Any]:
        """Make a snapshot of TYPE/ID."""
        kind, _, ident = group.partition("/")
        files = ["drive-scsi0.img.fidx", "index.json.blob", "client.log.blob"]
        made = {
            "backup-type": kind,
            "backup-id": ident,
            "backup-time": at,
            "size": 34_359_738_368,
            "files": [{"filename": name, "crypt-mode": "none", "size": 1} for name in files],
            "owner": "root@pam",
            "protected": False,
            **values,
        }
        self.snapshots.setdefault((store, ns, group), []).append(made)
        return made

    def fail(self, group: str, at: int, status: str, *, worker: str = "") -> None:
        """Let a backup fail: its snapshot is removed, a task remains."""
        upid = f"UPID:pbs:000A:00B:1:{at:08X}:backup:{group}:root@pam:"
        worker = worker or f"nas:{group}"
        self.tasks.append(
            {
                "upid": upid,
                "node": "pbs",
                "pid": 1,
                "pstart": 2,
                "starttime": at,
                "endtime": at + 30,
                "worker_type": "backup",
                "worker_id": worker,
                "user": "root@pam",
                "status": status,
            }
        )

    def __call__(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"PBSAPIToken={TOKEN}:{SECRET}":
            return Reply(401, b"authentication failed", "text/plain")
        path = request.path.removeprefix("/api2/json")
        query = request.query
        if path == "/version":
            return self._data({"version": "3.2", "release": "7", "repoid": "0a1b"})
        if path == "/access/permissions":
            rights = self.rights.get(query["path"], set())
            return self._data({query["path"]: dict.fromkeys(rights, True)} if rights else {})
        if path == "/nodes/localhost/tasks":
            sees = "Sys.Audit" in self.rights.get("/system/tasks", set())
            since = int(query["since"])
            return self._data([t for t in self.tasks if sees and t["starttime"] >= since])
        _, _admin, _datastore, store, what = path.split("/")
        if store not in self.namespaces:
            return Reply(400, b'{"data":null,"message":"no such datastore"}')
        if what == "namespace":
            return self._data([{"ns": ns} for ns in self.namespaces[store]])
        sees = "Datastore.Audit" in self.rights.get(f"/datastore/{store}", set())
        here = {
            group: rows
            for (at, ns, group), rows in self.snapshots.items()
            if sees and at == store and ns == query.get("ns", "") and rows
        }
        if what == "groups":
            return self._data(
                [
                    {
                        "backup-type": group.partition("/")[0],
                        "backup-id": group.partition("/")[2],
                        "last-backup": max(row["backup-time"] for row in rows),
                        "backup-count": len(rows),
                        "files": [],
                        "comment": self.comments.get((store, query.get("ns", ""), group)),
                    }
                    for group, rows in here.items()
                ]
            )
        wanted = f"{query.get('backup-type')}/{query.get('backup-id')}"
        return self._data(
            [
                row
                for group, rows in here.items()
                if "backup-id" not in query or group == wanted
                for row in rows
            ]
        )

    def _data(self, value: Any) -> Reply:
        return json_reply(json.loads(json.dumps({"data": value})))
