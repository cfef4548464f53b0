"""An Icinga 2 API that answers as version 2.13.6 was seen to answer."""

from __future__ import annotations

import base64
import re
import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from tests.fakes.misbehaving import Reply, Request, json_reply

NOT_FOUND = {"error": 404, "status": "No objects found."}
READER = ["objects/query/Host", "objects/query/Service", "status/query"]
ACTOR = [
    *READER,
    "objects/query/Downtime",
    "actions/acknowledge-problem",
    "actions/remove-acknowledgement",
    "actions/schedule-downtime",
    "actions/remove-downtime",
]


def check_result(output: str, state: int, at: float) -> dict[str, Any]:
    """Return a check result in full, as `last_check_result` carries it."""
    return {
        "active": True,
        "check_source": "monitoring.example",
        "command": "dummy",
        "execution_end": at,
        "execution_start": at,
        "exit_status": state,
        "output": output,
        "performance_data": ["rta=8.2ms;100;500;0"],
        "schedule_end": at,
        "schedule_start": at,
        "scheduling_source": "monitoring.example",
        "state": state,
        "ttl": 0,
        "type": "CheckResult",
        "vars_after": {"attempt": 1, "reachable": True, "state": state, "state_type": 1},
        "vars_before": None,
    }


class FakeIcinga:
    """Hosts, services and users; call it with a request to get the answer.

    Objects are the `attrs` of the real API under their `__name`. `now` is its
    clock. `checking` False is a daemon whose checker stands still.
    """

    def __init__(self) -> None:
        self.now = time.time
        self.started = self.now() - 86400
        self.checking = True
        self.users: dict[str, tuple[str, list[str]]] = {"smic": ("word", list(READER))}
        self.hidden_by_rights: set[str] = set()
        self.hosts: dict[str, dict[str, Any]] = {}
        self.services: dict[str, dict[str, Any]] = {}
        self.downtimes: dict[str, dict[str, Any]] = {}
        self.away: list[str] = []
        self.actions: list[tuple[str, dict[str, Any]]] = []

    def add_host(self, name: str, state: int = 0, **attrs: Any) -> None:
        self.hosts[name] = {
            "__name": name,
            "name": name,
            "display_name": f"Mairie de {name}",
            "vars": None,
            **self._checkable(state, "PING OK - Paquets perdus = 0%"),
            "last_reachable": True,
            **attrs,
        }

    def add_service(self, host: str, name: str, state: int = 0, **attrs: Any) -> None:
        self.services[f"{host}!{name}"] = {
            "__name": f"{host}!{name}",
            "name": name,
            "host_name": host,
            "display_name": name,
            **self._checkable(state, "OK"),
            **attrs,
        }

    def check(self, name: str, state: int, output: str = "checked") -> None:
        """Execute a check of an object, with this outcome."""
        attrs = self.services[name] if "!" in name else self.hosts[name]
        at = self.now()
        if attrs["state"] != state:
            attrs["last_state_change"] = at
        attrs |= {
            "state": state,
            "last_check": at,
            "last_check_result": check_result(output, state, at),
        }

    def replay(self, name: str, state: int, ago: float, output: str = "replayed") -> None:
        """Take the result of a check that a satellite made so many seconds ago, with its times."""
        attrs = self.services[name] if "!" in name else self.hosts[name]
        at = self.now() - ago
        attrs |= {
            "state": state,
            "last_check": at,
            "last_state_change": at,
            "last_check_result": check_result(output, state, at),
        }

    def hand_in(self, name: str, state: int, ago: float, **result: Any) -> None:
        """Take a result by process-check-result with an execution_end in the past: `last_check`
        is when it was handed in.
        """
        attrs = self.services[name] if "!" in name else self.hosts[name]
        at = self.now()
        attrs |= {
            "state": state,
            "last_check": at,
            "next_check": at + attrs["check_interval"],
            "last_state_change": at - ago,
            "last_check_result": check_result("handed in", state, at - ago) | result,
        }

    def _checkable(self, state: int, output: str) -> dict[str, Any]:
        at = self.now() - 300
        return {
            "state": state,
            "state_type": 1,
            "last_check": at,
            "last_state_change": at - 3600,
            "last_hard_state_change": at - 3600,
            "next_check": at + 300,
            "check_interval": 300,
            "retry_interval": 60,
            "check_period": "",
            "enable_active_checks": True,
            "zone": "",
            "last_check_result": check_result(output, state, at),
            "acknowledgement": 0,
            "downtime_depth": 0,
        }

    def __call__(self, request: Request) -> Reply:
        user = self._user(request)
        if user is None:
            said = "Unauthorized. Please check your user credentials."
            return json_reply(
                {"error": 401, "status": said}, 401, WWW_Authenticate='Basic realm="Icinga 2"'
            )
        permissions = self.users[user][1]
        method = request.headers.get("x-http-method-override", request.method)
        if method == "POST" and request.path.startswith("/v1/actions/"):
            name = request.path.rpartition("/")[2]
            if not {"*", f"actions/{name}"} & set(permissions):
                said = f"Missing permission: actions/{name}"
                return json_reply({"error": 403, "status": said}, 403)
            return self._act(name, request.json())
        if method != "GET":
            return json_reply({"error": 405, "status": "Invalid HTTP method."}, 405)
        if request.path == "/v1":
            account = {"user": user, "permissions": permissions, "version": "r2.13.6-1"}
            return json_reply({"results": [{"info": "More information …", **account}]})
        if request.path.startswith("/v1/status/"):
            return self._status(request.path.rpartition("/")[2], permissions)
        if request.path in (
            "/v1/objects/hosts",
            "/v1/objects/services",
            "/v1/objects/downtimes",
        ):
            return self._objects(request, permissions)
        return json_reply({"error": 404, "status": "The requested path could not be found."}, 404)

    def _act(self, name: str, body: dict[str, Any]) -> Reply:
        self.actions.append((name, body))
        if name == "remove-downtime":
            found = self.downtimes.pop(body["downtime"], None)
            if found is None:
                return json_reply({"error": 404, "status": "No objects found."}, 404)
            self._of(found)["downtime_depth"] -= 1
            return _outcome(200, "Successfully removed downtime.")
        key = body["service" if body["type"] == "Service" else "host"]
        row = {**self.hosts, **self.services}.get(key)
        if row is None:
            return json_reply({"error": 404, "status": "No objects found."}, 404)
        if name == "acknowledge-problem":
            if row["state"] == 0:
                return _outcome(409, f"Host {key} is UP.")
            if row["acknowledgement"]:
                return _outcome(409, f"Host {key} is already acknowledged.")
            row["acknowledgement"] = 1
            return _outcome(200, f"Successfully acknowledged problem for object '{key}'.")
        if name == "remove-acknowledgement":
            row["acknowledgement"] = 0
            return _outcome(200, f"Successfully removed acknowledgement for object '{key}'.")
        host, _mark, service = key.partition("!")
        named = f"{key}!{len(self.actions)}"
        self.downtimes[named] = {
            "__name": named,
            "host_name": host,
            "service_name": service,
            "author": body["author"],
            "comment": body["comment"],
            "start_time": body["start_time"],
            "end_time": body["end_time"],
            "config_owner": "",
        }
        if body["start_time"] <= self.now():
            row["downtime_depth"] += 1
        said = {"code": 200, "legacy_id": 1, "name": named, "status": "Successfully scheduled"}
        return json_reply({"results": [said]})

    def _of(self, downtime: dict[str, Any]) -> dict[str, Any]:
        if downtime["service_name"]:
            return self.services[f"{downtime['host_name']}!{downtime['service_name']}"]
        return self.hosts[downtime["host_name"]]

    def _user(self, request: Request) -> str | None:
        scheme, _blank, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        name, _colon, password = base64.b64decode(token).decode().partition(":")
        return name if self.users.get(name, (None, []))[0] == password else None

    def _status(self, what: str, permissions: list[str]) -> Reply:
        if not {"*", "status/query"} & set(permissions):
            return json_reply(NOT_FOUND, 404)
        if what == "CIB":
            status: dict[str, Any] = self._cib()
        elif what == "ApiListener":
            ends = {"num_endpoints": 1 + len(self.away), "not_conn_endpoints": list(self.away)}
            status = {"api": {"identity": "monitoring.example", **ends}}
        elif what == "IcingaApplication":
            app = {"node_name": "monitoring.example", "pid": 4711, "program_start": self.started}
            status = {"icingaapplication": {"app": app}}
        else:
            return json_reply(NOT_FOUND, 404)
        return json_reply({"results": [{"name": what, "perfdata": [], "status": status}]})

    def _cib(self) -> dict[str, Any]:
        hosts, services = list(self.hosts.values()), list(self.services.values())
        words = ("ok", "warning", "critical", "unknown")
        counts: dict[str, Any] = {"uptime": self.now() - self.started}
        for index, word in enumerate(("up", "down")):
            counts[f"num_hosts_{word}"] = sum(host["state"] == index for host in hosts)
        for index, word in enumerate(words):
            counts[f"num_services_{word}"] = sum(row["state"] == index for row in services)
        for kind, rows in (("hosts", hosts), ("services", services)):
            counts[f"num_{kind}_acknowledged"] = sum(row["acknowledgement"] > 0 for row in rows)
            counts[f"num_{kind}_in_downtime"] = sum(row["downtime_depth"] > 0 for row in rows)
        for how in ("active_host", "active_service", "passive_host", "passive_service"):
            for minutes in (1, 5, 15):
                done = 7 if self.checking and how.startswith("active") else 0
                counts[f"{how}_checks_{minutes}min"] = done
        return counts

    def _objects(self, request: Request, permissions: list[str]) -> Reply:
        kind = request.path.rpartition("/")[2][:-1]
        right = f"objects/query/{kind.capitalize()}"
        if not any(held in ("*", right, f"{right} (filtered)") for held in permissions):
            return json_reply(NOT_FOUND, 404)
        body = _parameters(request)
        try:
            rows = self._chosen(kind, body.get("filter", "true"), body.get("filter_vars", {}))
        except (SyntaxError, NameError, AttributeError, TypeError):
            return json_reply(NOT_FOUND, 404)
        results = []
        for row in rows:
            wanted = body.get("attrs", list(row))
            for name in wanted:
                if name not in row:
                    return json_reply(
                        {"error": 400, "status": f"Invalid field specified: {name}"}, 400
                    )
            results.append(
                {
                    "attrs": {name: row[name] for name in wanted},
                    "joins": {},
                    "meta": {},
                    "name": row["__name"],
                    "type": kind.capitalize(),
                }
            )
        return json_reply({"results": results})

    def _chosen(self, kind: str, filter: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
        """Filter as Icinga does, far enough for the filters in use."""
        python = filter.replace("&&", " and ").replace("||", " or ")
        python = re.sub(r"!(?!=)", " not ", python)
        code = compile(python.strip(), "filter", "eval")
        chosen = []
        of_kind = {"host": self.hosts, "service": self.services, "downtime": self.downtimes}
        for row in of_kind[kind].values():
            if row["__name"] in self.hidden_by_rights:
                continue
            host = row if kind == "host" else self.hosts[row["host_name"]]
            names = {
                kind: SimpleNamespace(**row),
                "host": SimpleNamespace(
                    **{**host, "vars": SimpleNamespace(**(host["vars"] or {}))}
                ),
                "true": True,
                **variables,
            }
            if eval(code, {"__builtins__": {}}, names):
                chosen.append(row)
        return chosen


def _outcome(code: int, status: str) -> Reply:
    return json_reply({"results": [{"code": code, "status": status}]}, code)


def _parameters(request: Request) -> dict[str, Any]:
    if request.body:
        parameters: dict[str, Any] = request.json()
        return parameters
    # A plus sign in an address stays one: Icinga does not take it for a blank.
    query = request.target.partition("?")[2]
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    found = {name: unquote(text) for name, _equals, text in pairs}
    return found | ({"attrs": [found["attrs"]]} if "attrs" in found else {})
