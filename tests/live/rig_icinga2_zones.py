"""A real Icinga 2 with a satellite in a zone of its own, whose line can be cut."""

from __future__ import annotations

import time
from pathlib import Path

from tests.live.cable import Cable
from tests.live.rig_icinga2 import NODE, IcingaRig

SATELLITE = "satellite.example"
# How often the satellite checks.
INTERVAL = 2

_COMMON = """
const PluginDir = "/usr/lib/nagios/plugins"
const ManubulonPluginDir = PluginDir
const PluginContribDir = PluginDir
const NodeName = "{node}"
const ZoneName = NodeName
include <itl>
object CheckerComponent "checker" {{}}
object ApiListener "api" {{ bind_host = "127.0.0.1"; bind_port = {port} }}
object ApiUser "admin" {{ password = "the-admin"; permissions = [ "*" ] }}
object ApiUser "smic-tui" {{
  password = "the-reader"
  permissions = [ "objects/query/Host", "objects/query/Service", "status/query" ]
}}
object CheckCommand "told" {{ command = [ "/bin/sh", "-c", "exit $$(cat STATE_FILE)" ] }}
object Endpoint "MASTER" {{ MASTER_ADDRESS }}
object Zone "MASTER" {{ endpoints = [ "MASTER" ] }}
object Endpoint "SATELLITE" {{}}
object Zone "SATELLITE" {{ endpoints = [ "SATELLITE" ]; parent = "MASTER" }}
object Host "sat-17801" {{
  zone = "SATELLITE"
  check_command = "told"
  check_interval = INTERVALs
  retry_interval = INTERVALs
  max_check_attempts = 1
  vars.insee = "17801"
}}
"""
_MASTER_ONLY = """
object Host "nsca-17802" {{
  check_command = "dummy"
  enable_active_checks = false
  vars.insee = "17802"
}}
object Host "multi-17803" {{
  check_command = "dummy"
  check_interval = 5m
  vars.insee = [ "17803", "17804" ]
}}
object Host "first-17805" {{
  check_command = "dummy"
  check_interval = 5m
  max_check_attempts = 1
  vars.dummy_state = 2
  vars.insee = "17805"
}}
object Host "slow-17806" {{
  check_command = "dummy"
  enable_active_checks = true
  check_interval = 30s
  vars.insee = "17806"
}}
"""


class IcingaZonesRig:
    """A master and its satellite; the satellite's host is as `state` says."""

    def __init__(self, folder: Path) -> None:
        (folder / "master").mkdir()
        (folder / "satellite").mkdir()
        self._state = folder / "state"
        self.state(0)
        self.master = IcingaRig(folder / "master", self._config("") + _MASTER_ONLY)
        self.cable = Cable(self.master.port)
        address = f'host = "127.0.0.1"; port = {self.cable.port}'
        self.satellite = IcingaRig(
            folder / "satellite", self._config(address), node=SATELLITE, master=self.master
        )

    def _config(self, address: str) -> str:
        places = {
            "MASTER_ADDRESS": address,
            "MASTER": NODE,
            "SATELLITE": SATELLITE,
            "STATE_FILE": str(self._state),
            "INTERVAL": str(INTERVAL),
        }
        text = _COMMON
        for name, value in places.items():
            text = text.replace(name, value)
        return text

    def start(self) -> None:
        """Start both, and wait until the satellite's first result has come."""
        self.master.daemon.start()
        self.satellite.daemon.start()
        every = {"type": "Host", "filter": 'match("*-178*", host.name)', "force": True}
        self.master.call("POST", "/v1/actions/reschedule-check", every)
        deadline = time.monotonic() + 60
        while self.last_check("sat-17801") <= 0 or self.last_check("first-17805") <= 0:
            assert time.monotonic() < deadline, self.master.daemon.tail()
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop both."""
        self.cable.close()
        self.satellite.daemon.stop()
        self.master.daemon.stop()

    def state(self, exit_status: int) -> None:
        """Have the satellite find its host so at its next checks: 0 is up, 2 is down."""
        self._state.write_text(str(exit_status))

    def last_check(self, host: str) -> float:
        """When the master thinks that a host was checked, in epoch seconds."""
        answer = self.master.call("GET", f"/v1/objects/hosts/{host}?attrs=last_check")
        return float(answer["results"][0]["attrs"]["last_check"])
