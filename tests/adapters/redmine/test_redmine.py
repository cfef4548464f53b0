"""The redmine kind against a server that answers as Redmine 5.0 does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from adapters.redmine.words import Priority, Status, Words
from smic_tui.contract.adapter import Context
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.records import Actor, CatalogueRequest, Stage, Stream, Ticket, TicketStatus
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.reading import Reading, failure, read
from tests.fakes.redmine import FakeRedmine

Make = Callable[..., RedmineAdapter]
REQUESTS = {"as": "requests", "projects": ["catalogue"]}


@pytest.fixture
def redmine() -> FakeRedmine:
    fake = FakeRedmine()
    for _number in range(8):
        fake.add()
    fake.add("catalogue", 8)
    fake.add("astreinte")
    return fake


@pytest.fixture
def server(redmine: FakeRedmine) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(redmine, drip_interval=0.05) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[RedmineAdapter] = []

    def make(key: str = "a-key", timezone: str = "Europe/Paris", **options: Any) -> RedmineAdapter:
        settings = {"url": server.url, "request_timeout": "1s", "api_key": {"env": "K"}, **options}
        context = Context(source="tickets", folder=CERTS, timezone=timezone, secret=lambda _: key)
        made.append(RedmineAdapter(msgspec.convert(settings, RedmineOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def numbers(reading: Reading) -> set[int]:
    return {int(key) for key in reading.rows}


def ticket(reading: Reading, number: int) -> Ticket:
    record = reading.rows[str(number)]
    assert isinstance(record, Ticket)
    return record


def asked(server: MisbehavingServer) -> list[Request]:
    return [request for request in server.requests if request.path.endswith("issues.json")]


async def test_an_issue_becomes_a_ticket(make: Make, redmine: FakeRedmine) -> None:
    redmine.add(
        status=7,
        subject="Écran bleu [@click=app.quit]\x1b[2J",
        assigned_to={"id": 4, "name": "Agent Un"},
        priority={"id": 4, "name": "Urgent"},
        due_date="2026-07-14",
        updated=datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
        custom={1: "17300", 2: "JVS"},
    )
    adapter = make(site_field="Code INSEE", supplier_field="2")
    found = ticket(await read(adapter), 11)
    assert found == Ticket(
        key="11",
        subject="Écran bleu [@click=app.quit]\x1b[2J",
        status=TicketStatus.WAITING,
        status_label="En attente fournisseur",
        priority=1,
        requester="Agent Deux",
        owner="Agent Un",
        site="17300",
        queue="Assistance",
        created=datetime(2026, 11, 23, 7, 30, tzinfo=UTC),
        updated=datetime(2026, 11, 24, 7, 30, tzinfo=UTC),
        due=datetime(2026, 7, 14, 21, 59, 59, tzinfo=UTC),
        supplier="JVS",
        waiting_on=Actor.SUPPLIER,
        url=adapter.config.url + "/issues/11",
    )


async def test_half_a_surrogate_pair_costs_no_issue(make: Make, redmine: FakeRedmine) -> None:
    redmine.add(subject="Écran \ud800 bleu")
    assert ticket(await read(make()), 11).subject == "Écran \N{REPLACEMENT CHARACTER} bleu"


async def test_an_issue_becomes_a_catalogue_request(make: Make) -> None:
    adapter = make(**REQUESTS, software_field="Logiciel", site_field="1", member_field="project")
    assert adapter.offered() == {Stream.REQUESTS}
    reading = await read(adapter)
    assert numbers(reading) == {9}
    request = reading.rows["9"]
    assert isinstance(request, CatalogueRequest)
    assert (request.software, request.site, request.member) == (
        "Berger-Levrault",
        "17009",
        "Catalogue",
    )
    assert (request.stage, request.stage_label) == (Stage.WORKING_GROUP, "Groupe de travail")
    assert request.waiting_on is Actor.WORKING_GROUP


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Europe/Paris", "2026-03-29", "2026-03-29T21:59:59+00:00"),
        ("Europe/Paris", "2026-10-25", "2026-10-25T22:59:59+00:00"),
        ("Indian/Reunion", "2026-10-25", "2026-10-25T19:59:59+00:00"),
    ],
)
async def test_a_due_date_ends_with_its_day(
    make: Make, redmine: FakeRedmine, zone: str, day: str, end: str
) -> None:
    """due is a date"""
    redmine.add(due_date=day)
    due = ticket(await read(make(timezone=zone)), 11).due
    assert due is not None
    assert due.isoformat() == end


async def test_pages_follow_what_came_not_what_was_asked_for(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    """`limit` capped silently at 100, offset"""
    for _number in range(240):
        redmine.add()
    redmine.cap = 40
    assert len((await read(make())).rows) == 250
    assert "offset" not in asked(server)[0].query
    assert len([request for request in asked(server) if request.query["status_id"] == "open"]) == 7


async def test_an_issue_closed_while_pages_are_read_hides_no_other(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    for _number in range(150):
        redmine.add()
    closed: list[int] = []

    def respond(request: Request) -> Reply:
        reply = redmine(request)
        if request.query.get("status_id") == "open" and not closed:
            closed.extend(range(1, 6))
            for number in closed:
                redmine.set_status(number, 5)
        return reply

    server.respond = respond
    reading = await read(make())
    assert numbers(reading) == set(redmine.issues)
    assert ticket(reading, 1).status is TicketStatus.CLOSED


async def test_open_issues_and_those_closed_lately_are_read(
    make: Make, redmine: FakeRedmine
) -> None:
    now = datetime.now(UTC)
    for number, days in ((1, 400), (2, 31), (3, 29), (4, 0)):
        redmine.set_status(number, 5, now - timedelta(days=days))
    redmine.issues[5]["updated_on"] = "2019-01-01T00:00:00Z"
    reading = await read(make(closed_days=30))
    assert numbers(reading) == {3, 4, 5, 6, 7, 8, 9, 10}
    assert numbers(await read(make(closed_days=0))) == {5, 6, 7, 8, 9, 10}


async def test_only_what_changed_is_read_again(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    """`updated_on=>=…Z&status_id=*&sort=updated_on:asc,id:asc`

    Sorted by number instead: see the module, a page must not shift."""
    adapter = make()
    first = await read(adapter)
    redmine.set_status(2, 5)
    redmine.add()
    second = await read(adapter, first.cursor)
    assert not second.full
    assert second.deletes == []
    assert {2, 11} <= numbers(second)
    assert ticket(second, 2).status is TicketStatus.CLOSED
    query = asked(server)[-1].query
    assert query["status_id"] == "*"
    assert query["updated_on"].startswith(">=")
    assert query["updated_on"].endswith("Z")


async def test_changes_at_the_edge_of_the_last_reading_are_not_lost(
    make: Make, redmine: FakeRedmine
) -> None:
    adapter = make()
    newest = datetime.now(UTC).replace(microsecond=0)
    redmine.set_status(1, 2, newest)
    cursor = (await read(adapter)).cursor
    redmine.set_status(2, 2, newest)  # in the same second, committed after the reading
    redmine.set_status(3, 2, newest - timedelta(seconds=90))  # in a slow transaction
    again = await read(adapter, cursor)
    assert {1, 2, 3} <= numbers(again)


async def test_an_issue_closed_long_ago_leaves_when_it_is_touched(
    make: Make, redmine: FakeRedmine
) -> None:
    adapter = make(closed_days=10)
    redmine.set_status(1, 5, datetime.now(UTC) - timedelta(days=9))
    first = await read(adapter)
    assert "1" in first.rows
    redmine.issues[1]["closed_on"] = "2026-01-01T00:00:00Z"
    redmine.issues[1]["updated_on"] = redmine.issues[2]["updated_on"]
    second = await read(adapter, first.cursor)
    assert second.deletes == ["1"]


async def test_deletions_are_found_by_a_full_reading(make: Make, redmine: FakeRedmine) -> None:
    """Nobody's list shows deletions: reconcile ids periodically."""
    adapter = make()
    cursor = (await read(adapter)).cursor
    del redmine.issues[3]
    assert (await read(adapter, cursor)).deletes == []
    full = await read(adapter)
    assert full.full
    assert "3" not in full.rows


async def test_an_unchanged_list_is_not_sent_again(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    """ETag on lists and items, 304"""
    adapter = make()
    cursor = (await read(adapter)).cursor
    cursor = (await read(adapter, cursor)).cursor
    third = await read(adapter, cursor)
    assert third.rows == {}
    assert asked(server)[-1].headers["if-none-match"].startswith('W/"')
    redmine.set_status(5, 3)
    assert "5" in (await read(adapter, third.cursor)).rows
    fresh = make()  # also after a restart, from the cursor alone
    before = len(asked(server))
    assert (await read(fresh, third.cursor)).full is False
    assert "if-none-match" in asked(server)[before].headers


async def test_a_cursor_of_other_settings_or_of_nobody_leads_to_a_full_reading(make: Make) -> None:
    cursor = (await read(make())).cursor
    assert not (await read(make(), cursor)).full
    assert (await read(make(closed_days=3), cursor)).full
    assert (await read(make(), "{}")).full


@pytest.mark.parametrize("key", ["bad-key", ""])
async def test_a_bad_key_is_not_taken_for_no_issues(
    make: Make, server: MisbehavingServer, key: str
) -> None:
    """with a bad key, no key or the API disabled, `/issues.json` answers **200 with no issues**:
    ask `/users/current.json` each cycle"""
    error = await failure(make(key=key), AuthFailed)
    assert "/users/current.json" in error.message
    assert asked(server) == []


async def test_the_api_switched_off_between_two_readings(make: Make, redmine: FakeRedmine) -> None:
    """with a bad key, no key or the API disabled, `/issues.json` answers **200 with no issues**:
    ask `/users/current.json` each cycle"""
    adapter = make()
    await read(adapter)
    redmine.enabled = False
    await failure(adapter, AuthFailed)


async def test_the_echoed_key_reaches_no_message(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    """(it echoes the api_key: never log it)"""
    echo = b'{"account": {"api_key": "a-key", "other": "b-key"}}'

    def respond(request: Request) -> Reply:
        return Reply(body=echo) if request.path == "/users/current.json" else redmine(request)

    server.respond = respond
    error = await failure(make(), BadAnswer)
    told = "".join(traceback.format_exception(error)) + error.hint
    assert "a-key" not in told
    assert error.excerpt == b""


async def test_an_account_without_projects_is_told_so(make: Make) -> None:
    """an empty answer may mean "not allowed"."""
    assert "no project" in (await failure(make(key="lone"), AuthFailed)).message
    error = await failure(make(key="lone", projects=["assistance"]), AuthFailed)
    assert "403" in error.message


async def test_names_that_lead_nowhere_are_told(make: Make) -> None:
    assert "assistanse" in (await failure(make(projects=["assistanse"]), BadAnswer)).message
    error = await failure(make(trackers=["Incident"]), BadAnswer)
    assert "Incident" in error.message
    assert "Anomalie, Evolution, Assistance" in error.hint


async def test_projects_and_subprojects(make: Make) -> None:
    assert numbers(await read(make(projects=["assistance"]))) == set(range(1, 9))
    both = await read(make(projects=["assistance"], subprojects=True))
    assert numbers(both) == {*range(1, 9), 10}
    two = await read(make(projects=["assistance", "catalogue"]))
    assert numbers(two) == set(range(1, 10))


async def test_trackers_and_further_filters(make: Make, redmine: FakeRedmine) -> None:
    redmine.issues[4]["tracker"] = {"id": 1, "name": "Anomalie"}
    redmine.issues[5]["priority"] = {"id": 5, "name": "Immédiat"}
    assert numbers(await read(make(trackers=["anomalie"]))) == {4}
    assert numbers(await read(make(filters={"priority_id": "4|5"}))) == {5}
    assert numbers(await read(make(filters={"cf_1": "17003|17004"}))) == {3, 4}


@pytest.mark.parametrize(
    ("ignored", "options"),
    [
        ("tracker_id", {"trackers": ["Anomalie"]}),
        ("project", {"projects": ["catalogue"]}),
        ("subproject_id", {"projects": ["assistance"]}),
        ("priority_id", {"filters": {"priority_id": "5"}}),
        ("category_id", {"filters": {"category_id": "5"}}),
        ("cf_1", {"filters": {"cf_1": "17003"}}),
        ("cf_9", {"filters": {"cf_9": "yes"}}),
        ("sort", {}),
    ],
)
async def test_an_ignored_filter_is_noticed(
    make: Make, redmine: FakeRedmine, ignored: str, options: dict[str, Any]
) -> None:
    """unknown filters are ignored and return everything"""
    redmine.ignores.add(ignored)
    error = await failure(make(**options), BadAnswer)
    assert "ignored the filter" in error.message
    assert error.excerpt


async def test_an_ignored_page_filter_is_noticed(make: Make, redmine: FakeRedmine) -> None:
    """unknown filters are ignored and return everything"""
    for _number in range(120):
        redmine.add()
    redmine.ignores.add("issue_id")
    assert "issue_id" in (await failure(make(), BadAnswer)).message


async def test_before_redmine_5_the_list_of_statuses_tells_what_is_closed(
    make: Make, redmine: FakeRedmine
) -> None:
    redmine.tells_closed = False
    redmine.set_status(1, 6)
    assert ticket(await read(make()), 1).status is TicketStatus.CLOSED


async def test_journals_are_not_read(make: Make, server: MisbehavingServer) -> None:
    """journals are N+1"""
    await read(make())
    assert not any("/issues/" in request.path for request in server.requests)
    assert not any("include" in request.query for request in asked(server))


async def test_issues_that_cannot_be_read_are_set_aside_and_hide_no_other(
    make: Make, redmine: FakeRedmine
) -> None:
    for _number in range(200):
        redmine.add()
    redmine.issues[4]["updated_on"] = "2026-11-24T07:30:00"
    for number in range(90, 111):  # the end of a page, and the beginning of the next
        redmine.issues[number]["created_on"] = "hier"
    reading = await read(make())
    assert len(reading.rows) == 210 - 22
    assert len(reading.rejected) == 22
    assert reading.rejected[0].where == "issue 4"
    assert "created_on" in reading.rejected[1].reason


async def test_one_changed_issue_that_cannot_be_read_does_not_fail_the_source(
    make: Make, redmine: FakeRedmine
) -> None:
    adapter = make()
    for number in range(1, 11):
        redmine.issues[number]["updated_on"] = "2026-01-01T00:00:00Z"
    redmine.set_status(10, 2)
    cursor = (await read(adapter)).cursor
    redmine.issues[10]["created_on"] = "hier"
    for _attempt in range(2):
        reading = await read(adapter, cursor)
        assert reading.rows == {}
        assert [rejected.where for rejected in reading.rejected] == ["issue 10"]
        cursor = reading.cursor
    redmine.issues[10]["created_on"] = "2026-01-01T00:00:00Z"
    assert numbers(await read(adapter, cursor)) == {10}


async def test_an_answer_in_which_nothing_can_be_read_deletes_nothing(
    make: Make, redmine: FakeRedmine
) -> None:
    for issue in redmine.issues.values():
        issue["project"] = "Assistance"
    redmine.accounts["a-key"] = ("lecture", {"assistance"})

    def listed(request: Request, sees: set[str], project: str | None) -> Reply:
        rows = [redmine._issue(row) for row in redmine.issues.values()]
        return Reply(body=msgspec.json.encode({"issues": rows, "total_count": len(rows)}))

    redmine._list = listed  # type: ignore[method-assign]
    assert "None of Redmine's" in (await failure(make(), BadAnswer)).message


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (Mode.STOPPED, Unavailable),
        (Mode.FROZEN, Unavailable),
        (Mode.STATUS500, Unavailable),
        (Mode.HTML, BadAnswer),
        (Mode.TRUNCATED, BadAnswer),
        (Mode.CUT, Unavailable),
        (Mode.DRIP, Unavailable),
    ],
)
async def test_trouble_is_told_and_survived(
    make: Make, server: MisbehavingServer, mode: Mode, kind: type[SourceError]
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    server.mode = mode
    async with asyncio.timeout(30):
        await failure(adapter, kind)
    server.mode = Mode.OK
    assert (await read(adapter, cursor)).cursor


async def test_trouble_in_the_middle_of_the_pages_ends_the_reading(
    make: Make, redmine: FakeRedmine, server: MisbehavingServer
) -> None:
    for _number in range(150):
        redmine.add()

    def respond(request: Request) -> Reply:
        return Reply(503) if "issue_id" in request.query else redmine(request)

    server.respond = respond
    batches: list[Batch] = []

    async def collect() -> None:
        async for batch in make().fetch(Stream.TICKETS, None):
            batches.append(batch)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(Unavailable):
        await collect()
    assert batches
    assert all(batch.cursor is None for batch in batches)


async def test_probe_proves_the_account_and_checks_the_names(
    make: Make, redmine: FakeRedmine
) -> None:
    probe = await make(projects=["assistance"]).probe()
    assert (probe.account, probe.remarks) == ("lecture", ())
    assert probe.remote_time is not None
    redmine.admins.add("lecture")
    strange = make(
        statuses={"nouveau": "new", "Perdu": "closed"},
        waiting_on={"Chez Dupont": "supplier"},
        priorities={"Sans intérêt": 5},
    )
    remarks = (await strange.probe()).remarks
    assert len(remarks) == 4
    assert "Perdu" in remarks[0]
    assert "Chez Dupont" in remarks[1]
    assert "Sans intérêt" in remarks[2]
    assert "administrator" in remarks[3]
    with pytest.raises(AuthFailed):
        await make(key="lone", projects=["assistance"]).probe()


async def test_probe_tells_of_a_field_that_no_issue_has(make: Make, redmine: FakeRedmine) -> None:
    remarks = (await make(site_field="Code Insee", supplier_field="2").probe()).remarks
    assert len(remarks) == 1
    assert "'Code Insee' of `site_field`; they have: Code INSEE, Logiciel." in remarks[0]
    # Fields of the other stream, and what every issue has.
    assert not (await make(member_field="Commune", site_field="project").probe()).remarks
    requests = make(**{"as": "requests"}, member_field="Commune", supplier_field="Perdu")
    (remark,) = (await requests.probe()).remarks
    assert "'Commune' of `member_field`" in remark
    for issue in redmine.issues.values():
        issue["custom_fields"] = []
    (remark,) = (await make(site_field="1").probe()).remarks
    assert remark.endswith("they have: no custom field.")
    redmine.issues.clear()  # of a Redmine without issues nothing can be said
    assert not (await make(site_field="1").probe()).remarks


def words(**options: Any) -> Words:
    settings = {"url": "http://x", "api_key": {"env": "K"}, **options}
    names = ("Bas", "Normal", "Haut", "Urgent", "Immédiat")
    ranks = [Priority(id, name, name == "Normal") for id, name in enumerate(names, 1)]
    return Words(msgspec.convert(settings, RedmineOptions), [], ranks)


@pytest.mark.parametrize(
    ("name", "closed", "status", "actor"),
    [
        ("Nouveau", False, TicketStatus.NEW, Actor.US),
        ("New", False, TicketStatus.NEW, Actor.US),
        ("En cours", False, TicketStatus.OPEN, Actor.US),
        ("In Progress", False, TicketStatus.OPEN, Actor.US),
        ("Résolu", False, TicketStatus.RESOLVED, Actor.NOBODY),
        ("Commentaire", False, TicketStatus.WAITING, Actor.MEMBER),
        ("Feedback", False, TicketStatus.WAITING, Actor.MEMBER),
        ("En attente mairie", False, TicketStatus.WAITING, Actor.MEMBER),
        ("EN ATTENTE ÉDITEUR", False, TicketStatus.WAITING, Actor.SUPPLIER),
        ("Fermé", True, TicketStatus.CLOSED, Actor.NOBODY),
        ("En attente", True, TicketStatus.CLOSED, Actor.NOBODY),
        ("Zzz", False, TicketStatus.OPEN, Actor.US),
    ],
)
def test_what_statuses_mean(name: str, closed: bool, status: TicketStatus, actor: Actor) -> None:
    given = Status(1, name, closed)
    assert words().ticket_status(given) is status
    assert words().ticket_actor(given) is actor


@pytest.mark.parametrize(
    ("name", "closed", "stage", "actor"),
    [
        ("Demandé", False, Stage.ASKED, Actor.US),
        ("Nouveau", False, Stage.ASKED, Actor.US),
        ("Analysé", False, Stage.ANALYSED, Actor.US),
        ("Groupe de travail", False, Stage.WORKING_GROUP, Actor.WORKING_GROUP),
        ("Commandé", False, Stage.ORDERED, Actor.SUPPLIER),
        ("Installation", False, Stage.INSTALLING, Actor.US),
        ("Terminé", True, Stage.DONE, Actor.NOBODY),
        ("Refusé", True, Stage.REFUSED, Actor.NOBODY),
        ("Rejeté", True, Stage.REFUSED, Actor.NOBODY),
        ("Demande refusée", True, Stage.REFUSED, Actor.NOBODY),
        ("Installé", True, Stage.DONE, Actor.NOBODY),
        ("Zzz", False, Stage.ASKED, Actor.US),
    ],
)
def test_what_stages_mean(name: str, closed: bool, stage: Stage, actor: Actor) -> None:
    given = Status(1, name, closed)
    assert words().stage(given) is stage
    assert words().request_actor(given) is actor


def test_the_configuration_has_the_last_word() -> None:
    mine = words(
        statuses={"fermé": "resolved"},
        stages={"Installé": "installing"},
        waiting_on={"Commandé": "member", "nouveau": "working group"},
        priorities={"Bas": 3},
    )
    assert mine.ticket_status(Status(5, "Fermé", True)) is TicketStatus.RESOLVED
    assert mine.stage(Status(6, "INSTALLÉ", True)) is Stage.INSTALLING
    assert mine.request_actor(Status(7, "commandé", False)) is Actor.MEMBER
    assert mine.ticket_actor(Status(1, "Nouveau", False)) is Actor.WORKING_GROUP
    assert [mine.priority(id) for id in (1, 2, 3, 4, 5, 99, None)] == [3, 3, 2, 1, 1, 3, 3]


@given(st.text(max_size=40), st.one_of(st.none(), st.booleans()))
def test_any_status_means_something(name: str, closed: bool | None) -> None:
    status = Status(1, name, closed)
    assert words().ticket_status(status) in TicketStatus
    assert words().stage(status).is_open is not bool(closed)
    assert words().ticket_actor(status) in Actor
    assert words().request_actor(status) in Actor


@pytest.mark.parametrize(
    "options",
    [
        {"as": "incidents"},
        {"projects": ["Assistance"]},
        {"projects": ["../admin"]},
        {"filters": {"catgory_id": "3"}},
        {"filters": {"category_id": "Réseau"}},
        {"filters": {"cf_1": ">=3"}},
        {"filters": {"cf_1": ""}},
        {"filters": {"status_id": "*"}},
        {"statuses": {"Nouveau": "fresh"}},
        {"priorities": {"Bas": 9}},
    ],
)
def test_settings_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    settings = {"url": "http://redmine", "api_key": {"env": "K"}, **options}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, RedmineOptions)


def test_the_kind_is_light_to_import() -> None:
    code = (
        "import sys, adapters.redmine.adapter; "
        "print([m for m in ('httpx', 'asyncio', 'ssl', 'zoneinfo') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"


def test_an_installation_is_not_stalled() -> None:
    status = Status(id=9, name="Installation", is_closed=False)
    assert words().ticket_status(status) is TicketStatus.OPEN
