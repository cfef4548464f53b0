"""The glpi kind against a server that answers as GLPI 10.0 does."""

from __future__ import annotations

import re
import tomllib
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.glpi.adapter import GlpiAdapter
from adapters.glpi.cells import SHOWN, Reader
from adapters.glpi.errors import RightMissing
from adapters.glpi.options import GlpiOptions
from adapters.glpi.time import asked_since, to_utc
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import Actor, CatalogueRequest, Site, Stage, Ticket, TicketStatus
from tests.fakes.glpi import READ_MY, Account, FakeGlpi, nested
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request, json_reply
from tests.fakes.reading import Reading, failure, read

Make = Callable[..., GlpiAdapter]
SECRETS = {"TOKEN": "a-token", "APP": "app-1"}


@pytest.fixture
def glpi() -> FakeGlpi:
    fake = FakeGlpi()
    for _number in range(8):
        fake.add()
    return fake


@pytest.fixture
def server(glpi: FakeGlpi) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(glpi, drip_interval=0.05) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[GlpiAdapter] = []

    def make(token: str = "a-token", zone: str = "Europe/Paris", **options: Any) -> GlpiAdapter:
        secrets = {**SECRETS, "TOKEN": token}
        settings = {
            "url": server.url,
            "request_timeout": "1s",
            "user_token": {"env": "TOKEN"},
            **options,
        }
        context = Context(
            source="g", folder=CERTS, timezone=zone, secret=lambda secret: secrets[secret.env]
        )
        made.append(GlpiAdapter(msgspec.convert(settings, GlpiOptions), context))
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


def asked(server: MisbehavingServer, itemtype: str = "Ticket") -> list[Request]:
    return [r for r in server.requests if r.path == f"/apirest.php/search/{itemtype}"]


# -- tickets -----------------------------------------------------------------------


async def test_a_row_becomes_a_ticket(make: Make, glpi: FakeGlpi) -> None:
    """search options: 2 id, 1 subject, 12 status, 3 priority, 4 requester, 5 owner, 80/83, 7,
    15 created, 19 updated, 18 due"""
    glpi.add(
        name="Écran bleu [@click=app.quit]\x1b[2J",
        status=4,
        priority=6,
        entity=3,
        suppliers=["Infogérance & fils"],
        updated=datetime(2026, 7, 14, 7, 30, tzinfo=UTC),
        due=datetime(2026, 7, 20, 15, 0, tzinfo=UTC),
    )
    adapter = make()
    assert ticket(await read(adapter), 9) == Ticket(
        key="9",
        subject="Écran bleu [@click=app.quit]\x1b[2J",
        status=TicketStatus.WAITING,
        status_label="Pending",
        priority=1,
        requester="Mairie Noël & Cie",
        owner="Agent Un",
        site="Ay-Champagne > École <Prévert>",
        queue="Assistance",
        created=datetime(2026, 7, 13, 7, 30, tzinfo=UTC),
        updated=datetime(2026, 7, 14, 7, 30, tzinfo=UTC),
        due=datetime(2026, 7, 20, 15, 0, tzinfo=UTC),
        supplier="Infogérance & fils",
        waiting_on=Actor.SUPPLIER,
        url=adapter.config.url + "/front/ticket.form.php?id=9",
    )


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("<script>alert('état')</script> & <b>", "<script>alert('état')</script> & <b>"),
        ("literally &#60; and &amp;", "literally &#60; and &amp;"),
        ("half a pair \ud800", "half a pair \N{REPLACEMENT CHARACTER}"),
    ],
)
async def test_text_is_unescaped_once(make: Make, glpi: FakeGlpi, stored: str, shown: str) -> None:
    """text is HTML-escaped (unescape for GLPI only)"""
    glpi.add(name=stored)
    assert ticket(await read(make()), 9).subject == shown


async def test_people_are_a_text_a_list_or_null(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    """user ids: string, array if several, null; cache /User"""
    glpi.add(owners=[7, 9], requesters=[])
    glpi.add(owners=[], groups=["Astreinte"], requesters=[15])
    glpi.add(owners=[77])  # deleted, or of an entity that may not be seen
    adapter = make()
    reading = await read(adapter)
    assert (ticket(reading, 9).owner, ticket(reading, 9).requester) == ("Agent Deux, Agent Un", "")
    assert (ticket(reading, 10).owner, ticket(reading, 10).requester) == (
        "Astreinte",
        "Mairie d'Ay",
    )
    assert ticket(reading, 11).owner == "#77"
    # One question for all of them, and one in the bin for who is not there.
    assert len(asked(server, "User")) == 2
    glpi.change(1)
    await read(adapter, reading.cursor)
    assert len(asked(server, "User")) == 2


@pytest.mark.parametrize(
    ("requesters", "groups", "shown"),
    [
        ([], [], ""),
        (["maire@commune.example.fr"], [], "maire@commune.example.fr"),
        ([], ["Écoles <primaires>"], "Écoles <primaires>"),
        ([], ["Écoles", "CCAS"], "Écoles, CCAS"),
        ([12], ["CCAS"], "Mairie Noël & Cie, CCAS"),
        ([12, 15], [], "Mairie Noël & Cie, Mairie d'Ay"),
        ([12, "x@example.fr"], ["CCAS"], "Mairie Noël & Cie, x@example.fr, CCAS"),
        (["a@example.fr", "b@example.fr"], [], "a@example.fr, b@example.fr"),
    ],
)
async def test_requesters_of_every_kind(
    make: Make, glpi: FakeGlpi, requesters: list[Any], groups: list[str], shown: str
) -> None:
    """34 address of who is no user, one even of several; 71 groups"""
    glpi.add(requesters=requesters, requester_groups=groups)
    assert ticket(await read(make()), 9).requester == shown


async def test_who_has_left_keeps_a_name(make: Make, glpi: FakeGlpi) -> None:
    glpi.people[12]["deleted"] = glpi.people[9]["deleted"] = True
    found = ticket(await read(make()), 1)
    assert (found.requester, found.owner) == ("Mairie Noël & Cie", "Agent Un")


async def test_a_group_stays_beside_a_person(make: Make, glpi: FakeGlpi) -> None:
    glpi.add(owners=[9], groups=["Réseau", "Astreinte"])
    assert ticket(await read(make()), 9).owner == "Agent Un, Réseau, Astreinte"


async def test_a_subject_that_the_search_swallows(make: Make, glpi: FakeGlpi) -> None:
    """The search parts values with $$##$$, also those that hold it."""
    glpi.add(name="$$##$$ & <b>")
    assert ticket(await read(make()), 9).subject == "$$##$$ & <b>"


async def test_many_people_are_asked_for_together(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    for number in range(100, 190):
        glpi.people[number] = {"name": f"u{number}", "firstname": "", "realname": f"U {number}"}
        glpi.add(requesters=[number])
    reading = await read(make())
    assert {row.requester for row in reading.rows.values()} >= {f"U {n}" for n in range(100, 190)}
    assert len(asked(server, "User")) <= 6
    assert max(len(request.target) for request in asked(server, "User")) < 5000


async def test_without_the_right_to_see_people_their_numbers_stand_there(
    make: Make, glpi: FakeGlpi
) -> None:
    glpi.tokens["a-token"].sees = set()
    assert ticket(await read(make()), 1).owner == "#9"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (1, (TicketStatus.NEW, "New")),
        (2, (TicketStatus.OPEN, "Processing (assigned)")),
        (3, (TicketStatus.OPEN, "Processing (planned)")),
        (5, (TicketStatus.RESOLVED, "Solved")),
        (6, (TicketStatus.CLOSED, "Closed")),
        (99, (TicketStatus.OPEN, "99")),
    ],
)
async def test_statuses(
    make: Make, glpi: FakeGlpi, status: int, expected: tuple[TicketStatus, str]
) -> None:
    """(1 new 2 assigned 4 pending 5 solved 6 closed); status 99 is stored"""
    glpi.add(status=status)
    found = ticket(await read(make()), 9)
    assert (found.status, found.status_label) == expected


@pytest.mark.parametrize(
    ("options", "site"),
    [
        ({}, "Ay-Champagne > École <Prévert>"),
        ({"site_level": -1}, "École <Prévert>"),
        ({"site_level": 1}, "Ay-Champagne"),
        ({"site_level": 7}, "École <Prévert>"),
        ({"site_level": -9}, "Entité racine"),
        ({"site_field": "location"}, "Mairie > Bureau 3"),
        ({"site_field": "location", "site_level": 0}, "Mairie"),
    ],
)
async def test_the_site_is_a_part_of_a_path(
    make: Make, glpi: FakeGlpi, options: dict[str, Any], site: str
) -> None:
    glpi.add(entity=3, location=2)
    assert ticket(await read(make(**options)), 9).site == site


async def test_catalogue_requests(make: Make, glpi: FakeGlpi) -> None:
    glpi.add(type=2, category=2, status=1, name="Firefox ESR", entity=3)
    glpi.add(type=2, category=3, status=2)
    glpi.add(type=2, category=4, status=6)
    glpi.add(type=2, category=4, status=2)
    glpi.add(type=2, category=1)
    adapter = make(
        **{"as": "requests", "type": "request", "categories": [2]},
        category_stages={
            "catalogue logiciel > groupe de travail": "working group",
            "Catalogue logiciel > Refusé": "refused",
        },
    )
    reading = await read(adapter)
    assert numbers(reading) == {9, 10, 11, 12}
    first = reading.rows["9"]
    assert isinstance(first, CatalogueRequest)
    assert (first.software, first.stage, first.member) == (
        "Firefox ESR",
        Stage.ASKED,
        "Ay-Champagne",
    )
    assert reading.rows["10"].stage is Stage.WORKING_GROUP
    assert reading.rows["10"].waiting_on is Actor.WORKING_GROUP
    assert reading.rows["11"].stage is Stage.REFUSED
    # A category that says "over" does not end what the status says goes on.
    assert reading.rows["12"].stage is Stage.ANALYSED


# -- pages -------------------------------------------------------------------------


async def test_pages_follow_each_other(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    """`range=0-99`; 206 + Content-Range"""
    for _number in range(240):
        glpi.add()
    assert numbers(await read(make())) == set(glpi.tickets)
    open_ones = [r for r in asked(server) if r.query.get("criteria[0][link]") == "AND NOT"]
    ranges = [request.query["range"] for request in open_ones]
    assert ranges == ["0-99", "99-198", "198-297"]


@pytest.mark.parametrize("gone", [range(1, 6), range(1, 151), range(90, 249)])
async def test_tickets_solved_while_pages_are_read_hide_no_other(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer, gone: range
) -> None:
    """past the end 400 ERROR_RANGE_EXCEED_TOTAL"""
    for _number in range(241):
        glpi.add()
    solved: list[int] = []

    def respond(request: Request) -> Reply:
        reply = glpi(request)
        if request.query.get("criteria[0][link]") == "AND NOT" and not solved:
            solved.extend(gone)
            for number in gone:
                glpi.change(number, status=5)
        return reply

    server.respond = respond
    reading = await read(make())
    assert numbers(reading) == set(glpi.tickets)


async def test_tickets_that_keep_vanishing_end_the_reading(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    given: list[int] = []

    def respond(request: Request) -> Reply:
        if not request.path.endswith("/search/Ticket"):
            return glpi(request)
        # Whatever is asked for, all that was given before has left.
        some = range(len(given) + 1, len(given) + 101)
        given.extend(some)
        rows = [{"2": number, "12": 2, "15": "2026-01-01 00:00:00"} for number in some]
        for row in rows:
            row["19"] = row["15"]
        return json_reply({"totalcount": 5000, "count": 100, "data": rows}, 206)

    server.respond = respond
    assert "faster" in (await failure(make(), Unavailable)).message


async def test_an_empty_result_has_no_data(make: Make, glpi: FakeGlpi) -> None:
    """empty: no `data` key"""
    glpi.tickets.clear()
    reading = await read(make())
    assert (reading.full, reading.rows) == (True, {})


async def test_an_ignored_order_is_noticed(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    def respond(request: Request) -> Reply:
        reply = glpi(request)
        if not request.path.endswith("/search/Ticket"):
            return reply
        answer = msgspec.json.decode(reply.body)
        answer["data"] = answer.get("data", [])[::-1]
        return json_reply(answer, reply.status)

    server.respond = respond
    assert "order" in (await failure(make(), BadAnswer)).message


async def test_an_ignored_criterion_is_noticed(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    glpi.add(status=6)

    def respond(request: Request) -> Reply:
        for name in list(request.query):
            if name.startswith("criteria"):
                del request.query[name]
        return glpi(request)

    server.respond = respond
    error = await failure(make(), BadAnswer)
    assert "ticket 9" in error.message


async def test_rows_that_cannot_be_read_are_set_aside(make: Make, glpi: FakeGlpi) -> None:
    for _number in range(120):
        glpi.add()
    for number in range(95, 106):  # the end of a page, and the beginning of the next
        glpi.tickets[number]["status"] = "?"
    reading = await read(make())
    assert len(reading.rows) == 128 - 11
    assert len(reading.rejected) == 11
    assert reading.rejected[0].where == "ticket 95"
    for row in glpi.tickets.values():
        row["created"] = "hier"
    assert "128" in (await failure(make(), BadAnswer)).message


# -- what changed ------------------------------------------------------------------


async def test_open_tickets_and_those_solved_lately_are_read(make: Make, glpi: FakeGlpi) -> None:
    now = datetime.now(UTC)
    for number, days in ((1, 400), (2, 31), (3, 29), (4, 0)):
        glpi.change(number, now - timedelta(days=days), status=5)
    glpi.tickets[5]["updated"] = datetime(2019, 1, 1, tzinfo=UTC)
    glpi.tickets[1]["updated"] = now  # somebody commented on it
    assert numbers(await read(make())) == {3, 4, 5, 6, 7, 8}
    assert numbers(await read(make(closed_days=0))) == {5, 6, 7, 8}


async def test_only_what_changed_is_read_again(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    """`/search/Ticket` criteria on field 19 `morethan`"""
    adapter = make()
    first = await read(adapter)
    glpi.change(2, status=6, closed=datetime.now(UTC))
    glpi.add(updated=datetime.now(UTC))
    server.requests.clear()
    second = await read(adapter, first.cursor)
    assert not second.full
    assert {2, 9} <= numbers(second)
    assert ticket(second, 2).status is TicketStatus.CLOSED
    question, _count = asked(server)
    (criterion,) = nested(question.query)["criteria"].values()
    assert (criterion["field"], criterion["searchtype"]) == ("19", "morethan")
    # What changed, and how many there are: no more.
    assert len(server.requests) == 2


async def test_a_quiet_glpi_costs_two_small_answers(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    for number in range(1, 9):
        glpi.tickets[number]["updated"] = datetime(2026, 11, 1, tzinfo=UTC)
    glpi.change(1, datetime(2026, 11, 2, tzinfo=UTC))
    adapter = make()
    cursor = (await read(adapter)).cursor
    server.requests.clear()
    assert (await read(adapter, cursor)).rows == {}
    assert [request.path for request in server.requests] == ["/apirest.php/search/Ticket"] * 2
    assert server.requests[1].query["range"] == "0-0"


async def test_a_quiet_glpi_costs_a_twentieth_of_the_first_reading(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    for _number in range(700):
        glpi.add()
    sizes: list[int] = []

    def respond(request: Request) -> Reply:
        reply = glpi(request)
        if request.path.endswith("getActiveProfile"):
            # A real profile has some 120 rights and the tables of its forms.
            reply = json_reply({**msgspec.json.decode(reply.body), "…": "x" * 6000})
        sizes.append(len(reply.body) + 450)  # a real answer's headers
        return reply

    server.respond = respond
    adapter = make()
    cursor = (await read(adapter)).cursor
    first = sum(sizes)
    sizes.clear()
    await read(adapter, cursor)
    assert sum(sizes) < first / 20, (sum(sizes), first)


async def test_changes_at_the_edge_are_not_lost(make: Make, glpi: FakeGlpi) -> None:
    adapter = make()
    newest = datetime.now(UTC).replace(microsecond=0)
    glpi.change(1, newest)
    cursor = (await read(adapter)).cursor
    glpi.change(2, newest)
    glpi.change(3, newest - timedelta(seconds=90))
    assert {1, 2, 3} <= numbers(await read(adapter, cursor))


async def test_solved_too_long_ago_leaves_when_it_is_touched(make: Make, glpi: FakeGlpi) -> None:
    adapter = make(closed_days=10)
    glpi.change(1, datetime.now(UTC) - timedelta(days=9), status=5)
    first = await read(adapter)
    assert "1" in first.rows
    glpi.change(1, solved=datetime(2026, 1, 1, tzinfo=UTC))
    assert (await read(adapter, first.cursor)).deletes == ["1"]


async def test_a_full_reading_is_without_what_was_deleted(make: Make, glpi: FakeGlpi) -> None:
    adapter = make()
    del glpi.tickets[3]
    glpi.change(4, deleted=True)
    full = await read(adapter)
    assert full.full
    assert numbers(full) == {1, 2, 5, 6, 7, 8}


async def test_a_cursor_of_other_settings_leads_to_a_full_reading(make: Make) -> None:
    cursor = (await read(make())).cursor
    assert not (await read(make(), cursor)).full
    assert (await read(make(closed_days=3), cursor)).full
    assert (await read(make(), "{}")).full


# -- times -------------------------------------------------------------------------


async def test_times_are_those_of_the_account_s_zone_both_ways(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    """naive, server-local both ways"""
    from zoneinfo import ZoneInfo

    glpi.zone = ZoneInfo("Indian/Reunion")
    newest = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    for number in glpi.tickets:
        glpi.tickets[number]["updated"] = newest
    adapter = make(timezone="Indian/Reunion")
    first = await read(adapter)
    assert ticket(first, 1).updated == newest
    await read(adapter, first.cursor)
    assert "2026-11-24 11:30:00" in asked(server)[-2].query.values()


async def test_a_change_still_to_come_shows_that_the_zone_is_wrong(
    make: Make, glpi: FakeGlpi
) -> None:
    glpi.change(1)
    error = await failure(make(timezone="America/Cayenne"), BadAnswer)
    assert "timezone" in error.hint


async def test_the_night_in_which_the_clocks_go_back(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    for number in glpi.tickets:
        glpi.tickets[number]["updated"] = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # 02:50
    adapter = make()
    cursor = (await read(adapter)).cursor
    glpi.change(2, datetime(2026, 10, 25, 1, 5, tzinfo=UTC))  # 02:05, once more
    glpi.change(3, datetime(2026, 10, 25, 3, 5, tzinfo=UTC))
    second = await read(adapter, cursor)
    assert {2, 3} <= numbers(second)
    assert ticket(second, 3).updated == datetime(2026, 10, 25, 3, 5, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.integers(0, 3 * 24 * 3600),
    st.sampled_from(["Europe/Paris", "America/Cayenne", "Pacific/Noumea", "America/Miquelon"]),
)
def test_no_later_change_is_written_before_what_is_asked(
    began: datetime, after: int, name: str
) -> None:
    from zoneinfo import ZoneInfo

    zone, since = ZoneInfo(name), began.replace(tzinfo=UTC, microsecond=0)
    # What is known of `since` was read from GLPI: of an hour that comes twice the first.
    known = to_utc(since.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"), zone)
    change = (since + timedelta(seconds=after)).astimezone(zone)
    assert change.strftime("%Y-%m-%d %H:%M:%S") >= asked_since(known, zone)


_CELL: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
)
_CELL |= st.lists(_CELL, max_size=2) | st.dictionaries(st.text(max_size=2), _CELL, max_size=1)
_DATE = st.datetimes().map(str) | st.sampled_from(["0000-00-00 00:00:00", "2026-11-24 05:04"])


@given(
    st.dictionaries(st.sampled_from([str(number) for number in SHOWN]), _CELL),
    st.dictionaries(st.sampled_from(["15", "16", "17", "18", "19"]), _DATE),
)
def test_any_row_becomes_a_ticket_or_is_set_aside(
    cells: dict[str, Any], dates: dict[str, str]
) -> None:
    from contextlib import suppress
    from zoneinfo import ZoneInfo

    reader = Reader(ZoneInfo("Europe/Paris"), escaped=True)
    with suppress(ValueError):
        row = reader.row(1, {"12": 2, **cells, **dates})
        assert row.updated.utcoffset() == timedelta(0)
        asked_since(row.updated, ZoneInfo("America/Cayenne"))


# -- rights, sessions, errors ------------------------------------------------------


@pytest.mark.parametrize("ticket_rights", [READ_MY, 0, 4096 | 2048])
async def test_without_the_right_to_see_all_an_empty_answer_is_not_believed(
    make: Make, glpi: FakeGlpi, ticket_rights: int
) -> None:
    """an empty answer may mean "not allowed"."""
    glpi.tokens["a-token"].ticket = ticket_rights
    error = await failure(make(), AuthFailed)
    assert "Lecture & suivi" in error.message
    assert "profile" in error.hint


def narrow(account: Account) -> None:
    account.ticket = READ_MY


def disable(account: Account) -> None:
    account.active = False


@pytest.mark.parametrize("happen", [narrow, disable])
async def test_rights_that_changed_are_noticed_although_the_session_keeps_them(
    make: Make, glpi: FakeGlpi, monkeypatch: pytest.MonkeyPatch, happen: Callable[[Account], None]
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    happen(glpi.tokens["a-token"])
    await read(adapter, cursor)
    monkeypatch.setattr("adapters.glpi.session.LIFETIME", 0.0)
    with pytest.raises(AuthFailed):
        await read(adapter, cursor)
    assert glpi.killed[0] == "session1"


async def test_a_session_that_ends_under_a_reading_may_not_narrow_it(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    adapter = make()
    await read(adapter)
    narrow(glpi.tokens["a-token"])
    glpi.sessions.clear()
    with pytest.raises(AuthFailed):
        await read(adapter)


async def test_all_entities_are_made_active(make: Make, server: MisbehavingServer) -> None:
    """After logging in only the default entity is active; "all" would be read as 0."""
    assert len((await read(make())).rows) == 8
    (change,) = [r for r in server.requests if r.path.endswith("changeActiveEntities")]
    assert change.json() == {"is_recursive": True}


async def test_a_bad_user_token(make: Make) -> None:
    """bad user token or dead session 401"""
    error = await failure(make(token="wrong"), AuthFailed)
    assert "ERROR_GLPI_LOGIN_USER_TOKEN" in error.message
    assert "user_token" in error.hint


async def test_a_bad_app_token(make: Make, glpi: FakeGlpi) -> None:
    """bad App-Token 400"""
    glpi.app_token = "another"
    error = await failure(make(app_token={"env": "APP"}), AuthFailed)
    assert "ERROR_WRONG_APP_TOKEN_PARAMETER" in error.message
    assert "app_token" in error.hint
    glpi.app_token = "app-1"
    assert len((await read(make(app_token={"env": "APP"}))).rows) == 8


async def test_a_dead_session_is_opened_again_once(make: Make, glpi: FakeGlpi) -> None:
    """bad user token or dead session 401"""
    adapter = make()
    cursor = (await read(adapter)).cursor
    glpi.sessions.clear()
    glpi.change(1)
    assert 1 in numbers(await read(adapter, cursor))
    assert len(glpi.sessions) == 1


async def test_a_session_that_never_holds_is_told(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    def respond(request: Request) -> Reply:
        reply = glpi(request)
        if request.path.endswith(("initSession", "changeActiveEntities")):
            return reply
        glpi.sessions.clear()
        return glpi(request)

    server.respond = respond
    error = await failure(make(), AuthFailed)
    assert "share their PHP sessions" in error.hint
    assert len([r for r in server.requests if r.path.endswith("initSession")]) == 2


async def test_one_session_serves_all_readings_and_is_ended(make: Make, glpi: FakeGlpi) -> None:
    adapter = make()
    await read(adapter)
    await read(adapter)
    assert list(glpi.sessions) == ["session1"]
    await adapter.close()
    assert (glpi.sessions, glpi.killed) == ({}, ["session1"])


async def test_two_readings_at_once_share_a_session(make: Make, glpi: FakeGlpi) -> None:
    import asyncio

    adapter = make()
    await asyncio.gather(read(adapter), read(adapter), read(adapter))
    assert len(glpi.sessions) == 1


@pytest.mark.parametrize(
    ("page", "said"), [("42_maintenance", "maintenance"), ("43_db_down", "database")]
)
async def test_a_web_page_with_status_200(make: Make, glpi: FakeGlpi, page: str, said: str) -> None:
    """maintenance mode and a dead database answer **200 with HTML**: check Content-Type"""
    adapter = make()
    await read(adapter)
    glpi.page = page
    assert said in (await failure(adapter, Unavailable)).message
    assert said in (await failure(make(), Unavailable)).message  # also before a session
    glpi.page = ""
    assert len((await read(adapter)).rows) == 8


@pytest.mark.parametrize("title", ["MySQL administration", "Planned maintenance of the printers"])
async def test_a_web_page_of_another_program(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer, title: str
) -> None:
    """Only the titles of GLPI's own pages say that it cannot answer now."""
    page = f"<html><head><title>{title}</title></head></html>".encode()
    server.respond = lambda request: Reply(200, page, "text/html")
    assert "web page" in (await failure(make(), BadAnswer)).message


async def test_an_error_is_known_by_its_code(make: Make, glpi: FakeGlpi) -> None:
    """errors are `["CODE","texte"]`: key on the code"""
    glpi.enabled = False
    error = await failure(make(), BadAnswer)
    assert "API désactivée" in error.message
    assert "REST API" in error.hint


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(500, b'["ERROR_SQL","Unexpected SQL Error"]'), Unavailable),
        (Reply(503, b"<html>", "text/html"), Unavailable),
        (Reply(403, b'["ERROR_RIGHT_MISSING","non"]'), RightMissing),
        (Reply(400, b'["ERROR_NOT_ALLOWED_IP","(127.0.0.1)"]'), AuthFailed),
        (Reply(400, b'["ERROR","Bad field ID in search criteria"]'), BadAnswer),
        (Reply(404, b"<html>Not Found</html>", "text/html"), BadAnswer),
        (Reply(401, b"<html>Unauthorized</html>", "text/html"), AuthFailed),
        (Reply(403, b"<html>Forbidden</html>", "text/html"), AuthFailed),
        (Reply(401, b"{}"), AuthFailed),
        (Reply(405, b"[]"), BadAnswer),
        (Reply(200, b"<html>login</html>", "text/html"), BadAnswer),
        (Reply(200, b'{"totalcount":"many"}'), BadAnswer),
        (Reply(200, b'{"totalcount":1,"data":[{"1":"x"}]}'), BadAnswer),
        (Reply(200, b'{"totalcount":1,"da'), BadAnswer),
    ],
)
async def test_other_answers(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer, reply: Reply, kind: Any
) -> None:
    server.respond = lambda r: reply if r.path.endswith("/search/Ticket") else glpi(r)
    await failure(make(), kind)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (Mode.STOPPED, Unavailable),
        (Mode.FROZEN, Unavailable),
        (Mode.STATUS500, Unavailable),
        (Mode.CUT, Unavailable),
        (Mode.DRIP, Unavailable),
        (Mode.HTML, BadAnswer),
        (Mode.TRUNCATED, BadAnswer),
    ],
)
async def test_a_misbehaving_server(
    make: Make, server: MisbehavingServer, mode: Mode, kind: Any
) -> None:
    adapter = make()
    before = await read(adapter)
    server.mode = mode
    await failure(adapter, kind)
    server.mode = Mode.OK
    assert (await read(adapter)).rows == before.rows


async def test_no_secret_of_the_session_reaches_a_message(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    for path in ("initSession", "getFullSession"):
        echo = b'{"session_tokens":["do-not-tell"],"session":[1]}'
        server.respond = lambda r, path=path, echo=echo: (  # type: ignore[misc]
            Reply(body=echo) if r.path.endswith(path) else glpi(r)
        )
        with pytest.raises(BadAnswer) as raised:
            await make().probe()
        told = "".join(traceback.format_exception(raised.value)) + raised.value.hint
        assert "do-not-tell" not in told
        assert raised.value.excerpt == b""


# -- probe -------------------------------------------------------------------------


async def test_probe(make: Make) -> None:
    found = await make().probe()
    assert (found.version, found.account, found.remarks) == ("10.0.17", "lecture", ())
    assert found.remote_time is not None


@pytest.mark.parametrize("zone", ["UTC", "America/Cayenne"])
async def test_probe_compares_clocks(make: Make, zone: str) -> None:
    (remark,) = (await make(timezone=zone).probe()).remarks
    assert "timezone" in remark
    assert zone in remark


async def test_probe_proves_rights(make: Make, glpi: FakeGlpi) -> None:
    glpi.tokens["a-token"].ticket = READ_MY
    with pytest.raises(AuthFailed):
        await make().probe()


# -- sites -------------------------------------------------------------------------


async def test_entities_are_sites(make: Make, glpi: FakeGlpi) -> None:
    glpi.entities[2] |= {
        "address": "1 place de la Paix\r\nBP 3",
        "postcode": "51160",
        "town": "Ay-Champagne",
        "phonenumber": "03 26 00 00 00",
        "latitude": "49.0547",
        "longitude": "4.0039",
    }
    adapter = make(**{"as": "entities"})
    reading = await read(adapter)
    assert numbers(reading) == {1, 2, 3}
    site = reading.rows["2"]
    assert isinstance(site, Site)
    assert (site.code, site.name, site.member) == ("51030", "Ay-Champagne", "Ay-Champagne")
    assert site.address == "1 place de la Paix, BP 3, 51160 Ay-Champagne"
    assert (site.latitude, site.longitude) == (49.0547, 4.0039)
    assert site.contacts[0].phone == "03 26 00 00 00"
    below = reading.rows["3"]
    assert (below.name, below.member, below.code) == ("École <Prévert>", "Ay-Champagne", "")
    by_tag = await read(make(**{"as": "entities", "code_field": "tag"}))
    assert by_tag.rows["3"].code == "ec-51030"
    assert adapter.capabilities() == {}


async def test_only_changed_entities_are_read_again(make: Make, glpi: FakeGlpi) -> None:
    for number, entity in glpi.entities.items():
        entity["date_mod"] = datetime(2026, 11, 1 + number, tzinfo=UTC)
    adapter = make(**{"as": "entities"})
    cursor = (await read(adapter)).cursor
    glpi.entities[3]["date_mod"] = datetime(2026, 11, 20, tzinfo=UTC)
    second = await read(adapter, cursor)
    assert (second.full, numbers(second)) == (False, {3})


async def test_without_the_right_to_see_entities_their_names_are_known(
    make: Make, glpi: FakeGlpi
) -> None:
    glpi.tokens["a-token"].sees = {"User"}
    adapter = make(**{"as": "entities"})
    assert {row.name for row in (await read(adapter)).rows.values()} == {
        "Noël-Cerneux",
        "Ay-Champagne",
        "École <Prévert>",
    }
    assert any("names are known" in remark for remark in (await adapter.probe()).remarks)
    error = await failure(make(**{"as": "locations"}), RightMissing)
    assert "ERROR_RIGHT_MISSING" in error.message


async def test_locations_are_sites(make: Make) -> None:
    reading = await read(make(**{"as": "locations", "code_field": "code"}))
    site = reading.rows["1"]
    assert (site.code, site.name, site.address) == ("M1", "Mairie", "1 place, de la Paix")
    assert (reading.rows["2"].name, reading.rows["2"].member) == ("Bureau 3", "Mairie")
    by_number = await read(make(**{"as": "locations", "code_field": "id"}))
    assert by_number.rows["2"].code == "2"


# -- settings ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/", "/apirest.php", "/apirest.php/", "/api.php/v2"])
async def test_the_address_may_name_an_endpoint(
    make: Make, server: MisbehavingServer, path: str
) -> None:
    adapter = make(url=server.url + path)
    reading = await read(adapter)
    assert ticket(reading, 1).url == f"{server.url}/front/ticket.form.php?id=1"


@pytest.mark.parametrize(
    "options",
    [
        {"user_token": None},
        {"user_token": None, "login": "x"},
        {"client_id": "x"},
        {"client_id": "x", "client_secret": {"env": "C"}},
        {"timezone": "Europe/Pariss"},
        {"stages": {"solvedd": "done"}},
        {"type": "incidents"},
    ],
)
def test_settings_that_cannot_be(options: dict[str, Any]) -> None:
    settings = {"url": "https://glpi.example", "user_token": {"env": "T"}, **options}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, GlpiOptions)


async def test_login_and_password_instead_of_a_token(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    def respond(request: Request) -> Reply:
        if request.path.endswith("initSession"):
            assert request.headers["authorization"] == "Basic bGVjdHVyZTphcHAtMQ=="
            headers = {**request.headers, "authorization": "user_token a-token"}
            request = Request(request.method, request.path, {}, headers, b"")
        return glpi(request)

    server.respond = respond
    adapter = make(user_token=None, login="lecture", password={"env": "APP"})
    assert len((await read(adapter)).rows) == 8


def test_the_examples_of_the_documentation_are_valid() -> None:
    page = Path(__file__).parents[3] / "docs" / "sources" / "glpi.md"
    examples = re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(examples) == 4
    for text in examples:
        (source,) = tomllib.loads(text)["sources"].values()
        assert source.pop("kind") == "glpi"
        source.pop("refresh", "")
        msgspec.convert(source, GlpiOptions)
