"""The rt kind on a real Request Tracker."""

from __future__ import annotations

import asyncio
import quopri
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.rt.adapter import RtAdapter
from adapters.rt.options import RtOptions
from smic_tui.contract.actions import Action, ChangedMeanwhile, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed
from smic_tui.records import Actor, Stage, Stream, TicketStatus
from tests.fakes.reading import failure, read
from tests.live.live_suite import LiveSuite
from tests.live.rig_rt import RtRig

pytestmark = pytest.mark.live

Make = Callable[..., RtAdapter]


class TestRt(LiveSuite):
    rig_fixture = "rt"


@pytest.fixture
async def make(rt: RtRig) -> AsyncIterator[Make]:
    made: list[RtAdapter] = []

    def make(who: str = "", **overrides: Any) -> RtAdapter:
        table = rt.settings_with_token(who, **overrides) if who else rt.settings(**overrides)
        del table["kind"]
        secrets = rt.secrets()
        context = Context(
            source="s", folder=Path("/"), timezone="UTC", secret=lambda wanted: secrets[wanted.env]
        )
        made.append(RtAdapter(msgspec.convert(table, RtOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_what_a_ticket_says(make: Make, rt: RtRig) -> None:
    reading = await read(make(queues=["Assistance"]))
    ticket = reading.rows["1"]
    assert ticket.subject == "Imprimante n°0 muette à la mairie [@click=x]"
    assert (ticket.site, ticket.queue) == ("17000", "Assistance")
    assert (ticket.owner, ticket.requester) == ("Agent Un", "mairie0@example.org")
    assert ticket.supplier == "Informatique du Port"
    assert ticket.due == datetime(2026, 12, 1, 11, tzinfo=UTC)
    assert ticket.url == f"{rt.address}/Ticket/Display.html?id=1"
    second = reading.rows["2"]
    assert (second.owner, second.due) == ("", None), "unset: 1970-01-01"
    by_label = {row.status_label: row for row in reading.rows.values()}
    assert by_label["new"].status is TicketStatus.NEW
    assert by_label["open"].status is TicketStatus.OPEN
    assert by_label["stalled"].status is TicketStatus.WAITING
    assert by_label["stalled"].waiting_on is Actor.MEMBER
    assert by_label["resolved"].status is TicketStatus.RESOLVED
    assert by_label["rejected"].status is TicketStatus.CLOSED


async def test_the_catalogue_gives_requests(make: Make) -> None:
    stages = {"stalled": "working group"}
    adapter = make(**{"as": "requests"}, queues=["Catalogue"], stages=stages)
    reading = await read(
        make(**{"as": "requests"}, queues=["Catalogue"], software_field="Logiciel", stages=stages)
    )
    assert len(reading.rows) == 30
    assert {row.software for row in reading.rows.values()} == {"Berger-Levrault"}
    assert {row.stage_label for row in reading.rows.values()} == {"rejected", "stalled"} or {
        row.stage for row in reading.rows.values()
    } <= {Stage.REFUSED, Stage.ASKED, Stage.DONE, Stage.WORKING_GROUP}
    assert adapter.offered() == {Stream.REQUESTS}


@pytest.mark.parametrize("who", ["lecture", "paris"])
async def test_the_account_s_time_zone(make: Make, rt: RtRig, who: str) -> None:
    """Dates are read in the *account's* time zone"""
    adapter = make(who)
    cursor = (await read(adapter)).cursor
    await asyncio.sleep(1)
    number = rt.create("Assistance", "Écran noir")
    reading = await read(adapter, cursor)
    assert number in reading.rows
    # The question is about the last minutes: an hour's difference would bring none or many.
    state = msgspec.json.decode(cursor)
    later = datetime.now(UTC) - timedelta(seconds=1)
    moved = msgspec.json.encode(state | {"since": later}).decode()
    again = await read(adapter, moved)
    assert number in again.rows
    recent = datetime.now(UTC) - timedelta(minutes=10)
    assert all(row.updated > recent for row in again.rows.values())


async def test_bad_tokens_and_no_rights(make: Make) -> None:
    assert "ShowTicket" in (await failure(make("ailleurs"), AuthFailed)).hint
    assert "Autre" in (await failure(make(queues=["Assistance", "Autre"]), AuthFailed)).message
    assert "Nulle part" in (await failure(make(queues=["Nulle part"]), AuthFailed)).message


async def test_probe(make: Make) -> None:
    probe = await make("lecture").probe()
    assert probe.version.startswith("5.")
    assert (probe.account, probe.remarks) == ("lecture", ())
    assert probe.remote_time is not None


async def test_what_the_account_may_do(make: Make) -> None:
    reader, actor = make("lecture"), make("agir")
    await read(reader)
    await read(actor)
    assert reader.capabilities() == {}
    assert actor.capabilities() == {
        Stream.TICKETS: {Verb.COMMENT, Verb.ASSIGN, Verb.RESOLVE, Verb.SET_STATUS}
    }


def action(key: str, verb: Verb, **fields: Any) -> Action:
    return Action(
        id="1",
        source="s",
        stream=Stream.TICKETS,
        key=key,
        verb=verb,
        by="moi",
        at=datetime.now(UTC),
        **fields,
    )


async def done(adapter: RtAdapter, wanted: Action) -> Action:
    """Do as the outbox does; return the action with its baseline."""
    standing = await adapter.inspect(wanted)
    wanted = msgspec.structs.replace(wanted, baseline=standing.baseline)
    assert not (await adapter.inspect(wanted)).done
    await adapter.apply(wanted, standing)
    assert (await adapter.inspect(wanted)).done
    return wanted


def texts(rt: RtRig, number: str) -> list[tuple[str, str]]:
    return [
        (kind, quopri.decodestring(content).decode().strip())
        for kind, content in rt.select(
            "select x.Type, a.Content from Transactions x join Attachments a"
            f" on a.TransactionId = x.id where x.ObjectId = {number}"
            " and x.ObjectType = 'RT::Ticket' and x.Type in ('Comment', 'Correspond') order by a.id"
        )
    ]


async def test_a_comment_is_added_once(make: Make, rt: RtRig) -> None:
    number = rt.create("Assistance", "Câble")
    adapter = make("agir")
    wanted = await done(adapter, action(number, Verb.COMMENT, text="Vu sur place, « câble » n°2"))
    # The same again, as after a kill: the text is there already.
    await adapter.apply(wanted, await adapter.inspect(wanted))
    assert texts(rt, number) == [("Comment", "Vu sur place, « câble » n°2")]
    # Another one that says the same is another one.
    await done(adapter, action(number, Verb.COMMENT, text="Vu sur place, « câble » n°2"))
    assert len(texts(rt, number)) == 2


async def test_an_answer_to_the_requestor_is_no_comment(make: Make, rt: RtRig) -> None:
    number = rt.create("Assistance", "Clavier", Requestor="mairie1@example.org")
    adapter, answering = make("agir"), make("agir", notes="correspond")
    wanted = await done(answering, action(number, Verb.COMMENT, text="Bonjour"))
    assert not (await adapter.inspect(wanted)).done
    assert texts(rt, number) == [("Correspond", "Bonjour")]


async def test_assign_and_resolve(make: Make, rt: RtRig) -> None:
    number = rt.create("Assistance", "Souris")
    adapter = make("agir")
    await done(adapter, action(number, Verb.ASSIGN))
    # By the name that other tickets of this person show.
    await done(adapter, action(number, Verb.ASSIGN, value="Agent Un"))
    await done(adapter, action(number, Verb.SET_STATUS, value="waiting", text="pièce commandée"))
    await done(adapter, action(number, Verb.RESOLVE, text="changée"))
    assert rt.call("GET", f"/ticket/{number}")["Status"] == "resolved"
    assert [text for _kind, text in texts(rt, number)] == ["pièce commandée", "changée"]


async def test_a_refusal_with_status_200(make: Make, rt: RtRig) -> None:
    """A refused write answers **200** with a sentence ("Permission Denied")"""
    number = rt.create("Assistance", "Dalle")
    for who, verb, fields, says in (
        ("lecture", Verb.ASSIGN, {}, "may not own"),
        ("lecture", Verb.COMMENT, {"text": "x"}, "Permission"),
        ("agir", Verb.ASSIGN, {"value": "personne-de-tel"}, "not exist"),
        ("agir", Verb.SET_STATUS, {"value": "closed"}, "lifecycle"),
    ):
        adapter = make(who)
        wanted = action(number, verb, **fields)
        standing = await adapter.inspect(wanted)
        with pytest.raises(Refused, match=says):
            await adapter.apply(wanted, standing)


async def test_a_change_in_between(make: Make, rt: RtRig) -> None:
    """If-Match, stale: 412"""
    number = rt.create("Assistance", "Onduleur")
    adapter = make("agir")
    wanted = action(number, Verb.RESOLVE)
    standing = await adapter.inspect(wanted)
    rt.update(number, Priority=50)
    with pytest.raises(ChangedMeanwhile):
        await adapter.apply(wanted, standing)


async def test_gone(make: Make, rt: RtRig) -> None:
    number = rt.create("Assistance", "Doublon")
    rt.call("DELETE", f"/ticket/{number}")
    assert (await make("agir").inspect(action(number, Verb.RESOLVE))).record is None
    assert (await make("agir").inspect(action("99999", Verb.RESOLVE))).record is None
