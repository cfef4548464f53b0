"""Nagios's CGIs and its status file, as those of version 4.4.6 were seen to be."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from tests.fakes.misbehaving import Reply, Request, json_reply

_HOST_BITS = (2, 4, 8)
_SERVICE_BITS = (2, 4, 16, 8)
_TIMES = ("start_time", "end_time")
_ACKNOWLEDGED = ("sticky_ack", "send_notification", "persistent", "com_author", "com_data")
_PLANNED = (*_TIMES, "fixed", "trigger", "duration", "com_author", "com_data")
_STRIPPED = str.maketrans({";": " ", "<": None, ">": None})
# What the lines of the command file are in cmd.cgi: the type, and the names of their words.
_LINES = {
    "ACKNOWLEDGE_HOST_PROBLEM": ("33", ("host", *_ACKNOWLEDGED)),
    "ACKNOWLEDGE_SVC_PROBLEM": ("34", ("host", "service", *_ACKNOWLEDGED)),
    "REMOVE_HOST_ACKNOWLEDGEMENT": ("51", ("host",)),
    "REMOVE_SVC_ACKNOWLEDGEMENT": ("52", ("host", "service")),
    "SCHEDULE_HOST_DOWNTIME": ("55", ("host", *_PLANNED)),
    "SCHEDULE_SVC_DOWNTIME": ("56", ("host", "service", *_PLANNED)),
    "DEL_HOST_DOWNTIME": ("78", ("down_id",)),
    "DEL_SVC_DOWNTIME": ("79", ("down_id",)),
}


def _shown(text: str) -> str:
    """What the JSON makes of a text: nothing, when it has accents."""
    return text if text.isascii() else ""


class FakeNagios:
    """Hosts and services by (host, service), as status.dat has them: states 0 to 3, seconds."""

    def __init__(self) -> None:
        self.passwords = {"lecture": "word", "agent": "word", "aveugle": "word"}
        self.blind = {"aveugle"}
        self.actors = {"agent"}
        self.version = "4.4.6"
        self.started = time.time() - 86_400
        # When the daemon last wrote its status; None is now, as long as it lives.
        self.written: float | None = None
        self.type_code = 0
        # Whether it ended in good order, taking its status file with it.
        self.ended = False
        # By how many seconds its clock is ahead of ours.
        self.clock_ahead = 0
        self.zone = "Europe/Paris"
        self.writing = "%Y-%m-%d %H:%M:%S"
        self.form_id = "3efe7cab3ffc1685"
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.variables: dict[str, dict[str, str]] = {}
        self.comments: dict[str, dict[str, Any]] = {}
        self.downtimes: dict[str, dict[str, Any]] = {}
        self.commands: list[dict[str, str]] = []
        # How many seconds later the status shows what was commanded; None is never.
        self.obeys_after: float | None = None
        self._waiting: list[tuple[float, dict[str, str]]] = []
        self._downtimes_made = 0
        self.queries: list[dict[str, str]] = []

    def add(self, host: str, service: str = "", state: int = 0, **more: Any) -> None:
        now = int(time.time())
        self.objects[host, service] = {
            "state": state,
            "output": "OK",
            "checked": True,
            "last_check": now - 30,
            "last_state_change": now - 3600,
            "last_hard_state_change": now - 3600,
            "next_check": now + 270,
            "check_interval": 5,
            "retry_interval": 1,
            "active": True,
            "acknowledged": False,
            "depth": 0,
            **more,
        }

    def acknowledge(self, host: str, service: str = "") -> None:
        self.objects[host, service]["acknowledged"] = True
        self.comments[str(len(self.comments) + 1)] = {
            "host_name": host,
            **({"service_description": _shown(service)} if service else {}),
            "entry_type": 4,
        }

    def add_downtime(
        self, host: str, service: str = "", hours: float = 1, **more: Any
    ) -> dict[str, Any]:
        now = int(time.time())
        self._downtimes_made += 1
        number = self._downtimes_made
        downtime = {
            "downtime_id": number,
            "host": host,
            "service": service,
            "start": now - 1,
            "end": int(now + hours * 3600),
            "author": "agent",
            "comment": "travaux",
            "in_effect": True,
            **more,
        }
        self.downtimes[str(number)] = downtime
        self.objects[host, service]["depth"] = 1
        return downtime

    @staticmethod
    def stripped(text: str) -> str:
        """What cmd.cgi makes of a text."""
        return text.translate(_STRIPPED).strip()

    def take_line(self, line: str) -> None:
        """Take a command as it comes through the command file."""
        name, *words = line.partition("] ")[2].split(";")
        type_, fields = _LINES[name]
        # A semicolon ends a comment, too: what follows it is lost.
        self._take({"cmd_typ": type_, **dict(zip(fields, words, strict=False))})

    def _take(self, command: dict[str, str]) -> None:
        """Take a command, by the fields of cmd.cgi with times in epoch seconds."""
        if self.obeys_after is not None:
            self._waiting.append((time.time() + self.obeys_after, command))

    def _obey(self) -> None:
        """Carry out what has waited long enough, as Nagios does: in order, without a word."""
        now = time.time()
        due = [form for when, form in self._waiting if when <= now]
        self._waiting = [each for each in self._waiting if each[0] > now]
        for form in due:
            place = (form.get("host", ""), form.get("service", ""))
            match form["cmd_typ"]:
                case "33" | "34" if self.objects[place]["state"]:
                    self.acknowledge(*place)
                case "51" | "52":
                    self.objects[place]["acknowledged"] = False
                case "55" | "56":
                    start, end = int(float(form["start_time"])), int(float(form["end_time"]))
                    author, comment = form["com_author"], form["com_data"]
                    self.add_downtime(*place, start=start, end=end, author=author, comment=comment)
                case "78" | "79":
                    gone = self.downtimes.pop(form["down_id"], None)
                    if gone is not None:
                        self.objects[gone["host"], gone["service"]]["depth"] = 0

    def last_written(self) -> float:
        return time.time() if self.written is None else self.written

    # -- the status file -------------------------------------------------------

    def status_dat(self) -> str:
        """The file, accents intact."""
        self._obey()
        blocks = [("info", {"created": int(self.last_written()), "version": self.version})]
        blocks.append(("programstatus", {"program_start": int(self.started)}))
        for (host, service), row in self.objects.items():
            block = {
                "host_name": host,
                **({"service_description": service} if service else {}),
                "has_been_checked": int(row["checked"]),
                "current_state": row["state"],
                "plugin_output": row["output"],
                "last_check": row["last_check"],
                "last_state_change": row["last_state_change"],
                "last_hard_state_change": row["last_hard_state_change"],
                "next_check": row["next_check"],
                "check_interval": f"{row['check_interval']:.6f}",
                "retry_interval": f"{row['retry_interval']:.6f}",
                "active_checks_enabled": int(row["active"]),
                "problem_has_been_acknowledged": int(row["acknowledged"]),
                "scheduled_downtime_depth": row["depth"],
                **{f"_{name}": f"0;{text}" for name, text in self.variables.get(host, {}).items()},
            }
            if service:
                block = {key: text for key, text in block.items() if not key.startswith("_")}
            blocks.append(("servicestatus" if service else "hoststatus", block))
        for each in self.downtimes.values():
            block = {
                "host_name": each["host"],
                **({"service_description": each["service"]} if each["service"] else {}),
                "downtime_id": each["downtime_id"],
                "start_time": each["start"],
                "end_time": each["end"],
                "is_in_effect": int(each["in_effect"]),
                "author": each["author"],
                "comment": each["comment"],
            }
            blocks.append(("servicedowntime" if each["service"] else "hostdowntime", block))
        parts = ["# NAGIOS STATUS FILE\n"]
        for name, block in blocks:
            lines = "".join(f"\t{key}={text}\n" for key, text in block.items())
            parts.append(f"{name} {{\n{lines}\t}}\n")
        return "\n".join(parts)

    # -- the CGIs --------------------------------------------------------------

    def __call__(self, request: Request) -> Reply:
        scheme, _blank, token = request.headers.get("authorization", "").partition(" ")
        user, _colon, password = base64.b64decode(token).decode().partition(":")
        if scheme != "Basic" or self.passwords.get(user) != password:
            page = b"<html><h1>401 Authorization Required</h1></html>"
            return Reply(401, page, "text/html", {"WWW-Authenticate": "Basic"})
        cgi = request.path.rpartition("/")[2]
        if cgi == "cmd.cgi":
            return self._command(request, user)
        self._obey()
        self.queries.append(request.query)
        result = {
            "query_time": (int(time.time()) + self.clock_ahead) * 1000,
            "cgi": cgi,
            "user": user,
            "query": request.query["query"],
            "program_start": int(self.started) * 1000,
            "last_data_update": (int(self.last_written()) + self.clock_ahead) * 1000,
            "type_code": self.type_code,
            "type_text": "Success",
            "message": "",
        }
        data: dict[str, Any] = {}
        if self.type_code:
            result |= {"type_text": "Error", "message": "it went wrong"}
        elif cgi == "objectjson.cgi":
            hosts = {host for host, service in self._seen(user) if not service}
            named = {host: {"custom_variables": self.variables.get(host, {})} for host in hosts}
            data = {"selectors": {}, "hostlist": named}
        else:
            answer: Callable[..., Any] = getattr(self, "_" + request.query["query"])
            if self.ended:
                return Reply(200, b"\n")
            found = answer(request.query, user)
            if found is None:
                result |= {"type_code": 6, "type_text": "Option Value Invalid", "message": "no"}
            else:
                name = request.query["query"]
                name = "count" if name.endswith("count") else name
                data = {"selectors": {}, name: found}
        return json_reply({"format_version": 0, "result": result, "data": data})

    def _seen(self, user: str) -> dict[tuple[str, str], dict[str, Any]]:
        return {} if user in self.blind else self.objects

    def _programstatus(self, query: dict[str, str], user: str) -> Any:
        return {"version": self.version}

    def _details(self, row: dict[str, Any], bits: tuple[int, ...]) -> dict[str, Any]:
        return {
            "plugin_output": _shown(row["output"]),
            "status": bits[row["state"]] if row["checked"] else 1,
            "last_check": (row["last_check"] + self.clock_ahead) * 1000,
            "last_state_change": row["last_state_change"] * 1000,
            "last_hard_state_change": row["last_hard_state_change"] * 1000,
            "next_check": (row["next_check"] + self.clock_ahead) * 1000,
            "checks_enabled": row["active"],
            "problem_has_been_acknowledged": row["acknowledged"],
            "scheduled_downtime_depth": row["depth"],
        }

    def _since(self, query: dict[str, str]) -> float:
        if "starttime" in query:
            kind = query["query"].removesuffix("list")
            assert query[f"{kind}timefield"] == "lastcheck"
        return float(query.get("starttime", 0))

    def _hostlist(self, query: dict[str, str], user: str) -> Any:
        return {
            host: {"name": _shown(host), **self._details(row, _HOST_BITS)}
            for (host, service), row in self._seen(user).items()
            if not service and row["last_check"] + self.clock_ahead >= self._since(query)
        }

    def _servicelist(self, query: dict[str, str], user: str) -> Any:
        found: dict[str, dict[str, Any]] = {}
        for (host, service), row in self._seen(user).items():
            if service and row["last_check"] + self.clock_ahead >= self._since(query):
                name = service if service.isascii() else "(null)"
                details = self._details(row, _SERVICE_BITS)
                found.setdefault(host, {})[name] = {"description": _shown(service), **details}
        return found

    def _count(self, user: str, words: tuple[str, ...], *, of_services: bool) -> dict[str, int]:
        found = dict.fromkeys((*words, "pending"), 0)
        for (_host, service), row in self._seen(user).items():
            if bool(service) is of_services:
                found[words[row["state"]] if row["checked"] else "pending"] += 1
        return found

    def _hostcount(self, query: dict[str, str], user: str) -> Any:
        return self._count(user, ("up", "down", "unreachable"), of_services=False)

    def _servicecount(self, query: dict[str, str], user: str) -> Any:
        return self._count(user, ("ok", "warning", "critical", "unknown"), of_services=True)

    # A single object is shown to everybody.
    def _host(self, query: dict[str, str], user: str) -> Any:
        row = self.objects.get((query["hostname"], ""))
        return None if row is None else self._details(row, _HOST_BITS)

    def _service(self, query: dict[str, str], user: str) -> Any:
        row = self.objects.get((query["hostname"], query["servicedescription"]))
        return None if row is None else self._details(row, _SERVICE_BITS)

    def _commentlist(self, query: dict[str, str], user: str) -> Any:
        return {} if user in self.blind else self.comments

    def _downtimelist(self, query: dict[str, str], user: str) -> Any:
        return {
            number: {
                "downtime_id": each["downtime_id"],
                "host_name": each["host"],
                "service_description": _shown(each["service"]),
                "start_time": each["start"] * 1000,
                "end_time": each["end"] * 1000,
                "is_in_effect": each["in_effect"],
                "author": _shown(each["author"]),
                "comment": _shown(each["comment"]),
            }
            for number, each in self.downtimes.items()
            if user not in self.blind and query.get("hostname", each["host"]) == each["host"]
        }

    # -- cmd.cgi ---------------------------------------------------------------

    def _seconds(self, text: str) -> str:
        """A time of the form, as the CGI reads it."""
        local = datetime.strptime(text, self.writing).replace(tzinfo=ZoneInfo(self.zone))
        return str(int(local.timestamp()))

    def _command(self, request: Request, user: str) -> Reply:
        if request.method == "GET":
            now = datetime.now(UTC).astimezone(ZoneInfo(self.zone)).strftime(self.writing)
            page = (
                f"<INPUT TYPE='hidden' NAME='nagFormId' VALUE='{self.form_id}'\n"
                f"<INPUT TYPE='TEXT' NAME='start_time' VALUE='{now}'>"
                "<DIV CLASS='infoMessage'>Please enter all required information</DIV>"
            )
            return Reply(200, page.encode(), "text/html")
        form = {name: texts[-1] for name, texts in parse_qs(request.body.decode()).items()}
        cookie = request.headers.get("cookie", "")
        if cookie != f"NagFormId={form['nagFormId']}" or form["nagFormId"] != self.form_id:
            words = "Sorry, but your form id is not valid"
        elif user not in self.actors:
            words = "Sorry, but you are not authorized to commit the specified command."
        else:
            # As its own guard against HTML and against its own separator.
            for name in ("com_data", "com_author"):
                form[name] = self.stripped(form[name])
            self.commands.append(form)
            self._take(form | {name: self._seconds(form[name]) for name in _TIMES if name in form})
            words = "Your command request was successfully submitted to Nagios for processing."
            page = f"<P><DIV CLASS='infoMessage'>{words}<BR><BR></DIV></P>"
            return Reply(200, page.encode(), "text/html")
        return Reply(200, f"<P><DIV CLASS='errorMessage'>{words}</DIV></P>".encode(), "text/html")
