"""The zabbix kind against a real Zabbix 6.0 with PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.zabbix.adapter import ZabbixAdapter
from adapters.zabbix.options import ZabbixOptions
from smic_tui.contract.actions import Action, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import HealthState, Stream
from tests.fakes.reading import failure, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_zabbix import DOWN_EVERY, HOSTS, PASSWORD, ZabbixRig

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
    values: dict[str, Any] = {"id": f"{verb}-{at.timestamp()}", "source": "it", "by": "Agent Un"}
    return Action(
        **(values | {"stream": Stream.HEALTH, "key": key, "verb": verb, "at": at} | fields)
    )


async def test_a_first_reading_is_one_request_of_substance(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make()
    reading = await read(adapter)
    http = adapter._api.http
    print(f"\nfirst: {http.requests} requests, {http.bytes_received} bytes received")
    assert set(reading.rows) == zabbix.expected(Stream.HEALTH)
    assert http.requests == 5  # version, rights, groups, heartbeat, everything
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


async def test_a_host_that_is_not_reached(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make()
    first = await read(adapter)
    key = f"h{zabbix.hostid('rtr-17301')}"
    zabbix.unreached("rtr-17301")
    second = await read(adapter, first.cursor)
    assert not second.full
    assert (second.rows[key].state, second.rows[key].output) == (HealthState.DOWN, "délai dépassé")
    zabbix.unreached("rtr-17301", 1)
    third = await read(adapter, second.cursor)
    assert third.rows[key].state is HealthState.UP


async def test_acknowledged_once_and_taken_back(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make(token={"env": "ACTOR"})
    first = await read(adapter)
    trigger = zabbix.trigger_of("rtr-17050", "joint")
    for key in (f"t{trigger}", f"h{zabbix.hostid('rtr-17050')}"):
        action = wish(Verb.ACKNOWLEDGE, key, text="vu, réparé à midi")
        before = await adapter.inspect(action)
        assert not before.done
        await adapter.apply(action, before)
        after = await adapter.inspect(action)
        assert after.done
        assert zabbix.acknowledged(trigger) == 1
        with pytest.raises(Refused):
            await adapter.apply(action, before)
        seen = await read(adapter, first.cursor)
        assert seen.rows[f"t{trigger}"].acknowledged
        assert seen.rows[f"h{zabbix.hostid('rtr-17050')}"].acknowledged
        back = wish(Verb.UNACKNOWLEDGE, key)
        await adapter.apply(back, await adapter.inspect(back))
        assert (await adapter.inspect(back)).done
        zabbix._psql("delete from acknowledges")


async def test_a_role_without_the_right_is_refused(make: Make, zabbix: ZabbixRig) -> None:
    adapter = make()
    await read(adapter)
    assert adapter.capabilities() == {}
    key = f"t{zabbix.trigger_of('rtr-17050', 'joint')}"
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
            wish(Verb.DOWNTIME, "t" + zabbix.trigger_of("rtr-17100", "joint"), until=until), before
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
    adapter = make(token=None, user="lecture", password={"env": "PASSWORD"})
    reading = await read(adapter)
    assert set(reading.rows) == zabbix.expected(Stream.HEALTH)
    zabbix._psql("delete from sessions where userid <> 1")
    assert not (await read(adapter, reading.cursor)).full
    wrong = make(token=None, user="lecture", password={"env": "WRONG"})
    error = await failure(wrong, AuthFailed)
    assert PASSWORD not in str(error)


async def test_probe(make: Make) -> None:
    probe = await make().probe()
    assert probe.version.startswith("6.0.")
    assert probe.remarks == ()
    (remark,) = (await make(token={"env": "ADMIN"}).probe()).remarks
    assert "more than read" in remark


async def test_a_group_that_is_not_seen(make: Make) -> None:
    error = await failure(make(token={"env": "BLIND"}), AuthFailed)
    assert "Sites" in error.message


class TestZabbix(LiveSuite):
    rig_fixture = "zabbix"


async def test_a_dead_server_process_still_answers(make: Make, zabbix: ZabbixRig) -> None:
    """Last: the values stay old until the server has collected new ones."""
    adapter = make()
    first = await read(adapter)
    await asyncio.to_thread(zabbix.server.stop)
    try:
        zabbix.age_values(1200)
        for cursor in (None, first.cursor):
            with pytest.raises(Unavailable, match="min old"):
                await read(adapter, cursor)
        zabbix.age_values(100_000)
        error = await failure(adapter, Unavailable)
        assert "zabbix_server.log" in error.hint
    finally:
        await asyncio.to_thread(zabbix.server.start)
    for _try in range(60):
        with suppress(Unavailable):
            assert (await read(adapter)).full
            return
        await asyncio.sleep(1)
    raise AssertionError("it did not come back")
