"""What is done to hosts and services, against a server that answers as Icinga 2.13 does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.icinga2.adapter import Icinga2Adapter
from adapters.icinga2.options import Icinga2Options
from smic_tui.contract.actions import Action, ActsOnRecords, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import Health, HealthState, Stream
from tests.fakes.acting import do
from tests.fakes.icinga2 import ACTOR, READER, FakeIcinga
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.reading import read

Make = Callable[..., Icinga2Adapter]
AT = datetime.now(UTC).replace(microsecond=0)
SOON = AT + timedelta(hours=2)


@pytest.fixture
def icinga() -> FakeIcinga:
    fake = FakeIcinga()
    fake.users["agent"] = ("word", list(ACTOR))
    fake.add_host("rtr-1", 1)
    fake.add_host("rtr-2", 0)
    fake.add_service("rtr-1", "disque", 2)
    return fake


@pytest.fixture
def server(icinga: FakeIcinga) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(icinga) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[Icinga2Adapter] = []

    def make(user: str = "agent", **options: Any) -> Icinga2Adapter:
        password = {"env": "P"}
        settings = {
            "url": server.url,
            "user": user,
            "password": password,
            "request_timeout": "1s",
            "site": "display name",
            **options,
        }
        context = Context(
            source="m", folder=CERTS, timezone="Europe/Paris", secret=lambda _: "word"
        )
        made.append(Icinga2Adapter(msgspec.convert(settings, Icinga2Options), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def wish(verb: Verb, key: str = "rtr-1", **fields: Any) -> Action:
    values: dict[str, Any] = {
        "id": "1",
        "source": "m",
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


async def test_what_the_permissions_allow(make: Make, icinga: FakeIcinga) -> None:
    icinga.users["half"] = ("word", [*READER, "actions/acknowledge*", "actions/schedule-downtime"])
    for user, verbs in (
        ("smic", set()),
        ("half", {Verb.ACKNOWLEDGE}),  # a downtime that cannot be read is not scheduled
        (
            "agent",
            {Verb.ACKNOWLEDGE, Verb.UNACKNOWLEDGE, Verb.DOWNTIME, Verb.END_DOWNTIME},
        ),
    ):
        adapter = make(user)
        assert isinstance(adapter, ActsOnRecords)
        assert adapter.capabilities() == {}
        await read(adapter)
        assert adapter.capabilities() == ({Stream.HEALTH: verbs} if verbs else {})


async def test_acknowledged_and_taken_back(make: Make, icinga: FakeIcinga) -> None:
    adapter = make()
    after = await do(adapter, wish(Verb.ACKNOWLEDGE, text="vu", until=SOON))
    assert (health(after).acknowledged, after.done, after.at_once) == (True, True, True)
    ((name, body),) = icinga.actions
    assert name == "acknowledge-problem"
    assert body == {
        "type": "Host",
        "host": "rtr-1",
        "author": "Agent Un",
        "comment": "vu",
        "expiry": SOON.timestamp(),
    }
    after = await do(adapter, wish(Verb.UNACKNOWLEDGE))
    assert (health(after).acknowledged, after.done) == (False, True)


async def test_a_service_goes_by_the_site_of_its_host(make: Make, icinga: FakeIcinga) -> None:
    after = await do(make(), wish(Verb.ACKNOWLEDGE, "rtr-1!disque"))
    assert health(after).site == "Mairie de rtr-1"
    assert icinga.actions[0][1]["service"] == "rtr-1!disque"
    assert icinga.actions[0][1]["comment"]  # Icinga wants one


async def test_409_means_up_or_acknowledged_already(make: Make, icinga: FakeIcinga) -> None:
    adapter = make()
    standing = await adapter.inspect(wish(Verb.ACKNOWLEDGE, "rtr-2"))
    assert health(standing).state is HealthState.UP
    with pytest.raises(Refused, match="is UP"):
        await adapter.apply(wish(Verb.ACKNOWLEDGE, "rtr-2"), standing)
    icinga.hosts["rtr-1"]["acknowledgement"] = 2
    assert (await adapter.inspect(wish(Verb.ACKNOWLEDGE))).done
    with pytest.raises(Refused, match="already"):
        await adapter.apply(wish(Verb.ACKNOWLEDGE), standing)


async def test_a_downtime_is_recognised_though_its_answer_was_lost(
    make: Make, icinga: FakeIcinga, server: MisbehavingServer
) -> None:
    adapter = make()
    action = wish(Verb.DOWNTIME, text="travaux", until=SOON)
    before = await adapter.inspect(action)
    action = replace(action, baseline=before.baseline)

    def cut(request: Request) -> Reply:
        icinga(request)
        return Reply(503)

    server.respond = cut
    with pytest.raises(Unavailable):
        await adapter.apply(action, before)
    server.respond = icinga
    after = await adapter.inspect(action)
    assert (after.done, health(after).downtime) == (True, True)
    assert len(icinga.downtimes) == 1


HOSTILE = ("a;b <c> & \"d\" 'e' \\ é 👩🏽\u200d💻\nline two", " ; ", "x" * 900, "é" * 900)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("text", HOSTILE, ids=["signs", "blank", "ascii", "accents"])
async def test_a_lost_answer_neither_loses_nor_doubles_a_downtime(
    make: Make, icinga: FakeIcinga, server: MisbehavingServer, committed: bool, text: str
) -> None:
    adapter = make()
    action = wish(Verb.DOWNTIME, text=text, until=SOON)
    before = await adapter.inspect(action)
    action = replace(action, baseline=before.baseline)

    def cut(request: Request) -> Reply:
        if committed:
            icinga(request)
        return Reply(503)

    server.respond = cut
    with pytest.raises(Unavailable):
        await adapter.apply(action, before)
    server.respond = icinga
    assert (await adapter.inspect(action)).done is committed
    if not committed:
        await adapter.apply(action, before)
        assert (await adapter.inspect(action)).done
    assert len(icinga.downtimes) == 1


async def test_an_earlier_downtime_of_the_same_words_is_not_ours(
    make: Make, icinga: FakeIcinga
) -> None:
    adapter = make()
    action = wish(Verb.DOWNTIME, text="travaux", until=SOON)
    assert (await do(adapter, action)).done
    assert not (await adapter.inspect(action)).done
    assert (await do(adapter, action)).done
    assert len(icinga.downtimes) == 2


async def test_downtimes_end(make: Make, icinga: FakeIcinga) -> None:
    adapter = make()
    await do(adapter, wish(Verb.DOWNTIME, text="un", until=SOON))
    await do(adapter, wish(Verb.DOWNTIME, text="deux", until=SOON))
    later = wish(Verb.DOWNTIME, text="demain", start=SOON, until=SOON + timedelta(hours=1))
    await do(adapter, later)
    after = await do(adapter, wish(Verb.END_DOWNTIME))
    assert (after.done, health(after).downtime) == (True, False)
    assert [row["comment"] for row in icinga.downtimes.values()] == ["demain"]


@pytest.mark.parametrize(
    ("verb", "until"),
    [
        (Verb.DOWNTIME, AT - timedelta(hours=1)),
        (Verb.DOWNTIME, None),
        (Verb.ACKNOWLEDGE, AT - timedelta(hours=1)),
    ],
)
async def test_an_end_that_makes_no_sense(
    make: Make, icinga: FakeIcinga, verb: Verb, until: datetime | None
) -> None:
    with pytest.raises(Refused):
        await do(make(), wish(verb, until=until))
    assert icinga.actions == []


async def test_without_the_right(make: Make) -> None:
    with pytest.raises(Refused) as raised:
        await do(make("smic"), wish(Verb.ACKNOWLEDGE))
    assert "actions/acknowledge-problem" in raised.value.hint
    with pytest.raises(Refused, match="Downtime"):
        await make("smic").inspect(wish(Verb.DOWNTIME, until=SOON))


async def test_what_is_gone(make: Make, icinga: FakeIcinga) -> None:
    assert (await make().inspect(wish(Verb.ACKNOWLEDGE, "rtr-9"))).record is None


async def test_bad_credentials_and_no_line(
    make: Make, icinga: FakeIcinga, server: MisbehavingServer
) -> None:
    adapter, action = make(), wish(Verb.ACKNOWLEDGE)
    standing = await adapter.inspect(action)
    icinga.users["agent"] = ("other", list(ACTOR))
    with pytest.raises(AuthFailed):
        await adapter.apply(action, standing)
    server.mode = Mode.STOPPED
    with pytest.raises(Unavailable):
        await adapter.apply(action, standing)
