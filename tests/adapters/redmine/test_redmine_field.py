"""What real sites have: closed projects, numbers in fields, times ahead, roles that see less."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.actions import Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import BadAnswer
from smic_tui.contract.view import Sight
from smic_tui.records import Actor, Stage, Stream, Ticket, TicketStatus
from tests.fakes import redmine as fake_redmine
from tests.fakes.acting import do, wish
from tests.fakes.misbehaving import CERTS, MisbehavingServer
from tests.fakes.reading import failure, read
from tests.fakes.redmine import FakeRedmine

Make = Callable[..., RedmineAdapter]


@pytest.fixture
def redmine(monkeypatch: pytest.MonkeyPatch) -> FakeRedmine:
    monkeypatch.setattr(fake_redmine, "STATUSES", dict(fake_redmine.STATUSES))
    fake = FakeRedmine()
    for _number in range(8):
        fake.add()
    return fake


@pytest.fixture
def server(redmine: FakeRedmine) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(redmine) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[RedmineAdapter] = []

    def make(key: str = "a-key", **options: Any) -> RedmineAdapter:
        settings = {"url": server.url, "api_key": {"env": "K"}, **options}
        context = Context(source="t", folder=CERTS, timezone="UTC", secret=lambda _: key)
        made.append(RedmineAdapter(msgspec.convert(settings, RedmineOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_an_issue_in_a_closed_subproject(make: Make, redmine: FakeRedmine) -> None:
    redmine.closed_projects.add("astreinte")
    number = redmine.add("astreinte")["id"]
    adapter = make(projects=["assistance"], subprojects=True)
    assert str(number) in (await read(adapter)).rows


async def test_a_subproject_that_is_made_meanwhile(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    def respond(request: Any) -> Any:
        reply = redmine(request)
        if request.path == "/projects.json" and "nouveau" not in redmine.projects:
            redmine.projects["nouveau"] = (9, 1)
            redmine.accounts["a-key"][1].add("nouveau")
            redmine.add("nouveau")
        return reply

    server.respond = respond
    assert len((await read(make(projects=["assistance"], subprojects=True))).rows) == 9


async def test_an_ignored_filter_is_still_noticed(make: Make, redmine: FakeRedmine) -> None:
    redmine.add("catalogue")
    redmine.ignores.add("project")
    await failure(make(projects=["assistance"], subprojects=True), BadAnswer)


async def test_a_project_below_another_that_is_named_is_read_once(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    redmine.add("astreinte")
    adapter = make(projects=["astreinte", "assistance"], subprojects=True)
    reading = await read(adapter)
    assert len(reading.rows) == 9
    assert not any("astreinte/issues" in each.path for each in server.requests)
    assert await adapter.exits(Stream.TICKETS, list(reading.rows)) == set()


@pytest.fixture
def fields(redmine: FakeRedmine, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {**fake_redmine.CUSTOM, 5: "Commune (clé)", 6: "Bénéficiaire"}
    monkeypatch.setattr(fake_redmine, "CUSTOM", named)
    redmine.issues.clear()
    redmine.shown = {(5, "2"): "Saintes, centre", (6, "11"): "Marie Lemaître", (6, "8"): "Agent"}
    for custom in ({5: "2", 6: "11"}, {5: "2", 6: ["11", "8"]}, {5: None, 6: ""}):
        redmine.add(custom=custom)


@pytest.mark.usefixtures("fields")
async def test_what_the_numbers_in_fields_stand_for(make: Make, server: MisbehavingServer) -> None:
    adapter = make(site_field="Commune (clé)", requester_field="6", supplier_field="Code INSEE")
    rows = (await read(adapter)).rows
    assert [row.site for row in rows.values()] == ["Saintes, centre", "Saintes, centre", ""]
    assert [row.requester for row in rows.values()] == [
        "Marie Lemaître",
        "Marie Lemaître, Agent",
        "",
    ]
    # Its values are numbers as well, and shown as they are.
    assert [row.supplier for row in rows.values()] == ["17001", "17002", "17003"]
    asked = [each for each in server.requests if each.path == "/issues.csv"]
    assert len(asked) == 3
    assert (await read(adapter)).rows == rows
    assert len([each for each in server.requests if each.path == "/issues.csv"]) == 3


@pytest.mark.usefixtures("fields")
async def test_a_redmine_that_gives_no_csv(make: Make, redmine: FakeRedmine) -> None:
    redmine.gives_csv = False
    rows = (await read(make(site_field="Commune (clé)"))).rows
    assert [row.site for row in rows.values()] == ["2", "2", ""]


@pytest.mark.usefixtures("fields")
async def test_an_action_shows_names_too(make: Make) -> None:
    adapter = make("agent-key", site_field="Commune (clé)")
    found = await adapter.inspect(wish(Verb.COMMENT, "x"))
    assert isinstance(found.record, Ticket)
    assert found.record.site == "Saintes, centre"


@pytest.mark.parametrize("ahead", [timedelta(minutes=9), timedelta(days=2)])
async def test_a_change_time_ahead_hides_no_other(
    make: Make, redmine: FakeRedmine, ahead: timedelta
) -> None:
    redmine.set_status(1, 2, datetime.now(UTC) + ahead)
    adapter = make()
    first = await read(adapter)
    assert "1" in first.rows
    redmine.set_status(2, 2, datetime.now(UTC))
    second = await read(adapter, first.cursor)
    assert not second.full
    assert {"1", "2"} <= second.rows.keys()
    redmine.set_status(3, 2, datetime.now(UTC))
    assert "3" in (await read(adapter, second.cursor)).rows


async def test_a_cursor_ahead_leads_to_a_full_reading(make: Make) -> None:
    adapter = make()
    cursor = msgspec.json.decode((await read(adapter)).cursor)
    cursor["since"] = datetime.now(UTC) + timedelta(days=2)
    assert (await read(adapter, msgspec.json.encode(cursor).decode())).full


async def test_what_left_is_told(make: Make, redmine: FakeRedmine) -> None:
    adapter = make(projects=["assistance"])
    rows = (await read(adapter)).rows
    assert await adapter.exits(Stream.TICKETS, list(rows)) == set()
    redmine.issues[2]["project"] = {"id": 2, "name": "Catalogue"}
    del redmine.issues[5]
    redmine.set_status(7, 5)
    assert await adapter.exits(Stream.TICKETS, list(rows)) == {"2", "5"}


async def test_nothing_that_left_costs_one_question(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    redmine.set_status(1, 3)  # Résolu: open to Redmine, and not here
    adapter = make()
    rows = (await read(adapter)).rows
    opens = [key for key, row in rows.items() if row.status.is_open]
    assert len(opens) == 7
    server.requests.clear()
    assert await adapter.exits(Stream.TICKETS, opens) == set()
    assert len([each for each in server.requests if "issues" in each.path]) == 1


async def test_a_role_that_shows_its_own_issues_only(make: Make, redmine: FakeRedmine) -> None:
    adapter = make(projects=["assistance"])
    reading = await read(adapter)
    assert adapter.view() == (Sight("Assistance", 3, "all", "1"),)
    redmine.visibility[1] = "own"
    later = await read(adapter, reading.cursor)
    assert later.rows == {}
    assert adapter.view() == (Sight("Assistance", 1, "own", "1"),)
    assert (await adapter.probe()).sees == adapter.view()


async def test_a_membership_that_is_lost(make: Make, redmine: FakeRedmine) -> None:
    adapter = make()
    reading = await read(adapter)
    assert {sight.part for sight in adapter.view()} == {"Assistance", "Astreinte", "Catalogue"}
    redmine.accounts["a-key"][1].discard("catalogue")
    await read(adapter, reading.cursor)
    assert {sight.part for sight in adapter.view()} == {"Assistance", "Astreinte"}


async def test_doctor_is_told_how_statuses_were_understood(make: Make) -> None:
    said = {each.name: each for each in (await make().probe()).understood}
    assert (said["Résolu"].status, said["Résolu"].guessed) == (TicketStatus.RESOLVED, False)
    supplier = said["En attente fournisseur"]
    assert (supplier.status, supplier.waiting_on) == (TicketStatus.WAITING, Actor.SUPPLIER)
    assert supplier.guessed
    requests = make(**{"as": "requests"}, stages={"Installation": "done"})
    stages = {each.name: each for each in (await requests.probe()).understood}
    assert (stages["Installation"].stage, stages["Installation"].guessed) == (Stage.DONE, False)


OPEN_ONES = ("En cours de résolution", "Non résolu", "À valider", "Réouvert", "Résolu à 50 %")


@pytest.mark.parametrize("name", OPEN_ONES)
async def test_resolving_an_open_status_is_not_done_at_once(
    make: Make, redmine: FakeRedmine, name: str
) -> None:
    fake_redmine.STATUSES[20] = (name, False)
    fake_redmine.STATUSES[21] = ("Vérification", True)
    redmine.workflow = {1, 3, 20, 21}
    redmine.set_status(1, 20)
    adapter = make("agent-key")
    assert (await read(adapter)).rows["1"].status is TicketStatus.OPEN
    assert (await do(adapter, wish(Verb.RESOLVE))).done
    assert redmine.issues[1]["status"] == 3, "Résolu"


async def test_an_open_status_is_never_set_to_resolve(make: Make, redmine: FakeRedmine) -> None:
    fake_redmine.STATUSES[20] = ("À valider", False)
    redmine.workflow = {1, 6, 20}
    adapter = make("agent-key")
    action = wish(Verb.RESOLVE)
    standing = await adapter.inspect(action)
    with pytest.raises(Refused, match="workflow"):
        await adapter.apply(replace(action, baseline=standing.baseline), standing)
    assert redmine.issues[1]["status"] == 1


async def test_the_stage_that_is_configured_is_set(make: Make, redmine: FakeRedmine) -> None:
    fake_redmine.STATUSES[20] = ("Livré", True)
    redmine.workflow = {3, 5, 20}
    redmine.add("catalogue", 8)
    adapter = make("agent-key", **{"as": "requests"}, stages={"livré": "done"})
    action = wish(Verb.SET_STAGE, value="done", stream=Stream.REQUESTS, key="9")
    assert (await do(adapter, action)).done
    assert redmine.issues[9]["status"] == 20
