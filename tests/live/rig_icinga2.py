"""A real Icinga 2 on loopback, with its own authority, in a folder of its own."""

from __future__ import annotations

import base64
import grp
import http.client
import json
import os
import pwd
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.live.rig import Daemon, free_port

NODE = "supervision.example"
HOSTS = 700
SERVICES = ("disque", "sauvegarde")
DOWN_EVERY = 50

_CONFIG = """
const PluginDir = "/usr/lib/nagios/plugins"
const ManubulonPluginDir = PluginDir
const PluginContribDir = PluginDir
const NodeName = "{node}"
const ZoneName = NodeName
include <itl>
object Endpoint NodeName {{}}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{}}
object ApiListener "api" {{ bind_host = "127.0.0.1"; bind_port = {port} }}

const reader = [ "objects/query/Host", "objects/query/Service", "status/query" ]
object ApiUser "smic-tui" {{ password = "the-reader"; permissions = reader }}
object ApiUser "actor" {{
  password = "the-actor"
  permissions = reader + [
    "objects/query/Downtime",
    "actions/acknowledge-problem", "actions/remove-acknowledgement",
    "actions/schedule-downtime", "actions/remove-downtime"
  ]
}}
object ApiUser "blind" {{ password = "the-reader"; permissions = [ "status/query" ] }}
object ApiUser "hosts-only" {{
  password = "the-reader"; permissions = [ "status/query", "objects/query/Host" ]
}}
object ApiUser "narrow" {{
  password = "the-reader"
  permissions = [ "status/query", "objects/query/Service", {{
    permission = "objects/query/Host"
    filter = {{{{ host.name == "rtr-17001" }}}}
  }} ]
}}
object ApiUser "admin" {{ password = "the-admin"; permissions = [ "*" ] }}

for (i in range({hosts})) {{
  object Host "rtr-" + string(17000 + i) use (i) {{
    display_name = "Mairie n° " + string(i)
    check_command = "dummy"
    check_interval = 5m
    vars.insee = string(17000 + i)
    vars.site = {{ code = 17000 + i }}
    vars.dummy_state = 0
    if (i % {down_every} == 0) {{ vars.dummy_state = 2 }}
    vars.dummy_text = "PING OK - Paquets perdus = 0%, durée = 8.2 ms"
  }}
}}
apply Service "disque" {{
  check_command = "dummy"
  check_interval = 5m
  vars.dummy_state = 1
  vars.dummy_text = "DISK WARNING - 92 % occupés"
  assign where host.name
}}
apply Service "sauvegarde" {{
  check_command = "dummy"
  check_interval = 5m
  vars.dummy_state = 0
  vars.dummy_text = "OK"
  assign where host.name
}}
"""


class IcingaRig:
    """Starts it, and does to it what an administrator would.

    `config` is a template with the places {node} and {port}; that of a satellite, which is called
    `node`, has its certificate signed by `master`.
    """

    def __init__(
        self,
        folder: Path,
        config: str | None = None,
        *,
        node: str = NODE,
        master: IcingaRig | None = None,
    ) -> None:
        self.node = node
        self.folder = folder
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca_file: Path = master.ca_file if master else folder / "data" / "ca" / "ca.crt"
        for name in ("data/certs", "log", "cache", "spool", "run", "config"):
            (folder / name).mkdir(parents=True)
        constants = {
            "DataDir": folder / "data",
            "LogDir": folder / "log",
            "CacheDir": folder / "cache",
            "SpoolDir": folder / "spool",
            "InitRunDir": folder / "run",
            "ConfigDir": folder / "config",
            "RunAsUser": pwd.getpwuid(os.getuid()).pw_name,
            "RunAsGroup": grp.getgrgid(os.getgid()).gr_name,
        }
        self._defines = [
            part
            for name, value in constants.items()
            for part in ("-D", f"Configuration.{name}={value}")
        ]
        self._make_certificates(folder / "data" / "certs", master or self)
        file = folder / "config" / "icinga2.conf"
        file.write_text(
            (config or _CONFIG).format(
                node=node, port=self.port, hosts=HOSTS, down_every=DOWN_EVERY
            )
        )
        command = ["icinga2", "daemon", "-c", str(file), *self._defines]
        self.daemon = Daemon(command, folder / "icinga2.out", self._answers)

    def _make_certificates(self, certs: Path, signer: IcingaRig) -> None:
        key, csr, crt = (certs / f"{self.node}.{end}" for end in ("key", "csr", "crt"))
        if signer is self:
            self._pki("new-ca")
        self._pki("new-cert", "--cn", self.node, "--key", str(key), "--csr", str(csr))
        signer._pki("sign-csr", "--csr", str(csr), "--cert", str(crt))
        (certs / "ca.crt").write_bytes(signer.ca_file.read_bytes())

    def _pki(self, *arguments: str) -> None:
        subprocess.run(
            ["icinga2", "pki", *arguments, *self._defines], check=True, capture_output=True
        )

    def _answers(self) -> bool:
        try:
            self.call("GET", "/v1/status/CIB")
        except OSError:
            return False
        return True

    def wait_until_all_is_checked(self, seconds: float = 120) -> None:
        """Have every object checked for the first time; alone, Icinga takes a minute for it."""
        for type_ in ("Host", "Service"):
            every = {"type": type_, "filter": "true", "force": True}
            self.call("POST", "/v1/actions/reschedule-check", every)
        deadline = time.monotonic() + seconds
        while True:
            counts = self.call("GET", "/v1/status/CIB")["results"][0]["status"]
            if not counts["num_hosts_pending"] and not counts["num_services_pending"]:
                return
            assert time.monotonic() < deadline, counts
            time.sleep(0.5)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API as administrator."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.check_hostname = False
        # Icinga's authority lacks what Python from 3.13 on asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        try:
            token = base64.b64encode(b"admin:the-admin").decode()
            headers = {"Accept": "application/json", "Authorization": f"Basic {token}"}
            link.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = link.getresponse()
            text = answer.read()
            assert answer.status < 300, text
            return json.loads(text)
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            link.close()

    def report(
        self, host: str, service: str, state: int, output: str, ago: float = 0, **more: Any
    ) -> None:
        """Hand in a check result that was seen so many seconds ago; it becomes hard at the third,
        as for real ones.
        """
        name = (
            {"type": "Service", "service": f"{host}!{service}"}
            if service
            else {
                "type": "Host",
                "host": host,
            }
        )
        result = {**name, "exit_status": state, "plugin_output": output, **more}
        if ago:
            seen = time.time() - ago
            result |= {"execution_start": seen - 1, "execution_end": seen}
        self.call("POST", "/v1/actions/process-check-result", result)

    def acknowledge(self, host: str) -> None:
        self.call(
            "POST",
            "/v1/actions/acknowledge-problem",
            {"type": "Host", "host": host, "author": "test", "comment": "known", "sticky": True},
        )

    def remove_acknowledgement(self, host: str) -> None:
        self.call("POST", "/v1/actions/remove-acknowledgement", {"type": "Host", "host": host})

    def schedule_downtime(self, host: str) -> None:
        now = time.time()
        self.call(
            "POST",
            "/v1/actions/schedule-downtime",
            {
                "type": "Host",
                "host": host,
                "author": "test",
                "comment": "works",
                "start_time": now - 1,
                "end_time": now + 3600,
                "fixed": True,
            },
        )

    def create_host(self, name: str) -> None:
        attrs = {"check_command": "dummy", "display_name": "Mairie neuve", "vars.insee": "17999"}
        self.call("PUT", f"/v1/objects/hosts/{name}", {"attrs": attrs})

    def delete_host(self, name: str) -> None:
        self.call("DELETE", f"/v1/objects/hosts/{name}?cascade=1")

    def stop_checking(self) -> None:
        """Switch all active checks off; the API goes on answering."""
        path = "/v1/objects/icingaapplications/app"
        attrs = {"enable_host_checks": False, "enable_service_checks": False}
        self.call("POST", path, {"attrs": attrs})

    def resume_checking(self) -> None:
        path = "/v1/objects/icingaapplications/app"
        attrs = {"enable_host_checks": True, "enable_service_checks": True}
        self.call("POST", path, {"attrs": attrs})
