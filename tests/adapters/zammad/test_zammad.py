"""The zammad kind against a server that answers as its documentation and source say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.zammad.adapter import ZammadAdapter
from adapters.zammad.options import ZammadOptions
from smic_tui.contract.actions import Action, ActsOnRecords, ChangedMeanwhile, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import Actor, CatalogueRequest, Stage, Stream, TicketStatus
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.acting import do, done, wish
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.reading import failure, read
from tests.fakes.zammad import STATES, FakeZammad

Make = Callable[..., ZammadAdapter]


def new_adapter(url: str, folder: Path, token: str, **more: Any) -> ZammadAdapter:
    table = {
        "url": url,
        "token": {"env": "Z"},
        "groups": ["Assistance"],
        "request_timeout": "2s",
        **more,
    }
    context = Context(source="z", folder=folder, timezone="UTC", secret=lambda _: token)
    return ZammadAdapter(msgspec.convert(table, ZammadOptions), context)


@pytest.fixture
def zammad() -> FakeZammad:
    fake = FakeZammad()
    for _number in range(6):
        fake.add()
    fake.add(2)
    return fake


@pytest.fixture
def server(zammad: FakeZammad) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(zammad, drip_interval=1.0) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[ZammadAdapter] = []

    def make(token: str = "t-reader", **more: Any) -> ZammadAdapter:
        made.append(new_adapter(server.url, CERTS, token, **more))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_tickets(make: Make, zammad: FakeZammad, server: MisbehavingServer) -> None:
    zammad.touch(2, state_id=3, priority="3 high", owner="agir@example.org")
    zammad.touch(3, state_id=4, escalation_at=datetime(2026, 12, 1, 11, tzinfo=UTC))
    zammad.touch(4, state_id=1)
    rows = (await read(make(site_field="site_code"))).rows
    assert set(rows) == {str(number) for number in range(1, 7)}
    assert (rows["1"].status, rows["1"].owner, rows["1"].priority) == (TicketStatus.OPEN, "", 3)
    assert (rows["1"].site, rows["1"].queue) == ("17001", "Assistance")
    assert rows["1"].url == f"{server.url}/#ticket/zoom/1"
    assert (rows["2"].status, rows["2"].waiting_on) == (TicketStatus.WAITING, Actor.MEMBER)
    assert (rows["2"].owner, rows["2"].priority) == ("agir@example.org", 2)
    assert (rows["3"].status, rows["3"].waiting_on) == (TicketStatus.CLOSED, Actor.NOBODY)
    assert rows["3"].due == datetime(2026, 12, 1, 11, tzinfo=UTC)
    assert rows["4"].status is TicketStatus.NEW


async def test_requests(make: Make, zammad: FakeZammad) -> None:
    zammad.add(2, 8)
    zammad.add(2, 9)
    adapter = make(**{"as": "requests"}, groups=["Catalogue"], stages={"open": "analysed"})
    rows = list((await read(adapter)).rows.values())
    assert all(isinstance(row, CatalogueRequest) for row in rows)
    assert [row.stage for row in rows] == [Stage.ANALYSED, Stage.WORKING_GROUP, Stage.REFUSED]
    assert rows[1].member == rows[1].site == "Mairie 8"


async def test_closed_long_ago_is_not_read(make: Make, zammad: FakeZammad) -> None:
    zammad.touch(1, state_id=4, updated_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert "1" not in (await read(make())).rows


async def test_more_than_a_page_while_tickets_are_closed(
    make: Make, zammad: FakeZammad, server: MisbehavingServer
) -> None:
    for _number in range(250):
        zammad.add()

    def respond(request: Request) -> Reply:
        if "created_at%5D" in request.target and "per_page=100" in request.target:
            zammad.tickets[1]["state_id"] = 4
        return zammad(request)

    server.respond = respond
    assert len((await read(make())).rows) == 256


async def test_a_whole_page_of_the_same_second(make: Make, zammad: FakeZammad) -> None:
    for _number in range(120):
        zammad.add(created_at=datetime(2026, 11, 20, tzinfo=UTC))
    await failure(make(), BadAnswer)


async def test_changes(make: Make, zammad: FakeZammad) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    zammad.touch(5, title="neu")
    reading = await read(adapter, cursor)
    assert not reading.full
    assert set(reading.rows) == {"5"}


async def test_what_is_not_shown_is_not_nothing(make: Make, zammad: FakeZammad) -> None:
    assert "no group Assistance" in (await failure(make("t-blind"), AuthFailed)).message
    error = await failure(make(groups=["Assistance", "Autre"]), AuthFailed)
    assert "Autre" in error.message
    adapter = make()
    cursor = (await read(adapter)).cursor
    for ticket in zammad.tickets.values():
        ticket["group_id"] = 2
    with pytest.raises(AuthFailed, match="no ticket at all"):
        await read(adapter, cursor)


async def test_bad_credentials_and_probe(make: Make) -> None:
    assert "nonsense" not in str(await failure(make("nonsense"), AuthFailed))
    probe = await make().probe()
    assert probe.account == "lecture@example.org"
    assert "not tried against a real one" in probe.remarks[-1]


async def test_odd_tickets_are_set_aside(make: Make, zammad: FakeZammad) -> None:
    zammad.tickets[3]["title"] = None
    reading = await read(make())
    assert (len(reading.rows), len(reading.rejected)) == (5, 1)
    for ticket in zammad.tickets.values():
        ticket["title"] = None
    await failure(make(), BadAnswer)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(Mode.HTML, BadAnswer), (Mode.CUT, Unavailable), (Mode.FROZEN, Unavailable)],
)
async def test_bad_times(
    make: Make, server: MisbehavingServer, mode: Mode, kind: type[Exception]
) -> None:
    adapter = make(request_timeout="1s")
    await read(adapter)
    server.mode = mode
    with pytest.raises(kind):
        await read(adapter)


async def test_actions(make: Make, zammad: FakeZammad) -> None:
    adapter = make("t-agent")
    assert isinstance(adapter, ActsOnRecords)
    assert adapter.capabilities() == {}
    await read(adapter)
    assert Verb.SET_STATUS in adapter.capabilities()[Stream.TICKETS]
    note = await done(adapter, wish(Verb.COMMENT, key="1", text="Vu\nsur place"))
    await adapter.apply(note, await adapter.inspect(note))
    assert len(zammad.articles) == 1
    assert zammad.articles[0]["internal"] is True
    # The same words once more are another note; the web page writes HTML.
    wanted = await done(adapter, wish(Verb.COMMENT, key="1", text="Vu & revu"))
    zammad.articles[-1] |= {"body": "<p>Vu &amp; <b>revu</b></p>", "content_type": "text/html"}
    assert (await adapter.inspect(wanted)).done
    await done(adapter, wish(Verb.ASSIGN, key="1"))
    assert zammad.tickets[1]["owner"] == "agir@example.org"
    await done(adapter, wish(Verb.RESOLVE, key="1", text="remplacée"))
    assert zammad.tickets[1]["state_id"] == 4
    requests = make("t-agent", **{"as": "requests"}, groups=["Catalogue"])
    await done(
        requests, wish(Verb.SET_STAGE, key="7", stream=Stream.REQUESTS, value="working group")
    )
    assert zammad.tickets[7]["state_id"] == 8


@pytest.mark.parametrize(
    ("token", "verb", "fields", "says"),
    [
        ("t-reader", Verb.ASSIGN, {}, "Not authorized"),
        ("t-agent", Verb.ASSIGN, {"value": "personne"}, "owner"),
        ("t-agent", Verb.SET_STATUS, {"value": "waiting"}, "needs no date"),
        ("t-agent", Verb.SET_STATUS, {"value": "nonsense"}, "no status"),
    ],
)
async def test_refusals(
    make: Make, token: str, verb: Verb, fields: dict[str, str], says: str
) -> None:
    adapter = make(token)
    wanted = wish(verb, key="1", **fields)

    async def attempt() -> None:
        await adapter.apply(wanted, await adapter.inspect(wanted))

    with pytest.raises(Refused, match=says):
        await attempt()


async def test_changed_gone_and_hidden(make: Make, zammad: FakeZammad) -> None:
    adapter = make("t-agent")
    wanted = wish(Verb.RESOLVE, key="1")
    standing = await adapter.inspect(wanted)
    zammad.touch(1, updated_at=datetime.now(UTC) + timedelta(seconds=5))
    with pytest.raises(ChangedMeanwhile):
        await adapter.apply(wanted, standing)
    assert (await adapter.inspect(wish(Verb.RESOLVE, key="99"))).record is None
    zammad.touch(2, group_id=3)
    with pytest.raises(Refused):
        await adapter.inspect(wish(Verb.RESOLVE, key="2"))
    with pytest.raises(Refused):
        await adapter.inspect(wish(Verb.RESOLVE, key="../2"))


class TestConformance(AdapterConformance):
    secrets: ClassVar = ("t-reader",)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        zammad = FakeZammad()
        for _number in range(150):
            zammad.add()
        with MisbehavingServer(zammad) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> ZammadAdapter:
        return new_adapter(cls.url, tmp_path, "t-reader")

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> ZammadAdapter:
        return new_adapter("http://127.0.0.1:9", tmp_path, "t-reader")


class TestActingOnTickets(ActingConformance):
    """Owners are logins; what waits wants a date, which no wish has."""

    secrets: ClassVar = ("t-agent",)
    table: ClassVar[dict[str, Any]] = {}
    url: ClassVar[str]
    wishes: ClassVar[tuple[Action, ...]] = (
        wish(Verb.COMMENT, key="1", text="Toner remplacé"),
        wish(Verb.ASSIGN, key="1", text="Je passe mardi"),
        wish(Verb.ASSIGN, key="1", value="lecture@example.org"),
        wish(Verb.SET_STATUS, key="1", value=TicketStatus.NEW.value),
        wish(Verb.RESOLVE, key="1", text="Réglé"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, key="77", text="x")

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        zammad = FakeZammad()
        zammad.add()
        zammad.add(2)
        with MisbehavingServer(zammad) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> ZammadAdapter:
        return new_adapter(cls.url, tmp_path, "t-agent", **cls.table)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> ZammadAdapter:
        return new_adapter("http://127.0.0.1:9", tmp_path, "t-agent", **cls.table)


class TestActingOnRequests(TestActingOnTickets):
    table: ClassVar = {"as": "requests", "groups": ["Catalogue"]}
    wishes: ClassVar = (
        wish(Verb.COMMENT, key="2", stream=Stream.REQUESTS, text="Devis reçu"),
        wish(
            Verb.SET_STAGE,
            key="2",
            stream=Stream.REQUESTS,
            value=Stage.WORKING_GROUP.value,
            text="le 3",
        ),
        wish(Verb.RESOLVE, key="2", stream=Stream.REQUESTS, text="Réglé"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, key="77", stream=Stream.REQUESTS, text="x")


async def test_the_type_of_a_state_decides(
    make: Make, zammad: FakeZammad, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {20: ("résolu", "open"), 21: ("à valider", "open"), 22: ("en cours", "closed")}
    monkeypatch.setattr("tests.fakes.zammad.STATES", {**STATES, **named})
    for number, state in enumerate(named, 1):
        zammad.touch(number, state_id=state)
    adapter = make("t-agent")
    rows = (await read(adapter)).rows
    assert (rows["1"].status, rows["2"].status) == (TicketStatus.OPEN, TicketStatus.OPEN)
    assert rows["3"].status is TicketStatus.CLOSED
    assert (await do(adapter, wish(Verb.RESOLVE, key="2"))).done
    assert zammad.tickets[2]["state_id"] == 4, "closed: what is open resolves nothing"
    said = {each.name: each for each in (await adapter.probe()).understood}
    assert (said["pending close"].status, said["pending close"].guessed) == (
        TicketStatus.WAITING,
        False,
    )
    assert said["résolu"].status is TicketStatus.OPEN


async def test_a_cursor_ahead_leads_to_a_full_reading(make: Make) -> None:
    adapter = make()
    state = msgspec.json.decode((await read(adapter)).cursor)
    state["since"] = datetime.now(UTC) + timedelta(days=2)
    assert (await read(adapter, msgspec.json.encode(state).decode())).full
