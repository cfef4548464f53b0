"""What Zabbix says itself decides: who lives, what is old, what is quiet."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.zabbix.ages import interval_of, is_ping
from adapters.zabbix.objects import Item
from smic_tui.records import Health, HealthState
from tests.adapters.zabbix.conftest import MakeAdapter
from tests.fakes.reading import Reading, read
from tests.fakes.zabbix import READING, FakeZabbix

# -- who lives -----------------------------------------------------------------

# How its agent interface is (0 not known, 1 available, 2 not), and items: key, value, more.
LIVES: list[tuple[str, int | None, list[tuple[str, str, dict[str, Any]]], str]] = [
    ("pings only", 0, [("icmpping", "1", {})], "up"),
    ("no interface is known, pings lost", 0, [("icmpping", "0", {})], "down"),
    ("one ping lost", 0, [("icmpping", "0", {"prevvalue": "1"})], "up"),
    ("pings of a float", 0, [("icmpping[,4]", "0.0000", {})], "down"),
    ("pings of another machine", 0, [("icmpping[10.9.9.9]", "0", {})], "up"),
    ("the agent is dead, the host is not", 2, [("icmpping", "1", {})], "up"),
    ("the agent is dead, and no pings", 2, [("icmpping", "0", {})], "down"),
    ("the agent is dead, and nothing else is asked", 2, [], "down"),
    ("the agent answers, pings are filtered", 1, [("icmpping", "0", {})], "down"),
    ("values are sent", 0, [("sauvegardes", "3", {"type": "2"})], "up"),
    ("an active agent", 0, [("vfs.fs.size[/]", "3", {"type": "7"})], "up"),
    ("SNMP", 0, [("sysUpTime", "3", {"type": "20"})], "up"),
    ("only calculated of others", 0, [("somme", "3", {"type": "15"})], "pending"),
    ("never a value", 0, [("icmpping", "", {"lastclock": "0"})], "pending"),
    ("nothing at all", 0, [], "pending"),
    ("no interface, a web page is asked", None, [("web", "1", {"type": "19"})], "up"),
    ("no interface, nothing", None, [], "pending"),
]


@pytest.mark.parametrize(
    ("interface", "items", "state"), [case[1:] for case in LIVES], ids=[case[0] for case in LIVES]
)
async def test_who_lives(
    adapter_on: MakeAdapter,
    watched: FakeZabbix,
    interface: int | None,
    items: list[tuple[str, str, dict[str, Any]]],
    state: str,
) -> None:
    hostid = watched.add_host("rtr", available=interface or 0)
    if interface is None:
        watched.hosts[hostid]["interfaces"] = []
    for key, value, more in items:
        watched.add_item(hostid, key, value, **more)
    row = (await read(adapter_on())).rows[f"h{hostid}"]
    assert (row.state.value, row.outdated) == (state, False)


async def test_an_active_agent_of_7(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    """From the documentation: since 6.2 the availability of active agents is told."""
    watched.version = "7.0.10"
    one = watched.add_host("un", available=0, active_available="1")
    two = watched.add_host("deux", available=0, active_available="0")
    adapter = adapter_on()
    last = await read(adapter)
    assert last.rows[f"h{one}"].state is HealthState.UP
    assert last.rows[f"h{two}"].state is HealthState.PENDING
    watched.hosts[one]["active_available"] = "2"
    last = await read(adapter, last.cursor)
    assert last.rows[f"h{one}"].state is HealthState.DOWN


async def test_since_when_by_the_interface(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    hostid = watched.add_host("rtr")
    watched.hosts[hostid]["interfaces"] = [
        {"available": "2", "error": "refused", "errors_from": "1795500000"}
    ]
    row = (await read(adapter_on())).rows[f"h{hostid}"]
    assert (row.state, row.output) == (HealthState.DOWN, "refused")
    assert row.since == datetime.fromtimestamp(1_795_500_000, UTC)


async def test_since_when_by_a_proxy(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    """A proxy tells that the interface is not available, and not since when."""
    hostid = watched.add_host("rtr", available=2)
    watched.add_item(hostid, "agent.ping", type="0", age=3600)
    row = (await read(adapter_on())).rows[f"h{hostid}"]
    assert row.state is HealthState.DOWN
    assert abs((datetime.now(UTC) - row.since).total_seconds() - 3600) < 60


async def test_a_ping_that_is_lost_later(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    """No trigger tells of it: the value is asked for again in its turn."""
    hostid = watched.add_host("rtr", available=0)
    item = watched.add_item(hostid, "icmpping")
    adapter = adapter_on()
    first = await read(adapter)
    watched.items[item] |= {"lastvalue": "0", "prevvalue": "0"}
    second = await read(adapter, first.cursor)
    assert (second.full, second.rows[f"h{hostid}"].state) == (False, HealthState.DOWN)


# -- what is old ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("delay", "more", "seconds"),
    [
        ("30", {}, 30),
        ("30s", {}, 30),
        ("1m", {}, 60),
        ("2h", {}, 7200),
        ("1m;10s/1-5,09:00-18:00", {}, 60),
        ("10s;5m/6-7,00:00-24:00", {}, 300),
        ("0;md1h9", {}, None),
        ("1m;wd1-5h9", {}, None),
        ("{$INTERVAL}", {}, None),
        ("", {}, None),
        ("0", {}, None),
        ("30s", {"type": 2}, None),
        ("30s", {"type": 17}, None),
        ("30s", {"preprocessing": [{"type": 19, "params": ""}]}, None),
        ("30s", {"preprocessing": [{"type": 20, "params": "1h"}]}, 3600),
        ("2h", {"preprocessing": [{"type": 20, "params": "1h"}]}, 7200),
        ("30s", {"preprocessing": [{"type": 20, "params": "{$HEARTBEAT}"}]}, None),
        ("30s", {"preprocessing": [{"type": 5, "params": "x"}]}, 30),
    ],
)
def test_intervals(delay: str, more: dict[str, Any], seconds: int | None) -> None:
    import msgspec

    item = msgspec.convert({"itemid": "1", "delay": delay, **more}, Item)
    assert interval_of(item) == seconds


@pytest.mark.parametrize(
    ("key", "own"),
    [
        ("icmpping", True),
        ("icmpping[]", True),
        ("icmpping[,3]", True),
        ("icmpping[{HOST.CONN},3]", True),
        ('icmpping["{HOST.IP}"]', True),
        ("icmpping[10.1.1.1]", False),
        ("icmppingsec", False),
        ("icmppingloss[,3]", False),
    ],
)
def test_which_pings_are_of_the_host(key: str, own: bool) -> None:
    assert is_ping(Item(itemid="1", key_=key)) is own


async def test_a_check_older_than_its_interval(
    adapter_on: MakeAdapter, watched: FakeZabbix
) -> None:
    """The server works and answers: some of its checks have stopped all the same."""
    hosts = [watched.add_host(f"rtr-{n}", available=n % 2) for n in range(30)]
    items = {each: watched.add_item(each, "icmpping") for each in hosts}
    watched.items[items[hosts[0]]]["lastclock"] = str(int(time.time()) - 3600)
    adapter = adapter_on()
    last = await read(adapter)
    assert outdated(last) == {hosts[0]}
    row = last.rows[f"h{hosts[0]}"]
    assert row.state is HealthState.UP  # what it was last
    assert abs((datetime.now(UTC) - row.checked).total_seconds() - 3600) < 60
    # Later all pingers of a proxy stop: each reading asks for a part, and one tells of the rest.
    for item in items.values():
        watched.items[item]["lastclock"] = str(int(time.time()) - 400)
    last = await read(adapter, last.cursor)
    assert not last.full
    assert outdated(last) == set(hosts)
    for item in items.values():
        watched.items[item]["lastclock"] = str(int(time.time()))
    last = await read(adapter, last.cursor)
    assert (set(last.rows), outdated(last)) == ({f"h{each}" for each in hosts}, set())


def outdated(reading: Reading) -> set[str]:
    return {key[1:] for key, row in reading.rows.items() if row.outdated}


async def test_a_problem_whose_value_is_old(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    hostid = watched.add_host("srv")
    old = watched.add_item(hostid, "vfs.fs.size[/]", "99", type="0", age=7200)
    new = watched.add_item(hostid, "system.cpu.load", "99", type="0")
    sent = watched.add_item(hostid, "sauvegarde", "1", type="2", age=7200)
    kept = watched.add_item(
        hostid, "net.if.status", "2", type="0", age=7200, preprocessing=[{"type": 19, "params": ""}]
    )
    master = watched.add_item(hostid, "json", "{}", type="0", age=7200)
    made = watched.add_item(hostid, "json.disque", "1", type="18", delay="0", master_itemid=master)
    names = {}
    for item, function in (
        *((each, "last") for each in (old, new, sent, kept, made)),
        (old, "nodata"),
    ):
        functions = [{"itemid": item, "function": function}]
        names[item, function] = watched.add_trigger(hostid, "x", 1, functions=functions)
    rows = (await read(adapter_on())).rows
    stale = {which for which, id in names.items() if rows[f"t{id}"].outdated}
    # That no value comes is what the last one is about.
    assert stale == {(old, "last"), (made, "last")}


async def test_what_is_down_is_not_old(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    """The items of an agent that does not answer stop: that is no doubt, but the fact."""
    hostid = watched.add_host("srv", available=2)
    watched.add_item(hostid, "agent.ping", type="0", age=7200)
    for lost in (0, int(time.time()) - 7000):
        watched.hosts[hostid]["interfaces"][0]["errors_from"] = str(lost)
        row = (await read(adapter_on())).rows[f"h{hostid}"]
        assert (row.state, row.outdated) == (HealthState.DOWN, False)
    # Values go on after the server lost its way to the agent: the agent sends them itself.
    watched.add_item(hostid, "agent.ping", type="7")
    row = (await read(adapter_on())).rows[f"h{hostid}"]
    assert (row.state, row.outdated) == (HealthState.UP, False)


@pytest.mark.parametrize("version", ["6.0.14", "7.0.10"])
async def test_a_proxy_that_is_away(
    adapter_on: MakeAdapter, watched: FakeZabbix, version: str
) -> None:
    watched.version = version
    key = "proxyid" if version.startswith("7") else "proxy_hostid"
    names = {"host": "Rochefort", "name": "Rochefort"}
    now = int(time.time())
    watched.proxies["5"] = {"proxyid": "5", "lastaccess": str(now), **names}
    behind = watched.add_host("derriere")
    watched.hosts[behind][key] = "5"
    beside = watched.add_host("a-cote")
    disk = watched.add_trigger(behind, "Disque", 1, 5)
    adapter = adapter_on()
    last = await read(adapter)
    assert outdated(last) == set()
    watched.proxies["5"]["lastaccess"] = str(now - 1200)
    last = await read(adapter, last.cursor)
    assert not last.full
    assert outdated(last) == {behind, disk}
    row = last.rows[f"h{behind}"]
    assert (row.state, row.checked) == (HealthState.UP, datetime.fromtimestamp(now - 1200, UTC))
    assert f"h{beside}" not in last.rows
    remarks = (await adapter.probe()).remarks
    assert any("Rochefort" in each and "20 min" in each for each in remarks)
    watched.proxies["5"]["lastaccess"] = "0"
    remarks = (await adapter.probe()).remarks
    assert any("never" in each for each in remarks)
    watched.proxies["5"]["lastaccess"] = str(now)
    last = await read(adapter, last.cursor)
    assert (set(last.rows), outdated(last)) == ({f"h{behind}", f"t{disk}"}, set())


async def test_a_role_without_the_newer_methods(
    adapter_on: MakeAdapter, watched: FakeZabbix
) -> None:
    """Accounts that were made by an earlier documentation go on."""
    watched.methods["word"] = tuple(
        each for each in READING if each not in ("proxy.get", "maintenance.get")
    )
    hostid = watched.add_host("srv", maintenance_status="1", maintenanceid="3")
    quiet = watched.add_trigger(hostid, "Disque", 1)
    watched.events(quiet)[0]["suppressed"] = "1"
    adapter = adapter_on()
    assert (await read(adapter)).rows[f"h{hostid}"].downtime
    # A problem beside it that is not suppressed: the maintenance is about some only.
    loud = watched.add_trigger(hostid, "Messagerie", 1)
    rows = (await read(adapter)).rows
    assert [rows[key].downtime for key in (f"h{hostid}", f"t{quiet}", f"t{loud}")] == [
        False, True, False
    ]  # fmt: skip
    assert any("proxy.get" in each for each in (await adapter.probe()).remarks)


async def test_what_the_account_sees(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    watched.add_host("srv")
    assert (await adapter_on().probe()).notes == ("1 monitored host", "1 host group: Sites")


# -- what is quiet -------------------------------------------------------------


async def test_suppressed_problems_are_quiet(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    hostid = watched.add_host("srv")
    disk, mail = (watched.add_trigger(hostid, each, 1, 5) for each in ("Disque", "Messagerie"))
    adapter = adapter_on()
    last = await read(adapter)
    watched.events(disk)[0]["suppressed"] = "1"
    last = await read(adapter, last.cursor)
    assert (last.full, set(last.rows)) == (False, {f"t{disk}"})
    assert last.rows[f"t{disk}"].downtime
    watched.events(disk)[0]["suppressed"] = "0"
    assert not (await read(adapter, last.cursor)).rows[f"t{disk}"].downtime
    assert not (await read(adapter_on())).rows[f"t{mail}"].downtime


@pytest.mark.parametrize("tags", [[], [{"tag": "service", "value": "disque"}]])
async def test_a_maintenance_of_some_problems(
    adapter_on: MakeAdapter, watched: FakeZabbix, tags: list[dict[str, str]]
) -> None:
    hostid = watched.add_host("srv", maintenance_status="1", maintenanceid="3")
    watched.maintenances["3"] = {"maintenanceid": "3", "hosts": [], "tags": tags}
    row = (await read(adapter_on())).rows[f"h{hostid}"]
    assert row.downtime is not bool(tags)


async def test_a_host_that_is_down_in_a_maintenance(
    adapter_on: MakeAdapter, watched: FakeZabbix
) -> None:
    """Whether its own problem is suppressed decides, not that there is some maintenance."""
    hostid = watched.add_host("srv", maintenance_status="1", maintenanceid="3")
    ping = watched.add_trigger(hostid, "Unavailable by ICMP ping", 1, 4)
    row = (await read(adapter_on())).rows[f"h{hostid}"]
    assert (row.state, row.downtime) == (HealthState.DOWN, False)
    watched.events(ping)[0]["suppressed"] = "1"
    assert (await read(adapter_on())).rows[f"h{hostid}"].downtime


async def test_a_problem_that_another_explains(
    adapter_on: MakeAdapter, watched: FakeZabbix
) -> None:
    router, server = watched.add_host("rtr", "Routeur"), watched.add_host("srv", "Serveur")
    above = watched.add_trigger(router, "Unavailable by ICMP ping", priority=5)
    middle = watched.add_trigger(router, "Lien", dependencies=[{"triggerid": above}])
    below = watched.add_trigger(
        server, "Unavailable by ICMP ping", 1, 5, dependencies=[{"triggerid": middle}]
    )
    adapter = adapter_on()
    last = await read(adapter)
    assert last.rows[f"h{server}"].state is HealthState.DOWN
    watched.turn(above, 1)
    last = await read(adapter, last.cursor)
    assert not last.full
    assert (last.rows[f"t{below}"].state, last.rows[f"t{below}"].downtime) == (
        HealthState.CRITICAL, True
    )  # fmt: skip
    row = last.rows[f"h{server}"]
    assert (row.state, row.downtime) == (HealthState.UNREACHABLE, True)
    assert not last.rows[f"h{router}"].downtime
    watched.turn(middle, 1)
    last = await read(adapter, last.cursor)
    assert "Routeur: Lien" in last.rows[f"t{below}"].output
    for each in (middle, above):
        watched.turn(each, 0)
    last = await read(adapter, last.cursor)
    assert last.rows[f"h{server}"].state is HealthState.DOWN
    assert not last.rows[f"t{below}"].downtime


async def test_a_trigger_with_several_events(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    hostid = watched.add_host("srv")
    trigger = watched.add_trigger(hostid, "Erreurs")
    for at in (1_795_500_000, 1_795_500_600):
        watched.turn(trigger, 1, at=at)
    adapter = adapter_on()
    last = await read(adapter)
    row = last.rows[f"t{trigger}"]
    # It has been so since the first of them; `lastchange` is of the last.
    assert (row.since, row.acknowledged) == (datetime.fromtimestamp(1_795_500_000, UTC), False)
    first, newest = watched.events(trigger)
    newest["acknowledged"] = "1"
    last = await read(adapter, last.cursor)
    assert last.rows == {}
    first["acknowledged"] = "1"
    last = await read(adapter, last.cursor)
    assert last.rows[f"t{trigger}"].acknowledged


async def test_a_severity_that_a_person_gave(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    hostid = watched.add_host("srv")
    disk = watched.add_trigger(hostid, "Disque", 1, 2)
    noise = watched.add_trigger(hostid, "Bruit", 1, 1)
    adapter = adapter_on(severity="warning")
    last = await read(adapter)
    assert {key for key in last.rows if key[0] == "t"} == {f"t{disk}"}
    watched.events(disk)[0]["severity"] = "5"
    watched.events(noise)[0]["severity"] = "3"
    last = await read(adapter, last.cursor)
    assert {key: row.state for key, row in last.rows.items()} == {
        f"t{disk}": HealthState.CRITICAL,
        f"t{noise}": HealthState.CRITICAL,
    }
    watched.events(noise)[0]["severity"] = "1"
    last = await read(adapter, last.cursor)
    assert last.deletes == [f"t{noise}"]


# -- whose it is ---------------------------------------------------------------


async def test_what_templates_tell_of_the_site(
    adapter_on: MakeAdapter, watched: FakeZabbix
) -> None:
    by_template = watched.add_host(
        "a",
        inheritedTags=[{"tag": "insee", "value": "17415"}],
        parentTemplates=[{"templateid": "7"}],
    )
    of_its_own = watched.add_host(
        "b",
        tags=[{"tag": "insee", "value": "17300"}],
        inheritedTags=[{"tag": "insee", "value": "17415"}],
        macros=[{"macro": "{$INSEE}", "value": "17300"}],
        parentTemplates=[{"templateid": "7"}],
    )
    watched.template_macros["7"] = {"{$INSEE}": "17415"}
    watched.methods["word"] = (*READING, "usermacro.get")
    for site in ("tag.insee", "macro.{$INSEE}"):
        rows = (await read(adapter_on(site=site))).rows
        assert [rows[f"h{each}"].site for each in (by_template, of_its_own)] == ["17415", "17300"]


async def test_a_host_of_two_sites(adapter_on: MakeAdapter, watched: FakeZabbix) -> None:
    tags = [{"tag": "insee", "value": each} for each in ("17300", "17306", "17300")]
    hostid = watched.add_host("a", tags=tags)
    disk = watched.add_trigger(hostid, "Disque", 1)
    rows: dict[str, Health] = (await read(adapter_on(site="tag.insee"))).rows
    for key in (f"h{hostid}", f"t{disk}"):
        assert (rows[key].site, rows[key].more_sites) == ("17300", ("17306",))
