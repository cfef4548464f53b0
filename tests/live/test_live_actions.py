"""What is done to records of real systems, as the outbox does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.icinga2.adapter import Icinga2Adapter
from adapters.icinga2.options import Icinga2Options
from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.adapter import Adapter, Context
from smic_tui.records import CatalogueRequest, Health, Stage, Stream, Ticket, TicketStatus
from tests.fakes.reading import read
from tests.live.rig_icinga2 import IcingaRig
from tests.live.rig_redmine import RedmineRig

pytestmark = pytest.mark.live

Make = Callable[..., Any]


def wish(verb: Verb, key: str, stream: Stream = Stream.TICKETS, **fields: Any) -> Action:
    values: dict[str, Any] = {
        "id": "1",
        "source": "s",
        "stream": stream,
        "key": key,
        "verb": verb,
        "by": "Agent Un",
        "at": datetime.now(UTC),
    }
    return Action(**(values | fields))


async def do(adapter: Any, action: Action) -> RecordSnapshot:
    """Look, send, look again."""
    before = await adapter.inspect(action)
    assert not before.done
    action = replace(action, baseline=before.baseline)
    await adapter.apply(action, before)
    after: RecordSnapshot = await adapter.inspect(action)
    return after


@pytest.fixture
async def desk(redmine: RedmineRig) -> AsyncIterator[Make]:
    made: list[Adapter[Any]] = []

    def make(who: str = "agent1", **options: Any) -> RedmineAdapter:
        settings = {"url": redmine.url, "api_key": {"env": "K"}, "request_timeout": "20s"}
        context = Context(
            source="s",
            folder=Path("/"),
            timezone="Europe/Paris",
            secret=lambda _: redmine.keys[who],
        )
        adapter = RedmineAdapter(msgspec.convert({**settings, **options}, RedmineOptions), context)
        made.append(adapter)
        return adapter

    yield make
    for adapter in made:
        await adapter.close()


def journals(redmine: RedmineRig, number: int) -> list[str]:
    """The notes of an issue in Redmine's own database."""
    return redmine.script(f"puts Issue.find({number}).journals.map(&:notes)").splitlines()


async def test_redmine_rights(desk: Make) -> None:
    reader, agent = desk("lecture"), desk()
    await read(reader)
    await read(agent)
    assert reader.capabilities() == {}
    assert agent.capabilities()[Stream.TICKETS] >= {Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE}
    assert Verb.COMMENT in agent.capabilities()[Stream.TICKETS]


async def test_redmine_a_day_of_a_technician(desk: Make, redmine: RedmineRig) -> None:
    number = redmine.create("assistance", "Imprimante à Marans")
    adapter, key = desk(), str(number)
    note = "Toner remplacé\n\nfait « sur place » [@click=x]"
    assert (await do(adapter, wish(Verb.COMMENT, key, text=note))).done
    assert (await do(adapter, wish(Verb.COMMENT, key, text=note))).done
    assert journals(redmine, number).count("Toner remplacé") == 2
    after = await do(adapter, wish(Verb.ASSIGN, key))
    assert isinstance(after.record, Ticket)
    assert (after.done, after.record.owner) == (True, "Agent Un")
    after = await do(adapter, wish(Verb.SET_STATUS, key, value=TicketStatus.OPEN.value))
    assert after.done
    after = await do(adapter, wish(Verb.RESOLVE, key, text="Réglé"))
    assert isinstance(after.record, Ticket)
    assert after.record.status is TicketStatus.RESOLVED
    assert "Réglé" in journals(redmine, number)


async def test_redmine_requests(desk: Make, redmine: RedmineRig) -> None:
    number = redmine.create("catalogue", "Logiciel d'état civil")
    redmine.update(number, status_id=redmine.status_id("Demandé"))
    adapter = desk(**{"as": "requests"})
    action = wish(
        Verb.SET_STAGE,
        str(number),
        Stream.REQUESTS,
        value=Stage.ORDERED.value,
        text="Devis signé",
    )
    after = await do(adapter, action)
    assert isinstance(after.record, CatalogueRequest)
    assert (after.done, after.record.stage) == (True, Stage.ORDERED)


async def test_redmine_refusals(desk: Make, redmine: RedmineRig) -> None:
    number = redmine.create("assistance", "Refus")
    key = str(number)
    with pytest.raises(Refused):
        await do(desk("lecture"), wish(Verb.COMMENT, key, text="x"))
    with pytest.raises(Refused):
        await do(desk(), wish(Verb.ASSIGN, key, value="99999"))
    # The workflow of an agent does not lead there: 204 and ignored, were it sent.
    with pytest.raises(Refused):
        await do(desk(), wish(Verb.SET_STATUS, key, value=TicketStatus.WAITING.value))
    assert journals(redmine, number) == []
    redmine.delete(number)
    assert (await desk("chef").inspect(wish(Verb.COMMENT, key, text="x"))).record is None


async def test_redmine_a_change_in_between(desk: Make, redmine: RedmineRig) -> None:
    number = redmine.create("assistance", "Course")
    adapter, action = desk(), wish(Verb.COMMENT, str(number), text="x")
    before = await adapter.inspect(action)
    await asyncio.sleep(1.1)  # Redmine's times are whole seconds
    redmine.update(number, notes="moi aussi")
    with pytest.raises(ChangedMeanwhile):
        await adapter.apply(action, before)
    assert journals(redmine, number) == ["moi aussi"]


@pytest.fixture
async def monitoring(icinga: IcingaRig) -> AsyncIterator[Make]:
    made: list[Adapter[Any]] = []

    def make(user: str = "actor", password: str = "the-actor") -> Icinga2Adapter:
        settings = {
            "url": icinga.url,
            "user": user,
            "password": {"env": "P"},
            "ca_file": str(icinga.ca_file),
            "server_name": "supervision.example",
            "site": "vars.insee",
        }
        context = Context(
            source="s", folder=Path("/"), timezone="Europe/Paris", secret=lambda _: password
        )
        adapter = Icinga2Adapter(msgspec.convert(settings, Icinga2Options), context)
        made.append(adapter)
        return adapter

    yield make
    for adapter in made:
        await adapter.close()


def health(standing: RecordSnapshot) -> Health:
    assert isinstance(standing.record, Health)
    return standing.record


async def test_icinga_rights(monitoring: Make) -> None:
    actor, reader = monitoring(), monitoring("smic-tui", "the-reader")
    await actor.probe()
    await reader.probe()
    assert actor.capabilities() == {
        Stream.HEALTH: {
            Verb.ACKNOWLEDGE,
            Verb.UNACKNOWLEDGE,
            Verb.DOWNTIME,
            Verb.END_DOWNTIME,
        }
    }
    assert reader.capabilities() == {}
    down = wish(Verb.ACKNOWLEDGE, "rtr-17200", Stream.HEALTH, text="vu")
    with pytest.raises(Refused):
        await do(reader, down)


@pytest.mark.parametrize("key", ["rtr-17250", "rtr-17251!disque"])
async def test_icinga_acknowledged_and_taken_back(monitoring: Make, key: str) -> None:
    adapter = monitoring()
    until = datetime.now(UTC) + timedelta(hours=1)
    after = await do(
        adapter, wish(Verb.ACKNOWLEDGE, key, Stream.HEALTH, text="vu à Marans", until=until)
    )
    assert (after.done, health(after).acknowledged) == (True, True)
    assert health(after).site == key[4:9]
    with pytest.raises(Refused, match="acknowledged"):
        await adapter.apply(wish(Verb.ACKNOWLEDGE, key, Stream.HEALTH), after)
    after = await do(adapter, wish(Verb.UNACKNOWLEDGE, key, Stream.HEALTH))
    assert (after.done, health(after).acknowledged) == (True, False)


async def test_icinga_what_is_up_is_not_acknowledged(monitoring: Make) -> None:
    with pytest.raises(Refused, match="UP"):
        await do(monitoring(), wish(Verb.ACKNOWLEDGE, "rtr-17001", Stream.HEALTH))


@pytest.mark.parametrize("key", ["rtr-17300", "rtr-17301!sauvegarde"])
async def test_icinga_downtimes(monitoring: Make, icinga: IcingaRig, key: str) -> None:
    adapter = monitoring()
    until = datetime.now(UTC) + timedelta(hours=1)
    action = wish(Verb.DOWNTIME, key, Stream.HEALTH, text="travaux d'été", until=until)
    after = await do(adapter, action)
    assert (after.done, health(after).downtime) == (True, True)
    assert not (await adapter.inspect(action)).done  # another of the same words is another
    assert (await do(adapter, action)).done
    found = icinga.call("GET", "/v1/objects/downtimes")["results"]
    ours = [row for row in found if row["name"].startswith(f"{key}!")]
    assert len(ours) == 2
    assert {row["attrs"]["author"] for row in ours} == {"Agent Un"}
    after = await do(adapter, wish(Verb.END_DOWNTIME, key, Stream.HEALTH))
    assert (after.done, health(after).downtime) == (True, False)
    found = icinga.call("GET", "/v1/objects/downtimes")["results"]
    assert not [row for row in found if row["name"].startswith(f"{key}!")]


async def test_icinga_gone(monitoring: Make) -> None:
    action = wish(Verb.ACKNOWLEDGE, "rtr-99999", Stream.HEALTH)
    assert (await monitoring().inspect(action)).record is None
