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

# The release's own: 15 on Debian 12, 17 on Debian 13.
POSTGRES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))
PACKAGED = Path("/usr/share/zabbix-server-pgsql")
# Its package and the server's exclude each other: `setup` lays it beside.
PROXY = Path("/opt/smic-tui-live/zabbix-proxy/usr/sbin/zabbix_proxy")
FRONTEND = Path("/usr/share/zabbix")
# What 7.0 calls otherwise than 6.0: groups of templates are groups of their own, proxies too.
IS_7 = (FRONTEND / "include/classes/api/services/CTemplateGroup.php").exists()
HOSTS = 700
DOWN_EVERY = 50
# Seconds; three lost pings make a problem.
PINGED_EVERY = 15
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
StartPingers=2
FpingLocation=/usr/bin/fping
Fping6Location=
UnreachablePeriod=5
UnreachableDelay=2
UnavailableDelay=3
StartDiscoverers=0
StartHTTPPollers=0
StartDBSyncers=1
StartLLDProcessors=1
Timeout=4
"""
_AGENT = """
ListenIP=127.0.0.1
ListenPort={port}
Server=127.0.0.1
ServerActive=
StartAgents=2
LogFile={folder}/zabbix_agentd.log
PidFile={folder}/zabbix_agentd.pid
AllowRoot=1
"""
_PROXY = """
ProxyMode=0
Server=127.0.0.1:{server}
Hostname=mandataire
ListenPort={port}
ListenIP=127.0.0.1
DBName={folder}/proxy.sqlite3
LogFile={folder}/zabbix_proxy.log
PidFile={folder}/zabbix_proxy.pid
SocketDir={folder}/proxy
AllowRoot=1
{frequencies}
DataSenderFrequency=1
StartPollers=1
StartPollersUnreachable=1
StartPreprocessors=1
StartTrappers=1
StartPingers=1
StartDiscoverers=0
StartHTTPPollers=0
StartDBSyncers=1
FpingLocation=/usr/bin/fping
Fping6Location=
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
        self._groups: dict[str, str] = {}
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
        sbin = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
        self._agent_port = free_port()
        (folder / "agentd.conf").write_text(_AGENT.format(port=self._agent_port, folder=folder))
        self.agent = Daemon(
            ["zabbix_agentd", "-f", "-c", str(folder / "agentd.conf")],
            folder / "agentd.out",
            lambda: _accepts(self._agent_port),
            env=sbin,
        )
        proxy_port = free_port()
        (folder / "proxy").mkdir()
        (folder / "proxy.conf").write_text(
            _PROXY.format(
                server=port,
                port=proxy_port,
                folder=folder,
                frequencies="ProxyConfigFrequency=5"
                if IS_7
                else "HeartbeatFrequency=5\nConfigFrequency=5",
            )
        )
        self.proxy = Daemon(
            [str(PROXY), "-f", "-c", str(folder / "proxy.conf")],
            folder / "proxy.out",
            lambda: _accepts(proxy_port),
            env=sbin,
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
        self.agent.start()
        self._seed()

    def stop(self) -> None:
        """End everything, and remove it."""
        for daemon in (self.proxy, self.agent, self.daemon, self.server, self.database):
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
            "READER": self.tokens["lecteur"],
            "MUTE": self.tokens["muet"],
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

    def written(self, triggerid: str) -> list[str]:
        """The words that were written on the events of a trigger, in Zabbix's own database."""
        found = self._rows(
            "select a.message from acknowledges a join events e on e.eventid = a.eventid"
            f" where e.objectid = {triggerid} and a.action & 4 = 4 order by a.acknowledgeid"
        )
        return [each[0] for each in found]

    def available(self, host: str) -> str:
        """What the server noted of the way to a host: 0 not known, 1 available, 2 not."""
        return self._psql(f"select available from interface where hostid = {self.hostid(host)}")[0]

    def make_host(self, host: str, address: str = "127.0.0.1", **more: Any) -> str:
        """Make a host with one agent interface, which nothing asks unless an item does."""
        params = {
            "host": host,
            "groups": [{"groupid": self.group}],
            "interfaces": [self._interface(address, more.pop("port", "1"))],
            **more,
        }
        found: str = self.call("host.create", params)["hostids"][0]
        return found

    def make_item(self, hostid: str, key: str, kind: int, delay: str = "", **more: Any) -> str:
        """Make an item of a host; agents are asked, and pings sent, by its interface."""
        params = {"name": key, "key_": key, "hostid": hostid, "type": kind, "value_type": 3, **more}
        if delay:
            params["delay"] = delay
        if kind in (0, 3):
            found = self.call("hostinterface.get", {"hostids": hostid, "output": ["interfaceid"]})
            params["interfaceid"] = found[0]["interfaceid"]
        made: str = self.call("item.create", params)["itemids"][0]
        return made

    def make_trigger(self, description: str, expression: str, **more: Any) -> str:
        params = {"description": description, "expression": expression, "priority": 4, **more}
        found: str = self.call("trigger.create", params)["triggerids"][0]
        return found

    def until_value(self, host: str, key: str) -> None:
        """Wait until the server has a value in its database."""
        sql = (
            "select count(*) from history_uint h join items i on i.itemid = h.itemid"
            f" where i.hostid = {self.hostid(host)} and i.key_ = '{key}'"
        )
        self._until(lambda: self._psql(sql) != ["0"], 90)

    def until_problem(self, *triggerids: str, value: int = 1) -> None:
        """Wait until the server has found all these triggers to be problems, or none any more."""
        ids = ",".join(triggerids)
        wanted = str(len(triggerids) if value else 0)
        sql = f"select count(*) from triggers where triggerid in ({ids}) and value = 1"
        self._until(lambda: self._psql(sql) == [wanted], 90)

    def until_suppressed(self, triggerid: str, suppressed: bool = True) -> None:
        """Wait until a maintenance has begun to hide a problem, at a beginning of a minute."""
        sql = (
            "select count(*) from event_suppress s join events e on e.eventid = s.eventid"
            f" where e.objectid = {triggerid}"
        )
        self._until(lambda: (self._psql(sql) != ["0"]) is suppressed, 150)

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
        self.group = group = self.call("hostgroup.create", {"name": "Sites"})["groupids"][0]
        self._make_accounts(group)
        template = self.make_template("Mairie")
        self.make_item(template, "disque", 2)
        self.make_trigger(
            "Disque presque plein sur {HOST.NAME}", "last(/Mairie/disque)>0", priority=2
        )
        pings = self._pings()
        for start in range(0, HOSTS, 100):
            # Taken for the small tables that they were, they are joined for a minute.
            self._psql("analyze")
            self.call(
                "host.create",
                [self._host(n, group, template, pings) for n in range(start, start + 100)],
            )
        server = self.call("host.create", {"host": "zabbix", "groups": [{"groupid": group}]})
        self.make_item(server["hostids"][0], "zabbix[uptime]", 5, "5s")
        names = [f"rtr-{17000 + number}" for number in range(HOSTS)]
        self.send([(name, "disque", int(n % 40 == 39)) for n, name in enumerate(names)])
        problems = sum(n % 40 == 39 for n in range(HOSTS)) + len(range(0, HOSTS, DOWN_EVERY))
        count = "select count(*) from triggers where value = 1"
        self._until(lambda: self._psql(count) == [str(problems)], 240)
        asked = (
            "select count(distinct h.itemid) from history_uint h join items i"
            " on i.itemid = h.itemid where i.key_ = "
        )
        self._until(lambda: self._psql(f"{asked}'zabbix[uptime]'") == ["1"], 60)
        self._until(lambda: self._psql(f"{asked}'icmpping'") == [str(HOSTS)], 120)

    def make_template(self, name: str, **more: Any) -> str:
        params = {"host": name, "groups": [{"groupid": self._group_of_templates()}], **more}
        found: str = self.call("template.create", params)["templateids"][0]
        return found

    def _group_of_templates(self) -> str:
        method = "templategroup.get" if IS_7 else "hostgroup.get"
        found = self.call(method, {"filter": {"name": "Templates"}, "output": ["groupid"]})
        groupid: str = found[0]["groupid"]
        return groupid

    def make_proxy(self, name: str) -> str:
        """Make an active proxy, which is not there as long as nobody starts it."""
        params = {"name": name, "operating_mode": 0} if IS_7 else {"host": name, "status": 5}
        found: str = self.call("proxy.create", params)["proxyids"][0]
        return found

    @staticmethod
    def watched_by(proxyid: str) -> dict[str, Any]:
        """What a host is made with, to be watched by a proxy."""
        return {"proxyid": proxyid, "monitored_by": 1} if IS_7 else {"proxy_hostid": proxyid}

    def last_access(self, proxyid: str) -> float:
        """How many seconds ago a proxy was heard of."""
        found = self.call("proxy.get", {"proxyids": proxyid, "output": ["lastaccess"]})
        return time.time() - int(found[0]["lastaccess"])

    def _pings(self) -> str:
        """Zabbix's own template of pings, asked more often: it waits for three to be lost."""
        found = self.call(
            "template.get",
            {
                "output": ["templateid"],
                "filter": {"host": ["ICMP Ping", "Template Module ICMP Ping"]},
                "selectItems": ["itemid", "key_"],
            },
        )[0]
        for item in found["items"]:
            once = {"delay": f"{PINGED_EVERY}s"} if item["key_"] == "icmpping" else {"status": 1}
            self.call("item.update", {"itemid": item["itemid"], **once})
        template: str = found["templateid"]
        return template

    @staticmethod
    def _interface(address: str, port: str = "1") -> dict[str, Any]:
        return {"type": 1, "main": 1, "useip": 1, "ip": address, "dns": "", "port": port}

    def _host(self, number: int, group: str, *templates: str) -> dict[str, Any]:
        # All of 127 answers here, and of 10.255.99 nobody does.
        net = "10.255.99" if number % DOWN_EVERY == 0 else f"127.17.{number // 200}"
        return {
            "host": f"rtr-{17000 + number}",
            "name": f"Mairie d'Écoyeux n° {number}",
            "groups": [{"groupid": group}],
            "templates": [{"templateid": each} for each in templates],
            "interfaces": [self._interface(f"{net}.{number % 200 + 1}")],
            "macros": [{"macro": "{$INSEE}", "value": str(17000 + number)}],
            "tags": [{"tag": "insee", "value": str(17000 + number)}],
            "inventory_mode": 0,
            "inventory": {"site_zip": str(17000 + number)},
        }

    def _make_accounts(self, group: str) -> None:
        roles = {
            "lecture": self._reading_role(),
            "aveugle": "1",
            "agent": "1",
            "chef": "2",
            "lecteur": "1",
            "muet": self._mute_role(),
        }
        rights = {"lecture": 2, "agent": 3, "chef": 3, "lecteur": 2, "muet": 2}
        for name, role in roles.items():
            permission = self._rights({group: rights[name]} if name in rights else {})
            users = self.call("usergroup.create", {"name": f"groupe {name}", **permission})[
                "usrgrpids"
            ][0]
            self._groups[name] = users
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

    def reader_sees_templates(self) -> dict[str, Any]:
        """The change by which the reading account may read templates, and so their macros."""
        of_templates = self._rights({self._group_of_templates(): 2}, "templategroup_rights")
        if IS_7:
            return {"usrgrpid": self._groups["lecture"], **of_templates}
        both = {self.group: 2, self._group_of_templates(): 2}
        return {"usrgrpid": self._groups["lecture"], **self._rights(both)}

    @staticmethod
    def _rights(groups: Mapping[str, int], name: str = "hostgroup_rights") -> dict[str, Any]:
        rights = [{"id": id, "permission": permission} for id, permission in groups.items()]
        return {name if IS_7 else "rights": rights}

    def _mute_role(self) -> str:
        """One that may call everything, and neither acknowledge nor comment."""
        actions = [
            {"name": name, "status": 0} for name in ("acknowledge_problems", "add_problem_comments")
        ]
        role = {"name": "muet", "type": 1, "rules": {"actions": actions}}
        found: str = self.call("role.create", role)["roleids"][0]
        return found

    def _reading_role(self) -> str:
        """The role of the documentation: nine methods and no more."""
        methods = ["hostgroup.get", "host.get", "hostinterface.get", "trigger.get"]
        methods += ["problem.get", "item.get", "proxy.get", "maintenance.get", "usermacro.get"]
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

    def _rows(self, sql: str) -> list[list[str]]:
        """The cells of what a question finds, whatever characters are in them."""
        found = self._sql(f"select coalesce(json_agg(row_to_json(x)), '[]') from ({sql}) x")
        return [[str(cell) for cell in row.values()] for row in json.loads(found)]

    def _psql(self, sql: str, database: str = "zabbix") -> list[str]:
        return self._sql(sql, database).split()

    def _sql(self, sql: str, database: str = "zabbix") -> str:
        at = ["-h", str(self.folder), "-U", "zabbix"]
        done = subprocess.run(
            ["psql", "-wqAt", "-v", "ON_ERROR_STOP=1", *at, database],
            input=sql,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def _database_answers(self) -> bool:
        try:
            return self._psql("select 1", database="postgres") == ["1"]
        except AssertionError:
            return False

    def _listens(self) -> bool:
        return _accepts(self._trapper)

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


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
