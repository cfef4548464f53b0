"""What is done to issues, against a server that answers as Redmine 5.0 does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest

from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.actions import (
    ActsOnRecords,
    ChangedMeanwhile,
    RecordSnapshot,
    Refused,
    Verb,
)
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import CatalogueRequest, Stage, Stream, Ticket, TicketStatus
from tests.fakes.acting import do, wish
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode
from tests.fakes.reading import read
from tests.fakes.redmine import FakeRedmine

Make = Callable[..., RedmineAdapter]


@pytest.fixture
def redmine() -> FakeRedmine:
    fake = FakeRedmine()
    fake.add()
    fake.add("catalogue", 8)
    return fake


@pytest.fixture
def server(redmine: FakeRedmine) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(redmine) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[RedmineAdapter] = []

    def make(key: str = "agent-key", **options: Any) -> RedmineAdapter:
        settings = {"url": server.url, "request_timeout": "1s", "api_key": {"env": "K"}, **options}
        context = Context(source="t", folder=CERTS, timezone="Europe/Paris", secret=lambda _: key)
        made.append(RedmineAdapter(msgspec.convert(settings, RedmineOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def ticket(standing: RecordSnapshot) -> Ticket:
    assert isinstance(standing.record, Ticket)
    return standing.record


@pytest.mark.parametrize(
    ("key", "verbs"),
    [
        ("a-key", set()),
        ("notes-key", {Verb.COMMENT}),
        ("edit-key", {Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE}),
        ("agent-key", {Verb.COMMENT, Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE}),
    ],
)
async def test_what_the_roles_allow(make: Make, key: str, verbs: set[Verb]) -> None:
    adapter = make(key)
    assert isinstance(adapter, ActsOnRecords)
    assert adapter.capabilities() == {}
    await read(adapter)
    assert adapter.capabilities() == ({Stream.TICKETS: verbs} if verbs else {})
    probed = make(key)
    await probed.probe()
    assert probed.capabilities() == adapter.capabilities()


async def test_requests_have_stages(make: Make) -> None:
    adapter = make(**{"as": "requests", "projects": ["catalogue"]})
    await read(adapter)
    assert Verb.SET_STAGE in adapter.capabilities()[Stream.REQUESTS]
    assert Verb.SET_STATUS not in adapter.capabilities()[Stream.REQUESTS]


async def test_rights_that_stay_cost_an_answer_without_a_body(
    make: Make, server: MisbehavingServer
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    server.requests.clear()
    await read(adapter, cursor)
    asked = [request for request in server.requests if "/roles/" in request.path]
    assert asked
    assert all("if-none-match" in request.headers for request in asked)


async def test_a_note_is_sent_and_recognised(make: Make, redmine: FakeRedmine) -> None:
    redmine.note(1, "agent1", "Toner remplacé")  # an older one of our own that says the same
    after = await do(make(), wish(Verb.COMMENT, "Toner remplacé"))
    assert after.done
    assert [row["notes"] for row in redmine.journals[1]] == ["Toner remplacé"] * 2


async def test_the_note_of_another_is_not_ours(make: Make, redmine: FakeRedmine) -> None:
    action = wish(Verb.COMMENT, "fait", baseline="0")
    redmine.note(1, "agent2", "fait")
    assert not (await make().inspect(action)).done
    redmine.note(1, "agent1", "fait\r\n")
    assert (await make().inspect(action)).done


async def test_assigned_to_me_by_name_and_by_number(make: Make, redmine: FakeRedmine) -> None:
    adapter = make()
    assert ticket(await do(adapter, wish(Verb.ASSIGN))).owner == "Agent Un"
    assert ticket(await do(adapter, wish(Verb.ASSIGN, value="agent deux"))).owner == "Agent Deux"
    after = await do(adapter, wish(Verb.ASSIGN, value="9"))
    assert (ticket(after).owner, after.done) == ("Agent Un", True)
    assert after.at_once


async def test_nobody_of_that_name(make: Make, redmine: FakeRedmine) -> None:
    with pytest.raises(Refused) as raised:
        await do(make(), wish(Verb.ASSIGN, value="Nobody"))
    assert "Agent Deux" in raised.value.hint
    with pytest.raises(Refused, match="valide"):
        await do(make(), wish(Verb.ASSIGN, value="77"))
    with pytest.raises(Refused, match="members"):
        await do(make("edit-key"), wish(Verb.ASSIGN, value="Agent Deux"))


@pytest.mark.parametrize("status", [TicketStatus.OPEN, TicketStatus.WAITING, TicketStatus.CLOSED])
async def test_a_status_is_set(make: Make, redmine: FakeRedmine, status: TicketStatus) -> None:
    after = await do(make(), wish(Verb.SET_STATUS, value=status.value))
    assert (ticket(after).status, after.done) == (status, True)


async def test_resolved_with_a_word_in_one_request(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    after = await do(make(), wish(Verb.RESOLVE, "Toner remplacé"))
    assert (ticket(after).status, after.done) == (TicketStatus.RESOLVED, True)
    writes = [request.json() for request in server.requests if request.method == "PUT"]
    assert writes == [{"issue": {"notes": "Toner remplacé", "status_id": 3}}]


async def test_closed_where_there_is_nothing_like_resolved(
    make: Make, redmine: FakeRedmine
) -> None:
    redmine.workflow = {1, 2, 5, 6}
    after = await do(make(), wish(Verb.RESOLVE))
    assert ticket(after).status_label == "Fermé"


async def test_a_status_that_the_workflow_forbids_is_not_even_sent(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    redmine.workflow = {1, 2}
    with pytest.raises(Refused) as raised:
        await do(make(), wish(Verb.RESOLVE, "Toner remplacé"))
    assert "En cours" in raised.value.hint
    assert 1 not in redmine.journals
    assert not [request for request in server.requests if request.method == "PUT"]


async def test_a_note_that_is_ignored_is_not_done(make: Make, redmine: FakeRedmine) -> None:
    """Redmine answers 204 to an account that may edit but not add notes."""
    after = await do(make("edit-key"), wish(Verb.COMMENT, "Toner remplacé"))
    assert not after.done
    assert after.at_once


async def test_the_next_stage_with_a_note(make: Make, redmine: FakeRedmine) -> None:
    adapter = make(**{"as": "requests"})
    action = wish(
        Verb.SET_STAGE,
        "Livré mardi",
        Stage.INSTALLING.value,
        stream=Stream.REQUESTS,
        key="2",
    )
    after = await do(adapter, action)
    assert isinstance(after.record, CatalogueRequest)
    assert (after.record.stage, after.done) == (Stage.INSTALLING, True)
    assert redmine.journals[2][0]["notes"] == "Livré mardi"


async def test_an_account_that_may_only_read(make: Make) -> None:
    with pytest.raises(Refused, match="change issue 1"):
        await do(make("a-key"), wish(Verb.COMMENT, "x"))


async def test_an_issue_that_is_gone(make: Make, redmine: FakeRedmine) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "x")
    before = await adapter.inspect(action)
    del redmine.issues[1]
    assert (await adapter.inspect(action)).record is None
    with pytest.raises(Refused, match="any more"):
        await adapter.apply(action, before)


async def test_changed_between_the_look_and_the_write(make: Make, redmine: FakeRedmine) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "x")
    before = await adapter.inspect(action)
    # Within the second of the last change, which is all that Redmine's times tell.
    at = datetime.fromisoformat(redmine.issues[1]["updated_on"])
    redmine.note(1, "agent2", "moi aussi", at)
    with pytest.raises(ChangedMeanwhile):
        await adapter.apply(action, before)
    assert len(redmine.journals[1]) == 1


async def test_a_bad_key_is_no_missing_issue(make: Make) -> None:
    with pytest.raises(AuthFailed):
        await make("wrong").inspect(wish(Verb.COMMENT, "x"))


@pytest.mark.parametrize("mode", [Mode.STOPPED, Mode.STATUS500, Mode.CUT])
async def test_without_a_line(make: Make, server: MisbehavingServer, mode: Mode) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "x")
    before = await adapter.inspect(action)
    server.mode = mode
    with pytest.raises(Unavailable):
        await adapter.inspect(action)
    with pytest.raises(Unavailable):
        await adapter.apply(action, before)


async def test_a_key_that_is_no_number_asks_for_nothing(make: Make) -> None:
    with pytest.raises(Refused):
        await make().inspect(wish(Verb.COMMENT, "x", key="../users/1"))
