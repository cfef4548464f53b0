"""The glpi kind against what a real GLPI 10.0 answered, as it was recorded.

The rows of all recorded searches are given as one list, in the form and the order
that is asked for; everything else is given byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import time_machine

from adapters.glpi.adapter import GlpiAdapter
from adapters.glpi.options import GlpiOptions
from smic_tui.contract.actions import Action, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import Stream, Ticket, TicketStatus
from tests.fakes.glpi import RECORDINGS, nested, recorded
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Reply, Request, json_reply
from tests.fakes.reading import failure, read

Make = Callable[..., GlpiAdapter]
SEARCHES = ("05c_no_range", "04_incremental", "02_search_ticket", "22b_status_after")
# When they were recorded: 05:06 in Paris.
THEN = datetime(2026, 11, 24, 4, 6, 40, tzinfo=UTC)
PROFILE = {"active_profile": {"id": 4, "name": "Technicien", "ticket": 168989, "followup": 13319}}
SESSION = {
    "session": {"glpiID": 9, "glpiname": "agent1", "glpi_currenttime": "2026-11-24 05:06:40"}
}


class Replay:
    """`instead` are names of recordings by the path that they answer."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        for name in SEARCHES:
            for row in msgspec.json.decode(recorded(name).body)["data"]:
                self.rows[row["2"]] = self.rows.get(row["2"], {}) | row
        self.instead: dict[str, str] = {}
        self.sent: list[tuple[str, Any]] = []

    def __call__(self, request: Request) -> Reply:
        path = request.path.removeprefix("/apirest.php/")
        if path in self.instead:
            return recorded(self.instead[path])
        if request.method != "GET" and path != "changeActiveEntities":
            self.sent.append((path, request.json()))
        match path:
            case "initSession":
                return recorded("01_init_user_token")
            case "changeActiveEntities" | "killSession":
                return json_reply(True)
            case "getActiveProfile":
                return json_reply(PROFILE)
            case "getFullSession":
                return json_reply(SESSION)
            case "getMyEntities":
                return recorded("10b_entities")
            case "listSearchOptions/Entity":
                return json_reply({"2": {"table": "glpi_entities", "field": "id"}})
            case "search/Ticket":
                return self._search(request)
            case "search/User":
                in_the_bin = request.query.get("is_deleted") == "1"
                return recorded("52_departed" if in_the_bin else "05d_empty_result")
            case "Ticket/8/Ticket_User":
                return recorded("51_requesters_by_mail")
            case "Ticket/37":
                return recorded("55_item")
            case "search/Entity":
                return json_reply(["ERROR_RIGHT_MISSING", "…"], 403)
            case "ITILFollowup":
                return recorded("20_followup")
            case "ITILSolution":
                return recorded("22_solution")
            case "Ticket/5/ITILFollowup" | "Ticket/5/ITILSolution":
                return json_reply([])
            case "Ticket/5":
                return recorded("21_assign")
        return Reply(404, b"<html>Not Found</html>", "text/html")

    def _search(self, request: Request) -> Reply:
        criteria = list(nested(request.query).get("criteria", {}).values())
        chosen = [self.rows[number] for number in sorted(self.rows)]
        for criterion in criteria:
            if group := criterion.get("criteria"):
                # Not over, or changed after a moment.
                moment = group["1"]["value"]
                chosen = [row for row in chosen if row["12"] not in (5, 6) or row["19"] > moment]
                continue
            match criterion["field"], criterion["link"]:
                case "2", _link:
                    chosen = [row for row in chosen if str(row["2"]) == criterion["value"]]
                case "12", "AND NOT":
                    chosen = [row for row in chosen if row["12"] not in (5, 6)]
                case "12", _link:
                    chosen = [row for row in chosen if row["12"] in (5, 6)]
                case "19", _link:
                    chosen = [row for row in chosen if row["19"] > criterion["value"]]
        if not chosen:
            return recorded("05d_empty_result")
        first, last = (int(number) for number in request.query["range"].split("-"))
        if first > len(chosen):
            return recorded("05_range_beyond")
        # As if a page held five.
        some = chosen[first : min(first + 5, last + 1)]
        answer = {"totalcount": len(chosen), "count": len(some), "sort": [2], "data": some}
        return json_reply(answer, 200 if len(some) == len(chosen) else 206)


@pytest.fixture
def replay() -> Replay:
    return Replay()


@pytest.fixture
def server(replay: Replay) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(replay) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[GlpiAdapter] = []

    def make(**options: Any) -> GlpiAdapter:
        settings = {"url": server.url, "user_token": {"env": "T"}, **options}
        context = Context(
            source="g", folder=CERTS, timezone="Europe/Paris", secret=lambda _: "secret"
        )
        made.append(GlpiAdapter(msgspec.convert(settings, GlpiOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


@pytest.fixture
def then() -> Iterator[None]:
    with time_machine.travel(THEN, tick=True):
        yield


def wish(verb: Verb, text: str = "", value: str = "") -> Action:
    return Action(
        id="1",
        source="t",
        stream=Stream.TICKETS,
        key="5",
        verb=verb,
        text=text,
        value=value,
        by="Agent Un",
        at=THEN,
    )


def test_nothing_private_was_recorded() -> None:
    for path in RECORDINGS.iterdir():
        text = path.read_text("utf-8")
        assert "Host: 127.0.0.1" in text
        assert "Set-Cookie" not in text
        assert "@" not in re.sub(r"\[@click|@(commune\.|mairie\.)?example\.fr", "", text)


@pytest.mark.usefixtures("then")
async def test_the_recorded_rows_become_tickets(make: Make, replay: Replay) -> None:
    reading = await read(make())
    assert {int(key) for key in reading.rows} == set(replay.rows)
    assert reading.rejected == []
    assert reading.rows["33"] == Ticket(
        key="33",
        subject="Ajout de Firefox ESR au catalogue",
        status=TicketStatus.OPEN,
        status_label="Processing (assigned)",
        priority=1,
        requester="#11",
        owner="#8",
        site="L'Haÿ-les-Bois",
        queue="Catalogue logiciel",
        created=datetime(2026, 11, 22, 5, 43, 47, tzinfo=UTC),
        updated=datetime(2026, 11, 22, 5, 43, 47, tzinfo=UTC),
        due=datetime(2026, 11, 24, 1, 4, 47, tzinfo=UTC),
        url=reading.rows["33"].url,
    )
    subjects = {key: row.subject for key, row in reading.rows.items()}
    assert subjects["15"].startswith("<script>alert('état')</script> & <b>gras</b> \"guill")
    assert subjects["2"] == "\x1b[31mURGENT\x1b[0m poste bloqué"
    assert subjects["19"] == "\N{NO-BREAK SPACE}"
    assert reading.rows["19"].owner == ""


@pytest.mark.usefixtures("then")
async def test_the_recorded_incremental_answer(make: Make) -> None:
    adapter = make()
    first = await read(adapter)
    second = await read(adapter, first.cursor)
    assert not second.full
    assert set(second.rows) == {"8", "40"}


async def test_several_people_in_one_row(make: Make, replay: Replay) -> None:
    (row,) = msgspec.json.decode(recorded("21f_search_multi").body)["data"]
    replay.rows = {5: replay.rows[5] | row}
    found = (await read(make())).rows["5"]
    assert (found.requester, found.owner) == ("#12, #15", "#7, #9")


@pytest.mark.parametrize(
    ("number", "requester", "owner", "site"),
    [
        (2, "maire@commune.example.fr", "#11", "Noël-Cerneux > Mairie"),
        (
            3,
            "Écoles <primaires>",
            "#11, Réseau & système",
            "Noël-Cerneux > École élémentaire & Périscolaire <Jules-Ferry>",
        ),
        (
            5,
            "Paule Partie",
            "#11, #12",
            "Ay-Champagne > École élémentaire & Périscolaire <Jules-Ferry>",
        ),
        (8, "un@example.fr, deux@example.fr", "", "Ay-Champagne > CCAS"),
    ],
)
async def test_requesters_of_every_kind(
    make: Make, replay: Replay, number: int, requester: str, owner: str, site: str
) -> None:
    rows = msgspec.json.decode(recorded("50_requesters").body)["data"]
    replay.rows = {row["2"]: row for row in rows if row["2"] == number}
    found = (await read(make(closed_days=9999))).rows[str(number)]
    assert (found.requester, found.owner, found.site) == (requester, owner, site)


async def test_a_subject_that_the_search_swallows(make: Make, replay: Replay) -> None:
    (row,) = msgspec.json.decode(recorded("21f_search_multi").body)["data"]
    replay.rows = {37: replay.rows[5] | row | {"2": 37, "1": ""}}
    assert (await read(make())).rows["37"].subject == "$$##$$"


async def test_followups_that_may_not_be_read(make: Make, replay: Replay) -> None:
    replay.rows[5]["12"] = 4
    replay.instead["Ticket/5/ITILFollowup"] = "53_followups_hidden"
    adapter = make()
    for action, sent in (
        (wish(Verb.RESOLVE, "fait"), ["ITILSolution"]),
        (wish(Verb.COMMENT, "fait"), []),
    ):
        replay.sent.clear()
        standing = await adapter.inspect(action)
        if sent:
            await adapter.apply(action, standing)
        else:
            with pytest.raises(Refused):
                await adapter.apply(action, standing)
        assert [path for path, _body in replay.sent] == sent


async def test_the_recorded_entities(make: Make) -> None:
    reading = await read(make(**{"as": "entities"}))
    assert len(reading.rows) == 10
    assert reading.rows["1"].name == "Saint-Étienne-de-l'Olm"


async def test_a_list_in_another_order_is_not_believed(make: Make, replay: Replay) -> None:
    replay.instead["search/Ticket"] = "05c_no_range"
    assert "order" in (await failure(make(), BadAnswer)).message


@pytest.mark.parametrize(
    ("path", "name", "kind", "said"),
    [
        ("initSession", "01c_init_bad_user_token", AuthFailed, "LOGIN_USER_TOKEN"),
        ("initSession", "01d_init_bad_app_token", AuthFailed, "WRONG_APP_TOKEN"),
        ("search/Ticket", "01h_bad_session", AuthFailed, "SESSION_TOKEN_INVALID"),
        ("getActiveProfile", "31b_after_kill", AuthFailed, "SESSION_TOKEN_INVALID"),
        ("initSession", "42_maintenance", Unavailable, "maintenance"),
        ("search/Ticket", "42_maintenance", Unavailable, "maintenance"),
        ("search/Ticket", "43_db_down", Unavailable, "database"),
        ("/api.php/", "43_db_down", Unavailable, "database"),
    ],
)
async def test_the_recorded_failures(
    make: Make, replay: Replay, path: str, name: str, kind: Any, said: str
) -> None:
    replay.instead[path] = name
    assert said in (await failure(make(), kind)).message


async def test_the_recorded_end_of_the_list(make: Make, replay: Replay) -> None:
    """past the end 400 ERROR_RANGE_EXCEED_TOTAL; empty: no `data` key"""
    replay.instead["search/Ticket"] = "05_range_beyond"
    assert (await read(make())).rows == {}
    replay.instead["search/Ticket"] = "05d_empty_result"
    assert (await read(make())).rows == {}


async def test_the_recorded_answers_to_writing(make: Make, replay: Replay) -> None:
    adapter = make()
    for action, path in (
        (wish(Verb.COMMENT, "vu <b>"), "ITILFollowup"),
        (wish(Verb.SET_STATUS, value="open"), "Ticket/5"),
        (wish(Verb.RESOLVE, "fait"), "ITILSolution"),
    ):
        replay.rows[5]["12"] = 4
        replay.sent.clear()
        await adapter.apply(action, await adapter.inspect(action))
        assert [sent[0] for sent in replay.sent] == [path]
    assert replay.sent[0][1]["input"]["content"] == "<p>fait</p>"


@pytest.mark.parametrize("name", ["22d_update_closed", "23c_bulk_partial"])
async def test_the_recorded_refusals(make: Make, replay: Replay, name: str) -> None:
    replay.rows[5]["12"] = 4
    replay.instead["Ticket/5"] = name
    adapter, action = make(), wish(Verb.SET_STATUS, value="open")
    standing = await adapter.inspect(action)
    with pytest.raises(Refused):
        await adapter.apply(action, standing)


def test_the_people_of_a_ticket_are_linked_by_types() -> None:
    """POST Ticket_User type 2: 1 asks, 2 is assigned"""
    links = msgspec.json.decode(recorded("09_ticket_users").body)
    assert {link["type"]: link["users_id"] for link in links} == {1: 15, 2: 9}
