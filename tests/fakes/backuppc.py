"""BackupPC 4.4's page of metrics, with what it does not say."""

from __future__ import annotations

import base64
import time
from typing import Any

from tests.fakes.misbehaving import Reply, Request, json_reply

DAY = 86_400
NOW = int(time.time())


class FakeBackupPc:
    """Answers like index.cgi behind a web server with Basic authentication.

    `accounts` are passwords by user; `administrators` see all hosts, others those
    they are `users` of. When its daemon is `dead`, the page is HTML with status 200.
    """

    def __init__(self) -> None:
        self.accounts = {"smic": "lecture seule", "stranger": "x"}
        self.administrators = {"smic"}
        self.hosts: dict[str, dict[str, Any]] = {}
        self.users: dict[str, str] = {}
        self.dead = False

    def add(self, name: str, *, user: str = "", **values: Any) -> None:
        """Add a host, by default one with a full and an incremental backup."""
        self.users[name] = user
        self.hosts[name] = {
            "full_age": NOW - 3 * DAY,
            "full_count": 2,
            "full_duration": 600,
            "full_keep_count": [1],
            "full_period": "6.97",
            "full_rate": 3,
            "full_size": 123_456,
            "incr_age": NOW - DAY // 2,
            "incr_count": 3,
            "incr_duration": 60,
            "incr_keep_count": 6,
            "incr_period": 0.97,
            "error": None,
            "reason": "Reason_backup_done",
            "state": "Status_idle",
            "disabled": 0,
            **values,
        }

    def __call__(self, request: Request) -> Reply:
        user = self._user(request)
        if user is None:
            return Reply(
                401, b"<html>401", "text/html", {"WWW-Authenticate": 'Basic realm="BackupPC"'}
            )
        if request.query.get("action") != "metrics" or self.dead:
            return Reply(
                200, b"<html>Error: Unable to connect to BackupPC server</html>", "text/html"
            )
        shown = {
            name: host
            for name, host in self.hosts.items()
            if user in self.administrators or self.users[name] == user
        }
        page: dict[str, Any] = {
            "server": {"version": "4.4.0", "pid": 1, "next_wakeup_time": int(time.time())},
            "disk": {"usage": "12"},
            "cpool": None,
        }
        # Perl makes the table when the first host is put into it.
        return json_reply({**page, "hosts": shown} if shown else page)

    def _user(self, request: Request) -> str | None:
        kind, _, code = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return None
        user, _, password = base64.b64decode(code).decode().partition(":")
        return user if self.accounts.get(user) == password else None
