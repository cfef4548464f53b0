"""The zabbix kind against a real Zabbix with PostgreSQL: 6.0 on Debian 12, 7.0 on Debian 13."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from adapters.zabbix.adapter import ZabbixAdapter
from adapters.zabbix.options import ZabbixOptions
from smic_tui.contract.actions import Action, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import HealthState, Stream
from tests.fakes.acting import do
from tests.fakes.reading import failure, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_zabbix import DOWN_EVERY, HOSTS, IS_7, PASSWORD, PINGED_EVERY, ZabbixRig

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

Make = Callable[..., ZabbixAdapter]


@pytest.fixture(scope="module")
def zabbix() -> Iterator[ZabbixRig]:
    """A Zabbix with 700 hosts, its three parts as children of the tests."""
    rig = ZabbixRig()
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


@pytest.fixture
async def make(zabbix: ZabbixRig, tmp_path: Path) -> AsyncIterator[Make]:
    made: list[ZabbixAdapter] = []

    def make(**overrides: Any) -> ZabbixAdapter:
        secrets = zabbix.secrets()
        table = zabbix.settings(**overrides)
        del table["kind"]
        options = msgspec.convert({k: v for k, v in table.items() if v != ()}, ZabbixOptions)
        context = Context(
            source="it",
            folder=tmp_path,
            timezone="Europe/Paris",
            secret=lambda wanted: secrets[wanted.env],
        )
        made.append(ZabbixAdapter(options, context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def wish(verb: Verb, key: str, **fields: Any) -> Action:
    at = datetime.now(UTC)
    values: dict[str, Any] = {"id": uuid4().hex, "source": "it", "by": "Agent Un"}
    return Action(
        **(values | {"stream": Stream.HEALTH, "key": key, "verb": verb, "at": at} | fields)
    )


async def test_a_first_reading_is_one_request_of_substance(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make()
    reading = await read(adapter)
    http = adapter._api.http
    print(f"\nfirst: {http.requests} requests, {http.bytes_received} bytes received")
    assert set(reading.rows) == zabbix.expected(Stream.HEALTH)
    # Version, rights, groups, heartbeat, everything, and twice what that leads to.
    assert http.requests == 7
    before = http.requests
    await read(adapter, reading.cursor)
    assert http.requests - before == 1
    down = reading.rows[f"h{zabbix.hostid('rtr-17000')}"]
    assert (down.state, down.site) == (HealthState.DOWN, "17000")
    assert down.host == "Mairie d'Écoyeux n° 0"
    states = [row.state for key, row in reading.rows.items() if key.startswith("h")]
    assert states.count(HealthState.DOWN) == len(range(0, HOSTS, DOWN_EVERY))
    trigger = reading.rows[f"t{zabbix.trigger_of('rtr-17039', 'disque')}"]
    assert trigger.state is HealthState.WARNING
    assert trigger.service == "Disque presque plein sur Mairie d'Écoyeux n° 39"


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("host name", "rtr-17002"),
        ("visible name", "Mairie d'Écoyeux n° 2"),
        ("tag.insee", "17002"),
        ("inventory.site_zip", "17002"),
        (r"n° (?P<site>\d+)$", "2"),
    ],
)
async def test_sites(make: Make, zabbix: ZabbixRig, site: str, expected: str) -> None:
    rows = (await read(make(site=site))).rows
    assert rows[f"h{zabbix.hostid('rtr-17002')}"].site == expected


async def test_all_triggers(make: Make) -> None:
    rows = (await read(make(triggers="all"))).rows
    assert sum(row.service != "" for row in rows.values()) == 2 * HOSTS


async def test_a_problem_comes_and_goes(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make()
    first = await read(adapter)
    key = f"t{zabbix.trigger_of('rtr-17300', 'disque')}"
    zabbix.send([("rtr-17300", "disque", 1)])
    zabbix._until(lambda: key in zabbix.expected(Stream.HEALTH))
    second = await read(adapter, first.cursor)
    assert not second.full
    assert second.rows[key].state is HealthState.WARNING
    zabbix.send([("rtr-17300", "disque", 0)])
    zabbix._until(lambda: key not in zabbix.expected(Stream.HEALTH))
    third = await read(adapter, second.cursor)
    assert (third.full, key in third.deletes) == (False, True)


async def test_pings_prove_life_where_nobody_asks_the_agent(make: Make, zabbix: ZabbixRig) -> None:
    """All hosts have an agent interface by which nothing is asked: it stays "not known"."""
    assert zabbix.available("rtr-17001") == "0"
    rows = (await read(make())).rows
    assert rows[f"h{zabbix.hostid('rtr-17001')}"].state is HealthState.UP
    lost = rows[f"h{zabbix.hostid('rtr-17000')}"]
    assert (lost.state, lost.since is None) == (HealthState.DOWN, False)


async def test_values_prove_life_and_nothing_proves_nothing(make: Make, zabbix: ZabbixRig) -> None:
    told, mute = zabbix.make_host("envoie"), zabbix.make_host("muet")
    zabbix.make_item(told, "sauvegardes", 2)
    zabbix.send([("envoie", "sauvegardes", 3)])
    zabbix.until_value("envoie", "sauvegardes")
    rows = (await read(make())).rows
    assert rows[f"h{told}"].state is HealthState.UP
    assert rows[f"h{mute}"].state is HealthState.PENDING


async def test_a_host_whose_agent_does_not_answer(make: Make, zabbix: ZabbixRig) -> None:
    """It is down where the agent is all that is asked, and up where it answers to pings."""
    port = str(zabbix._agent_port)
    asked, pinged = zabbix.make_host("agent", port=port), zabbix.make_host("agent-ping", port=port)
    for hostid in (asked, pinged):
        zabbix.make_item(hostid, "agent.ping", 0, "2s")
    zabbix.make_item(pinged, "icmpping", 3, "5s")
    names = ("agent", "agent-ping")
    zabbix._until(lambda: {zabbix.available(each) for each in names} == {"1"}, 90)
    adapter = make()
    last = await read(adapter)
    assert last.rows[f"h{asked}"].state is HealthState.UP
    await asyncio.to_thread(zabbix.agent.stop)
    try:
        await asyncio.to_thread(
            zabbix._until, lambda: {zabbix.available(each) for each in names} == {"2"}, 90
        )
        last = await read(adapter, last.cursor)
        row = last.rows[f"h{asked}"]
        assert row.state is HealthState.DOWN
        assert row.output
        assert row.since is not None
        assert not row.outdated
        assert last.rows[f"h{pinged}"].state is HealthState.UP
        assert last.rows[f"h{pinged}"].output
    finally:
        await asyncio.to_thread(zabbix.agent.start)
    await asyncio.to_thread(zabbix._until, lambda: zabbix.available("agent") == "1", 90)
    assert (await read(adapter, last.cursor)).rows[f"h{asked}"].state is HealthState.UP


async def test_a_proxy_that_is_away(make: Make, zabbix: ZabbixRig) -> None:
    proxy, never = zabbix.make_proxy("mandataire"), zabbix.make_proxy("jamais")
    hosts = {
        name: zabbix.make_host(name, "127.18.0.1", **zabbix.watched_by(by))
        for name, by in (("derriere", proxy), ("oublie", never))
    }
    for hostid in hosts.values():
        zabbix.make_item(hostid, "icmpping", 3, "2s")
    await asyncio.to_thread(zabbix.proxy.start)
    value = (
        "select count(*) from history_uint h join items i on i.itemid = h.itemid"
        f" where i.hostid = {hosts['derriere']} and h.value = 1"
    )
    try:
        await asyncio.to_thread(zabbix._until, lambda: zabbix._psql(value) != ["0"], 120)
        adapter = make(proxies_within="15s")
        last = await read(adapter)
        row = last.rows[f"h{hosts['derriere']}"]
        assert (row.state, row.outdated) == (HealthState.UP, False)
        assert last.rows[f"h{hosts['oublie']}"].outdated
        remarks = (await make().probe()).remarks
        assert [each for each in remarks if "jamais" in each]
    finally:
        await asyncio.to_thread(zabbix.proxy.stop)
    await asyncio.sleep(20)
    last = await read(adapter, last.cursor)
    row = last.rows[f"h{hosts['derriere']}"]
    assert (last.full, row.state, row.outdated) == (False, HealthState.UP, True)
    assert row.checked is not None
    await asyncio.to_thread(zabbix.proxy.start)
    try:
        await asyncio.to_thread(zabbix._until, lambda: zabbix.last_access(proxy) < 5, 60)
        assert not (await read(adapter, last.cursor)).rows[f"h{hosts['derriere']}"].outdated
    finally:
        await asyncio.to_thread(zabbix.proxy.stop)
        zabbix.call("host.delete", [*hosts.values()])
        zabbix.call("proxy.delete", [proxy, never])


async def test_a_problem_that_another_explains(make: Make, zabbix: ZabbixRig) -> None:
    router, behind = zabbix.make_host("amont"), zabbix.make_host("aval")
    for hostid in (router, behind):
        zabbix.make_item(hostid, "etat", 2)
    above = zabbix.make_trigger("Amont injoignable", "last(/amont/etat)=0")
    below = zabbix.make_trigger(
        "Aval injoignable", "last(/aval/etat)=0", dependencies=[{"triggerid": above}]
    )
    zabbix.send([("aval", "etat", 0)])
    zabbix.until_problem(below)
    adapter = make()
    last = await read(adapter)
    assert not last.rows[f"t{below}"].downtime
    assert last.rows[f"h{behind}"].state is HealthState.DOWN
    zabbix.send([("amont", "etat", 0)])
    zabbix.until_problem(above)
    last = await read(adapter, last.cursor)
    row = last.rows[f"t{below}"]
    assert (last.full, row.state, row.downtime) == (False, HealthState.CRITICAL, True)
    assert "Amont injoignable" in row.output
    assert last.rows[f"h{behind}"].state is HealthState.UNREACHABLE
    assert not last.rows[f"t{above}"].downtime
    zabbix.send([("amont", "etat", 1)])
    zabbix.until_problem(above, value=0)
    last = await read(adapter, last.cursor)
    assert not last.rows[f"t{below}"].downtime
    zabbix.call("host.delete", [router, behind])


async def test_all_events_of_a_trigger(make: Make, zabbix: ZabbixRig) -> None:
    """A trigger that makes an event of each value is acknowledged by all that are open."""
    hostid = zabbix.make_host("journal")
    zabbix.make_item(hostid, "erreurs", 2)
    trigger = zabbix.make_trigger("Erreurs", "last(/journal/erreurs)>0", type=1)
    for value in (1, 2):
        zabbix.send([("journal", "erreurs", value)])
        zabbix._until(
            lambda wanted=value: (
                zabbix._psql(f"select count(*) from problem where objectid = {trigger}")
                == [str(wanted)]
            )
        )
    adapter = make(token={"env": "ACTOR"})
    last = await read(adapter)
    found = zabbix.call("problem.get", {"objectids": [trigger], "output": ["eventid"]})
    newest = max(found, key=lambda each: int(each["eventid"]))
    zabbix.call("event.acknowledge", {"eventids": [newest["eventid"]], "action": 2})
    last = await read(adapter, last.cursor)
    assert f"t{trigger}" not in last.rows  # nothing is told of it: one is still open
    await do(adapter, wish(Verb.ACKNOWLEDGE, f"t{trigger}", text="les deux"))
    assert zabbix.acknowledged(trigger) == 2
    assert zabbix.written(trigger) == ["Agent Un: les deux"] * 2
    assert (await read(adapter, last.cursor)).rows[f"t{trigger}"].acknowledged
    zabbix.call("host.delete", [hostid])


async def test_a_maintenance_of_some_problems_hides_no_others(
    make: Make, zabbix: ZabbixRig
) -> None:
    hostid = zabbix.make_host("serveur")
    triggers = {}
    for key in ("disque2", "messagerie"):
        zabbix.make_item(hostid, key, 2)
        triggers[key] = zabbix.make_trigger(
            key, f"last(/serveur/{key})>0", tags=[{"tag": "service", "value": key}]
        )
    zabbix.send([("serveur", key, 1) for key in triggers])
    zabbix.until_problem(*triggers.values())
    adapter = make()
    last = await read(adapter)
    assert not last.rows[f"t{triggers['disque2']}"].downtime
    now = int(datetime.now(UTC).timestamp())
    made = zabbix.call(
        "maintenance.create",
        {
            "name": "Le disque seulement",
            "active_since": now - 60,
            "active_till": now + 3600,
            "hosts": [{"hostid": hostid}],
            "tags": [{"tag": "service", "value": "disque2", "operator": 0}],
            "timeperiods": [{"timeperiod_type": 0, "start_date": now - 60, "period": 3600}],
        },
    )["maintenanceids"]
    try:
        await asyncio.to_thread(zabbix.until_suppressed, triggers["disque2"])
        last = await read(adapter, last.cursor)
        assert not last.full
        assert last.rows[f"t{triggers['disque2']}"].downtime
        every = (await read(make())).rows
        assert not every[f"t{triggers['messagerie']}"].downtime
        assert not every[f"h{hostid}"].downtime
        # One of the whole host hides them all.
        zabbix.call("maintenance.delete", made)
        made = zabbix.call(
            "maintenance.create",
            {
                "name": "Tout le serveur",
                "active_since": now - 60,
                "active_till": now + 3600,
                "hosts": [{"hostid": hostid}],
                "timeperiods": [{"timeperiod_type": 0, "start_date": now - 60, "period": 3600}],
            },
        )["maintenanceids"]
        await asyncio.to_thread(zabbix.until_suppressed, triggers["messagerie"])
        last = await read(adapter, last.cursor)
        assert last.rows[f"t{triggers['messagerie']}"].downtime
        assert last.rows[f"h{hostid}"].downtime
    finally:
        zabbix.call("maintenance.delete", made)
        zabbix.call("host.delete", [hostid])


async def test_a_site_that_a_template_tells(make: Make, zabbix: ZabbixRig) -> None:
    template = zabbix.make_template(
        "Commune de Saintes",
        tags=[{"tag": "insee", "value": "17415"}],
        macros=[{"macro": "{$INSEE}", "value": "17415"}],
    )
    zabbix.call("usergroup.update", zabbix.reader_sees_templates())
    hostid = zabbix.make_host("saintes", templates=[{"templateid": template}])
    for site in ("tag.insee", "macro.{$INSEE}"):
        assert (await read(make(site=site))).rows[f"h{hostid}"].site == "17415"
    both = zabbix.make_host(
        "deux", tags=[{"tag": "insee", "value": each} for each in ("17300", "17306")]
    )
    row = (await read(make(site="tag.insee"))).rows[f"h{both}"]
    assert (row.site, row.more_sites) == ("17300", ("17306",))
    zabbix.call("host.delete", [hostid, both])


TEXTS = (
    "vu, réparé à midi",
    "< > & ; \" ' \\ é 👩🏽‍💻 🇫🇷",
    "ligne 1\nligne 2\r\nligne 3\n\n",
    "  blancs   autour  ",
    "x" * 2000,
    "é" * 2000,
    "tabulation\tici et <b>gras</b> &amp; {HOST.NAME} {$INSEE}",
    "…",
)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_what_is_written_is_written_once_and_equal(
    make: Make, zabbix: ZabbixRig, text: str
) -> None:
    """Also after an answer was lost, before or after Zabbix had it in its database."""
    adapter = make(token={"env": "ACTOR"})
    trigger = zabbix.trigger_of("rtr-17100", "icmpping")
    key, before = f"t{trigger}", len(zabbix.written(trigger))
    action = wish(Verb.ACKNOWLEDGE, key, text=text)
    standing = await adapter.inspect(action)
    action = replace(action, baseline=standing.baseline)
    cut = make(token={"env": "ACTOR"}, request_timeout="0.001s")
    with pytest.raises(Unavailable):
        await cut.apply(action, standing)
    standing = await adapter.inspect(action)
    if not standing.done:
        await adapter.apply(action, standing)
    assert (await adapter.inspect(action)).done
    with pytest.raises(Refused):
        await adapter.apply(action, standing)
    assert zabbix.written(trigger)[before:] == [f"Agent Un: {text}"]
    # Somebody else's same words are others.
    again = wish(Verb.ACKNOWLEDGE, key, text=text)
    assert not (await adapter.inspect(again)).done


async def test_a_text_that_zabbix_would_not_keep(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make(token={"env": "ACTOR"})
    action = wish(
        Verb.ACKNOWLEDGE, f"t{zabbix.trigger_of('rtr-17100', 'icmpping')}", text="x" * 2050
    )
    with pytest.raises(Refused, match="2048"):
        await adapter.apply(action, await adapter.inspect(action))


async def test_the_rights_of_a_role_on_events(make: Make, zabbix: ZabbixRig) -> None:
    """To acknowledge needs no more than to read the host group; a role may forbid it."""
    key = f"t{zabbix.trigger_of('rtr-17150', 'icmpping')}"
    reader = make(token={"env": "READER"})
    await read(reader)
    assert reader.capabilities() == {Stream.HEALTH: {Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE}}
    await do(reader, wish(Verb.ACKNOWLEDGE, key, text="lu"))
    mute = make(token={"env": "MUTE"})
    await read(mute)
    assert mute.capabilities() == {}
    action = wish(Verb.ACKNOWLEDGE, key, text="x")
    with pytest.raises(Refused, match="no permissions to"):
        await mute.apply(action, await mute.inspect(action))


async def test_acknowledged_once_and_taken_back(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make(token={"env": "ACTOR"})
    first = await read(adapter)
    trigger = zabbix.trigger_of("rtr-17050", "icmpping")
    for number, key in enumerate((f"t{trigger}", f"h{zabbix.hostid('rtr-17050')}"), start=1):
        action = wish(Verb.ACKNOWLEDGE, key, text="vu, réparé à midi")
        after = await do(adapter, action)
        assert after.done
        assert zabbix.acknowledged(trigger) == number
        seen = await read(adapter, first.cursor)
        assert seen.rows[f"t{trigger}"].acknowledged
        assert seen.rows[f"h{zabbix.hostid('rtr-17050')}"].acknowledged
        # What somebody acknowledged already gets the words of another person all the same.
        other = wish(Verb.ACKNOWLEDGE, key, text="moi aussi", by="Agent Deux")
        assert (await do(adapter, other)).done
        assert zabbix.written(trigger)[-1] == "Agent Deux: moi aussi"
        assert zabbix.acknowledged(trigger) == number
        back = wish(Verb.UNACKNOWLEDGE, key)
        await adapter.apply(back, await adapter.inspect(back))
        assert (await adapter.inspect(back)).done


async def test_a_role_without_the_right_is_refused(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make()
    await read(adapter)
    assert adapter.capabilities() == {}
    key = f"t{zabbix.trigger_of('rtr-17050', 'icmpping')}"
    action = wish(Verb.ACKNOWLEDGE, key)
    with pytest.raises(Refused, match="No permissions"):
        await adapter.apply(action, await make(token={"env": "ACTOR"}).inspect(action))


async def test_downtimes_are_maintenances(make: Make, zabbix: ZabbixRig) -> None:
    clerk = make(token={"env": "ACTOR"})
    await read(clerk)
    assert clerk.capabilities() == {Stream.HEALTH: {Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE}}
    adapter = make(token={"env": "ADMIN"})
    await read(adapter)
    assert Verb.DOWNTIME in adapter.capabilities()[Stream.HEALTH]
    key = f"h{zabbix.hostid('rtr-17100')}"
    until = datetime.now(UTC) + timedelta(hours=1)
    action = wish(Verb.DOWNTIME, key, text="travaux", until=until)
    before = await adapter.inspect(action)
    action = replace(action, baseline=before.baseline)
    await adapter.apply(action, before)
    after = await adapter.inspect(action)
    assert (after.done, getattr(after.record, "downtime", None)) == (True, True)
    assert zabbix.maintenances() == 1
    # Sent again, as after a lost answer: the name makes a second one impossible.
    with pytest.raises(Refused, match="already exists"):
        await adapter.apply(action, before)
    end = wish(Verb.END_DOWNTIME, key)
    await adapter.apply(end, await adapter.inspect(end))
    assert (await adapter.inspect(end)).done
    assert zabbix.maintenances() == 0
    with pytest.raises(Refused):
        await adapter.apply(
            wish(Verb.DOWNTIME, "t" + zabbix.trigger_of("rtr-17100", "icmpping"), until=until),
            before,
        )


async def test_another_s_maintenance_is_left_alone(make: Make, zabbix: ZabbixRig) -> None:
    now = int(datetime.now(UTC).timestamp())
    hostid = zabbix.hostid("rtr-17101")
    made = zabbix.call(
        "maintenance.create",
        {
            "name": "Tous les dimanches",
            "active_since": now - 60,
            "active_till": now + 3600,
            "hosts": [{"hostid": hostid}],
            "timeperiods": [{"timeperiod_type": 0, "start_date": now - 60, "period": 3600}],
        },
    )
    try:
        adapter = make(token={"env": "ADMIN"})
        action = wish(Verb.END_DOWNTIME, f"h{hostid}")
        standing = await adapter.inspect(action)
        assert not standing.done
        with pytest.raises(Refused, match="Tous les dimanches"):
            await adapter.apply(action, standing)
    finally:
        zabbix.call("maintenance.delete", made["maintenanceids"])


async def test_user_and_password_and_a_session_that_was_ended(
    make: Make, zabbix: ZabbixRig
) -> None:
    adapter = make(token=None, user="lecteur", password={"env": "PASSWORD"})
    reading = await read(adapter)
    assert set(reading.rows) == zabbix.expected(Stream.HEALTH)
    zabbix.call("user.logout", [], adapter._api._token)
    assert not (await read(adapter, reading.cursor)).full
    wrong = make(token=None, user="lecteur", password={"env": "WRONG"})
    error = await failure(wrong, AuthFailed)
    assert PASSWORD not in str(error)


async def test_probe(make: Make) -> None:
    probe = await make().probe()
    assert probe.version.startswith("7.0." if IS_7 else "6.0.")
    assert probe.remarks == ()
    assert probe.notes[1] == "1 host group: Sites"
    (remark,) = (await make(token={"env": "ADMIN"}).probe()).remarks
    assert "more than read" in remark


async def test_a_group_that_is_not_seen(make: Make) -> None:
    error = await failure(make(token={"env": "BLIND"}), AuthFailed)
    assert "Sites" in error.message


class TestZabbix(LiveSuite):
    rig_fixture = "zabbix"


async def test_a_dead_server_process_still_answers(make: Make, zabbix: ZabbixRig) -> None:
    """Last: the values stay old until the server has collected new ones."""
    adapter, patient = make(checks_within="20s"), make(checks_within="1d")
    first, known = await read(adapter), await read(patient)
    assert not any(row.outdated for row in known.rows.values())
    await asyncio.to_thread(zabbix.server.stop)
    try:
        await asyncio.sleep(25)
        for cursor in (None, first.cursor):
            with pytest.raises(Unavailable, match="min old") as raised:
                await read(adapter, cursor)
        assert "zabbix_server.log" in raised.value.hint
        # Where that is not looked at, each check is older than its interval allows.
        await asyncio.sleep(3 * PINGED_EVERY + 60)
        later = await read(patient, known.cursor)
        assert not later.full
        pinged = [f"h{zabbix.hostid(f'rtr-{17000 + n}')}" for n in (1, 2, 349, 698)]
        assert all(later.rows[each].outdated for each in pinged)
        assert {later.rows[each].state for each in pinged} == {HealthState.UP}
    finally:
        await asyncio.to_thread(zabbix.server.start)
    for _try in range(60):
        with suppress(Unavailable):
            assert (await read(adapter)).full
            return
        await asyncio.sleep(1)
    raise AssertionError("it did not come back")
