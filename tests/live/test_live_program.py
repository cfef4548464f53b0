"""The program itself, with real systems behind it: what its commands count is what is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.rig_icinga2 import DOWN_EVERY, HOSTS, NODE, IcingaRig
from tests.live.rig_redmine import RedmineRig

pytestmark = pytest.mark.live

CONFIG = """
[sources.members]
kind = "csv"

[sources.members.sites]
path = "sites.csv"
columns = {{ code = "code", name = "name" }}

[sources.supervision]
kind = "icinga2"
url = "{icinga.url}"
ca_file = "{icinga.ca_file}"
server_name = "{node}"
user = "smic-tui"
password = {{ env = "ICINGA_PASSWORD" }}
site = "vars.insee"

[sources.tickets]
kind = "redmine"
as = "tickets"
url = "{redmine.url}"
api_key = {{ file = "redmine.key" }}
projects = ["assistance"]
site_field = "Code INSEE"

[sources.requests]
kind = "redmine"
as = "requests"
url = "{redmine.url}"
api_key = {{ file = "redmine.key" }}
projects = ["catalogue"]
site_field = "Code INSEE"
software_field = "Logiciel"
"""


class Program:
    """smic-tui with a configuration and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        common = ["--config", str(self.folder / "config.toml"), "--cache", str(self.folder / "c")]
        return subprocess.run(
            [sys.executable, "-m", "smic_tui", *arguments, *common, "--language", "en"],
            env={**os.environ, "ICINGA_PASSWORD": "the-reader"},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def program(tmp_path: Path, icinga: IcingaRig, redmine: RedmineRig) -> Program:
    rows = [f"{17000 + number};Mairie {number}" for number in range(HOSTS)]
    (tmp_path / "sites.csv").write_text("\n".join(["code;name", *rows]) + "\n")
    (tmp_path / "redmine.key").touch(mode=0o600)
    (tmp_path / "redmine.key").write_text(redmine.keys["lecture"] + "\n")
    config = CONFIG.format(icinga=icinga, redmine=redmine, node=NODE)
    (tmp_path / "config.toml").write_text(config)
    return Program(tmp_path)


def test_what_it_counts_is_what_is_there(
    program: Program, icinga: IcingaRig, redmine: RedmineRig
) -> None:
    done = program.run("sync")
    assert done.returncode == 0, done.stderr
    status = program.json("status")
    rows = {source["name"]: source["rows"] for source in status["sources"]}
    assert rows["supervision"] == 3 * HOSTS
    assert status["sites"]["total"] == HOSTS
    assert status["sites"]["down"] == len([n for n in range(HOSTS) if n % DOWN_EVERY == 0])
    open_tickets = redmine.call("GET", "/projects/assistance/issues.json?subproject_id=!*")
    resolved = redmine.status_id("Résolu")
    done_ones = redmine.call(
        "GET", f"/projects/assistance/issues.json?subproject_id=!*&status_id={resolved}"
    )
    expected = open_tickets["total_count"] - done_ones["total_count"]
    assert status["tickets"]["open"] == expected
    open_requests = redmine.call("GET", "/projects/catalogue/issues.json")["total_count"]
    assert status["requests"]["open"] == open_requests


def test_doctor_finds_nothing_to_mend(program: Program) -> None:
    assert program.run("sync").returncode == 0
    done = program.run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lecture" in done.stdout


def test_a_source_that_fails_leaves_the_others_and_its_rows(
    program: Program, redmine: RedmineRig
) -> None:
    assert program.run("sync").returncode == 0
    before = program.json("status")
    redmine.daemon.freeze()
    try:
        config = program.folder / "config.toml"
        config.write_text(config.read_text().replace('as = "', 'request_timeout = "2s"\nas = "'))
        assert program.run("sync").returncode == 3
        after = program.json("status")
    finally:
        redmine.daemon.thaw()
    assert after["tickets"]["open"] == before["tickets"]["open"]
    assert after["sites"] == before["sites"]
    assert program.run("sync").returncode == 0


def test_no_secret_is_left_anywhere(program: Program, redmine: RedmineRig) -> None:
    (program.folder / "redmine.key").write_text("0" * 39 + "f\n")
    failed = program.run("sync", "-v")
    assert failed.returncode == 3
    shown = program.run("config", "show").stdout + failed.stdout + failed.stderr
    (program.folder / "redmine.key").write_text(redmine.keys["lecture"] + "\n")
    fine = program.run("sync", "-v")
    assert fine.returncode == 0, fine.stderr
    shown += fine.stdout + fine.stderr
    for file in (program.folder / "c").rglob("*"):
        if file.is_file():
            shown += file.read_text(errors="replace")
    for secret in ("the-reader", redmine.keys["lecture"], "0" * 39 + "f"):
        assert secret not in shown
