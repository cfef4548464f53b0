"""The zabbix kind against a server that answers as Zabbix 6.0 does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from adapters.zabbix.adapter import ZabbixAdapter
from adapters.zabbix.options import ZabbixOptions
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import HealthState
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, json_reply
from tests.fakes.reading import failure, read
from tests.fakes.zabbix import ADMIN, FakeZabbix

Make = Callable[..., ZabbixAdapter]


@pytest.fixture
def zabbix() -> FakeZabbix:
    fake = FakeZabbix()
    for code in (17001, 17002, 17003):
        name = f"Mairie {code}"
        tags = [{"tag": "insee", "value": str(code)}]
        hostid = fake.add_host(f"rtr-{code}", name, tags=tags)
        fake.add_trigger(hostid, f"Disque plein sur {name}")
        fake.add_trigger(hostid, "Unavailable by ICMP ping", priority=4)
    return fake


@pytest.fixture
def server(zabbix: FakeZabbix) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(zabbix) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[ZabbixAdapter] = []

    def make(secret: str = "word", **options: Any) -> ZabbixAdapter:
        settings = {"url": server.url, "request_timeout": "1s", "token": {"env": "Z"}, **options}
        context = Context(source="z", folder=CERTS, timezone="UTC", secret=lambda _: secret)
        made.append(ZabbixAdapter(msgspec.convert(settings, ZabbixOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def ids(zabbix: FakeZabbix, code: int = 17001) -> tuple[str, str, str]:
    """A host, its trigger about the disk and the one about its reachability."""
    (hostid,) = (each for each, host in zabbix.hosts.items() if host["host"] == f"rtr-{code}")
    of_host = [id for id, row in zabbix.triggers.items() if row["hosts"][0]["hostid"] == hostid]
    return hostid, of_host[0], of_host[1]


async def test_hosts_and_problems_become_health(make: Make, zabbix: FakeZabbix) -> None:
    hostid, disk, ping = ids(zabbix)
    zabbix.turn(disk, 1, at=1_795_500_000)
    reading = await read(make(site="tag.insee"))
    assert reading.full
    assert set(reading.rows) == {f"h{id}" for id in zabbix.hosts} | {f"t{disk}"}
    row = reading.rows[f"t{disk}"]
    assert (row.site, row.host) == ("17001", "Mairie 17001")
    assert (row.state, row.service) == (HealthState.WARNING, "Disque plein sur Mairie 17001")
    assert row.since == datetime.fromtimestamp(1_795_500_000, UTC)
    assert reading.rows[f"h{hostid}"].state is HealthState.UP
    assert f"t{ping}" not in reading.rows


async def test_numbers_are_strings(make: Make, zabbix: FakeZabbix) -> None:
    _host, disk, _ping = ids(zabbix)
    zabbix.turn(disk, 1)
    assert zabbix.triggers[disk]["priority"] == "2"
    rows = (await read(make(critical_from="warning"))).rows
    assert rows[f"t{disk}"].state is HealthState.CRITICAL


@pytest.mark.parametrize(
    ("interfaces", "pinged", "expected"),
    [
        ([1], True, "up"),
        ([2], True, "down"),
        ([2, 1], True, "up"),
        ([0, 2], True, "down"),
        ([0], True, "pending"),
        ([], True, "pending"),
        ([1], False, "down"),
        ([], False, "down"),
    ],
)
async def test_when_a_host_is_down(
    make: Make, zabbix: FakeZabbix, interfaces: list[int], pinged: bool, expected: str
) -> None:
    hostid, _disk, ping = ids(zabbix)
    zabbix.hosts[hostid]["interfaces"] = [
        {"available": str(available), "error": "délai dépassé" if available == 2 else ""}
        for available in interfaces
    ]
    if not pinged:
        zabbix.turn(ping, 1)
    row = (await read(make())).rows[f"h{hostid}"]
    assert row.state == expected
    if expected == "down":
        assert row.output == ("délai dépassé" if pinged else "Unavailable by ICMP ping")


async def test_a_trigger_that_cannot_be_computed(make: Make, zabbix: FakeZabbix) -> None:
    _host, disk, _ping = ids(zabbix)
    zabbix.triggers[disk] |= {"state": "1", "error": "Cannot evaluate function"}
    row = (await read(make(triggers="all"))).rows[f"t{disk}"]
    assert (row.state, row.output) == (HealthState.UNKNOWN, "Cannot evaluate function")


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("visible name", "Mairie 17001"),
        ("host name", "rtr-17001"),
        ("tag.insee", "17001"),
        ("macro.{$INSEE}", "17001"),
        ("inventory.site_zip", "17001"),
        (r"(?P<site>\d{5})$", "17001"),
        ("tag.none", "Mairie 17001"),
        (r"^(?P<site>\d{5})$", "Mairie 17001"),
    ],
)
async def test_sites(make: Make, zabbix: FakeZabbix, site: str, expected: str) -> None:
    hostid, disk, _ping = ids(zabbix)
    zabbix.turn(disk, 1)
    zabbix.hosts[hostid]["macros"] = [{"macro": "{$INSEE}", "value": "17001"}, {"macro": "{$X}"}]
    zabbix.hosts[hostid]["inventory"] = {"site_zip": "17001"}
    rows = (await read(make(site=site))).rows
    assert (rows[f"h{hostid}"].site, rows[f"t{disk}"].site) == (expected, expected)


# -- JSON-RPC ------------------------------------------------------------------


async def test_6_0_wants_the_token_in_the_body(
    make: Make, zabbix: FakeZabbix, server: MisbehavingServer
) -> None:
    """In 6.0 the token goes in the `auth` field (Bearer refused)."""
    await read(make())
    assert all("authorization" not in request.headers for request in server.requests)
    header = {"Authorization": "Bearer word"}
    async with (adapter := make())._api.signed_in():
        body = {"jsonrpc": "2.0", "method": "host.get", "params": {"output": []}, "id": 1}
        refused = await adapter._api.http.request(
            "POST", "/api_jsonrpc.php", body=body, headers=header
        )
    assert b"Not authorized." in refused.body  # the server does fall into the trap


@pytest.mark.parametrize("version", ["7.0.5", "7.2.0"])
async def test_from_6_4_on_it_goes_in_a_header(
    make: Make, zabbix: FakeZabbix, server: MisbehavingServer, version: str
) -> None:
    """Both were seen of 7.0; from its documentation, `auth` is gone in 7.2."""
    zabbix.version = version
    assert len((await read(make())).rows) == 3
    assert all(b'"auth"' not in request.body for request in server.requests)
    zabbix.users["lecture"] = "phrase"
    by_password = make("phrase", token=None, user="lecture", password={"env": "P"})
    assert len((await read(by_password)).rows) == 3
    remarks = (await make().probe()).remarks
    assert any("documentation" in remark for remark in remarks) is version.startswith("7.2")


async def test_an_error_is_a_200(make: Make, server: MisbehavingServer) -> None:
    """JSON-RPC: errors are HTTP 200 with `error`, the same code for everything."""
    error = await failure(make("x" * 64), AuthFailed)
    assert "Not authorized" in error.message
    assert "x" * 64 not in str(error) + error.hint
    assert all(request.path == "/api_jsonrpc.php" for request in server.requests)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("Session terminated, re-login, please.", AuthFailed),
        ('No permissions to call "host.get".', AuthFailed),
        ("No permissions to referred object or it does not exist!", AuthFailed),
        ("Error connecting to database: connection refused", Unavailable),
        ("You do not have permission to perform this operation.", AuthFailed),
        ("Incorrect user name or password or account is temporarily blocked.", AuthFailed),
        ("Error in query [SELECT 1] [Deadlock found when trying to get lock]", Unavailable),
        ('SQL statement execution has failed "SELECT 1".', Unavailable),
        ('Invalid parameter "/1": unexpected parameter "x".', BadAnswer),
        # What objects are called says nothing.
        ('Host "No permissions to" already exists.', BadAnswer),
        ('Host group "session terminated, re-login" not found.', BadAnswer),
        ('Invalid parameter "/1/name": value "database error" already exists.', BadAnswer),
    ],
)
async def test_what_an_error_means(
    make: Make, server: MisbehavingServer, zabbix: FakeZabbix, data: str, kind: type[Any]
) -> None:
    error = {"code": -32602, "message": "Invalid params.", "data": data}
    server.respond = lambda request: json_reply({"jsonrpc": "2.0", "error": error, "id": 0})
    assert data in (await failure(make(), kind)).message


async def test_an_error_of_a_whole_request(
    make: Make, server: MisbehavingServer, zabbix: FakeZabbix
) -> None:
    def respond(request: Any) -> Reply:
        if isinstance(request.json(), list):
            error = {"code": -32500, "message": "Application error.", "data": "Database error"}
            return json_reply({"jsonrpc": "2.0", "error": error, "id": None})
        return zabbix(request)

    server.respond = respond
    assert "Database error" in (await failure(make(), Unavailable)).message


async def test_answers_that_are_missing(
    make: Make, server: MisbehavingServer, zabbix: FakeZabbix
) -> None:
    def respond(request: Any) -> Reply:
        if isinstance(request.json(), list):
            return json_reply([])
        return zabbix(request)

    server.respond = respond
    await failure(make(), BadAnswer)


async def test_a_session_that_was_ended_is_opened_anew(make: Make, zabbix: FakeZabbix) -> None:
    zabbix.users["lecture"] = "phrase"
    adapter = make("phrase", token=None, user="lecture", password={"env": "P"})
    first = await read(adapter)
    del zabbix.methods[next(token for token in zabbix.methods if token.startswith("session"))]
    assert not (await read(adapter, first.cursor)).full
    logins = [params for method, params in zabbix.asked if method == "user.login"]
    assert len(logins) == 2  # and not one for each reading
    zabbix.users["lecture"] = "changed"
    zabbix.methods.clear()
    error = await failure(adapter, AuthFailed)
    assert "phrase" not in str(error)


# -- rights --------------------------------------------------------------------


async def test_no_hosts_may_mean_no_rights(make: Make, zabbix: FakeZabbix) -> None:
    adapter = make()
    first = await read(adapter)
    zabbix.blind.add("word")
    error = await failure(adapter, AuthFailed)
    assert "no host group" in error.message
    with pytest.raises(AuthFailed):
        await read(adapter, first.cursor)
    with pytest.raises(AuthFailed):
        await make().probe()


async def test_a_group_without_hosts_is_empty(make: Make, zabbix: FakeZabbix) -> None:
    zabbix.hosts.clear()
    zabbix.triggers.clear()
    reading = await read(make())
    assert (reading.full, reading.rows) == (True, {})


async def test_a_method_that_the_role_forbids(make: Make, zabbix: FakeZabbix) -> None:
    zabbix.methods["word"] = ("hostgroup.get", "host.get")
    error = await failure(make(), AuthFailed)
    assert "item.get" in error.message
    assert "role" in error.hint


async def test_a_group_that_is_not_seen(make: Make) -> None:
    assert len((await read(make(groups=["Sites"]))).rows) == 3
    error = await failure(make(groups=["Sites", "Écoles"]), AuthFailed)
    assert "Écoles" in error.message
    assert "Sites" not in error.message


async def test_more_rights_than_needed(make: Make, zabbix: FakeZabbix) -> None:
    assert (await make().probe()).remarks == ()
    zabbix.methods["word"] = ADMIN
    probe = await make().probe()
    assert probe.version == "6.0.14"
    assert any("give it less" in remark for remark in probe.remarks)


# -- what changes --------------------------------------------------------------


async def test_nothing_new_is_one_small_request(
    make: Make, zabbix: FakeZabbix, server: MisbehavingServer
) -> None:
    for number in range(200):
        zabbix.add_host(f"more-{number}")
    zabbix.turn(ids(zabbix)[1], 1, at=time.time() - 3600)
    adapter = make()
    first = await read(adapter)
    full = adapter._api.http.bytes_received
    requests = len(server.requests)
    second = await read(adapter, first.cursor)
    assert (second.full, second.rows, second.deletes) == (False, {}, [])
    assert len(server.requests) == requests + 1
    assert adapter._api.http.bytes_received - full < full * 0.05


async def test_problems_come_and_go(make: Make, zabbix: FakeZabbix) -> None:
    hostid, disk, ping = ids(zabbix)
    adapter = make()
    first = await read(adapter)
    zabbix.turn(disk, 1)
    zabbix.turn(ping, 1)
    second = await read(adapter, first.cursor)
    assert set(second.rows) == {f"t{disk}", f"t{ping}", f"h{hostid}"}
    assert second.rows[f"h{hostid}"].state is HealthState.DOWN
    zabbix.turn(disk, 0)
    zabbix.turn(ping, 0)
    third = await read(adapter, second.cursor)
    assert set(third.deletes) == {f"t{disk}", f"t{ping}"}
    assert third.rows[f"h{hostid}"].state is HealthState.UP


async def test_values_that_a_proxy_kept_for_hours(make: Make, zabbix: FakeZabbix) -> None:
    """Their events are older than the cursor; the set of problems tells."""
    _host, disk, _ping = ids(zabbix)
    adapter = make()
    first = await read(adapter)
    zabbix.turn(disk, 1, at=time.time() - 7200)
    second = await read(adapter, first.cursor)
    assert set(second.rows) == {f"t{disk}"}
    zabbix.turn(disk, 0, at=time.time() - 7100)
    assert (await read(adapter, second.cursor)).deletes == [f"t{disk}"]


async def test_what_lastchange_does_not_tell(make: Make, zabbix: FakeZabbix) -> None:
    """Acknowledgements, maintenances and interfaces move no `lastchange`."""
    hostid, disk, ping = ids(zabbix)
    zabbix.turn(disk, 1, at=time.time() - 3600)
    zabbix.turn(ping, 1, at=time.time() - 3600)
    adapter = make()
    last = await read(adapter)
    for id in (disk, ping):
        zabbix.events(id)[0]["acknowledged"] = "1"
    last = await read(adapter, last.cursor)
    assert last.rows[f"t{disk}"].acknowledged
    assert last.rows[f"h{hostid}"].acknowledged
    zabbix.hosts[hostid]["maintenance_status"] = "1"
    last = await read(adapter, last.cursor)
    for id in (disk, ping):
        zabbix.events(id)[0]["suppressed"] = "1"
    last = await read(adapter, last.cursor)
    assert (last.full, last.rows[f"h{hostid}"].downtime) == (False, True)
    assert last.rows[f"t{disk}"].downtime
    zabbix.hosts[hostid]["maintenance_status"] = "0"
    for id in (disk, ping):
        zabbix.events(id)[0]["suppressed"] = "0"
    last = await read(adapter, last.cursor)
    assert not last.rows[f"t{disk}"].downtime
    other = ids(zabbix, 17002)[0]
    zabbix.hosts[other]["interfaces"][0]["available"] = "2"
    last = await read(adapter, last.cursor)
    assert (last.full, last.rows[f"h{other}"].state) == (False, HealthState.DOWN)


async def test_when_everything_is_read_again(make: Make, zabbix: FakeZabbix) -> None:
    adapter = make()
    first = await read(adapter)
    assert (await read(make(), first.cursor)).full  # a new process knows no hosts
    assert (await read(adapter, "{}")).full
    del zabbix.hosts[ids(zabbix)[0]]
    second = await read(adapter, first.cursor)
    assert (second.full, len(second.rows)) == (True, 2)


async def test_rows_that_cannot_be_read_are_set_aside(make: Make, zabbix: FakeZabbix) -> None:
    hostid, disk, ping = ids(zabbix)
    zabbix.turn(disk, 1)
    zabbix.turn(ping, 1)
    zabbix.triggers[disk]["state"] = "strange"
    zabbix.triggers[ping]["hosts"] = [{"hostid": hostid}, {"hostid": "1"}]
    reading = await read(make())
    assert len(reading.rejected) == 1
    assert "state" in reading.rejected[0].reason
    assert f"t{ping}" in reading.rows
    for host in zabbix.hosts.values():
        del host["host"]
        host["host"] = 3
    await failure(make(), BadAnswer)


# -- a dead server -------------------------------------------------------------


@pytest.mark.parametrize("cursor", [False, True])
async def test_a_dead_server_process_still_answers(
    make: Make, zabbix: FakeZabbix, cursor: bool
) -> None:
    """A dead server process still answers old data: look at item lastclock."""
    adapter = make()
    first = await read(adapter)
    zabbix.last_value = time.time() - 3600
    with pytest.raises(Unavailable, match="60 min old"):
        await read(adapter, first.cursor if cursor else None)
    with pytest.raises(Unavailable):
        await adapter.probe()
    zabbix.last_value = 0
    assert "for a day" in (await failure(adapter, Unavailable)).message
    zabbix.last_value = time.time() - 60
    await read(adapter)


async def test_other_items_tell_where_zabbix_s_own_are_not_seen(
    make: Make, zabbix: FakeZabbix
) -> None:
    zabbix.item_keys = ["vfs.fs.size[/]", "agent.ping"]
    zabbix.last_value = time.time() - 3600
    await failure(make(), Unavailable)
    zabbix.item_keys = []
    adapter = make()
    assert len((await read(adapter)).rows) == 3
    assert any("heartbeat" in remark for remark in (await adapter.probe()).remarks)


@pytest.mark.parametrize("mode", [Mode.STOPPED, Mode.FROZEN, Mode.STATUS500])
async def test_no_answer(make: Make, server: MisbehavingServer, mode: Mode) -> None:
    adapter = make()
    await read(adapter)
    server.mode = mode
    await failure(adapter, Unavailable)
    server.mode = Mode.OK
    await read(adapter)


@pytest.mark.parametrize("mode", [Mode.HTML, Mode.TRUNCATED])
async def test_half_an_answer(make: Make, server: MisbehavingServer, mode: Mode) -> None:
    server.mode = mode
    await failure(make(), BadAnswer)


# -- settings ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token": None}, "token"),
        ({"user": "x"}, "belong together"),
        ({"user": "x", "password": {"env": "P"}}, "either"),
        ({"down": "("}, "regular expression"),
        ({"site": "(?P<code>x)"}, "group"),
        ({"site": "("}, "regular expression"),
    ],
)
def test_settings_that_make_no_sense(options: dict[str, Any], words: str) -> None:
    settings = {"url": "http://127.0.0.1:9", "token": {"env": "Z"}, **options}
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(settings, ZabbixOptions)
