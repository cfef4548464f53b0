"""A real Nagios 4 behind nginx and fcgiwrap on loopback, in a folder of its own."""

from __future__ import annotations

import base64
import getpass
import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from smic_tui.records import Stream
from tests.live.rig import Daemon, free_port

CGIS = "/usr/lib/cgi-bin/nagios4"
HOSTS = 700
DOWN_EVERY = 50
PASSWORD = "lecture, seulement"

_NAGIOS = """
log_file={folder}/nagios.log
cfg_file={folder}/objects.cfg
resource_file={folder}/resource.cfg
object_cache_file={folder}/objects.cache
status_file={folder}/status.dat
status_update_interval=2
nagios_user={user}
nagios_group={group}
check_external_commands=1
command_file={folder}/nagios.cmd
query_socket={folder}/nagios.qh
lock_file={folder}/nagios.pid
temp_file={folder}/nagios.tmp
temp_path={folder}
check_result_path={folder}/results
state_retention_file={folder}/retention.dat
retain_state_information=1
retention_update_interval=0
use_syslog=0
check_for_updates=0
check_workers=2
use_timezone=Europe/Paris
date_format=iso8601
illegal_macro_output_chars=`~$&|'"<>
execute_host_checks=1
execute_service_checks=1
max_host_check_spread=1
max_service_check_spread=1
"""
_CGI = """
main_config_file={folder}/nagios.cfg
physical_html_path=/usr/share/nagios4/htdocs
url_html_path=/nagios4
use_authentication=1
authorized_for_all_hosts=lecture,agent
authorized_for_all_services=lecture,agent
authorized_for_all_host_commands=agent
authorized_for_all_service_commands=agent
lock_author_names=1
result_limit=0
"""
_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
{user}
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/tmp1; fastcgi_temp_path {folder}/tmp2;
  proxy_temp_path {folder}/tmp3; uwsgi_temp_path {folder}/tmp4; scgi_temp_path {folder}/tmp5;
  server {{
    listen 127.0.0.1:{port};
    location /cgi-bin/nagios4/ {{
      auth_basic "Nagios"; auth_basic_user_file {folder}/htpasswd;
      include /etc/nginx/fastcgi_params;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param NAGIOS_CGI_CONFIG {folder}/cgi.cfg;
      fastcgi_param SCRIPT_FILENAME /usr/lib$fastcgi_script_name;
      fastcgi_pass unix:{folder}/fcgi.sock;
    }}
  }}
}}
"""
_START = """
rm -f {folder}/fcgi.sock
fcgiwrap -c 3 -s unix:{folder}/fcgi.sock &
nginx -e {folder}/nginx.log -c {folder}/nginx.conf &
wait
"""
_COMMON = """
define timeperiod {{
  timeperiod_name always
  alias always
{days}
}}
define command {{
  command_name say
  command_line /usr/lib/nagios/plugins/check_dummy $ARG1$ "$ARG2$"
}}
define command {{
  command_name quiet
  command_line /bin/true
}}
define contact {{
  contact_name smic
  host_notification_period always
  service_notification_period always
  host_notification_commands quiet
  service_notification_commands quiet
}}
"""
_HOST = """
define host {{
  host_name {name}
  alias Mairie n° {number}
  address 127.0.0.1
  check_command say!{state}!{text}
  max_check_attempts 1
  check_interval 60
  retry_interval 1
  check_period always
  notification_period always
  contacts smic
  _INSEE {name:.5}
}}
"""
_SERVICE = """
define service {{
  host_name {host}
  service_description {name}
  check_command say!{state}!{text}
  max_check_attempts 1
  check_interval 60
  retry_interval 1
  check_period always
  notification_period always
  contacts smic
}}
"""


class NagiosRig:
    """Starts it, and does to it what an administrator and the sites would."""

    name = "Nagios"
    kind = "nagios"
    version = "?"
    impatient: ClassVar = {"request_timeout": "15s", "connect_timeout": "3s"}
    # Readings overlap by a minute.
    quiet_after = 150.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/cgi-bin/nagios4"
        self.status = folder / "status.dat"
        self.commands = folder / "nagios.cmd"
        self.hosts = [f"{17000 + number}-rtr" for number in range(HOSTS)]
        self.with_accents = False
        self._changes = 0
        self._lay_out()
        path = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
        self.nagios = Daemon(
            ["nagios4", str(folder / "nagios.cfg")], folder / "nagios.out", self._runs, env=path
        )
        self.daemon = Daemon(
            ["sh", "-c", _START.format(folder=folder)], folder / "web.out", self._answers, env=path
        )

    def start(self) -> None:
        """Start Nagios and the web server, and have everything checked once."""
        self.nagios.start()
        self.daemon.start()
        self.version = self.ask("query=programstatus")["programstatus"]["version"]
        self._until(lambda: not self._pending(), 120)

    def stop(self) -> None:
        self.daemon.stop()
        self.nagios.stop()

    # -- as the live suite wants it --------------------------------------------

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "nagios",
            "url": url or self.address,
            "user": "lecture",
            "password": {"env": "NAGIOS"},
            "site": r"^(?P<site>\d{5})",
            **overrides,
        }

    def settings_by_file(self, **overrides: Any) -> dict[str, Any]:
        return {"kind": "nagios", "path": str(self.status), "site": "vars.INSEE", **overrides}

    def secrets(self) -> Mapping[str, str]:
        return {"NAGIOS": PASSWORD, "WRONG": "lecture, interdite"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return self.settings(user="aveugle")

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """What Nagios's own cache of its configuration names."""
        text = (self.folder / "objects.cache").read_text()
        hosts = re.findall(r"define host \{\s+host_name\t(.+)", text)
        services = re.findall(
            r"define service \{\s+host_name\t(.+)\s+service_description\t(.+)", text
        )
        return set(hosts) | {f"{host}!{service}" for host, service in services}

    def change_one(self) -> tuple[Stream, str]:
        """Hand in the result of a check."""
        self._changes += 1
        host = self.hosts[100 + self._changes]
        self.command(f"PROCESS_SERVICE_CHECK_RESULT;{host};disque;2;DISK CRITICAL {self._changes}")
        return Stream.HEALTH, f"{host}!disque"

    def delete_one(self) -> tuple[Stream, str]:
        """Take a host out of the configuration, which Nagios reads when it is started."""
        gone = self.hosts.pop()
        self._write_objects()
        self.restart()
        return Stream.HEALTH, gone

    # -- what one does with a Nagios -------------------------------------------

    def restart(self) -> None:
        self.nagios.stop()
        self.nagios.start()
        self._until(lambda: not self._pending(), 120)

    def rename_with_accents(self) -> None:
        """Give the second service of each host a name with accents."""
        self.with_accents = True
        self._write_objects()
        self.restart()

    def command(self, line: str) -> None:
        with self.commands.open("w") as pipe:
            pipe.write(f"[{int(time.time())}] {line}\n")

    def ask(self, query: str, user: str = "lecture") -> Any:
        """What statusjson.cgi answers."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            code = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
            path = f"/cgi-bin/nagios4/statusjson.cgi?{quote(query, safe='=&')}"
            link.request("GET", path, headers={"Authorization": f"Basic {code}"})
            return json.loads(link.getresponse().read())["data"]
        finally:
            link.close()

    def counted(self, kind: str) -> int:
        """How many blocks of a kind there are in status.dat."""
        return len(re.findall(rf"^{kind} \{{", self.status.read_text(), re.MULTILINE))

    def hand_in(
        self, host: str, state: int, output: str, ago: float = 0, service: str = ""
    ) -> None:
        """Hand in what was seen so many seconds ago, as NSCA does: Nagios takes the time that
        stands before the command.
        """
        name = "SERVICE" if service else "HOST"
        where = f"{host};{service}" if service else host
        line = f"PROCESS_{name}_CHECK_RESULT;{where};{state};{output}"
        with self.commands.open("w") as pipe:
            pipe.write(f"[{int(time.time() - ago)}] {line}\n")

    def shown(self, host: str) -> Mapping[str, str]:
        """The block of a host in status.dat."""
        blocks = re.findall(r"^hoststatus \{\n(.*?)^\t\}", self.status.read_text(), re.M | re.S)
        for block in blocks:
            values = dict(line.strip().split("=", 1) for line in block.splitlines() if "=" in line)
            if values["host_name"] == host:
                return values
        raise AssertionError(f"no {host} in {self.status}")

    def _lay_out(self) -> None:
        folder = self.folder
        (folder / "results").mkdir(exist_ok=True)
        account = getpass.getuser()
        group = subprocess.run(["id", "-gn"], check=True, capture_output=True, text=True).stdout
        (folder / "nagios.cfg").write_text(
            _NAGIOS.format(folder=folder, user=account, group=group.strip())
        )
        (folder / "resource.cfg").write_text("")
        (folder / "cgi.cfg").write_text(_CGI.format(folder=folder))
        self._write_objects()
        hashed = subprocess.run(
            ["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True
        ).stdout.strip()
        names = ("lecture", "agent", "aveugle")
        (folder / "htpasswd").write_text("".join(f"{name}:{hashed}\n" for name in names))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=self.port, user=user))

    def _write_objects(self) -> None:
        week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        parts = [_COMMON.format(days="\n".join(f"  {day} 00:00-24:00" for day in week))]
        second = "réseau" if self.with_accents else "sauvegarde"
        for number, name in enumerate(self.hosts):
            state = 2 if number % DOWN_EVERY == 0 else 0
            text = "PING - Paquets perdus = 0%, durée = 8.2 ms" if number % 2 else "PING"
            parts.append(_HOST.format(name=name, number=number, state=state, text=text))
            parts.append(_SERVICE.format(host=name, name="disque", state=1, text="92 % occupes"))
            parts.append(_SERVICE.format(host=name, name=second, state=number % 4, text="essai"))
        (self.folder / "objects.cfg").write_text("".join(parts))

    def _pending(self) -> int:
        return len(re.findall(r"has_been_checked=0", self.status.read_text()))

    def _runs(self) -> bool:
        return self.commands.exists() and self.status.exists() and self._is_new()

    def _is_new(self) -> bool:
        return time.time() - self.status.stat().st_mtime < 10

    def _answers(self) -> bool:
        try:
            return "programstatus" in self.ask("query=programstatus")
        except (OSError, http.client.HTTPException, ValueError):
            return False

    def _until(self, condition: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.nagios.tail()
            time.sleep(0.5)
