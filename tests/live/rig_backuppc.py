"""A real BackupPC behind nginx and fcgiwrap on loopback, in a folder of its own."""

from __future__ import annotations

import base64
import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from smic_tui.records import Stream
from tests.live.rig import Daemon, free_port

PACKAGED = Path("/usr/share/backuppc")
HOSTS = 120
BACKUPS = 8
DAY = 86_400
PASSWORD = "lecture, seulement"

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
    location = /backuppc/index.cgi {{
      auth_basic "BackupPC"; auth_basic_user_file {folder}/htpasswd;
      include /etc/nginx/fastcgi_params;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param SCRIPT_FILENAME {folder}/share/lib/realindex.cgi;
      fastcgi_pass unix:{folder}/fcgi.sock;
    }}
  }}
}}
"""
# What was killed leaves its sockets behind.
_START = """
rm -f {folder}/fcgi.sock {folder}/run/*
{folder}/share/bin/BackupPC &
fcgiwrap -c 2 -s unix:{folder}/fcgi.sock &
nginx -e {folder}/nginx.log -c {folder}/nginx.conf &
wait
"""


class BackupPcRig:
    """Starts it, and lets it back up a folder of this machine.

    The packaged program is copied, because where its configuration is stands in it.
    Most backups are rows in the files in which BackupPC itself keeps them.
    """

    name = "BackupPC"
    kind = "backuppc"
    impatient: ClassVar = {"request_timeout": "20s", "connect_timeout": "3s"}
    floor_reason = "one page for all hosts, without ETag"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/backuppc/index.cgi"
        self.top = folder / "data"
        self._now = int(time.time())
        self._lay_out()
        self.daemon = Daemon(
            ["sh", "-c", _START.format(folder=folder)],
            folder / "backuppc.out",
            self._answers,
            env={"PATH": f"{os.environ['PATH']}:/usr/sbin"},
        )
        self.version = self._version()
        self.unchanged_floor = 1 << 30

    # -- as the live suite wants it --------------------------------------------

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "backuppc",
            "url": url or self.address,
            "user": "smic",
            "password": {"env": "BACKUPPC"},
            "site": r"^(?P<site>\d{5})",
            **overrides,
        }

    def settings_by_files(self) -> dict[str, Any]:
        """The same server by its files."""
        return {
            "kind": "backuppc",
            "path": str(self.top),
            # The packages keep it elsewhere too, and not in the folder of the backups.
            "hosts": str(self.folder / "conf" / "hosts"),
            "site": r"^(?P<site>\d{5})",
        }

    def secrets(self) -> Mapping[str, str]:
        return {"BACKUPPC": PASSWORD, "WRONG": "lecture, interdite"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return self.settings(user="stranger")

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """What BackupPC's own files say: the newest full and incremental backup of each host."""
        hosts = self.hosts()
        if stream is Stream.BACKUP_JOBS:
            return set(hosts)
        keys = set()
        for host in hosts:
            newest: dict[str, int] = {}
            for fields in self.rows(host):
                newest[fields[1]] = max(newest.get(fields[1], 0), int(fields[2]))
            keys |= {
                f"{host}/{kind}/{start}"
                for kind, start in newest.items()
                if kind in ("full", "incr")
            }
        return keys

    def change_one(self) -> tuple[Stream, str]:
        """Back up a folder for real."""
        before = self.expected(Stream.BACKUP_RUNS)
        self.dump("localhost")
        (new,) = self.expected(Stream.BACKUP_RUNS) - before
        return Stream.BACKUP_RUNS, new

    def delete_one(self) -> tuple[Stream, str]:
        """Take a host out of the list, as an administrator does, and let BackupPC read it."""
        host = sorted(self.hosts())[5]
        file = self.folder / "conf" / "hosts"
        lines = [line for line in file.read_text().splitlines() if not line.startswith(host)]
        file.write_text("\n".join(lines) + "\n")
        self.perl("BackupPC_serverMesg", "server", "reload")
        return Stream.BACKUP_JOBS, host

    # -- what one does with a BackupPC -----------------------------------------

    def hosts(self) -> list[str]:
        """Return the hosts of the list."""
        lines = (self.folder / "conf" / "hosts").read_text().splitlines()
        return [line.split("\t")[0] for line in lines if line and not line.startswith("host")]

    def rows(self, host: str) -> list[list[str]]:
        """Return what BackupPC wrote about a host's backups."""
        file = self.top / "pc" / host / "backups"
        if not file.exists():
            return []
        return [line.split("\t") for line in file.read_text().splitlines()]

    def dump(self, host: str, *options: str) -> str:
        """Back up a host now."""
        return self.perl("BackupPC_dump", *(options or ("-f",)), host)

    def perl(self, program: str, *arguments: str) -> str:
        """Run one of BackupPC's programs."""
        done = subprocess.run(
            [str(self.folder / "share" / "bin" / program), *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return done.stdout + done.stderr

    def _lay_out(self) -> None:
        folder = self.folder
        share, conf = folder / "share", folder / "conf"
        for name in ("bin", "lib"):
            shutil.copytree(PACKAGED / name, share / name, symlinks=True)
        for path in share.rglob("*"):
            if path.is_file() and not path.is_symlink():
                text = path.read_bytes()
                if (moved := self._moved(text)) != text:
                    path.write_bytes(moved)
        for each in (conf, self.top, folder / "log", folder / "run", folder / "src"):
            each.mkdir()
        for name in ("pc", "pool", "cpool"):
            (self.top / name).mkdir()
        (folder / "src" / "file").write_text("contents\n")
        config = self._moved(Path("/etc/backuppc/config.pl").read_bytes()).decode()
        (conf / "config.pl").write_text(config + self._settings())
        names = [f"{17000 + number}-nas" for number in range(HOSTS)]
        lines = ["host\tdhcp\tuser\tmoreUsers", *(f"{name}\t0\tchef\t" for name in names)]
        (conf / "hosts").write_text("\n".join([*lines, "localhost\t0\tchef\t"]) + "\n")
        for place, name in enumerate(names):
            self._backups(name, place)
        hashed = subprocess.run(
            ["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True
        ).stdout.strip()
        (folder / "htpasswd").write_text(f"smic:{hashed}\nstranger:{hashed}\n")
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=self.port, user=user))

    def _moved(self, text: bytes) -> bytes:
        """Return a file of the package with the places that this copy has."""
        for place, here in (
            (b"/usr/share/backuppc", self.folder / "share"),
            (b"/etc/backuppc", self.folder / "conf"),
            (b"/var/lib/backuppc", self.top),
        ):
            text = text.replace(place, str(here).encode())
        return text

    def _settings(self) -> str:
        account = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout
        return f"""
$Conf{{LogDir}} = '{self.folder}/log';
$Conf{{RunDir}} = '{self.folder}/run';
$Conf{{BackupPCUser}} = '{account.strip()}';
$Conf{{BackupPCUserVerify}} = 0;
$Conf{{CgiAdminUsers}} = 'smic';
$Conf{{Language}} = 'fr';
$Conf{{WakeupSchedule}} = [23.99];
$Conf{{XferMethod}} = 'tar';
$Conf{{TarShareName}} = ['{self.folder}/src'];
$Conf{{TarClientCmd}} = '$tarPath -c -v -f - -C $shareName --totals';
$Conf{{TarFullArgs}} = '$fileList';
$Conf{{TarIncrArgs}} = '--newer=$incrDate $fileList';
$Conf{{TarClientPath}} = '/bin/tar';
$Conf{{PingCmd}} = '/bin/true';
$Conf{{PingPath}} = '/bin/true';
$Conf{{Ping6Path}} = '/bin/true';
$Conf{{SmbClientPath}} = $Conf{{RsyncClientPath}} = $Conf{{NmbLookupPath}} = '';
$Conf{{SendmailPath}} = $Conf{{RrdToolPath}} = $Conf{{SshPath}} = '';
$Conf{{BackupsDisable}} = 0;
1;
"""

    def _backups(self, name: str, place: int) -> None:
        """Write a week of backups as BackupPC does, the newest of which some hosts missed."""
        folder = self.top / "pc" / name
        folder.mkdir()
        rows = []
        for number in range(BACKUPS):
            start = self._now - (BACKUPS - number) * DAY - place * 60
            kind = "full" if number % 7 == 0 else "incr"
            errors = 2 if place % 40 == 7 and number == BACKUPS - 1 else 0
            end: object = start + 300
            if place % 40 == 11 and number == BACKUPS - 1:
                kind, end = "partial", ""
            fields = [number, kind, start, end, 70, 1_000_000, 60, 900_000, 10, 100_000, errors]
            more = [0, 0, 0, 3, 0, 0, 0, "", 1, "tar", int(kind == "incr"), "utf8", "4.4.0", number]
            rows.append("\t".join(map(str, [*fields, *more, "", "", ""])))
        (folder / "backups").write_text("\n".join(rows) + "\n")

    def _answers(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            code = base64.b64encode(f"smic:{PASSWORD}".encode()).decode()
            path = "/backuppc/index.cgi?action=metrics&format=json"
            link.request("GET", path, headers={"Authorization": f"Basic {code}"})
            answer = link.getresponse()
            return answer.status == 200 and answer.read(1) == b"{"
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def _version(self) -> str:
        with suppress(OSError):
            for line in (PACKAGED / "lib/BackupPC/Lib.pm").read_text().splitlines():
                if line.strip().startswith("Version => "):
                    return line.split("'")[1]
        return "?"
