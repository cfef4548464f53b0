"""What is done in Zabbix, against a server that answers as Zabbix 6.0 does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from adapters.zabbix.adapter import ZabbixAdapter
from adapters.zabbix.options import ZabbixOptions
from smic_tui.contract.actions import Action, ActsOnRecords, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import Health, Stream
from tests.fakes.acting import do
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.reading import read
from tests.fakes.zabbix import ACTING, ADMIN, READING, FakeZabbix

Make = Callable[..., ZabbixAdapter]
AT = datetime.now(UTC).replace(microsecond=0)
SOON = AT + timedelta(hours=2)
HOST, DISK, PING = "10001", "10002", "10003"


@pytest.fixture
def zabbix() -> FakeZabbix:
    fake = FakeZabbix()
    fake.methods["word"] = ADMIN
    assert fake.add_host("rtr-17001", "Mairie") == HOST
    assert fake.add_trigger(HOST, "Disque plein") == DISK
    assert fake.add_trigger(HOST, "Unavailable by ICMP ping", priority=4) == PING
    fake.turn(DISK, 1)
    return fake


@pytest.fixture
def server(zabbix: FakeZabbix) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(zabbix) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[ZabbixAdapter] = []

    def make() -> ZabbixAdapter:
        settings = {"url": server.url, "request_timeout": "1s", "token": {"env": "Z"}}
        context = Context(source="z", folder=CERTS, timezone="UTC", secret=lambda _: "word")
        made.append(ZabbixAdapter(msgspec.convert(settings, ZabbixOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def wish(verb: Verb, key: str = f"t{DISK}", **fields: Any) -> Action:
    values: dict[str, Any] = {
        "id": "7f3a",
        "source": "z",
        "stream": Stream.HEALTH,
        "key": key,
        "verb": verb,
        "by": "Agent Un",
        "at": AT,
    }
    return Action(**(values | fields))


def health(standing: RecordSnapshot) -> Health:
    assert isinstance(standing.record, Health)
    return standing.record


@pytest.mark.parametrize(
    ("methods", "verbs"),
    [
        (READING, set()),
        (ACTING, {Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE}),
        (ADMIN, {Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.DOWNTIME, Verb.END_DOWNTIME}),
    ],
)
async def test_what_the_role_allows(
    make: Make, zabbix: FakeZabbix, methods: tuple[str, ...], verbs: set[Verb]
) -> None:
    zabbix.methods["word"] = methods
    adapter = make()
    assert isinstance(adapter, ActsOnRecords)
    assert adapter.capabilities() == {}
    await read(adapter)
    assert adapter.capabilities() == ({Stream.HEALTH: verbs} if verbs else {})
    assert (zabbix.acknowledgements, zabbix.maintenances) == ([], {})


async def test_acknowledged_and_taken_back(make: Make, zabbix: FakeZabbix) -> None:
    """Ack: event.acknowledge action 6, undo 16."""
    adapter = make()
    after = await do(adapter, wish(Verb.ACKNOWLEDGE, text="vu"))
    assert (health(after).acknowledged, after.done, after.at_once) == (True, True, True)
    (sent,) = zabbix.acknowledgements
    event = zabbix.events(DISK)[0]["eventid"]
    assert sent == {"eventids": [event], "action": 6, "message": "Agent Un: vu"}
    after = await do(adapter, wish(Verb.UNACKNOWLEDGE))
    assert (health(after).acknowledged, after.done) == (False, True)
    assert zabbix.acknowledgements[1] == {"eventids": [event], "action": 16}


async def test_what_was_acknowledged_is_not_acknowledged_again(
    make: Make, zabbix: FakeZabbix, server: MisbehavingServer
) -> None:
    adapter, action = make(), wish(Verb.ACKNOWLEDGE)
    standing = await adapter.inspect(action)

    def cut(request: Request) -> Reply:
        zabbix(request)
        acknowledged = zabbix.acknowledgements
        return Reply(503) if acknowledged else zabbix(request)

    server.respond = cut
    with pytest.raises(Unavailable):
        await adapter.apply(action, standing)
    server.respond = zabbix
    assert (await adapter.inspect(action)).done
    with pytest.raises(Refused):
        await adapter.apply(action, standing)
    assert len(zabbix.acknowledgements) == 1


async def test_a_host_by_the_problem_that_says_that_it_is_down(
    make: Make, zabbix: FakeZabbix
) -> None:
    adapter, action = make(), wish(Verb.ACKNOWLEDGE, f"h{HOST}")
    with pytest.raises(Refused) as raised:
        await adapter.apply(action, await adapter.inspect(action))
    assert "problem" in raised.value.hint
    zabbix.turn(PING, 1)
    after = await do(adapter, action)
    assert (health(after).acknowledged, after.done) == (True, True)
    event = zabbix.events(PING)[0]["eventid"]
    assert zabbix.acknowledgements[0]["eventids"] == [event]
    after = await do(adapter, wish(Verb.UNACKNOWLEDGE, f"h{HOST}"))
    assert after.done


async def test_a_maintenance_is_made_once(
    make: Make, zabbix: FakeZabbix, server: MisbehavingServer
) -> None:
    adapter = make()
    action = wish(Verb.DOWNTIME, f"h{HOST}", text="travaux", until=SOON)
    before = await adapter.inspect(action)

    def cut(request: Request) -> Reply:
        reply = zabbix(request)
        return Reply(503) if zabbix.maintenances else reply

    server.respond = cut
    with pytest.raises(Unavailable):
        await adapter.apply(action, before)
    server.respond = zabbix
    after = await adapter.inspect(action)
    assert (after.done, health(after).downtime) == (True, True)
    with pytest.raises(Refused, match="already exists"):
        await adapter.apply(action, before)
    (made,) = zabbix.maintenances.values()
    assert made["hosts"] == [{"hostid": HOST}]
    assert int(made["active_till"]) == int(SOON.timestamp())
    assert made["description"] == "Agent Un: travaux"


async def test_only_our_maintenances_are_ended(make: Make, zabbix: FakeZabbix) -> None:
    adapter = make()
    assert (await do(adapter, wish(Verb.DOWNTIME, f"h{HOST}", until=SOON))).done
    after = await do(adapter, wish(Verb.END_DOWNTIME, f"h{HOST}"))
    assert (after.done, health(after).downtime, zabbix.maintenances) == (True, False, {})
    await do(adapter, wish(Verb.DOWNTIME, f"h{HOST}", until=SOON))
    for made in zabbix.maintenances.values():
        made["name"] = "Dimanches"
    with pytest.raises(Refused, match="Dimanches"):
        await do(adapter, wish(Verb.END_DOWNTIME, f"h{HOST}"))
    assert len(zabbix.maintenances) == 1


@pytest.mark.parametrize(
    ("key", "until"),
    [
        (f"t{DISK}", SOON),
        (f"h{HOST}", None),
        (f"h{HOST}", AT - timedelta(hours=1)),
    ],
)
async def test_downtimes_that_make_no_sense(
    make: Make, zabbix: FakeZabbix, key: str, until: datetime | None
) -> None:
    with pytest.raises(Refused):
        await do(make(), wish(Verb.DOWNTIME, key, until=until))
    assert zabbix.maintenances == {}


async def test_a_refusal_is_a_200(make: Make, zabbix: FakeZabbix) -> None:
    zabbix.methods["word"] = READING
    with pytest.raises(Refused, match="No permissions") as raised:
        await do(make(), wish(Verb.ACKNOWLEDGE))
    assert "role" in raised.value.hint


async def test_what_is_gone(make: Make) -> None:
    for key in ("t1", "h1"):
        standing = await make().inspect(wish(Verb.ACKNOWLEDGE, key))
        assert standing.record is None
        with pytest.raises(Refused):
            await make().apply(wish(Verb.ACKNOWLEDGE, key), standing)


async def test_bad_credentials_and_no_line(
    make: Make, zabbix: FakeZabbix, server: MisbehavingServer
) -> None:
    adapter, action = make(), wish(Verb.ACKNOWLEDGE)
    standing = await adapter.inspect(action)
    zabbix.methods.clear()
    with pytest.raises(AuthFailed):
        await adapter.apply(action, standing)
    server.mode = Mode.STOPPED
    with pytest.raises(Unavailable):
        await adapter.apply(action, standing)
