"""A real Alertmanager on loopback, told of alerts as Prometheus tells it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from smic_tui.records import Stream
from tests.live.rig import Daemon, free_port
from tests.live.rig_prometheus import PASSWORD, PASSWORD_HASH, WEB_CONFIG, ask

ALERTS = 300

# One alert is muted at all hours, and one is explained by another of the same site.
_CONFIG = """
route:
  receiver: nobody
  group_wait: 1s
  group_interval: 5s
  routes:
    - { receiver: nobody, matchers: [ alertname="Nocturne" ], mute_time_intervals: [ toujours ] }
receivers: [ { name: nobody } ]
time_intervals:
  - name: toujours
    time_intervals: [ { times: [ { start_time: "00:00", end_time: "24:00" } ] } ]
inhibit_rules:
  - source_matchers: [ alertname="Coupure" ]
    target_matchers: [ alertname="Suite" ]
    equal: [ site ]
"""
TELLS_MUTES = (0, 28)


class AlertmanagerRig:
    """300 alerts that fire, and the one that always does."""

    name = "Alertmanager"
    kind = "alertmanager"
    impatient: ClassVar = {"request_timeout": "8s", "connect_timeout": "3s"}
    unchanged_floor = 400_000
    floor_reason = "the whole list: no ETag, no compression"
    not_applicable: ClassVar = {"test_rights_missing": "it has no accounts with rights"}

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._changes = 0
        names = [("Watchdog", ""), *(("Muet", f"rtr-{number}") for number in range(ALERTS))]
        self._firing = dict.fromkeys(names)
        (folder / "web.yml").write_text(WEB_CONFIG.replace("HASH", PASSWORD_HASH))
        (folder / "alertmanager.yml").write_text(_CONFIG)
        self.daemon = Daemon(
            [
                "prometheus-alertmanager",
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--web.config.file={folder / 'web.yml'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
                f"--storage.path={folder / 'data'}",
            ],
            folder / "alertmanager.out",
            self._answers,
        )

    @property
    def version(self) -> str:
        found: str = ask(f"{self.address}/api/v2/status")["versionInfo"]["version"]
        return found.partition("+")[0]

    @property
    def tells_mutes(self) -> bool:
        """Whether this version tells which alerts its time intervals mute."""
        return tuple(int(each) for each in self.version.split(".")[:2]) >= TELLS_MUTES

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "alertmanager",
            "url": url or self.address,
            "user": "smic-tui",
            "password": {"env": "ALERTMANAGER"},
            **overrides,
        }

    def secrets(self) -> Mapping[str, str]:
        return {"ALERTMANAGER": PASSWORD, "WRONG": "the-wrong-word"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return None

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """Alerts live in its memory only: the whole list."""
        return {each["fingerprint"] for each in ask(f"{self.address}/api/v2/alerts")}

    def change_one(self) -> tuple[Stream, str]:
        self._changes += 1
        return Stream.HEALTH, self.fire(f"Nouvelle{self._changes}", "rtr-17999")

    def delete_one(self) -> tuple[Stream, str]:
        key = self.fire("Muet", "rtr-17")
        self.end("Muet", "rtr-17")
        return Stream.HEALTH, key

    def fire(self, name: str, instance: str) -> str:
        """Have an alert fire and return its fingerprint."""
        self._firing[name, instance] = None
        self.post([alert(name, instance)])
        query = quote(f'instance="{instance}"')
        matcher = quote(f'alertname="{name}"')
        found = ask(f"{self.address}/api/v2/alerts?filter={query}&filter={matcher}")
        key: str = found[0]["fingerprint"]
        return key

    def end(self, name: str, instance: str) -> None:
        """Have it end."""
        del self._firing[name, instance]
        over = {**alert(name, instance), "endsAt": _moment(timedelta(seconds=-1))}
        self.post([over])

    def post(self, alerts: list[dict[str, Any]]) -> None:
        """Tell of alerts as Prometheus does."""
        ask(f"{self.address}/api/v2/alerts", body=alerts, method="POST")

    def silences(self) -> list[dict[str, Any]]:
        """All that have not expired."""
        found = ask(f"{self.address}/api/v2/silences")
        return [each for each in found if each["status"]["state"] != "expired"]

    def seed(self) -> None:
        """Tell of all alerts again, as Prometheus does: it forgets them when it ends."""
        self.post([alert(*each) for each in self._firing])
        deadline = time.monotonic() + 30
        while len(self.expected(Stream.HEALTH)) < len(self._firing):
            assert time.monotonic() < deadline, "the alerts did not arrive"
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            ask(f"{self.address}/api/v2/status")
        except (OSError, AssertionError, ValueError):
            return False
        self.seed()
        return True


def alert(name: str, instance: str) -> dict[str, Any]:
    """An alert that fires for a day, as Prometheus posts it."""
    labels = {"alertname": name, "severity": "warning"}
    if instance:
        labels |= {"instance": instance, "site": instance.partition("-")[2], "job": "sites"}
    return {
        "labels": labels,
        "annotations": {"summary": f"{instance} ne répond plus [@click=x]"},
        "startsAt": "2026-11-20T10:00:00Z",
        "endsAt": _moment(timedelta(days=1)),
        "generatorURL": "http://prometheus.example/graph",
    }


def _moment(later: timedelta) -> str:
    return (datetime.now(UTC) + later).isoformat()
