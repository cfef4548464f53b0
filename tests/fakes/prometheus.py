"""A Prometheus and an Alertmanager that answer as 2.42 and 0.25 were seen to answer."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

from tests.fakes.misbehaving import Reply, Request, json_reply

PASSWORD = "a-password"


def _may(request: Request) -> bool:
    expected = base64.b64encode(f"smic-tui:{PASSWORD}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {expected}"


class FakePrometheus:
    """`samples` and `targets` map an instance to its value, `1` or `0`.

    `scraped` is how many seconds ago the targets were scraped, `scraped_late` of some of them.
    """

    def __init__(self) -> None:
        self.samples = {f"rtr-{17000 + number}": "1" for number in range(5)}
        self.targets = dict(self.samples)
        self.scraped = 5.0
        self.scraped_late: dict[str, float] = {}
        self.status = 200

    def __call__(self, request: Request) -> Reply:
        if not _may(request):
            return Reply(401, b"Unauthorized\n", "text/plain; charset=utf-8")
        if request.path == "/api/v1/status/buildinfo":
            return json_reply({"status": "success", "data": {"version": "2.42.0+ds"}})
        query = request.query["query"]
        now = time.time()
        if self.status != 200:
            error = {"status": "error", "errorType": "unavailable", "error": "shutting down"}
            return json_reply(error, self.status)
        if query.startswith("timestamp(up{"):
            ages = {name: self.scraped_late.get(name, self.scraped) for name in self.targets}
            return _vector({name: str(now - age) for name, age in ages.items()}, now)
        if query.startswith("up{"):
            # A job that does not exist has no target, without a word.
            return _vector(self.targets if 'job="sites"' in query else {}, now)
        if query == "probe_success":
            return _vector(self.samples, now)
        if query == "scalar":
            return json_reply(
                {"status": "success", "data": {"resultType": "scalar", "result": [now, "1"]}}
            )
        error = {"status": "error", "errorType": "bad_data", "error": "1:1: parse error"}
        return json_reply(error, 400)


def _vector(samples: dict[str, str], now: float) -> Reply:
    result = [
        {
            "metric": {"instance": name, "site": name.partition("-")[2], "job": "sites"},
            "value": [now, value],
        }
        for name, value in samples.items()
    ]
    return json_reply({"status": "success", "data": {"resultType": "vector", "result": result}})


class FakeAlertmanager:
    """Alerts by fingerprint, and the silences that were posted."""

    def __init__(self) -> None:
        self.alerts: dict[str, dict[str, Any]] = {}
        self.silences: dict[str, dict[str, Any]] = {}
        # By fingerprint: the alerts and the time intervals that keep an alert quiet. Before 0.28
        # `mutedBy` is not told.
        self.inhibited: dict[str, list[str]] = {}
        self.muted: dict[str, list[str]] = {}
        self.version = "0.25.0"
        self.refuses = False
        self.fire("f0", alertname="Watchdog", severity="none")
        for number in range(4):
            self.fire(f"f{number + 1}", alertname="Muet", instance=f"rtr-{17000 + number}",
                      severity="warning", site=str(17000 + number))  # fmt: skip

    def fire(self, fingerprint: str, **labels: str) -> None:
        self.alerts[fingerprint] = {
            "fingerprint": fingerprint,
            "labels": labels,
            "annotations": {"summary": "ne répond plus"},
            "startsAt": "2026-11-20T10:00:00.000Z",
            "updatedAt": "2026-11-24T10:00:00.000Z",
            "endsAt": "2026-11-25T10:00:00.000Z",
            "receivers": [{"name": "nobody"}],
            "generatorURL": "http://prometheus.example/graph",
        }

    def __call__(self, request: Request) -> Reply:
        if not _may(request):
            return Reply(401, b"Unauthorized\n", "text/plain; charset=utf-8")
        if request.path == "/api/v2/status":
            return json_reply(
                {
                    "versionInfo": {"version": self.version},
                    "uptime": "x",
                    "config": {"original": "time_intervals: []" if self.muted else ""},
                }
            )
        if request.path == "/api/v2/alerts":
            return json_reply([self._shown(each) for each in self._filtered(request)])
        if request.path == "/api/v2/silences" and request.method == "GET":
            return json_reply(list(self.silences.values()))
        if self.refuses:
            return json_reply("end time can't be in the past", 400)
        if request.path == "/api/v2/silences":
            id = f"s{len(self.silences)}"
            self.silences[id] = {**request.json(), "id": id, "status": {"state": "active"}}
            return json_reply({"silenceID": id})
        id = request.path.rpartition("/")[2]
        self.silences[id]["status"]["state"] = "expired"
        return Reply(200, b"")

    def _filtered(self, request: Request) -> list[dict[str, Any]]:
        found = list(self.alerts.values())
        for name, value in re.findall(r"filter=(\w+)%3D%22(\w*)%22", request.target):
            found = [each for each in found if each["labels"].get(name, "") == value]
        return found

    def _shown(self, alert: dict[str, Any]) -> dict[str, Any]:
        hidden = [
            id
            for id, silence in self.silences.items()
            if silence["status"]["state"] == "active"
            and all(_holds(matcher, alert["labels"]) for matcher in silence["matchers"])
        ]
        inhibited = self.inhibited.get(alert["fingerprint"], [])
        muted = self.muted.get(alert["fingerprint"], [])
        status = {"silencedBy": hidden, "inhibitedBy": inhibited}
        if [int(each) for each in self.version.split(".")[:2]] >= [0, 28]:
            status["mutedBy"] = muted
        quiet = any(status.values())
        return {**alert, "status": {"state": "suppressed" if quiet else "active", **status}}


def _holds(matcher: dict[str, Any], labels: dict[str, str]) -> bool:
    value = labels.get(matcher["name"], "")
    if matcher["isRegex"]:
        return re.fullmatch(matcher["value"], value) is not None
    return bool(value == matcher["value"])
