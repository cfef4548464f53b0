"""A real Request Tracker with starman and SQLite on loopback, in a folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from smic_tui.records import Stream
from tests.live.rig import Daemon, free_port

SEED = Path(__file__).with_name("seed_rt.pl")
PROGRAM = "/usr/share/request-tracker5/libexec/rt-server"
TICKETS = 300

_CONFIG = """
use utf8;
Set($rtname, 'smic');
Set($Organization, 'smic.example');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($DatabaseHost, '');
Set($Timezone, 'Europe/Paris');
Set($WebSessionClass, 'Apache::Session::File');
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);
Set($LogToFile, undef);
Set($LogToSTDERR, 'warning');
# The second has transitions and no actions, as many a site writes them.
Set(%Lifecycles,
    catalogue => {{
        type => 'ticket',
        initial => ['demandé'],
        active => ['analysé', 'groupe de travail', 'commandé', 'installation'],
        inactive => ['livré', 'refusé', 'deleted'],
        defaults => {{ on_create => 'demandé' }},
        transitions => {{
            '' => ['demandé', 'analysé'],
            'demandé' => ['analysé', 'refusé', 'deleted'],
            'analysé' => ['groupe de travail', 'commandé', 'refusé'],
            'groupe de travail' => ['commandé', 'analysé', 'refusé'],
            'commandé' => ['installation', 'refusé'],
            'installation' => ['livré', 'commandé'],
            'livré' => ['installation'],
            'refusé' => ['demandé'],
        }},
        rights => {{ '* -> *' => 'ModifyTicket' }},
        actions => [
            'demandé -> analysé' => {{ label => 'Analyser', update => 'Comment' }},
            'installation -> livré' => {{ label => 'Livrer' }},
        ],
    }},
    ecoles => {{
        type => 'ticket',
        initial => ['nouveau'],
        active => ['pris en charge', 'chez le prestataire', 'à valider'],
        inactive => ['résolu', 'sans suite', 'deleted'],
        defaults => {{ on_create => 'nouveau' }},
        transitions => {{
            '' => ['nouveau', 'pris en charge'],
            'nouveau' => ['pris en charge', 'à valider', 'sans suite', 'deleted'],
            'pris en charge' => ['chez le prestataire', 'à valider', 'résolu', 'deleted'],
            'chez le prestataire' => ['pris en charge', 'résolu', 'deleted'],
            'à valider' => ['résolu', 'pris en charge', 'deleted'],
            'résolu' => ['pris en charge'],
            'sans suite' => ['nouveau'],
        }},
        rights => {{}},
        actions => [],
    }},
);
$RT::VarPath = '{folder}/var';
$RT::MasonDataDir = '{folder}/var/mason';
$RT::MasonSessionDir = '{folder}/var/session';
1;
"""


class RtRig:
    """Starts it, and does to it what people would."""

    name = "Request Tracker"
    kind = "rt"
    impatient: ClassVar = {"request_timeout": "12s", "connect_timeout": "3s"}
    # Readings overlap by two minutes.
    quiet_after = 200.0

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.database = folder / "rt.db"
        for name in ("var/mason", "var/session", "none"):
            (folder / name).mkdir(parents=True)
        config = folder / "RT_SiteConfig.pm"
        config.write_text(_CONFIG.format(port=self.port, folder=folder), encoding="utf-8")
        self._env = {"RT_SITE_CONFIG": str(config), "RT_SITE_CONFIG_DIR": str(folder / "none")}
        setup = ["--action", "init", "--skip-create", "--force", "--dba", "", "--dba-password", ""]
        self._run("/usr/sbin/rt-setup-database-5", *setup)
        seeded = self._run("perl", str(SEED), TICKETS=str(TICKETS))
        self.tokens: dict[str, str] = json.loads(seeded.splitlines()[-1])
        self._made: list[str] = []
        listen = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "2"]
        self.daemon = Daemon(
            ["starman", *listen, PROGRAM], folder / "rt.out", self._answers, env=self._env
        )

    @property
    def version(self) -> str:
        found: str = self.call("GET", "/rt")["Version"]
        return found.partition("+")[0]

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "rt",
            "url": url or self.address,
            "user": "lecture",
            "password": {"env": "PASSWORD"},
            "queues": ["Assistance", "Catalogue"],
            "site_field": "Code INSEE",
            "supplier_field": "Prestataire",
            "closed_days": 4000,
            **overrides,
        }

    def settings_with_token(self, who: str, **overrides: Any) -> dict[str, Any]:
        """The same for another account, by its token."""
        table = self.settings(token={"env": who}, **overrides)
        return {key: value for key, value in table.items() if key not in ("user", "password")}

    def secrets(self) -> Mapping[str, str]:
        return {
            **self.tokens,
            "PASSWORD": "a-long-lecture-password",
            "STRANGER": "a-long-ailleurs-password",
            "WRONG": "a-wrong-lecture-password",
        }

    def settings_without_rights(self) -> dict[str, Any] | None:
        return self.settings(user="ailleurs", password={"env": "STRANGER"})

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """RT's own database, past the program."""
        rows = self.select(
            "select t.id from Tickets t join Queues q on q.id = t.Queue where"
            " q.Name in ('Assistance', 'Catalogue') and t.Status <> 'deleted'"
            " and t.EffectiveId = t.id"
        )
        return {str(id) for (id,) in rows}

    def select(self, statement: str) -> list[Any]:
        """Ask the database."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute(statement).fetchall()

    def change_one(self) -> tuple[Stream, str]:
        number = self.create("Assistance", "Onduleur qui siffle")
        return Stream.TICKETS, number

    def delete_one(self) -> tuple[Stream, str]:
        number = max(self.expected(Stream.TICKETS), key=int)
        self.call("DELETE", f"/ticket/{number}")
        return Stream.TICKETS, number

    def create(self, queue: str, subject: str, **fields: Any) -> str:
        """Create a ticket and return its number."""
        made = self.call("POST", "/ticket", {"Queue": queue, "Subject": subject, **fields})
        return str(made["id"])

    def update(self, number: str, **fields: Any) -> list[str]:
        """Change a ticket as administrator; what RT said of it."""
        said: list[str] = self.call("PUT", f"/ticket/{number}", fields)
        return said

    def move(self, number: str, queue: str) -> None:
        """Move a ticket to another queue, as people do."""
        self.update(number, Queue=queue)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the API as administrator."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Content-Type": "application/json", "Authorization": _ROOT}
            target = f"/REST/2.0{quote(path, safe='/?=&%')}"
            link.request(method, target, json.dumps(body) if body is not None else None, headers)
            answer = link.getresponse()
            text = answer.read()
            assert answer.status < 300, (answer.status, text)
            return json.loads(text) if text.strip() else None
        finally:
            link.close()

    def _run(self, *command: str, **env: str) -> str:
        done = subprocess.run(
            command,
            env=os.environ | self._env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    def _answers(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request("GET", "/REST/2.0/rt")
            return link.getresponse().status == 401
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()


# root:password, as RT is delivered.
_ROOT = "Basic cm9vdDpwYXNzd29yZA=="
