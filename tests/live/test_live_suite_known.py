"""The live suite over the systems whose rigs are older than it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any, ClassVar

import pytest

from smic_tui.records import Stream
from tests.live.live_suite import LiveSuite
from tests.live.rig_borg import BorgRig
from tests.live.rig_icinga2 import NODE, IcingaRig
from tests.live.rig_redmine import RedmineRig
from tests.live.rig_restic import ResticRig

pytestmark = pytest.mark.live


class LiveIcinga:
    """The rig of Icinga 2 as the suite wants it."""

    name = "Icinga 2"
    kind = "icinga2"
    impatient: ClassVar = {"request_timeout": "8s", "connect_timeout": "3s"}
    # Readings overlap by two minutes.
    quiet_after = 180.0

    def __init__(self, rig: IcingaRig) -> None:
        self._rig = rig
        self.daemon = rig.daemon
        self.address = rig.url
        self.ca_file = rig.ca_file
        self._changes = 0
        answer = rig.call("GET", "/v1/status/IcingaApplication")["results"][0]
        self.version = (
            answer["status"]["icingaapplication"]["app"]["version"].split("-")[0].lstrip("r")
        )

    def rest(self) -> None:
        self._rig.stop_checking()
        time.sleep(1)

    def resume(self) -> None:
        self._rig.resume_checking()

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "icinga2",
            "url": url or self._rig.url,
            "ca_file": str(self._rig.ca_file),
            "server_name": NODE,
            "user": "smic-tui",
            "password": {"env": "ICINGA"},
            "site": "vars.insee",
            **overrides,
        }

    def secrets(self) -> Mapping[str, str]:
        return {"ICINGA": "the-reader", "WRONG": "the-wrong-word"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return self.settings(user="blind")

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """Icinga has no database: an administrator's whole list."""
        return {
            each["name"]
            for type_ in ("hosts", "services")
            for each in self._rig.call("GET", f"/v1/objects/{type_}?attrs=name")["results"]
        }

    def change_one(self) -> tuple[Stream, str]:
        self._changes += 1
        self._rig.report("rtr-17009", "disque", 2, f"DISK CRITICAL {self._changes}")
        return Stream.HEALTH, "rtr-17009!disque"

    def delete_one(self) -> tuple[Stream, str]:
        self._rig.delete_host("rtr-neuf")
        return Stream.HEALTH, "rtr-neuf"


class TestIcinga2(LiveSuite):
    rig_fixture = "live_icinga"

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _one_to_delete(cls, icinga: IcingaRig) -> None:
        """Only hosts made through the API can be deleted through it."""
        icinga.create_host("rtr-neuf")
        icinga.wait_until_all_is_checked()


@pytest.fixture(scope="module")
def live_icinga(icinga: IcingaRig) -> LiveIcinga:
    return LiveIcinga(icinga)


class LiveRedmine:
    """The rig of Redmine as the suite wants it."""

    name = "Redmine"
    kind = "redmine"
    # One thread of Ruby, and pages of 100 issues.
    impatient: ClassVar = {"request_timeout": "12s", "connect_timeout": "3s"}

    def __init__(self, rig: RedmineRig) -> None:
        self._rig = rig
        self.daemon = rig.daemon
        self.address = rig.url
        self.version = rig.script("puts Redmine::VERSION::STRING").split()[-1].rpartition(".")[0]

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "redmine",
            "url": url or self._rig.url,
            "api_key": {"env": "REDMINE"},
            "projects": ["assistance"],
            "site_field": "Code INSEE",
            "closed_days": 4000,
            **overrides,
        }

    def secrets(self) -> Mapping[str, str]:
        keys = self._rig.keys
        return {"REDMINE": keys["lecture"], "STRANGER": keys["ailleurs"], "WRONG": "0" * 39 + "f"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return self.settings(api_key={"env": "STRANGER"})

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(api_key={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """Redmine's own database, past the program."""
        with closing(sqlite3.connect(f"file:{self._rig.database}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "select i.id from issues i join projects p on p.id = i.project_id"
                " where p.identifier = 'assistance'"
            ).fetchall()
        return {str(id) for (id,) in rows}

    def change_one(self) -> tuple[Stream, str]:
        return Stream.TICKETS, str(self._rig.create("assistance", "Onduleur qui siffle"))

    def delete_one(self) -> tuple[Stream, str]:
        number = max(int(key) for key in self.expected(Stream.TICKETS))
        self._rig.delete(number)
        return Stream.TICKETS, str(number)


class TestRedmine(LiveSuite):
    rig_fixture = "live_redmine"


@pytest.fixture(scope="module")
def live_redmine(redmine: RedmineRig) -> LiveRedmine:
    return LiveRedmine(redmine)


class TestRestic(LiveSuite):
    rig_fixture = "live_restic"


@pytest.fixture(scope="module")
def live_restic(tmp_path_factory: pytest.TempPathFactory) -> ResticRig:
    return ResticRig(tmp_path_factory.mktemp("restic"))


class TestBorg(LiveSuite):
    rig_fixture = "live_borg"


@pytest.fixture(scope="module")
def live_borg(tmp_path_factory: pytest.TempPathFactory) -> BorgRig:
    return BorgRig(tmp_path_factory.mktemp("borg"))
