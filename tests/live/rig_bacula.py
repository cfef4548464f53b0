"""A real Bacula on loopback: director, file and storage daemon, and bconsole."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from smic_tui.records import Stream
from tests.live.rig import Daemon, free_port
from tests.live.rig_databases import PASSWORD, DatabaseServer, PostgresServer

TABLES = Path("/usr/share/dbconfig-common/data/bacula-director-sqlite3/install/sqlite3")
JOBS = 30
ROUNDS = 3
DAYS = 30
CLIENT = "17300-mairie-fd"

_DIRECTOR = """
Director {{
  Name = rig-dir; DIRport = {dir}; DirAddress = 127.0.0.1; Password = "c"; Messages = Quiet
  QueryFile = "/etc/bacula/scripts/query.sql"; WorkingDirectory = "{folder}/work"
  PidDirectory = "{folder}/work"; Maximum Concurrent Jobs = 8; FD Connect Timeout = 1 s
}}
Messages {{ Name = Quiet; append = "{folder}/messages" = all, !skipped }}
Catalog {{ Name = Catalogue; dbname = "bacula"; dbuser = ""; dbpassword = "" }}
Storage {{
  Name = File; Address = 127.0.0.1; SDPort = {sd}; Password = "s"; Device = Device
  Media Type = File; Maximum Concurrent Jobs = 8
}}
Storage {{
  Name = File2; Address = 127.0.0.1; SDPort = {sd}; Password = "s"; Device = Device2
  Media Type = File2; Maximum Concurrent Jobs = 8
}}
Pool {{ Name = Pool; Pool Type = Backup; Label Format = "Vol-"; Maximum Volumes = 5 }}
Pool {{
  Name = Copied; Pool Type = Backup; Label Format = "Cop-"; Maximum Volumes = 5; Next Pool = Second
}}
Pool {{
  Name = Moved; Pool Type = Backup; Label Format = "Mov-"; Maximum Volumes = 5; Next Pool = Second
}}
Pool {{
  Name = Second; Pool Type = Backup; Label Format = "Sec-"; Maximum Volumes = 5; Storage = File2
}}
FileSet {{ Name = Good; Include {{ Options {{ signature = MD5 }}; File = {folder}/src }} }}
FileSet {{ Name = Empty; Include {{ File = {folder}/empty }} }}
FileSet {{ Name = Missing; Include {{ Options {{ signature = MD5 }}; File = {folder}/none }} }}
Client {{
  Name = "{client}"; Address = 127.0.0.1; FDPort = {fd}; Catalog = Catalogue; Password = "f"
  Maximum Concurrent Jobs = 8
}}
Client {{
  Name = "17299-mairie-fd"; Address = 127.0.0.1; FDPort = {nobody}; Catalog = Catalogue
  Password = "f"
}}
JobDefs {{
  Name = Usual; Type = Backup; Level = Full; Client = "{client}"; FileSet = Good
  Storage = File; Pool = Pool; Messages = Quiet; Maximum Concurrent Jobs = 8
}}
Job {{ Name = "missing"; JobDefs = Usual; FileSet = Missing }}
Job {{ Name = "dead"; JobDefs = Usual; Client = "17299-mairie-fd" }}
Job {{ Name = "slow"; JobDefs = Usual; ClientRunBeforeJob = "sleep 6" }}
Job {{
  Name = "alone"; JobDefs = Usual; ClientRunBeforeJob = "sleep 6"; Allow Duplicate Jobs = no
}}
Job {{ Name = "empty"; JobDefs = Usual; FileSet = Empty }}
Job {{ Name = "copied"; JobDefs = Usual; Pool = Copied }}
Job {{ Name = "moved"; JobDefs = Usual; Pool = Moved }}
Job {{
  Name = "copy"; JobDefs = Usual; Type = Copy; Pool = Copied; Selection Type = PoolUncopiedJobs
}}
Job {{
  Name = "move"; JobDefs = Usual; Type = Migrate; Pool = Moved; Selection Type = Job
  Selection Pattern = "moved"
}}
"""
_JOB = 'Job {{ Name = "compta-{number}"; JobDefs = Usual }}\n'
_FILE = """
Director {{ Name = rig-dir; Password = "f" }}
FileDaemon {{
  Name = "{client}"; FDport = {fd}; FDAddress = 127.0.0.1; WorkingDirectory = {folder}/work
  Pid Directory = {folder}/work; Maximum Concurrent Jobs = 20
}}
Messages {{ Name = Standard; director = rig-dir = all }}
"""
_STORAGE = """
Storage {{
  Name = rig-sd; SDPort = {sd}; SDAddress = 127.0.0.1; WorkingDirectory = "{folder}/work"
  Pid Directory = "{folder}/work"; Maximum Concurrent Jobs = 20
}}
Director {{ Name = rig-dir; Password = "s" }}
Device {{
  Name = Device; Media Type = File; Archive Device = {folder}/volumes; LabelMedia = yes
  Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no
  Maximum Concurrent Jobs = 8
}}
Device {{
  Name = Device2; Media Type = File2; Archive Device = {folder}/volumes2; LabelMedia = yes
  Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no
  Maximum Concurrent Jobs = 8
}}
Messages {{ Name = Standard; director = rig-dir = all }}
"""
_CONSOLE = """
Director {{ Name = rig-dir; DIRport = {dir}; address = 127.0.0.1; Password = "c" }}
"""


class BaculaRig:
    """Starts the three daemons and runs jobs. The director's clock is not in our zone."""

    name = "Bacula (SQLite)"
    kind = "bacula"
    zone = "America/Martinique"
    address = None
    # The catalogue is read also while the director is down.
    daemon = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("work", "volumes", "volumes2", "src", "empty"):
            (folder / name).mkdir()
        for number in range(3):
            (folder / "src" / f"file{number}").write_text(f"contents {number}\n")
        values = {
            "folder": folder,
            "client": CLIENT,
            **{name: free_port() for name in ("dir", "fd", "sd", "nobody")},
        }
        jobs = "".join(_JOB.format(number=number) for number in range(JOBS))
        (folder / "dir.conf").write_text(_DIRECTOR.format(**values) + jobs)
        (folder / "fd.conf").write_text(_FILE.format(**values))
        (folder / "sd.conf").write_text(_STORAGE.format(**values))
        (folder / "console.conf").write_text(_CONSOLE.format(**values))
        self.catalogue = folder / "work" / "bacula.db"
        with closing(sqlite3.connect(self.catalogue)) as database, database:
            database.executescript(TABLES.read_text())
        start = "; ".join(f"bacula-{part} -f -c {folder}/{part}.conf &" for part in ("sd", "fd"))
        self._daemons = Daemon(
            ["sh", "-c", f"{start.replace('&;', '&')} exec bacula-dir -f -c {folder}/dir.conf"],
            folder / "bacula.out",
            self._answers,
            env={"TZ": self.zone, "PATH": f"{os.environ['PATH']}:/usr/sbin"},
        )
        self.version = ""

    def start(self) -> None:
        """Start the daemons and run the jobs that the catalogue then has."""
        self._daemons.start()
        found = re.search(r"Version: (\S+)", self.console("version"))
        self.version = found[1] if found else "?"
        for _round in range(ROUNDS):
            self.console(*(f"run job=compta-{number} yes" for number in range(JOBS)))
            self.wait()
        self.console("run job=missing yes", "run job=dead yes")
        self.wait()

    def stop(self) -> None:
        """End them."""
        self._daemons.stop()

    def console(self, *commands: str) -> str:
        """Say something to the director."""
        done = subprocess.run(
            ["bconsole", "-n", "-c", str(self.folder / "console.conf")],
            input="\n".join([*commands, "quit", ""]),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout

    def run(self, job: str) -> int:
        """Start a job and return its number."""
        found = re.search(r"JobId=(\d+)", self.console(f"run job={job} yes"))
        assert found is not None
        return int(found[1])

    def wait(self, number: int = 0) -> None:
        """Wait until a job has ended, or all have."""
        deadline = time.monotonic() + 300
        running = "SELECT count(*) FROM Job WHERE JobStatus NOT IN ('T','W','E','f','A')"
        while self.ask(running + (f" AND JobId = {number}" if number else ""))[0][0]:
            assert time.monotonic() < deadline, self._daemons.tail()
            time.sleep(0.3)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the catalogue, past the program."""
        uri = f"file:{self.catalogue}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as database:
            return database.execute(statement).fetchall()

    # -- as the live suite wants it --------------------------------------------

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "bacula",
            "database": f"sqlite:///{self.catalogue}",
            "timezone": self.zone,
            "site": r"^(?P<site>\d{5})",
            "newest": 1000,
            **overrides,
        }

    def secrets(self) -> Mapping[str, str]:
        return {}

    def settings_without_rights(self) -> dict[str, Any] | None:
        return None

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return None

    def unreachable(self) -> dict[str, Any]:
        return self.settings(database=f"sqlite:///{self.folder}/none.db")

    def expected(self, stream: Stream) -> set[str]:
        if stream is Stream.BACKUP_RUNS:
            duplicates = (
                "SELECT a.JobId FROM Job a JOIN Job o ON o.Name = a.Name AND o.JobId < a.JobId "
                "WHERE a.JobStatus = 'A' AND a.Name = 'alone'"
            )
            backups = f"SELECT Job FROM Job WHERE Type = 'B' AND JobId NOT IN ({duplicates})"
            return {job for (job,) in self.ask(backups)}
        rows = self.ask(
            "SELECT DISTINCT c.Name || '/' || j.Name FROM Job j JOIN Client c USING (ClientId) "
            "WHERE j.Type = 'B'"
        )
        return {key for (key,) in rows}

    def change_one(self) -> tuple[Stream, str]:
        number = self.run("compta-1")
        self.wait(number)
        return Stream.BACKUP_RUNS, str(
            self.ask(f"SELECT Job FROM Job WHERE JobId = {number}")[0][0]
        )

    def delete_one(self) -> tuple[Stream, str]:
        ((number, job),) = self.ask("SELECT JobId, Job FROM Job WHERE Name = 'compta-2' LIMIT 1")
        self.console(f"delete job jobid={number}")
        assert not self.ask(f"SELECT 1 FROM Job WHERE JobId = {number}")
        return Stream.BACKUP_RUNS, job

    def _answers(self) -> bool:
        return "Version:" in self.console("version")


class CatalogueRig:
    """What that director wrote, in the tables that Bacula makes in another database."""

    kind = "bacula"
    impatient: ClassVar = {"statement_timeout": "3s", "connect_timeout": "2s"}
    not_applicable: ClassVar = dict.fromkeys(
        (
            "test_self_signed_certificate",
            "test_dripping",
            "test_truncated",
            "test_html_instead_of_json",
        ),
        "the database's own protocol, not HTTP",
    )

    def __init__(self, server: DatabaseServer, bacula: BaculaRig, tables: Path) -> None:
        self._server = server
        self._zone = bacula.zone
        self.daemon = server.daemon
        self.address = f"tcp://127.0.0.1:{server.port}"
        self.name = f"Bacula ({server.script.replace('MySQL', 'MariaDB')})"
        self.version = f"{bacula.version}, {server.version()}"
        script = tables.parents[4] / "bacula-director" / "create_postgresql_database"
        if isinstance(server, PostgresServer):
            # As Bacula does it: in SQL_ASCII, for names of files of any encoding.
            server.create_with(script, "bacula")
        else:
            server.create("bacula")
        for statement in _statements(tables.read_text(errors="replace")):
            server.do("bacula", statement)
        for name in ("Client", "Job"):
            self._copy(bacula, name)
        if isinstance(server, PostgresServer):
            self._add_job_of_latin1()
        server.grant("bacula", "bacula")

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        port = int(url.rsplit(":", 1)[1].strip("/")) if url else 0
        return {
            "kind": "bacula",
            "database": self._server.address("bacula", port=port),
            "password": {"env": "DB"},
            "timezone": self._zone,
            "site": r"^(?P<site>\d{5})",
            "newest": 1000,
            **overrides,
        }

    def secrets(self) -> Mapping[str, str]:
        return {"DB": PASSWORD, "WRONG": "lecture interdite"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        """An account that was granted nothing of this database."""
        database = "etranger"
        if self._server.script == "PostgreSQL":
            self._server.do("bacula", f"CREATE ROLE smic_{database} LOGIN PASSWORD '{PASSWORD}'")
        else:
            account = f"smic_{database}@'127.0.0.1'"
            self._server.do("bacula", f"CREATE USER {account} IDENTIFIED BY '{PASSWORD}'")
        return self.settings(database=self._server.address("bacula", user=f"smic_{database}"))

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        if stream is Stream.BACKUP_RUNS:
            rows = self._server.do("bacula", "SELECT Job FROM Job WHERE Type = 'B'")
        else:
            rows = self._server.do(
                "bacula",
                "SELECT DISTINCT concat(c.Name, '/', j.Name) FROM Job j "
                "JOIN Client c ON c.ClientId = j.ClientId WHERE j.Type = 'B'",
            )
        return {_text(key) for (key,) in rows}

    def change_one(self) -> tuple[Stream, str]:
        """A job runs: the director writes a row."""
        now = int(time.time())
        job = f"compta-1.{now}"
        ((local,),) = (
            self._server.do("bacula", "SELECT max(StartTime) FROM Job WHERE Type = 'B'"),
        )[0:1]
        self._server.do(
            "bacula",
            "INSERT INTO Job (Job, Name, Type, Level, ClientId, JobStatus, SchedTime, StartTime, "
            "EndTime, JobTDate, JobFiles, JobBytes) SELECT %s, 'compta-1', 'B', 'F', ClientId, "
            "'T', %s, %s, %s, %s, 4, 21 FROM Client WHERE Name = '17300-mairie-fd'",
            job,
            *[local[0]] * 3,
            now,
        )
        return Stream.BACKUP_RUNS, job

    def delete_one(self) -> tuple[Stream, str]:
        rows = self._server.do("bacula", "SELECT Job FROM Job WHERE Name = 'compta-2' ORDER BY 1")
        job = _text(rows[0][0])
        self._server.do("bacula", "DELETE FROM Job WHERE Job = %s", job)
        return Stream.BACKUP_RUNS, job

    def _add_job_of_latin1(self) -> None:
        """A client and its job whose names were written in Latin-1."""
        self._server.do(
            "bacula",
            r"INSERT INTO Client (Name, Uname) VALUES (E'17301-\xe9cole-fd', '')",
        )
        self._server.do(
            "bacula",
            "INSERT INTO Job (Job, Name, Type, Level, ClientId, JobStatus, SchedTime, StartTime, "
            r"EndTime, JobTDate, JobFiles, JobBytes) SELECT E'pay\xe9.1', E'pay\xe9', 'B', 'F', "
            "(SELECT ClientId FROM Client WHERE Name LIKE '17301%%'), 'T', SchedTime, StartTime, "
            "EndTime, JobTDate, 4, 21 FROM Job WHERE JobStatus = 'T' LIMIT 1",
        )

    def _copy(self, bacula: BaculaRig, name: str) -> None:
        """Copy a table, as far as both have its columns."""
        columns = {
            "Client": ("ClientId", "Name", "Uname", "AutoPrune", "FileRetention", "JobRetention"),
            "Job": (
                *("JobId", "Job", "Name", "Type", "Level", "ClientId", "JobStatus", "SchedTime"),
                *("StartTime", "EndTime", "RealEndTime", "JobTDate", "JobFiles", "JobBytes"),
                "JobErrors",
            ),
        }[name]
        rows = [
            tuple(
                None if cell in (0, "0") and "Time" in column else cell
                for column, cell in zip(columns, row, strict=True)
            )
            for row in bacula.ask(f"SELECT {', '.join(columns)} FROM {name}")
        ]
        if name == "Job":
            rows = [_days_before(row, days) for days in range(DAYS) for row in rows]
        places = ", ".join(["%s"] * len(columns))
        self._server.fill(
            "bacula", f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows
        )
        if self._server.script == "PostgreSQL":
            key = f"{name.lower()}_{name.lower()}id_seq"
            self._server.do("bacula", f"SELECT setval('{key}', (SELECT max({name}Id) FROM {name}))")


def _days_before(row: tuple[Any, ...], days: int) -> tuple[Any, ...]:
    """The same job, days before: a night's rows become those of a month.

    And ten minutes before, so that none of them lies in the overlap of readings.
    """
    number, job, *rest, epoch, files, size, errors = row
    moved = [
        str(datetime.fromisoformat(cell) - timedelta(days=days, minutes=10))
        if isinstance(cell, str) and len(cell) == 19 and cell[4] == "-"
        else cell
        for cell in rest
    ]
    before = (number + (DAYS - days) * 10_000, f"{job}.{days}")
    return (*before, *moved, epoch - days * 86_400 - 600, files, size, errors)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _statements(script: str) -> list[str]:
    """Take a script of dbconfig-common apart."""
    lines = [line for line in script.splitlines() if not line.lstrip().startswith(("--", "#"))]
    return [each for each in re.split(r";\s*(?:\n|$)", "\n".join(lines)) if each.strip()]
