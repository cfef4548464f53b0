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


# -- what the field had, and this rig had not -----------------------------------


async def ordinary(adapter: RtAdapter, rows: dict[str, Any], cursor: str) -> tuple[set[str], str]:
    """Read what changed and what left, as the program does; return what is open then."""
    reading = await read(adapter, cursor)
    assert not reading.full
    rows |= reading.rows
    (stream,) = adapter.offered()
    opens = {key for key, row in rows.items() if _is_open(row)}
    for key in await adapter.exits(stream, opens):
        del rows[key]
    return {key for key, row in rows.items() if _is_open(row)}, reading.cursor


def _is_open(row: Any) -> bool:
    return bool(row.status.is_open if hasattr(row, "status") else row.stage.is_open)


async def test_what_left_is_gone_at_the_next_ordinary_reading(make: Make, rt: RtRig) -> None:
    numbers = [rt.create("Assistance", f"Départ {n}") for n in range(5)]
    tickets = make(queues=["Assistance"])
    requests = make(**{"as": "requests"}, queues=["Catalogue"])
    here, there = await read(tickets), await read(requests)
    first = tickets._session().http.bytes_received
    assert set(numbers) <= here.rows.keys()
    moved, merged, into, deleted, _stays = numbers
    rt.move(moved, "Catalogue")
    rt.update(merged, MergeInto=int(into))
    rt.call("DELETE", f"/ticket/{deleted}")
    opens, _cursor = await ordinary(tickets, dict(here.rows), here.cursor)
    assert not opens & {moved, merged, deleted}
    assert {into, _stays} <= opens
    opens, _cursor = await ordinary(requests, dict(there.rows), there.cursor)
    assert moved in opens
    # What is quiet costs next to nothing: a moment from now nothing has changed since.
    known = dict((await read(tickets)).rows)
    later = tickets._cursor(datetime.now(UTC) + timedelta(minutes=2, seconds=3))
    before = tickets._session().http.bytes_received
    with pytest.MonkeyPatch.context() as patch:
        # The overlap of two minutes would bring again what this test has just changed.
        patch.setattr("adapters.shared.cursors._AHEAD", timedelta(minutes=10))
        _opens, _cursor = await ordinary(tickets, known, later)
    spent = tickets._session().http.bytes_received - before
    print(f"first reading {first} bytes, an unchanged one {spent} bytes")
    assert spent < 0.05 * first


async def test_lifecycles_without_actions(make: Make, rt: RtRig) -> None:
    queue = "Demandes d'accès"
    reader, actor = make("lecture", queues=[queue]), make("agir", queues=[queue])
    rows = (await read(reader)).rows
    await read(actor)
    assert reader.capabilities() == {}
    assert Verb.RESOLVE in actor.capabilities()[Stream.TICKETS]
    (remark,) = (await actor.probe()).remarks
    assert "ecoles" in remark
    by_label = {row.status_label: row for row in rows.values()}
    assert by_label["chez le prestataire"].waiting_on is Actor.SUPPLIER
    assert by_label["résolu"].status is TicketStatus.RESOLVED
    number = rt.create(queue, "Badge", Status="nouveau")
    rt.update(number, Status="à valider")
    assert (await read(make("lecture", queues=[queue]))).rows[number].status is TicketStatus.OPEN
    await done(actor, action(number, Verb.RESOLVE, text="Badge remis"))
    assert rt.call("GET", f"/ticket/{number}")["Status"] == "résolu"
    # No transition leads there: RT's own sentence says so, and nothing has changed.
    number = rt.create(queue, "Clé", Status="nouveau")
    wanted = action(number, Verb.RESOLVE)
    standing = await actor.inspect(wanted)
    with pytest.raises(Refused, match="change status"):
        await actor.apply(wanted, standing)
    assert rt.call("GET", f"/ticket/{number}")["Status"] == "nouveau"


async def test_a_lifecycle_with_few_actions(make: Make, rt: RtRig) -> None:
    catalogue: dict[str, Any] = {"as": "requests", "queues": ["Logiciels"]}
    adapter = make("agir", **catalogue)
    await read(adapter)
    assert Verb.SET_STAGE in adapter.capabilities()[Stream.REQUESTS]
    number = rt.create("Logiciels", "Parapheur", Status="demandé")
    staged = msgspec.structs.replace(
        action(number, Verb.SET_STAGE, value="analysed"), stream=Stream.REQUESTS
    )
    await done(adapter, staged)
    # A transition without an action: it is not offered, and a configured name reaches it.
    named = make("agir", **catalogue, stages={"commandé": "ordered"})
    await done(named, msgspec.structs.replace(staged, id="2", value="ordered", baseline=""))
    assert rt.call("GET", f"/ticket/{number}")["Status"] == "commandé"


async def test_groups_are_named(make: Make) -> None:
    rows = (await read(make(queues=["Logiciels"]))).rows
    assert {row.requester for row in rows.values()} > {"Écoles <primaires>"}
    assert not any(row.requester.startswith("#") for row in rows.values())


NASTY = (
    'Contacté <jean@mairie.example.fr> & "suite" ; l\'accès \\\\serveur\\partage',
    "  en retrait\n- tiret\n# dièse\n> cité\r\nfin  ",
    "👩🏽\u200d💻 é e\u0301 \u202f10 000",
    "h1. *gras* _x_ `code` <b>x</b> &lt;y&gt;",
    "long " * 20_000,
)


@pytest.mark.parametrize("who", ["agir", "sourd"])
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
async def test_texts_are_sent_once_and_known_again(
    make: Make, rt: RtRig, who: str, text: str
) -> None:
    number = rt.create("Assistance", "Textes")
    wanted = await done(make(who), action(number, Verb.COMMENT, text=text))
    if who == "agir":  # another program, as after a kill
        assert (await make(who).inspect(wanted)).done
    assert len(texts(rt, number)) == 1


async def test_a_comment_that_its_author_may_not_see(make: Make, rt: RtRig) -> None:
    number = rt.create("Assistance", "Sourd")
    await asyncio.sleep(1.1)
    adapter = make("sourd")
    wanted = await done(adapter, action(number, Verb.RESOLVE, text="Remplacé"))
    assert texts(rt, number) == [("Comment", "Remplacé")]
    number = rt.create("Assistance", "Sourd encore")
    await asyncio.sleep(1.1)
    wanted = await done(adapter, action(number, Verb.COMMENT, text="Vu"))
    assert (await make("sourd").inspect(wanted)).done, "another program sees who changed it"
    await make("sourd").apply(wanted, await make("sourd").inspect(wanted))
    assert texts(rt, number) == [("Comment", "Vu")]
