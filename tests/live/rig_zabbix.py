"""A real Zabbix with PostgreSQL and PHP's own web server on loopback, in folders of its own."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from smic_tui.records import Stream
from tests.live.rig import Daemon, free_port

POSTGRES = Path("/usr/lib/postgresql/15/bin")
PACKAGED = Path("/usr/share/zabbix-server-pgsql")
FRONTEND = Path("/usr/share/zabbix")
HOSTS = 700
DOWN_EVERY = 50
PASSWORD = "Soleil, 7 fois"
OWNER = "postgres" if os.geteuid() == 0 else ""

_SERVER = """
ListenPort={port}
ListenIP=127.0.0.1
LogFile={folder}/zabbix_server.log
PidFile={folder}/zabbix_server.pid
SocketDir={folder}
DBHost={folder}
DBName=zabbix
DBUser=zabbix
AllowRoot=1
CacheUpdateFrequency=5
StartPollers=1
StartPollersUnreachable=1
StartPreprocessors=1
StartTrappers=2
StartPingers=0
StartDiscoverers=0
StartHTTPPollers=0
StartDBSyncers=1
StartLLDProcessors=1
Timeout=4
"""
_WEB = """<?php
$DB['TYPE'] = 'POSTGRESQL';
$DB['SERVER'] = '{folder}';
$DB['PORT'] = '5432';
$DB['DATABASE'] = 'zabbix';
$DB['USER'] = 'zabbix';
$DB['PASSWORD'] = $DB['SCHEMA'] = $DB['KEY_FILE'] = $DB['CERT_FILE'] = $DB['CA_FILE'] = '';
$DB['ENCRYPTION'] = $DB['VERIFY_HOST'] = false;
$DB['CIPHER_LIST'] = $DB['VAULT_URL'] = $DB['VAULT_DB_PATH'] = $DB['VAULT_TOKEN'] = '';
$DB['DOUBLE_IEEE754'] = true;
$ZBX_SERVER = '127.0.0.1';
$ZBX_SERVER_PORT = '{port}';
$ZBX_SERVER_NAME = 'sites';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
"""
_CONFIG_FILE = "/etc/zabbix/zabbix.conf.php"


class ZabbixRig:
    """Starts its three parts, and does to it what administrators, hosts and people do."""

    name = "Zabbix"
    kind = "zabbix"
    version = "?"
    impatient: ClassVar = {"request_timeout": "15s", "connect_timeout": "3s"}
    # Readings overlap by two minutes.
    quiet_after = 200.0

    def __init__(self) -> None:
        # Under a path that the account of PostgreSQL may enter.
        self.folder = folder = Path(tempfile.mkdtemp(prefix="smic-tui-zabbix-"))
        folder.chmod(0o755)
        self.tokens: dict[str, str] = {}
        self._changes = 0
        port = free_port()
        self._trapper = port
        self.database = self._new_database()
        self._configure(port)
        self.server = Daemon(
            ["zabbix_server", "-f", "-c", str(folder / "zabbix_server.conf")],
            folder / "server.out",
            self._listens,
            env={"PATH": f"{os.environ['PATH']}:/usr/sbin"},
        )
        web = free_port()
        self.address = f"http://127.0.0.1:{web}"
        limits = {
            "memory_limit": "512M",
            "max_execution_time": "300",
            "max_input_time": "300",
            "post_max_size": "64M",
            "date.timezone": "UTC",
        }
        options = [part for name, value in limits.items() for part in ("-d", f"{name}={value}")]
        self.daemon = Daemon(
            ["php", *options, "-S", f"127.0.0.1:{web}", "-t", str(folder / "web")],
            folder / "php.out",
            self._answers,
            env={"PHP_CLI_SERVER_WORKERS": "3"},
        )

    def start(self) -> None:
        """Start everything, and seed it."""
        self.database.start()
        self._psql("create database zabbix", database="postgres")
        for part in ("schema", "images", "data"):
            self._psql(gzip.decompress((PACKAGED / f"{part}.sql.gz").read_bytes()).decode())
        self.daemon.start()
        self.server.start()
        self._seed()

    def stop(self) -> None:
        """End everything, and remove it."""
        for daemon in (self.daemon, self.server, self.database):
            daemon.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- as the live suite wants it --------------------------------------------

    def settings(self, url: str | None = None, **overrides: Any) -> dict[str, Any]:
        return {
            "kind": "zabbix",
            "url": url or self.address,
            "token": {"env": "ZABBIX"},
            "site": "macro.{$INSEE}",
            "groups": ["Sites"],
            **overrides,
        }

    def secrets(self) -> Mapping[str, str]:
        return {
            "ZABBIX": self.tokens["lecture"],
            "BLIND": self.tokens["aveugle"],
            "ACTOR": self.tokens["agent"],
            "ADMIN": self.tokens["chef"],
            "PASSWORD": PASSWORD,
            "WRONG": "0" * 63 + "f",
        }

    def settings_without_rights(self) -> dict[str, Any] | None:
        return self.settings(token={"env": "BLIND"}, groups=[])

    def settings_bad_secret(self) -> dict[str, Any] | None:
        return self.settings(token={"env": "WRONG"})

    def expected(self, stream: Stream) -> set[str]:
        """Zabbix's own database, past its API."""
        hosts = (
            "select h.hostid from hosts h join hosts_groups g on g.hostid = h.hostid"
            " join hstgrp n on n.groupid = g.groupid where n.name = 'Sites' and h.status = 0"
        )
        triggers = (
            "select distinct t.triggerid from triggers t"
            " join functions f on f.triggerid = t.triggerid"
            " join items i on i.itemid = f.itemid"
            f" where t.value = 1 and t.status = 0 and i.hostid in ({hosts})"
        )
        return {f"h{id}" for id in self._psql(hosts)} | {f"t{id}" for id in self._psql(triggers)}

    def change_one(self) -> tuple[Stream, str]:
        """A disk fills up at a host where it had not."""
        self._changes += 1
        host = f"rtr-{17000 + self._changes}"
        self.send([(host, "disque", 1)])
        key = self.trigger_of(host, "disque")
        self._until(lambda: f"t{key}" in self.expected(Stream.HEALTH))
        return Stream.HEALTH, f"t{key}"

    def delete_one(self) -> tuple[Stream, str]:
        hostid = self._psql("select max(hostid) from hosts where host like 'rtr-%'")[0]
        self.call("host.delete", [hostid])
        return Stream.HEALTH, f"h{hostid}"

    # -- what one does with a Zabbix -------------------------------------------

    def call(self, method: str, params: Any, token: str = "") -> Any:
        """Ask the API, as administrator if as nobody else."""
        body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        if method not in ("user.login", "apiinfo.version"):
            body["auth"] = token or self._admin
        link = http.client.HTTPConnection(
            "127.0.0.1", int(self.address.rpartition(":")[2]), timeout=300
        )
        try:
            headers = {"Content-Type": "application/json"}
            link.request("POST", "/api_jsonrpc.php", json.dumps(body), headers)
            answer = json.loads(link.getresponse().read())
        finally:
            link.close()
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def send(self, values: list[tuple[str, str, object]]) -> None:
        """Hand in values as zabbix_sender does, until the server knows the items."""
        data = [{"host": host, "key": key, "value": str(value)} for host, key, value in values]
        body = json.dumps({"request": "sender data", "data": data}).encode()
        packet = b"ZBXD\x01" + struct.pack("<II", len(body), 0) + body

        def taken() -> bool:
            with socket.create_connection(("127.0.0.1", self._trapper), timeout=30) as link:
                link.sendall(packet)
                answer = b"".join(iter(lambda: link.recv(65536), b""))
            return b"failed: 0" in answer

        self._until(taken, 90)

    def hostid(self, host: str) -> str:
        return self._psql(f"select hostid from hosts where host = '{host}'")[0]

    def trigger_of(self, host: str, key: str) -> str:
        return self._psql(
            "select f.triggerid from functions f join items i on i.itemid = f.itemid"
            f" join hosts h on h.hostid = i.hostid where h.host = '{host}' and i.key_ = '{key}'"
        )[0]

    def acknowledged(self, triggerid: str) -> int:
        """How many acknowledgements there are, counted in Zabbix's own database."""
        rows = self._psql(
            "select count(*) from acknowledges a join events e on e.eventid = a.eventid"
            f" where e.objectid = {triggerid} and a.action & 2 = 2"
        )
        return int(rows[0])

    def maintenances(self) -> int:
        return int(self._psql("select count(*) from maintenances")[0])

    def unreached(self, host: str, available: int = 2) -> None:
        """Note what a poller of the server notes."""
        self._psql(
            f"update interface set available = {available}, error = 'délai dépassé'"
            f" where hostid = {self.hostid(host)}"
        )

    def age_values(self, seconds: int) -> None:
        """Make it as if the server had died so long ago: nothing else can be waited for."""
        self._psql(
            "; ".join(
                f"update {table} set clock = clock - {seconds}"
                for table in ("history_uint", "history")
            )
        )

    # -- how it is made --------------------------------------------------------

    def _new_database(self) -> Daemon:
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if OWNER:
            shutil.chown(data, OWNER)
            shutil.chown(self.folder, OWNER)
        how = ["-U", "zabbix", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._as_owner(str(POSTGRES / "initdb"), "-D", str(data), *how)
        fast = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")
        options = [part for option in fast for part in ("-c", option)]
        command = [str(POSTGRES / "postgres"), "-D", str(data), "-k", str(self.folder), *options]
        return Daemon(self._owned(*command), self.folder / "postgres.out", self._database_answers)

    def _owned(self, *command: str) -> list[str]:
        return (
            ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups", *command]
            if (OWNER)
            else list(command)
        )

    def _as_owner(self, *command: str) -> None:
        subprocess.run(self._owned(*command), check=True, capture_output=True, cwd="/")

    def _configure(self, port: int) -> None:
        folder = self.folder
        (folder / "zabbix_server.conf").write_text(_SERVER.format(port=port, folder=folder))
        web = folder / "web"
        shutil.copytree(FRONTEND, web, symlinks=True, ignore=shutil.ignore_patterns("fonts", "img"))
        (folder / "zabbix.conf.php").write_text(_WEB.format(folder=folder, port=port))
        # Where its configuration is stands in the program.
        file = web / "include/classes/core/CConfigFile.php"
        text = file.read_text()
        assert _CONFIG_FILE in text
        file.write_text(text.replace(_CONFIG_FILE, str(folder / "zabbix.conf.php")))

    def _seed(self) -> None:
        self.version = self.call("apiinfo.version", [])
        self._admin = self.call("user.login", {"username": "Admin", "password": "zabbix"})
        ours = self.call("host.get", {"output": ["hostid"], "filter": {"host": "Zabbix server"}})
        self.call("host.delete", [host["hostid"] for host in ours])
        group = self.call("hostgroup.create", {"name": "Sites"})["groupids"][0]
        self._make_accounts(group)
        templates = self.call("hostgroup.create", {"name": "Modèles"})["groupids"][0]
        template = self.call(
            "template.create", {"host": "Mairie", "groups": [{"groupid": templates}]}
        )["templateids"][0]
        keys = ("disque", "joint")
        self.call(
            "item.create",
            [
                {"name": key, "key_": key, "hostid": template, "type": 2, "value_type": 3}
                for key in keys
            ],
        )
        self.call(
            "trigger.create",
            [
                {
                    "description": "Disque presque plein sur {HOST.NAME}",
                    "expression": "last(/Mairie/disque)>0",
                    "priority": 2,
                },
                {
                    "description": "Unavailable by ICMP ping",
                    "expression": "last(/Mairie/joint)=0",
                    "priority": 4,
                },
            ],
        )
        for start in range(0, HOSTS, 100):
            # Taken for the small tables that they were, they are joined for a minute.
            self._psql("analyze")
            self.call(
                "host.create", [self._host(n, group, template) for n in range(start, start + 100)]
            )
        server = self.call("host.create", {"host": "zabbix", "groups": [{"groupid": group}]})
        self.call(
            "item.create",
            {
                "name": "uptime",
                "key_": "zabbix[uptime]",
                "hostid": server["hostids"][0],
                "type": 5,
                "value_type": 3,
                "delay": "5s",
            },
        )
        names = [f"rtr-{17000 + number}" for number in range(HOSTS)]
        self.send([(name, "disque", int(n % 40 == 39)) for n, name in enumerate(names)])
        self.send([(name, "joint", int(n % DOWN_EVERY != 0)) for n, name in enumerate(names)])
        # Not before the server knows the hosts: of those that it finds reached, but without
        # an item by which an agent is asked, it takes that back some seconds later.
        self._psql("update interface set available = 1")
        problems = sum(n % 40 == 39 for n in range(HOSTS)) + len(range(0, HOSTS, DOWN_EVERY))
        count = "select count(*) from triggers where value = 1"
        self._until(lambda: self._psql(count) == [str(problems)], 60)
        clock = "select count(*) from history_uint h join items i on i.itemid = h.itemid"
        self._until(lambda: self._psql(f"{clock} where i.type = 5") != ["0"], 60)

    def _host(self, number: int, group: str, template: str) -> dict[str, Any]:
        interface = {"type": 1, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "", "port": "1"}
        return {
            "host": f"rtr-{17000 + number}",
            "name": f"Mairie d'Écoyeux n° {number}",
            "groups": [{"groupid": group}],
            "templates": [{"templateid": template}],
            "interfaces": [interface],
            "macros": [{"macro": "{$INSEE}", "value": str(17000 + number)}],
            "tags": [{"tag": "insee", "value": str(17000 + number)}],
            "inventory_mode": 0,
            "inventory": {"site_zip": str(17000 + number)},
        }

    def _make_accounts(self, group: str) -> None:
        roles = {"lecture": self._reading_role(), "aveugle": "1", "agent": "1", "chef": "2"}
        rights = {"lecture": 2, "agent": 3, "chef": 3}
        for name, role in roles.items():
            permission = {"id": group, "permission": rights[name]} if name in rights else None
            users = self.call(
                "usergroup.create",
                {"name": f"groupe {name}", "rights": [permission] if permission else []},
            )["usrgrpids"][0]
            user = self.call(
                "user.create",
                {
                    "username": name,
                    "passwd": PASSWORD,
                    "roleid": role,
                    "usrgrps": [{"usrgrpid": users}],
                },
            )["userids"][0]
            token = self.call("token.create", {"name": name, "userid": user})["tokenids"]
            self.tokens[name] = self.call("token.generate", token)[0]["token"]

    def _reading_role(self) -> str:
        """The role of the documentation: five methods and no more."""
        methods = ["hostgroup.get", "host.get", "hostinterface.get", "trigger.get"]
        methods += ["problem.get", "item.get"]
        rules = {
            "ui.default_access": 0,
            "actions.default_access": 0,
            "api.access": 1,
            "api.mode": 1,
            "api": methods,
            "ui": [{"name": "monitoring.problems", "status": 1}],
        }
        role = {"name": "smic-tui", "type": 1, "rules": rules}
        found: str = self.call("role.create", role)["roleids"][0]
        return found

    def _psql(self, sql: str, database: str = "zabbix") -> list[str]:
        at = ["-h", str(self.folder), "-U", "zabbix"]
        done = subprocess.run(
            ["psql", "-wqAt", "-v", "ON_ERROR_STOP=1", *at, database],
            input=sql,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.split()

    def _database_answers(self) -> bool:
        try:
            return self._psql("select 1", database="postgres") == ["1"]
        except AssertionError:
            return False

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._trapper), timeout=5).close()
        except OSError:
            return False
        return True

    def _answers(self) -> bool:
        try:
            return bool(self.call("apiinfo.version", []))
        except (OSError, http.client.HTTPException, ValueError):
            return False

    @staticmethod
    def _until(condition: Any, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the server did not take it in time"
            time.sleep(0.5)
