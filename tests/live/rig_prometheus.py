"""A real Prometheus with a blackbox exporter on loopback, in a folder of its own."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from smic_tui.records import Stream
from tests.live.rig import Daemon, free_port

SITES = 200
DOWN_EVERY = 20
PASSWORD = "the-reader"
# The password's bcrypt at the least cost.
PASSWORD_HASH = "$2b$04$abcdefghijklmnopqrstuuwby4puVPNiVl7DPawCo2O4C07pmnQ0u"

WEB_CONFIG = "basic_auth_users:\n  smic-tui: HASH\n"

_CONFIG = """
global: { scrape_interval: 10s, scrape_timeout: 8s }
scrape_configs:
  - job_name: sites
    metrics_path: /probe
    params: { module: [tcp_connect] }
    file_sd_configs: [ { files: [ FOLDER/sites.json ] } ]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { target_label: __address__, replacement: "127.0.0.1:BLACKBOX" }
"""

_BLACKBOX = "modules:\n  tcp_connect: { prober: tcp, timeout: 2s }\n"


def ask(url: str, user: str = "smic-tui", body: Any = None, method: str = "GET") -> Any:
    """Ask a server of these as somebody who may."""
    request = urllib.request.Request(url, method=method)
    token = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    request.add_header("Authorization", f"Basic {token}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise AssertionError((error.code, error.read())) from None
    return json.loads(text) if text.strip() else None


class PrometheusRig:
    """200 sites, all of them a port of this program or one where nobody listens."""

    name = "Prometheus"
    kind = "prometheus"
    impatient: ClassVar = {"request_timeout": "8s", "connect_timeout": "3s"}
    # Nothing tells whether a sample changed.
    unchanged_floor = 60_000
    floor_reason = "all samples of the moment, compressed"
    not_applicable: ClassVar = {"test_rights_missing": "it has no accounts with rights"}

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port, blackbox = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self._accept, daemon=True).start()
        self._sites = {
            f"rtr-{17000 + number}": bool(number % DOWN_EVERY) for number in range(SITES)
        }
        self._write()
        (folder / "blackbox.yml").write_text(_BLACKBOX)
        (folder / "web.yml").write_text(WEB_CONFIG.replace("HASH", PASSWORD_HASH))
        config = _CONFIG.replace("FOLDER", str(folder)).replace("BLACKBOX", str(blackbox))
        (folder / "prometheus.yml").write_text(config)
        self.blackbox = Daemon(
            [
                "prometheus-blackbox-exporter",
                f"--config.file={folder / 'blackbox.yml'}",
                f"--web.listen-address=127.0.0.1:{blackbox}",
            ],
            folder / "blackbox.out",
            lambda: _listens(blackbox),
        )
        self.daemon = Daemon(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--web.config.file={folder / 'web.yml'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--storage.tsdb.path={folder / 'data'}",
            ],
            folder / "prometheus.out",
            self._answers,
        )

    def start(self) -> None:
        self.blackbox.start()
        self.daemon.start()
        self.wait_for(lambda: len(self.query("probe_success")) == SITES)

    def stop(self) -> None:
        self.daemon.stop()
        self.blackbox.stop()
        self._listener.close()

    @property
    def version(self) -> str:
        found: str = ask(f"{self.address}/api/v1/status/buildinfo")["data"]["version"]
        return found.partition("+")[0]

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "prometheus",
            "url": url or self.address,
            "user": "smic-tui",
            "password": {"env": "PROMETHEUS"},
            "checks": [{"query": "probe_success", "job": "sites"}],
            **overrides,
        }

    def secrets(self) -> Mapping[str, str]:
        return {"PROMETHEUS": PASSWORD, "WRONG": "the-wrong-word"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return None

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """What its administrator wrote into the file of targets."""
        return set(self._sites)

    def change_one(self) -> tuple[Stream, str]:
        self._sites["rtr-17007"] = not self._sites["rtr-17007"]
        self._write()
        wanted = str(int(self._sites["rtr-17007"]))
        self.wait_for(lambda: self.query('probe_success{instance="rtr-17007"}') == [wanted])
        return Stream.HEALTH, "rtr-17007"

    def delete_one(self) -> tuple[Stream, str]:
        gone = sorted(self._sites)[-1]
        del self._sites[gone]
        self._write()
        self.wait_for(lambda: not self.query(f'{{instance="{gone}"}}'))
        return Stream.HEALTH, gone

    def query(self, query: str) -> list[str]:
        """The values of the samples that it gives."""
        found = ask(f"{self.address}/api/v1/query?query={quote(query)}")["data"]["result"]
        return [each["value"][1] for each in found]

    def wait_for(self, condition: Any, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "Prometheus did not come to see it"
            time.sleep(0.5)

    def _write(self) -> None:
        up = self._listener.getsockname()[1]
        targets = [
            {
                "targets": [f"127.0.0.1:{up if listens else 9}"],
                "labels": {"instance": name, "site": name.partition("-")[2]},
            }
            for name, listens in self._sites.items()
        ]
        new = self._folder / "sites.json.new"
        new.write_text(json.dumps(targets))
        new.rename(self._folder / "sites.json")

    def _accept(self) -> None:
        while True:
            try:
                self._listener.accept()[0].close()
            except OSError:
                return

    def _answers(self) -> bool:
        try:
            ask(f"{self.address}/-/ready")
        except (OSError, AssertionError, ValueError):
            return _listens(self.port) and self._is_ready()
        return True

    def _is_ready(self) -> bool:
        try:
            return bool(ask(f"{self.address}/api/v1/query?query=vector(1)"))
        except (OSError, AssertionError, ValueError):
            return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
