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
    "proxy.get",
    "maintenance.get",
)
ACTING = (*READING, "event.acknowledge")
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
        self.problems: dict[str, dict[str, Any]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.proxies: dict[str, dict[str, Any]] = {}
        self.template_macros: dict[str, dict[str, str]] = {}
        self.maintenances: dict[str, dict[str, Any]] = {}
        # Roles may let an account acknowledge, and not comment, or the reverse.
        self.may_acknowledge = self.may_comment = True
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
            "maintenanceid": "0",
            "proxy_hostid": "0",
            "proxyid": "0",
            "assigned_proxyid": "0",
            "active_available": "0",
            "interfaces": [{"available": str(available), "error": "", "errors_from": "0"}],
            "tags": [],
            "inheritedTags": [],
            "macros": [],
            "inventory": [],
            **more,
        }
        return hostid

    def add_item(self, hostid: str, key: str, value: str = "1", **more: Any) -> str:
        """An item whose newest values came `age` seconds ago, of a simple check by default."""
        itemid = self._next()
        age = more.pop("age", 5)
        self.items[itemid] = {
            "itemid": itemid,
            "hostid": hostid,
            "type": "3",
            "key_": key,
            "delay": "60s",
            "lastclock": str(int(self.now() - age)),
            "lastvalue": value,
            "prevvalue": value,
            "master_itemid": "0",
            "preprocessing": [],
            **more,
        }
        return itemid

    def add_trigger(
        self, hostid: str, description: str, value: int = 0, priority: int = 2, **more: Any
    ) -> str:
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
            "dependencies": [],
            "functions": [],
            **more,
        }
        if value:
            self.turn(triggerid, value)
        return triggerid

    def turn(self, triggerid: str, value: int, at: float | None = None) -> str:
        """A trigger changes its value, or has one more event; return the event's id."""
        trigger = self.triggers[triggerid]
        clock = str(int(at if at is not None else self.now()))
        trigger |= {"value": str(value), "lastchange": clock}
        event = self._next()
        if value == 1:
            self.problems[event] = {
                "eventid": event,
                "objectid": triggerid,
                "clock": clock,
                "name": trigger["description"],
                "acknowledged": "0",
                "severity": trigger["priority"],
                "suppressed": "0",
                "acknowledges": [],
            }
        else:
            for each in self.events(triggerid):
                del self.problems[each["eventid"]]
        return event

    def events(self, triggerid: str) -> list[dict[str, Any]]:
        """The open events of a trigger, the oldest first."""
        return [each for each in self.problems.values() if each["objectid"] == triggerid]

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
        for name, wanted in params.get("filter", {}).items():
            rows = [row for row in rows if row[name] == str(wanted)]
        if params.get("countOutput"):
            return str(len(rows))
        new = ("proxyid", "assigned_proxyid", "active_available")
        old = ("proxy_hostid",)
        for name in params["output"]:
            if name in (old if self._is_new else new):
                raise _Says(_PARAMS, f'Invalid parameter "/output/1": unknown field "{name}".')
        selects = {
            "selectInterfaces": "interfaces",
            "selectTags": "tags",
            "selectInheritedTags": "inheritedTags",
            "selectMacros": "macros",
            "selectInventory": "inventory",
            "selectParentTemplates": "parentTemplates",
        }
        wanted = [*params["output"], *(selects[each] for each in selects if each in params)]
        return [{name: row.get(name, []) for name in wanted} for row in rows]

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
        rows = [
            {**row, "hosts": [host for host in row["hosts"] if host["hostid"] in self.hosts]}
            for row in self.triggers.values()
            if {host["hostid"] for host in row["hosts"]} & hosts
            and (value is None or row["value"] == str(value))
            and int(row["priority"]) >= params.get("min_severity", 0)
            and int(row["lastchange"]) >= params.get("lastChangeSince", 0)
            and row["triggerid"] in params.get("triggerids", [row["triggerid"]])
            and not (params.get("skipDependent") and self._is_explained(row))
        ]
        return str(len(rows)) if params.get("countOutput") else rows

    def _is_explained(self, row: dict[str, Any]) -> bool:
        above = (self.triggers[each["triggerid"]] for each in row["dependencies"])
        return any(each["value"] == "1" or self._is_explained(each) for each in above)

    def _problem_get(self, params: dict[str, Any], auth: str) -> Any:
        seen = {row["triggerid"] for row in self._trigger_get({}, auth)}
        of_hosts = params.get("hostids")
        rows = [
            row
            for row in self.problems.values()
            if row["objectid"] in seen
            and int(row["severity"]) in params.get("severities", range(6))
            and row["eventid"] in params.get("eventids", [row["eventid"]])
            and (of_hosts is None or self._hosts_of(row["objectid"]) & set(of_hosts))
        ]
        for name in ("acknowledged", "suppressed"):
            if name in params:
                rows = [row for row in rows if row[name] == str(int(params[name]))]
        output = [*params["output"], *(["acknowledges"] if "selectAcknowledges" in params else [])]
        return [{name: row[name] for name in output} for row in rows]

    def _hosts_of(self, triggerid: str) -> set[str]:
        return {host["hostid"] for host in self.triggers[triggerid]["hosts"]}

    def _item_get(self, params: dict[str, Any], auth: str) -> Any:
        if "sortfield" in params:
            return self._heartbeat(params)
        seen = self._seen(auth, params)
        beginnings = tuple(params.get("search", {}).get("key_", [""]))
        types = params.get("filter", {}).get("type")
        rows = [
            row
            for row in self.items.values()
            if row["hostid"] in seen
            and row["itemid"] in params.get("itemids", [row["itemid"]])
            and row["key_"].startswith(beginnings)
            and (types is None or int(row["type"]) in types)
        ]
        output = list(params["output"])
        if "selectPreprocessing" in params:
            output.append("preprocessing")
        return [{name: row[name] for name in output} for row in rows]

    def _heartbeat(self, params: dict[str, Any]) -> Any:
        beginning = params.get("search", {}).get("key_", "")
        clock = self.now() if self.last_value is None else self.last_value
        keys = [key for key in self.item_keys if key.startswith(beginning)]
        return [{"itemid": "1", "lastclock": str(int(clock))} for _key in keys]

    def _proxy_get(self, params: dict[str, Any], auth: str) -> Any:
        return [{name: row[name] for name in params["output"]} for row in self.proxies.values()]

    def _usermacro_get(self, params: dict[str, Any], auth: str) -> Any:
        name = params["filter"]["macro"]
        return [
            {"hostid": id, "value": macros[name]}
            for id, macros in self.template_macros.items()
            if id in params["hostids"] and name in macros
        ]

    def _event_acknowledge(self, params: dict[str, Any], auth: str) -> Any:
        if "eventids" not in params:
            raise _Says(_PARAMS, 'Invalid parameter "/": the parameter "eventids" is missing.')
        refused = 'Incorrect value for field "action": no permissions to {}.'
        if params["action"] & 4 and not self.may_comment:
            raise _Says(_PARAMS, refused.format("add problem comments"))
        if params["action"] & 18 and not self.may_acknowledge:
            raise _Says(_PARAMS, refused.format("acknowledge problems"))
        if not set(params["eventids"]) <= set(self.problems):
            raise _Says(_PARAMS, "No permissions to referred object or it does not exist!")
        if len(params.get("message", "")) > 2048:
            long = f'Value "{params["message"]}" is too long for field "message".'
            raise _Says(_APPLICATION, long)
        for eventid in params["eventids"]:
            event = self.problems[eventid]
            bits = params["action"] & 4
            # What is so already is no act, and not noted.
            for bit, value in ((2, "1"), (16, "0")):
                if params["action"] & bit and event["acknowledged"] != value:
                    event["acknowledged"] = value
                    bits |= bit
            if bits:
                message = params["message"].partition("\0")[0] if bits & 4 else ""
                note = {"acknowledgeid": self._next(), "action": str(bits), "message": message}
                event["acknowledges"].append(note)
        self.acknowledgements.append(params)
        return {"eventids": params["eventids"]}

    def _maintenance_get(self, params: dict[str, Any], auth: str) -> Any:
        return [
            {name: row.get(name, []) for name in (*params["output"], "tags")}
            for row in self.maintenances.values()
            if (
                "hostids" not in params
                or {host["hostid"] for host in row["hosts"]} & set(params["hostids"])
            )
            and row["maintenanceid"] in params.get("maintenanceids", [row["maintenanceid"]])
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
