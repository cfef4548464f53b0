"""Reading GLPI 11 by its high-level API, and which API is chosen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from adapters.glpi.adapter import GlpiAdapter
from adapters.glpi.options import GlpiOptions
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import Actor, Stage, Ticket, TicketStatus
from tests.fakes.glpi import READ_MY, FakeGlpi
from tests.fakes.glpi_highlevel import FakeGlpi11
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.reading import Reading, failure, read

Make = Callable[..., GlpiAdapter]
OAUTH = {
    "client_id": "client-1",
    "client_secret": {"env": "CLIENT"},
    "login": "lecture",
    "password": {"env": "PASSWORD"},
}
TOKEN = {"user_token": {"env": "TOKEN"}}


@pytest.fixture
def glpi() -> FakeGlpi11:
    fake = FakeGlpi11()
    for _number in range(8):
        fake.add()
    return fake


@pytest.fixture
def server(glpi: FakeGlpi11) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(glpi) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[GlpiAdapter] = []

    def make(
        account: dict[str, Any] = OAUTH, password: str = "pass-word", **options: Any
    ) -> GlpiAdapter:
        secrets = {"CLIENT": "client-secret", "PASSWORD": password, "TOKEN": "a-token"}
        settings = {"url": server.url, "request_timeout": "1s", **account, **options}
        context = Context(
            source="g",
            folder=CERTS,
            timezone="Europe/Paris",
            secret=lambda secret: secrets[secret.env],
        )
        made.append(GlpiAdapter(msgspec.convert(settings, GlpiOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def numbers(reading: Reading) -> set[int]:
    return {int(key) for key in reading.rows}


def spoke_v2(server: MisbehavingServer) -> bool:
    return any(request.path.startswith("/api.php/v2/") for request in server.requests)


async def test_a_ticket(make: Make, glpi: FakeGlpi11) -> None:
    """bare JSON arrays with nested status, entity, team[]; no due date"""
    glpi.add(
        name="Écran <bleu> &#60;",
        status=4,
        priority=5,
        entity=3,
        location=2,
        owners=[7, 9],
        groups=["Astreinte"],
        suppliers=["Infogérance"],
        updated=datetime(2026, 7, 14, 7, 30, tzinfo=UTC),
        due=datetime(2026, 7, 20, tzinfo=UTC),
    )
    adapter = make()
    assert (await read(adapter)).rows["9"] == Ticket(
        key="9",
        subject="Écran <bleu> &#60;",
        status=TicketStatus.WAITING,
        status_label="En attente",
        priority=1,
        requester="Mairie Noël & Cie",
        owner="Agent Deux, Agent Un, Astreinte",
        site="Ay-Champagne > École <Prévert>",
        queue="Assistance",
        created=datetime(2026, 7, 13, 7, 30, tzinfo=UTC),
        updated=datetime(2026, 7, 14, 7, 30, tzinfo=UTC),
        supplier="Infogérance",
        waiting_on=Actor.SUPPLIER,
        url=adapter.config.url + "/front/ticket.form.php?id=9",
    )


async def test_requests_by_type_and_category(make: Make, glpi: FakeGlpi11) -> None:
    glpi.add(type=2, category=2)
    glpi.add(type=2, category=4, status=6)
    glpi.add(type=2, category=1)
    glpi.add(type=1, category=2)
    reading = await read(
        make(
            **{"as": "requests", "type": "request", "categories": [2, 4]},
            category_stages={"Catalogue logiciel > Refusé": "refused"},
        )
    )
    assert {key: row.stage for key, row in reading.rows.items()} == {
        "9": Stage.ANALYSED,
        "10": Stage.REFUSED,
    }


async def test_pages(make: Make, glpi: FakeGlpi11, server: MisbehavingServer) -> None:
    """start/limit, 206 if partial"""
    for _number in range(240):
        glpi.add()
    assert numbers(await read(make())) == set(glpi.tickets)
    starts = [
        r.query["start"]
        for r in server.requests
        if r.query.get("filter", "").startswith("status.id=out=")
    ]
    assert starts == ["0", "99", "198"]


async def test_only_what_changed_is_read_again_and_deleted_tickets_leave(
    make: Make, glpi: FakeGlpi11, server: MisbehavingServer
) -> None:
    """RSQL `filter`; a deleted ticket says so"""
    long_ago = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
    for number in glpi.tickets:
        glpi.change(number, long_ago)
    adapter = make()
    first = await read(adapter)
    glpi.change(2, status=6)
    glpi.change(3, deleted=True)
    glpi.add(updated=datetime.now(UTC))
    second = await read(adapter, first.cursor)
    assert not second.full
    assert second.rows["2"].status is TicketStatus.CLOSED
    assert "9" in second.rows
    assert second.deletes == ["3"]
    assert server.requests[-2].query["filter"] == 'date_mod=gt="2026-11-01 08:00:00"'
    assert numbers(await read(adapter)) == {1, 2, 4, 5, 6, 7, 8, 9}


async def test_solved_long_ago_is_not_read(make: Make, glpi: FakeGlpi11) -> None:
    now = datetime.now(UTC)
    for number, days in ((1, 400), (2, 31), (3, 29)):
        glpi.change(number, now - timedelta(days=days), status=5)
    assert numbers(await read(make())) == {3, 4, 5, 6, 7, 8}


async def test_entities_and_locations(make: Make, glpi: FakeGlpi11) -> None:
    glpi.locations[1] |= {"latitude": "48.1", "longitude": 999}
    entities = await read(make(**{"as": "entities"}))
    assert numbers(entities) == {1, 2, 3}
    assert (entities.rows["2"].code, entities.rows["3"].member) == ("51030", "Ay-Champagne")
    locations = await read(make(**{"as": "locations", "code_field": "code"}))
    assert (locations.rows["1"].code, locations.rows["1"].latitude) == ("M1", 48.1)
    assert locations.rows["1"].longitude is None


@pytest.mark.parametrize("status", [401, 400])
async def test_a_token_that_has_expired(make: Make, glpi: FakeGlpi11, status: int) -> None:
    glpi.bad_token_status = status
    adapter = make()
    await read(adapter)
    glpi.bearers.clear()
    assert len((await read(adapter)).rows) == 8
    assert glpi.granted == 2


async def test_one_token_serves_all_readings(make: Make, glpi: FakeGlpi11) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    await read(adapter, cursor)
    assert glpi.granted == 1


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_a_bad_password(make: Make, password: str) -> None:
    error = await failure(make(password=password), AuthFailed)
    assert "no token" in error.message
    assert "client_secret" in error.hint


async def test_a_bad_client(make: Make, glpi: FakeGlpi11) -> None:
    glpi.client = ("client-1", "another")
    assert "Client auth failed" in (await failure(make(), AuthFailed)).message


async def test_an_account_that_sees_only_its_own(make: Make, glpi: FakeGlpi11) -> None:
    """an empty answer may mean "not allowed"."""
    glpi.tokens["a-token"].ticket = READ_MY
    assert "own" in (await failure(make(), AuthFailed)).message
    for row in glpi.tickets.values():
        row["requesters"] = [6]
    assert "own" in (await failure(make(), AuthFailed)).message


async def test_an_account_without_the_right_to_entities(make: Make, glpi: FakeGlpi11) -> None:
    glpi.tokens["a-token"].sees = set()
    assert "403" in (await failure(make(**{"as": "entities"}), AuthFailed)).message


async def test_rows_that_cannot_be_read_are_set_aside(make: Make, glpi: FakeGlpi11) -> None:
    glpi.tickets[4]["priority"] = "high"
    reading = await read(make())
    assert numbers(reading) == {1, 2, 3, 5, 6, 7, 8}
    assert [row.where for row in reading.rejected] == ["ticket 4"]


@pytest.mark.parametrize(
    "options",
    [{"type": "incident"}, {"categories": [2, 4]}, {"categories": [1], "type": "request"}],
)
async def test_an_ignored_filter_is_noticed(
    make: Make, glpi: FakeGlpi11, server: MisbehavingServer, options: dict[str, Any]
) -> None:
    glpi.add(type=2, category=1)
    glpi.add(type=2, category=2)

    def respond(request: Request) -> Reply:
        request.query.pop("filter", "")
        return glpi(request)

    server.respond = respond
    assert "ignored the filter" in (await failure(make(**options), BadAnswer)).message


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (Mode.STOPPED, Unavailable),
        (Mode.STATUS500, Unavailable),
        (Mode.CUT, Unavailable),
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


async def test_maintenance(make: Make, glpi: FakeGlpi11) -> None:
    adapter = make()
    await read(adapter)
    glpi.page = "42_maintenance"
    assert "maintenance" in (await failure(adapter, Unavailable)).message


async def test_probe(make: Make) -> None:
    found = await make().probe()
    assert (found.version, found.account) == ("11", "lecture")
    assert any("not tried against a real one" in remark for remark in found.remarks)
    assert any("does not tell the rights" in remark for remark in found.remarks)
    # Its times have offsets: no zone can be wrong.
    assert not any("timezone" in r for r in (await make(timezone="UTC").probe()).remarks)


# -- which API ---------------------------------------------------------------------


async def test_eleven_with_an_oauth_client(make: Make, server: MisbehavingServer) -> None:
    """chosen by probing"""
    await read(make())
    assert spoke_v2(server)
    assert len([r for r in server.requests if r.path == "/api.php/"]) == 1


async def test_eleven_with_a_user_token_only(
    make: Make, glpi: FakeGlpi11, server: MisbehavingServer
) -> None:
    """Version 11 has apirest.php too, and no longer escapes what it stores."""
    glpi.add(name="a &#60; b & <c>")
    adapter = make(TOKEN)
    assert (await read(adapter)).rows["9"].subject == "a &#60; b & <c>"
    assert not spoke_v2(server)
    assert (await adapter.probe()).version == "11.0.17"


async def test_eleven_whose_api_is_disabled(
    make: Make, glpi: FakeGlpi11, server: MisbehavingServer
) -> None:
    glpi.api_enabled = False
    assert "disabled" in (await failure(make(), AuthFailed)).message
    assert len((await read(make({**OAUTH, **TOKEN}))).rows) == 8
    assert not spoke_v2(server)


async def test_ten_with_all_that_both_need(make: Make, server: MisbehavingServer) -> None:
    ten = FakeGlpi()
    ten.add(name="<b>")
    server.respond = ten
    adapter = make({**OAUTH, **TOKEN})
    assert (await read(adapter)).rows["1"].subject == "<b>"
    assert (await adapter.probe()).version == "10.0.17"


@pytest.mark.parametrize(
    "front",
    [
        Reply(302, b"", headers={"Location": "/index.php?redirect=api"}),
        Reply(200, b"<html><title>GLPI - Authentification</title>", "text/html"),
        Reply(404, b"", "text/plain"),
        Reply(200, b"{}"),
        Reply(403, b'{"title":"Forbidden"}'),
    ],
)
async def test_a_server_without_the_address_is_a_ten(
    make: Make, server: MisbehavingServer, front: Reply
) -> None:
    ten = FakeGlpi()
    ten.add()

    def respond(request: Request) -> Reply:
        if request.path == "/api.php/":
            return front
        if request.path == "/index.php":
            return Reply(200, b"<html>login", "text/html")
        return ten(request)

    server.respond = respond
    assert len((await read(make(TOKEN))).rows) == 1


async def test_an_upgrade_is_found_by_the_next_program(
    make: Make, glpi: FakeGlpi11, server: MisbehavingServer
) -> None:
    ten = FakeGlpi()
    ten.add()
    server.respond = ten
    await read(make({**OAUTH, **TOKEN}))
    server.respond = glpi
    await read(make({**OAUTH, **TOKEN}))
    assert spoke_v2(server)
