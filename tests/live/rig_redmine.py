"""A real Redmine with puma and SQLite on loopback, in a folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.live.rig import Daemon, free_port

PACKAGED = Path("/usr/share/redmine")
LOCKED_GEMS = Path("/var/lib/redmine/Gemfile.lock")
SEED = Path(__file__).with_name("seed_redmine.rb")
ISSUES = 300


class RedmineRig:
    """Starts it, and does to it what people would.

    The packaged program is copied, because its instances live in it.
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "redmine.db"
        self._app = folder / "redmine"
        bundler = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", "ruby-bundler"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        self._env = {
            # Ruby's own newer bundler would look for gems on the network.
            "BUNDLER_VERSION": bundler.partition("-")[0],
            "RAILS_ENV": "production",
            "REDMINE_LANG": "fr",
            "SCHEMA": "/dev/null",
            # Redmine writes local times into SQLite and reads them back as such.
            "TZ": "UTC",
        }
        self._lay_out(folder)
        self._run("rake", "db:migrate")
        self._run("rake", "redmine:load_default_data")
        self.keys: dict[str, str] = json.loads(
            self._run("ruby", "bin/rails", "runner", str(SEED), ISSUES=str(ISSUES)).splitlines()[-1]
        )
        command = ["puma", "-e", "production", "-b", f"tcp://127.0.0.1:{self.port}"]
        self.daemon = Daemon(
            [*command, "-t", "1:1", "config.ru"],
            folder / "puma.out",
            self._answers,
            cwd=self._app,
            env=self._env,
        )

    def call(self, method: str, path: str, body: Any = None, key: str = "chef") -> Any:
        """Ask the API as somebody who may change things."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"X-Redmine-API-Key": self.keys[key], "Content-Type": "application/json"}
            link.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = link.getresponse()
            text = answer.read()
            assert answer.status < 300, (answer.status, text)
            return json.loads(text) if text.strip() else None
        finally:
            link.close()

    def status_id(self, name: str) -> int:
        """Return the number of a status."""
        statuses = self.call("GET", "/issue_statuses.json")["issue_statuses"]
        found: int = next(status["id"] for status in statuses if status["name"] == name)
        return found

    def update(self, number: int, **fields: Any) -> None:
        """Change an issue, and make sure that it was changed."""
        self.call("PUT", f"/issues/{number}.json", {"issue": fields})

    def create(self, project: str, subject: str, **fields: Any) -> int:
        """Create an issue and return its number."""
        issue = {"project_id": project, "subject": subject, "tracker_id": 1, **fields}
        made = self.call("POST", "/issues.json", {"issue": issue})
        number: int = made["issue"]["id"]
        return number

    def delete(self, number: int) -> None:
        """Delete an issue."""
        self.call("DELETE", f"/issues/{number}.json")

    def switch_api(self, on: bool) -> None:
        """Switch the REST API on or off, as in the administration."""
        self._run("ruby", "bin/rails", "runner", f"Setting.rest_api_enabled = {int(on)}")

    def script(self, code: str) -> str:
        """Run Ruby inside Redmine and return what it printed."""
        return self._run("ruby", "bin/rails", "runner", code)

    def _lay_out(self, folder: Path) -> None:
        app = self._app
        shutil.copytree(PACKAGED, app, symlinks=True, ignore=_without_instances)
        shutil.copy(LOCKED_GEMS, app / "Gemfile.lock")
        instance = app / "instances" / "default"
        for name in ("config", "log", "tmp/cache", "files", "public/plugin_assets"):
            (instance / name).mkdir(parents=True)
        database = instance / "config" / "database.yml"
        database.write_text(
            f"production:\n  adapter: sqlite3\n  database: {self.database}\n  timeout: 10000\n"
        )
        (app / "config" / "database.yml").symlink_to(database)
        # Else a thread that sends mail finds SQLite locked by the one that writes, and both fail.
        environment = app / "config" / "additional_environment.rb"
        environment.write_text("config.active_job.queue_adapter = :inline\n")
        (instance / "config" / "secret_key.txt").write_text(secrets.token_hex(64))

    def _run(self, *command: str, **env: str) -> str:
        done = subprocess.run(
            command,
            cwd=self._app,
            env=os.environ | self._env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        # Ruby tells what is wrong first, and then from where at length.
        assert done.returncode == 0, (done.stderr + done.stdout)[:3000]
        return done.stdout

    def _answers(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request("GET", "/issue_statuses.json")
            return link.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()


def _without_instances(folder: str, names: list[str]) -> set[str]:
    """Leave out what points into the machine's own Redmine."""
    if Path(folder) == PACKAGED:
        return {"instances", "Gemfile.lock", "log", "tmp", "files"} & set(names)
    return {"database.yml"} & set(names)
