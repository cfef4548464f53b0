"""A Zabbix frontend that answers as version 6.0.14 was seen to answer.

With `version` 7.x it does what the documentation of 7.2 says: the token in a header, and in
the body no more.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from tests.fakes.misbehaving import Reply, Request, json_reply

READING = (
    "hostgroup.get",
    "host.get",
    "hostinterface.get",
    "trigger.get",
    "problem.get",
    "item.get",
)
ACTING = (*READING, "event.acknowledge", "maintenance.get")
ADMIN = (*ACTING, "maintenance.create", "maintenance.delete")

_APPLICATION, _PARAMS = (-32500, "Application error."), (-32602, "Invalid params.")


class _Says(Exception):
    def __init__(self, kind: tuple[int, str], data: str) -> None:
        super().__init__(data)
        self.error = {"code": kind[0], "message": kind[1], "data": data}


class FakeZabbix:
    """Hosts with one group; `methods` is what each token may call, `blind` who sees no group."""

    def __init__(self) -> None:
        self.version = "6.0.14"
        self.methods: dict[str, tuple[str, ...]] = {"word": READING}
        self.users: dict[str, str] = {}
        self.blind: set[str] = set()
        self.hosts: dict[str, dict[str, Any]] = {}
        self.triggers: dict[str, dict[str, Any]] = {}
        self.maintenances: dict[str, dict[str, Any]] = {}
        self.acknowledgements: list[dict[str, Any]] = []
        self.now = time.time
        # When the server process last took a value; 0 is longer than a day ago.
        self.last_value: float | None = None
        self.item_keys = ["zabbix[uptime]"]
        self.asked: list[tuple[str, Any]] = []
        self._numbers = 0

    # -- what is monitored -----------------------------------------------------

    def add_host(self, host: str, name: str = "", available: int = 1, **more: Any) -> str:
        hostid = self._next()
        self.hosts[hostid] = {
            "hostid": hostid,
            "host": host,
            "name": name or host,
            "maintenance_status": "0",
            "interfaces": [{"available": str(available), "error": ""}],
            "tags": [],
            "macros": [],
            "inventory": [],
            **more,
        }
        return hostid

    def add_trigger(self, hostid: str, description: str, value: int = 0, priority: int = 2) -> str:
        triggerid = self._next()
        self.triggers[triggerid] = {
            "triggerid": triggerid,
            "description": description,
            "priority": str(priority),
            "value": "0",
            "lastchange": "0",
            "state": "0",
            "error": "",
            "hosts": [{"hostid": hostid}],
            "lastEvent": [],
        }
        if value:
            self.turn(triggerid, value)
        return triggerid

    def turn(self, triggerid: str, value: int, at: float | None = None) -> None:
        """A trigger changes its value, with an event."""
        trigger = self.triggers[triggerid]
        trigger["value"] = str(value)
        trigger["lastchange"] = str(int(at if at is not None else self.now()))
        name = trigger["description"]
        trigger["lastEvent"] = {"eventid": self._next(), "name": name, "acknowledged": "0"}

    # -- the protocol ----------------------------------------------------------

    def __call__(self, request: Request) -> Reply:
        if request.path != "/api_jsonrpc.php":
            return Reply(404, b"<html>Not Found</html>", "text/html")
        asked = request.json()
        header = request.headers.get("authorization", "")
        if isinstance(asked, list):
            return json_reply([self._reply(each, header) for each in asked])
        return json_reply(self._reply(asked, header))

    def _reply(self, asked: dict[str, Any], header: str) -> dict[str, Any]:
        method, params = asked["method"], asked["params"]
        self.asked.append((method, params))
        about = {"jsonrpc": "2.0", "id": asked["id"]}
        try:
            return about | {"result": self._answer(method, params, asked.get("auth"), header)}
        except _Says as says:
            return about | {"error": says.error}

    @property
    def _is_new(self) -> bool:
        return int(self.version.split(".")[0]) >= 7

    def _answer(self, method: str, params: Any, auth: str | None, header: str) -> Any:
        if method in ("apiinfo.version", "user.login"):
            if auth or header:
                words = f'The "{method}" method must be called without the "auth" parameter.'
                raise _Says(_PARAMS, words)
            return self.version if method == "apiinfo.version" else self._log_in(params)
        if self._is_new:
            if auth is not None:
                raise _Says((-32600, "Invalid request."), 'Unexpected parameter "auth".')
            auth = header.removeprefix("Bearer ")
        if not auth or (header and not self._is_new):
            raise _Says(_PARAMS, "Not authorized.")
        if auth not in self.methods:
            is_token = len(auth) == 64
            words = "Not authorized." if is_token else "Session terminated, re-login, please."
            raise _Says(_PARAMS, words)
        if method not in self.methods[auth]:
            raise _Says(_PARAMS, f'No permissions to call "{method}".')
        answer: Callable[..., Any] = getattr(self, "_" + method.replace(".", "_"))
        return answer(params, auth)

    def _log_in(self, params: dict[str, str]) -> str:
        if self._is_new and "user" in params:
            raise _Says(_PARAMS, 'Invalid parameter "/": unexpected parameter "user".')
        if self.users.get(params.get("username", "")) != params["password"]:
            words = "Incorrect user name or password or account is temporarily blocked."
            raise _Says(_APPLICATION, words)
        session = f"session{self._next()}"
        self.methods[session] = READING
        return session

    # -- the methods -----------------------------------------------------------

    def _hostgroup_get(self, params: dict[str, Any], auth: str) -> Any:
        groups = [] if auth in self.blind else [{"groupid": "15", "name": "Sites"}]
        names = params.get("filter", {}).get("name")
        groups = [group for group in groups if names is None or group["name"] in names]
        return str(len(groups)) if params.get("countOutput") else groups

    def _seen(self, auth: str, params: dict[str, Any]) -> dict[str, dict[str, Any]]:
        wanted = params.get("hostids")
        return {
            hostid: host
            for hostid, host in self.hosts.items()
            if auth not in self.blind and (wanted is None or hostid in wanted)
        }

    def _host_get(self, params: dict[str, Any], auth: str) -> Any:
        rows = list(self._seen(auth, params).values())
        status = params.get("filter", {}).get("maintenance_status")
        rows = [row for row in rows if status is None or row["maintenance_status"] == str(status)]
        if params.get("countOutput"):
            return str(len(rows))
        more = ("interfaces", "tags", "macros", "inventory")
        asked = [name for name in more if "select" + name.capitalize() in params]
        wanted = [*params["output"], *asked]
        return [{name: row[name] for name in wanted} for row in rows]

    def _hostinterface_get(self, params: dict[str, Any], auth: str) -> Any:
        available = str(params["filter"]["available"])
        found = [
            {"hostid": host["hostid"]}
            for host in self._seen(auth, params).values()
            for interface in host["interfaces"]
            if interface["available"] == available
        ]
        return str(len(found)) if params.get("countOutput") else found

    def _trigger_get(self, params: dict[str, Any], auth: str) -> Any:
        hosts = set(self._seen(auth, params))
        value = params.get("filter", {}).get("value")
        return [
            {**row, "hosts": [host for host in row["hosts"] if host["hostid"] in self.hosts]}
            for row in self.triggers.values()
            if {host["hostid"] for host in row["hosts"]} & hosts
            and (value is None or row["value"] == str(value))
            and int(row["priority"]) >= params.get("min_severity", 0)
            and int(row["lastchange"]) >= params.get("lastChangeSince", 0)
            and row["triggerid"] in params.get("triggerids", [row["triggerid"]])
        ]

    def _problem_get(self, params: dict[str, Any], auth: str) -> Any:
        wanted = "1" if params["acknowledged"] else "0"
        rows = self._trigger_get({"filter": {"value": 1}}, auth)
        return [
            {"objectid": row["triggerid"]}
            for row in rows
            if row["lastEvent"]["acknowledged"] == wanted
            and int(row["priority"]) in params["severities"]
        ]

    def _item_get(self, params: dict[str, Any], auth: str) -> Any:
        beginning = params.get("search", {}).get("key_", "")
        clock = self.now() if self.last_value is None else self.last_value
        keys = [key for key in self.item_keys if key.startswith(beginning)]
        return [{"itemid": "1", "lastclock": str(int(clock))} for _key in keys]

    def _event_acknowledge(self, params: dict[str, Any], auth: str) -> Any:
        if "eventids" not in params:
            raise _Says(_PARAMS, 'Invalid parameter "/": the parameter "eventids" is missing.')
        for row in self.triggers.values():
            event = row["lastEvent"]
            if event and event["eventid"] in params["eventids"]:
                if params["action"] & 2:
                    event["acknowledged"] = "1"
                if params["action"] & 16:
                    event["acknowledged"] = "0"
        self.acknowledgements.append(params)
        return {"eventids": params["eventids"]}

    def _maintenance_get(self, params: dict[str, Any], auth: str) -> Any:
        return [
            {name: row[name] for name in params["output"]}
            for row in self.maintenances.values()
            if {host["hostid"] for host in row["hosts"]} & set(params["hostids"])
        ]

    def _maintenance_create(self, params: dict[str, Any], auth: str) -> Any:
        if not re.fullmatch(r".+", params.get("name", "")):
            raise _Says(_PARAMS, "Incorrect parameters were given")
        if params["name"] in {row["name"] for row in self.maintenances.values()}:
            raise _Says(_PARAMS, f'Maintenance "{params["name"]}" already exists.')
        number = self._next()
        self.maintenances[number] = {
            **params,
            "maintenanceid": number,
            "active_since": str(params["active_since"]),
            "active_till": str(params["active_till"]),
        }
        return {"maintenanceids": [number]}

    def _maintenance_delete(self, params: list[str], auth: str) -> Any:
        for number in params:
            del self.maintenances[number]
        return {"maintenanceids": params}

    def _next(self) -> str:
        self._numbers += 1
        return str(10_000 + self._numbers)
