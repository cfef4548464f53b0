"""What real sites have: groups that ask, lifecycles without actions, rights that are missing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.rt.adapter import RtAdapter
from adapters.rt.options import RtOptions
from smic_tui.contract.actions import Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import Unavailable
from smic_tui.records import Actor, Stage, Stream, Ticket, TicketStatus
from tests.fakes.acting import do, done, wish
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Reply
from tests.fakes.reading import read
from tests.fakes.rt import FakeRt

Make = Callable[..., RtAdapter]


@pytest.fixture
def rt() -> FakeRt:
    fake = FakeRt()
    for _number in range(6):
        fake.add()
    return fake


@pytest.fixture
def server(rt: FakeRt) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(rt) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer, rt: FakeRt) -> AsyncIterator[Make]:
    made: list[RtAdapter] = []

    def make(who: str = "lecture", **more: Any) -> RtAdapter:
        table = {"url": server.url, "queues": ["Assistance"], "token": {"env": who}, **more}
        context = Context(
            source="t", folder=CERTS, timezone="UTC", secret=lambda _secret: rt.token(who)
        )
        made.append(RtAdapter(msgspec.convert(table, RtOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_groups_and_all_who_asked_are_named(
    make: Make, rt: FakeRt, server: MisbehavingServer
) -> None:
    rt.tickets[1]["Requestor"] = [("mairie@example.org", "Mairie"), ("238", "#Écoles")]
    rt.tickets[2]["Requestor"] = [("238", "#Écoles")]
    rt.tickets[3]["Requestor"] = [(f"agent{n}@example.org", "") for n in range(12)]
    adapter = make()
    rows = (await read(adapter)).rows
    assert rows["1"].requester == "Mairie, Écoles"
    assert rows["2"].requester == "Écoles"
    assert rows["3"].requester.endswith("agent9@example.org, +2")
    server.requests.clear()
    await read(adapter)
    asked = [each for each in server.requests if each.query.get("fields[Requestor]") == "Name"]
    assert asked == [], "each group is asked for once"
    found = await make("agir").inspect(wish(Verb.COMMENT, "x", key="2"))
    assert isinstance(found.record, Ticket)
    assert found.record.requester == "Écoles"


@pytest.mark.parametrize("name", ["Demandes d'accès", 'Achats "urgents"', "a\\b", "d\\'x"])
async def test_a_queue_may_have_any_name(make: Make, rt: FakeRt, name: str) -> None:
    for account, (number, password, zone, sees, writes) in rt.accounts.items():
        rt.accounts[account] = (number, password, zone, {*sees, name}, writes)
    number = rt.add(name)
    assert set((await read(make(queues=[name]))).rows) == {str(number)}


@pytest.mark.parametrize("tells_total", [True, False])
async def test_what_left_is_told(make: Make, rt: FakeRt, tells_total: bool) -> None:
    rt.tells_total = tells_total
    adapter = make()
    rows = (await read(adapter)).rows
    assert await adapter.exits(Stream.TICKETS, list(rows)) == set()
    rt.touch(2, queue="Catalogue")
    rt.touch(3, Status="deleted")
    rt.touch(4, Status="resolved")
    del rt.tickets[5]
    assert await adapter.exits(Stream.TICKETS, list(rows)) == {"2", "3", "5"}


async def test_nothing_that_left_costs_one_question(
    make: Make, rt: FakeRt, server: MisbehavingServer
) -> None:
    rt.touch(1, Status="stalled")
    adapter = make(statuses={"stalled": "resolved"})
    rows = (await read(adapter)).rows
    server.requests.clear()
    opens = [key for key, row in rows.items() if row.status.is_open]
    assert len(opens) == 5
    assert await adapter.exits(Stream.TICKETS, opens) == set()
    assert len(server.requests) == 1


async def test_a_change_time_ahead_hides_no_other(make: Make, rt: FakeRt) -> None:
    rt.tickets[1]["LastUpdated"] = datetime.now(UTC) + timedelta(days=2)
    adapter = make()
    first = await read(adapter)
    rt.touch(2, Subject="neu")
    second = await read(adapter, first.cursor)
    assert not second.full
    assert {"1", "2"} <= second.rows.keys()


async def test_a_cursor_ahead_leads_to_a_full_reading(make: Make) -> None:
    adapter = make()
    state = msgspec.json.decode((await read(adapter)).cursor)
    state["since"] = datetime.now(UTC) + timedelta(days=2)
    assert (await read(adapter, msgspec.json.encode(state).decode())).full


@pytest.fixture
def ecoles(rt: FakeRt) -> FakeRt:
    """A lifecycle with transitions and without actions: RT offers no next status."""
    rt.without_actions.add("Catalogue")
    rt.inactive |= {"livré", "sans suite"}
    for status in ("demandé", "à valider", "livré", "sans suite"):
        rt.add("Catalogue", status)
    return rt


async def test_a_lifecycle_without_actions_loses_no_verbs(make: Make, ecoles: FakeRt) -> None:
    adapter, reader = make("agir", queues=["Catalogue"]), make(queues=["Catalogue"])
    await read(adapter)
    await read(reader)
    every = {Verb.COMMENT, Verb.ASSIGN, Verb.RESOLVE, Verb.SET_STATUS}
    assert adapter.capabilities() == {Stream.TICKETS: every}
    assert reader.capabilities() == {}
    (remark,) = (await adapter.probe()).remarks
    assert "sans actions" in remark
    assert (await make("agir").probe()).remarks == ()


async def test_one_queue_has_rights_that_another_lacks(make: Make, ecoles: FakeRt) -> None:
    adapter = make("agir", queues=["Catalogue", "Assistance"])
    await read(adapter)
    assert Verb.RESOLVE in adapter.capabilities()[Stream.TICKETS]


async def test_it_is_resolved_by_a_status_that_others_have(make: Make, ecoles: FakeRt) -> None:
    adapter = make("agir", queues=["Catalogue"], **{"as": "requests"})
    action = wish(Verb.RESOLVE, "Installé", key="7", stream=Stream.REQUESTS)
    assert (await do(adapter, action)).done
    assert ecoles.tickets[7]["Status"] == "livré"


async def test_no_open_status_is_tried_for_an_end(make: Make, ecoles: FakeRt) -> None:
    del ecoles.tickets[9]
    ecoles.inactive = {"sans suite"}
    adapter = make("agir", queues=["Catalogue"])
    action = wish(Verb.RESOLVE, key="7")
    standing = await adapter.inspect(action)
    with pytest.raises(Refused):
        await adapter.apply(action, standing)
    assert ecoles.tickets[7]["Status"] == "demandé"


async def test_an_active_status_is_never_resolved(make: Make, rt: FakeRt) -> None:
    for number, status in enumerate(("à valider", "non résolu", "en cours de résolution"), 1):
        rt.touch(number, Status=status)
    adapter = make("agir")
    rows = (await read(adapter)).rows
    assert {rows[key].status for key in "123"} == {TicketStatus.OPEN}
    assert (await do(adapter, wish(Verb.RESOLVE, key="2"))).done
    assert rt.tickets[2]["Status"] == "resolved"


async def test_a_comment_that_its_author_may_not_see(make: Make, rt: FakeRt) -> None:
    rt.deaf.add("agir")
    adapter = make("agir")
    wanted = await done(adapter, wish(Verb.COMMENT, "Câble < 3 m & « prise »"))
    await adapter.apply(wanted, await adapter.inspect(wanted))
    assert len(rt.said) == 1
    # Another program, as after a kill: all it sees is who changed the ticket last.
    later = make("agir")
    assert (await later.inspect(wanted)).done
    await later.apply(wanted, await later.inspect(wanted))
    assert len(rt.said) == 1


async def test_an_unseen_comment_of_another_person_is_not_ours(make: Make, rt: FakeRt) -> None:
    rt.deaf.add("agir")
    adapter = make("agir")
    wanted = wish(Verb.COMMENT, "Vu")
    standing = await adapter.inspect(wanted)
    rt.tickets[1] |= {"LastUpdated": datetime.now(UTC), "LastUpdatedBy": "agent1"}
    wanted = replace(wanted, baseline=standing.baseline)
    assert not (await adapter.inspect(wanted)).done


async def test_an_unseen_comment_whose_answer_was_cut(
    make: Make, rt: FakeRt, server: MisbehavingServer
) -> None:
    rt.deaf.add("agir")
    adapter = make("agir")
    wanted = wish(Verb.RESOLVE, "Remplacé")
    standing = await adapter.inspect(wanted)
    wanted = replace(wanted, baseline=standing.baseline)

    def respond(request: Any) -> Any:
        reply = rt(request)
        return Reply(502, b"") if request.path.endswith("/comment") else reply

    server.respond = respond
    with pytest.raises(Unavailable):
        await adapter.apply(wanted, standing)
    server.respond = rt
    assert (await adapter.inspect(wanted)).done
    assert len(rt.said) == 1


async def test_doctor_is_told_how_statuses_were_understood(make: Make, rt: FakeRt) -> None:
    rt.touch(1, Status="chez le prestataire")
    rt.touch(2, Status="stalled")
    rt.touch(3, Status="resolved")
    said = {each.name: each for each in (await make().probe()).understood}
    supplier = said["chez le prestataire"]
    assert (supplier.status, supplier.waiting_on) == (TicketStatus.WAITING, Actor.SUPPLIER)
    assert supplier.guessed
    assert (said["stalled"].status, said["stalled"].guessed) == (TicketStatus.WAITING, False)
    assert said["resolved"].status is TicketStatus.RESOLVED
    requests = make(**{"as": "requests"}, stages={"resolved": "done"})
    stages = {each.name: each for each in (await requests.probe()).understood}
    assert (stages["resolved"].stage, stages["resolved"].guessed) == (Stage.DONE, False)
