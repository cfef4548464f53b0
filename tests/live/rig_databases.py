"""Real database servers on loopback: PostgreSQL and MariaDB, in folders of their own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from tests.live.rig import Daemon, free_port

CERTS = Path(__file__).parents[1] / "fakes" / "certs"
DOCS = Path(__file__).parents[2] / "docs" / "sources"
PASSWORD = "lecture 100% seule"
OWNER = "the owner's own"


class DatabaseServer(ABC):
    """A server that its tests own. `scheme` is that of its addresses.

    Servers refuse to run as root, and their accounts cannot enter the folders of
    pytest: the data are elsewhere, and gone with `close`.
    """

    scheme: ClassVar[str]
    account: ClassVar[str]
    script: ClassVar[str]

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="smic-tui-db-"))
        self.folder.chmod(0o755)
        self._as = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.account, self.account)
            self._as = ["setpriv", f"--reuid={self.account}", f"--regid={self.account}"]
            self._as.append("--clear-groups")
        # With a key that others may read, no server starts.
        self._certificate = self.folder / "server.pem"
        shutil.copy(CERTS / "selfsigned.pem", self._certificate)
        self._certificate.chmod(0o600)
        if self._as:
            shutil.chown(self._certificate, self.account, self.account)
        self._make()
        self.daemon = Daemon(
            [*self._as, *self._command()], self.folder.with_suffix(".log"), self._listens
        )

    def close(self) -> None:
        """End it and take its data away."""
        self.daemon.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.with_suffix(".log").unlink(missing_ok=True)

    def grant(self, page: str, database: str) -> None:
        """Make the account with the least rights as a page of the documentation says it."""
        text = (DOCS / f"{page}.md").read_text()
        blocks = re.findall(r"^```sql\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        (block,) = [block for block in blocks if block.startswith(f"-- {self.script}\n")]
        block = block.replace("'choose one'", f"'{PASSWORD}'")
        block = re.sub(r"smic(?=[ ;@])", f"smic_{database}", block)
        for statement in block.replace("bacula.", f"{database}.").split(";"):
            if statement.strip():
                self.do(database, statement)

    def address(self, database: str, user: str = "", port: int = 0) -> str:
        """The address of a database for its reader."""
        user = user or f"smic_{database}"
        return f"{self.scheme}://{user}@127.0.0.1:{port or self.port}/{database}"

    @abstractmethod
    def do(self, database: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Do something as the owner, past the program, and return what comes."""

    @abstractmethod
    def fill(self, database: str, statement: str, rows: list[tuple[Any, ...]]) -> None:
        """Insert many rows as the owner."""

    @abstractmethod
    def version(self) -> str:
        """What it calls itself."""

    @abstractmethod
    def create(self, database: str) -> None:
        """Make a database."""

    @abstractmethod
    def _make(self) -> None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [*self._as, *command], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self._ready()
        except OSError:
            return False

    @abstractmethod
    def _ready(self) -> bool: ...


class PostgresServer(DatabaseServer):
    """A PostgreSQL as Debian has it."""

    scheme = "postgresql"
    account = "postgres"
    script = "PostgreSQL"

    def do(self, database: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._open(database) as connection:
            cursor = connection.execute(statement, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def fill(self, database: str, statement: str, rows: list[tuple[Any, ...]]) -> None:
        with self._open(database) as connection, connection.transaction():
            connection.cursor().executemany(statement, rows)

    def version(self) -> str:
        return str(self.do("postgres", "SHOW server_version")[0][0]).split()[0]

    def create(self, database: str) -> None:
        self.do("postgres", f"CREATE DATABASE {database}")

    def create_with(self, script: Path, database: str) -> None:
        """Make a database with the script of a product, which calls psql."""
        variables = {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "owner",
            "PGPASSWORD": OWNER,
            "PATH": f"{self._bin}:/usr/bin:/bin",
            "db_name": database,
        }
        done = subprocess.run(["sh", str(script)], env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout

    def _open(self, database: str) -> Any:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="owner",
            password=OWNER,
            dbname=database,
            autocommit=True,
        )

    def _make(self) -> None:
        secret = self.folder / "owner"
        secret.write_text(OWNER)
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        assert programs, "no PostgreSQL is installed: see tests/live/setup"
        self._bin = programs[-1]
        data = ["-D", str(self.folder / "data")]
        more = ["-U", "owner", f"--pwfile={secret}", "-A", "scram-sha-256", "-E", "UTF8"]
        self._run(str(self._bin / "initdb"), *data, *more)
        secret.unlink()

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": str(self._certificate),
            "ssl_key_file": str(self._certificate),
            "timezone": "Asia/Tokyo",  # nobody's: nothing may depend on it
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self._bin / "postgres"), "-D", str(self.folder / "data"), *options]

    def _ready(self) -> bool:
        import psycopg

        try:
            self.do("postgres", "SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


class MariaServer(DatabaseServer):
    """A MariaDB as Debian has it."""

    scheme = "mysql"
    account = "mysql"
    script = "MySQL"

    def do(self, database: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._open(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def fill(self, database: str, statement: str, rows: list[tuple[Any, ...]]) -> None:
        with self._open(database) as connection, connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def version(self) -> str:
        return str(self.do("mysql", "SELECT version()")[0][0]).split("-")[0]

    def create(self, database: str) -> None:
        self.do("mysql", f"CREATE DATABASE {database} CHARACTER SET utf8mb4")

    def _open(self, database: str) -> Any:
        import pymysql

        return pymysql.connect(
            unix_socket=str(self.folder / "socket"),
            user="root",
            database=database,
            autocommit=True,
        )

    def _make(self) -> None:
        data = f"--datadir={self.folder / 'data'}"
        more = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        self._run("mariadb-install-db", "--no-defaults", data, *more)

    def _command(self) -> list[str]:
        settings = {
            "datadir": str(self.folder / "data"),
            "bind-address": "127.0.0.1",
            "port": str(self.port),
            "socket": str(self.folder / "socket"),
            "pid-file": str(self.folder / "pid"),
            "default-time-zone": "+09:00",  # nobody's: nothing may depend on it
            "innodb-flush-log-at-trx-commit": "0",
            "ssl-cert": str(self._certificate),
            "ssl-key": str(self._certificate),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return ["/usr/sbin/mariadbd", "--no-defaults", *options]

    def _ready(self) -> bool:
        import pymysql

        try:
            self.do("mysql", "SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True


class MembersRig:
    """The sites of a syndicate in a table of its own, as the live suite wants a system."""

    kind = "sql"
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
    count = 2000

    def __init__(self, server: DatabaseServer) -> None:
        self._server = server
        self.daemon = server.daemon
        self.address = f"tcp://127.0.0.1:{server.port}"
        self.name = f"sql ({server.script.replace('MySQL', 'MariaDB')})"
        self.version = server.version()
        server.create("membres")
        server.do(
            "membres",
            "CREATE TABLE membres (code varchar(9) PRIMARY KEY, nom varchar(80), habitants "
            "decimal(8), maj timestamp NOT NULL)",
        )
        rows = [
            (f"{10000 + n}", f"Commune à 100 % n° {n}", n, "2026-11-24 07:30:00")
            for n in range(self.count)
        ]
        server.fill("membres", "INSERT INTO membres VALUES (%s, %s, %s, %s)", rows)
        server.grant("sql", "membres")

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        port = int(url.rsplit(":", 1)[1].strip("/")) if url else 0
        table = {
            "select": "SELECT code, nom, habitants FROM membres WHERE nom LIKE 'Commune à 100 %'",
            "changed": "SELECT count(*), max(maj), sum(habitants) FROM membres",
            "columns": {"code": "code", "name": "nom", "population": "habitants"},
        }
        return {
            "kind": "sql",
            "database": self._server.address("membres", port=port),
            "password": {"env": "DB"},
            "sites": table,
            **overrides,
        }

    def secrets(self) -> dict[str, str]:
        return {"DB": PASSWORD, "WRONG": "lecture interdite"}

    def settings_without_rights(self) -> dict[str, Any] | None:
        self._server.do("membres", "CREATE TABLE autre (code varchar(9))")
        table = self.settings()
        table["sites"] = {**table["sites"], "changed": "", "select": "SELECT * FROM autre"}
        return table

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(password={"env": "WRONG"})

    def expected(self, stream: object) -> set[str]:
        return {str(code) for (code,) in self._server.do("membres", "SELECT code FROM membres")}

    def change_one(self) -> tuple[Any, str]:
        from smic_tui.records import Stream

        self._server.do(
            "membres", "UPDATE membres SET habitants = habitants + 1 WHERE code = '10007'"
        )
        return Stream.SITES, "10007"

    def delete_one(self) -> tuple[Any, str]:
        from smic_tui.records import Stream

        self._server.do("membres", "DELETE FROM membres WHERE code = '10008'")
        return Stream.SITES, "10008"
