"""A Centreon that answers as the documentation of its API v2 (23.10) says."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.fakes.misbehaving import Reply, Request, json_reply

PASSWORD = "a-password"


class FakeCentreon:
    """Hosts with one service each. `sees` is whether the account has an access group.

    `cap` is the page size that the server makes of any wish. Orders are carried out
    `after` so many seconds if `carries_out`; the engine may also be stopped.
    """

    def __init__(self, hosts: int = 6, cap: int = 4) -> None:
        self.resources: dict[str, dict[str, Any]] = {}
        self.sees = True
        self.acts = True
        self.carries_out = True
        self.after = 0.0
        # By the key of their host or service.
        self.downtimes: dict[str, list[dict[str, Any]]] = {}
        self._waiting: list[tuple[float, dict[str, Any]]] = []
        self.cap = cap
        self.sessions: set[str] = set()
        self.logins = 0
        self.orders: list[dict[str, Any]] = []
        # When each host or service was checked, in whole tens of seconds; None is never.
        self.checked: dict[str, float | None] = {}
        for number in range(1, hosts + 1):
            host = {"id": number, "name": f"rtr-{17000 + number}", "alias": f"Mairie {number}"}
            self._add(str(number), {**host, "type": "host", "parent": None, "uuid": f"h{number}"})
            service = {"id": 100 + number, "name": "disque", "alias": None, "type": "service"}
            self._add(f"{number}/{100 + number}", {**service, "parent": {**host, "type": "host"}})

    def check(self, key: str, ago: float = 0) -> None:
        """Note that a host or service was checked so many seconds ago."""
        self.checked[key] = 10 * ((time.time() - ago) // 10)

    def _shown(self, key: str) -> dict[str, Any]:
        """A resource as it is shown now, with the age of its last check in words."""
        at = self.checked[key]
        return {**self.resources[key], "last_check": None if at is None else _age(at)}

    def _add(self, key: str, resource: dict[str, Any]) -> None:
        self.check(key, 60)
        state = "UP" if resource["type"] == "host" else "OK"
        self.resources[key] = {
            "status": {"code": 0, "name": state, "severity_code": 5},
            "information": "PING OK",
            "last_status_change": "2026-11-20T11:00:00+01:00",
            "is_acknowledged": False,
            "is_in_downtime": False,
            **resource,
        }

    def __call__(self, request: Request) -> Reply:
        path = request.path.removeprefix("/centreon/api/latest")
        if path == "/login":
            given = request.json()["security"]["credentials"]
            if given != {"login": "smic-tui", "password": PASSWORD}:
                return json_reply({"code": 401, "message": "Authentication failed"}, 401)
            self.logins += 1
            token = f"token-{self.logins}"
            self.sessions.add(token)
            return json_reply({"contact": {"alias": "smic-tui"}, "security": {"token": token}})
        token = request.headers.get("x-auth-token", "")
        if token not in self.sessions:
            return json_reply({"code": 401, "message": "Token expired"}, 401)
        self._carry_out()
        if path == "/logout":
            self.sessions.discard(token)
            return json_reply({"message": "Successful logout"})
        if path == "/users/acl/actions":
            names = ("acknowledgement", "disacknowledgement", "downtime", "check")
            allowed = dict.fromkeys(names, self.acts)
            return json_reply({"host": allowed, "service": allowed, "metaservice": allowed})
        if path == "/monitoring/resources":
            return self._list(request)
        if request.method in ("POST", "DELETE"):
            return self._order(request.json())
        parts = path.split("/")
        if parts[-1] == "downtimes":
            newest = reversed(self.downtimes.get("/".join(parts[3:-1:2]), []))
            return json_reply({"result": list(newest)[: int(request.query["limit"])]})
        key = "/".join(parts[4::2])
        found = self._shown(key) if self.sees and key in self.resources else None
        return json_reply(found) if found else json_reply({"message": "Not found"}, 404)

    def _list(self, request: Request) -> Reply:
        (type_,) = json.loads(request.query["types"])
        keys = [key for key, each in self.resources.items() if each["type"] == type_]
        found = [self._shown(key) for key in keys if self.sees]
        limit = min(int(request.query["limit"]), self.cap)
        page = int(request.query["page"])
        return json_reply(
            {
                "result": found[(page - 1) * limit : page * limit],
                "meta": {"page": page, "limit": limit, "total": len(found)},
            }
        )

    def _order(self, body: dict[str, Any]) -> Reply:
        if not self.acts:
            return json_reply({"code": 403, "message": "You are not authorized"}, 403)
        self.orders.append(body)
        if self.carries_out:
            self._waiting.append((time.time() + self.after, body))
        return Reply(204, b"", "")

    def _carry_out(self) -> None:
        """What the monitoring engine does, some time later."""
        now = time.time()
        due = [body for when, body in self._waiting if when <= now]
        self._waiting = [each for each in self._waiting if each[0] > now]
        for body in due:
            for target in body["resources"]:
                parent = target["parent"]
                key = f"{parent['id']}/{target['id']}" if parent else str(target["id"])
                if "downtime" in body:
                    self.plan(key, **body["downtime"])
                else:
                    self.resources[key]["is_acknowledged"] = "acknowledgement" in body

    def plan(self, key: str, **details: Any) -> dict[str, Any]:
        """A downtime of a host or service, which begins at once."""
        number = sum(len(each) for each in self.downtimes.values()) + 1
        shown = ("comment", "start_time", "end_time", "is_fixed", "duration")
        downtime = {
            "id": number,
            "author_name": "smic-tui",
            "is_started": True,
            "is_cancelled": False,
            "deletion_time": None,
            **{name: details[name] for name in shown if name in details},
        }
        self.downtimes.setdefault(key, []).append(downtime)
        self.resources[key]["is_in_downtime"] = True
        return downtime


def _age(at: float) -> str:
    """How long ago a moment was, as Centreon writes it: units without those that are zero."""
    left = int(time.time() - at)
    parts = []
    for unit, seconds in (("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
