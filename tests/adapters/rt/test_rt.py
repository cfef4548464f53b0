"""The rt kind against a server that answers as Request Tracker 5.0 does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.rt.adapter import RtAdapter
from adapters.rt.options import RtOptions
from adapters.rt.tickets import decode
from smic_tui.contract.actions import Action, ActsOnRecords, ChangedMeanwhile, Refused, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import Actor, CatalogueRequest, Stage, Stream, Ticket, TicketStatus
from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.acting import done, wish
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.reading import failure, read
from tests.fakes.rt import FakeRt, rewritten

Make = Callable[..., RtAdapter]


@pytest.fixture
def rt() -> FakeRt:
    fake = FakeRt()
    for _number in range(8):
        fake.add()
    fake.add("Catalogue", "new")
    return fake


@pytest.fixture
def server(rt: FakeRt) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(rt, drip_interval=0.05) as server:
        yield server


def options(url: str, who: str, token: bool, **more: Any) -> RtOptions:
    account = {"token": {"env": who}} if token else {"user": who, "password": {"env": who}}
    table = {"url": url, "queues": ["Assistance"], "request_timeout": "2s", **account, **more}
    return msgspec.convert(table, RtOptions)


@pytest.fixture
async def make(server: MisbehavingServer, rt: FakeRt) -> AsyncIterator[Make]:
    made: list[RtAdapter] = []

    def make(
        who: str = "lecture", *, token: bool = False, secret: str = "", **more: Any
    ) -> RtAdapter:
        value = secret or (rt.token(who) if token else rt.accounts[who][1])
        context = Context(source="t", folder=CERTS, timezone="UTC", secret=lambda _: value)
        made.append(RtAdapter(options(server.url, who, token, **more), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


async def test_tickets(make: Make, rt: FakeRt) -> None:
    rt.touch(2, Due="2026-12-01T11:00:00Z", Priority="100", Status="stalled")
    rt.touch(3, Owner=("Nobody", "Nobody in particular"), Requestor=[], Status="resolved")
    rt.touch(4, Status="rejected", Priority="", CustomFields={"Prestataire": ["Port", "Gare"]})
    rows = (await read(make(site_field="Code INSEE", supplier_field="Prestataire"))).rows
    assert set(rows) == {str(number) for number in range(1, 9)}
    first = rows["1"]
    assert isinstance(first, Ticket)
    assert (first.status, first.waiting_on, first.priority) == (TicketStatus.OPEN, Actor.US, 4)
    assert (first.owner, first.requester) == ("Agent Un", "mairie@example.org")
    assert (first.site, first.queue, first.due) == ("17001", "Assistance", None)
    assert rows["2"].due == datetime(2026, 12, 1, 11, tzinfo=UTC)
    assert (rows["2"].priority, rows["2"].waiting_on) == (1, Actor.MEMBER)
    assert (rows["3"].owner, rows["3"].requester) == ("", "")
    assert (rows["3"].status, rows["3"].waiting_on) == (TicketStatus.RESOLVED, Actor.NOBODY)
    assert (rows["4"].status, rows["4"].priority) == (TicketStatus.CLOSED, 3)
    assert (rows["4"].site, rows["4"].supplier) == ("", "Port, Gare")


async def test_requests(make: Make, rt: FakeRt) -> None:
    rt.add("Catalogue", "groupe de travail")
    rt.add("Catalogue", "terminé")
    adapter = make(**{"as": "requests"}, queues=["Catalogue"], stages={"new": "analysed"})
    assert adapter.offered() == {Stream.REQUESTS}
    rows = list((await read(adapter)).rows.values())
    assert all(isinstance(row, CatalogueRequest) for row in rows)
    assert [row.stage for row in rows] == [Stage.ANALYSED, Stage.WORKING_GROUP, Stage.DONE]
    assert rows[1].waiting_on is Actor.WORKING_GROUP
    assert rows[1].software == rows[1].subject


@pytest.mark.parametrize("tells_total", [True, False])
async def test_pages_are_cut_silently(
    make: Make, rt: FakeRt, server: MisbehavingServer, tells_total: bool
) -> None:
    """`per_page` capped silently at 100; `total`/`pages` may be null"""
    for _number in range(242):
        rt.add()
    rt.tells_total = tells_total
    assert len((await read(make())).rows) == 250


async def test_a_ticket_that_is_resolved_between_two_pages_hides_no_other(
    make: Make, rt: FakeRt, server: MisbehavingServer
) -> None:
    for _number in range(142):
        rt.add()

    def respond(request: Request) -> Reply:
        if "id > " in request.query.get("query", ""):
            rt.tickets[1]["Status"] = "resolved"
        return rt(request)

    server.respond = respond
    assert len((await read(make())).rows) == 150


@pytest.mark.parametrize("who", ["lecture", "paris", "sansfuseau"])
async def test_times_are_asked_for_in_the_account_s_zone(make: Make, rt: FakeRt, who: str) -> None:
    """Read in the *account's* time zone; `…T…Z` is silently wrong"""
    adapter = make(who)
    cursor = (await read(adapter)).cursor
    rt.touch(5, Subject="neu")
    new = await read(adapter, cursor)
    assert not new.full
    assert new.rows["5"].subject == "neu"
    state = msgspec.json.decode(cursor)
    # Of another zone by an hour, this question would bring it again.
    rt.tickets[5]["LastUpdated"] = datetime.now(UTC) - timedelta(minutes=30)
    later = {**state, "since": datetime.now(UTC)}
    quiet = await read(adapter, msgspec.json.encode(later).decode())
    assert bool(quiet.rows) is (who == "sansfuseau")
    remarks = (await adapter.probe()).remarks
    assert bool(remarks) is (who == "sansfuseau")


async def test_the_hour_that_is_there_twice(
    make: Make, rt: FakeRt, server: MisbehavingServer
) -> None:
    adapter = make("paris")
    cursor = (await read(adapter)).cursor
    state = msgspec.json.decode(cursor)
    # 02:30 in Paris, the second time.
    twice = {**state, "since": datetime(2026, 10, 25, 1, 30, tzinfo=UTC)}
    await read(adapter, msgspec.json.encode(twice).decode())
    asked = [each.query["query"] for each in server.requests if each.path.endswith("/tickets")]
    assert any("LastUpdated >= '2026-10-25 01:" in query for query in asked)


@pytest.mark.parametrize("who", ["ailleurs", "lecture"])
async def test_no_ticket_is_no_proof(make: Make, rt: FakeRt, who: str) -> None:
    """No rights or an unknown status gives 200 with 0 items"""
    queues = ["Assistance"] if who == "ailleurs" else ["Assistance", "Nulle part"]
    error = await failure(make(who, queues=queues), AuthFailed)
    assert queues[-1] in error.message
    assert "ShowTicket" in error.hint


async def test_rights_that_are_lost_later(make: Make, rt: FakeRt) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    rt.accounts["lecture"][3].clear()
    with pytest.raises(AuthFailed):
        await read(adapter, cursor)


async def test_a_queue_whose_tickets_are_all_closed_long_ago_is_empty(
    make: Make, rt: FakeRt
) -> None:
    for number in range(1, 9):
        rt.touch(number, Status="resolved", LastUpdated=datetime(2025, 1, 1, tzinfo=UTC))
    reading = await read(make())
    assert (reading.full, reading.rows) == (True, {})


@pytest.mark.parametrize("token", [True, False])
async def test_bad_credentials(make: Make, rt: FakeRt, token: bool) -> None:
    secret = "1-27-" + "0" * 32 if token else "wrong"
    error = await failure(make(token=token, secret=secret), AuthFailed)
    assert secret not in str(error) + error.hint


async def test_a_token_of_another_form(make: Make) -> None:
    with pytest.raises(AuthFailed):
        await make(token=True, secret="nonsense").probe()


async def test_a_session_spares_the_checks(make: Make, rt: FakeRt) -> None:
    """About 0.25 s per request for the token check"""
    adapter = make()
    cursor = (await read(adapter)).cursor
    rt.checks = 0
    reading = await read(adapter, cursor)
    # One check each time proves that the password still holds.
    assert rt.checks == 1
    rt.accounts["lecture"] = (27, "changed", *rt.accounts["lecture"][2:])
    with pytest.raises(AuthFailed):
        await read(adapter, reading.cursor)


async def test_a_session_that_has_ended_is_done_without(make: Make, rt: FakeRt) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    rt.sessions.clear()
    rt.touch(1)
    assert "1" in (await read(adapter, cursor)).rows


async def test_what_has_not_changed_costs_little(
    make: Make, rt: FakeRt, server: MisbehavingServer
) -> None:
    for _number in range(200):
        rt.add()
    adapter = make()
    cursor = (await read(adapter)).cursor
    http = adapter._session().http
    before, requests = http.bytes_received, http.requests
    await read(adapter, cursor)
    assert http.bytes_received - before < before * 0.05
    assert http.requests - requests == 3
    assert not any("if-modified-since" in each.headers for each in server.requests)


async def test_deleted_and_moved_tickets_go_with_a_full_reading(make: Make, rt: FakeRt) -> None:
    adapter = make()
    await read(adapter)
    rt.touch(1, Status="deleted")
    rt.touch(2, queue="Catalogue")
    assert set((await read(adapter)).rows) == {str(number) for number in range(3, 9)}


async def test_odd_tickets_are_set_aside(make: Make, rt: FakeRt, server: MisbehavingServer) -> None:
    def spoil(page: dict[str, Any]) -> None:
        for item in page["items"]:
            if item["id"] == "3" and "Created" in item:
                item["Created"] = "yesterday"

    def respond(request: Request) -> Reply:
        reply = rt(request)
        return rewritten(reply, spoil) if request.path.endswith("/tickets") else reply

    server.respond = respond
    reading = await read(make())
    assert len(reading.rows) == 7
    assert [each.where for each in reading.rejected] == ["ticket 3"]


async def test_when_nothing_can_be_read_nothing_is_emptied(
    make: Make, rt: FakeRt, server: MisbehavingServer
) -> None:
    def spoil(page: dict[str, Any]) -> None:
        for item in page["items"]:
            item.pop("Status", None)

    def respond(request: Request) -> Reply:
        reply = rt(request)
        return rewritten(reply, spoil) if request.path.endswith("/tickets") else reply

    server.respond = respond
    await failure(make(), BadAnswer)


@given(
    st.dictionaries(
        st.sampled_from(["id", "Status", "Created", "LastUpdated", "Owner"]),
        st.none() | st.text() | st.integers() | st.lists(st.none()),
    )
)
def test_no_ticket_ends_the_reading(ticket: dict[str, Any]) -> None:
    tickets, rejected, _last = decode([msgspec.Raw(msgspec.json.encode(ticket))])
    assert len(tickets) + len(rejected) == 1


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (Mode.HTML, BadAnswer),
        (Mode.STATUS500, Unavailable),
        (Mode.CUT, Unavailable),
        (Mode.DRIP, Unavailable),
        (Mode.FROZEN, Unavailable),
    ],
)
async def test_bad_times(
    make: Make, server: MisbehavingServer, mode: Mode, kind: type[Exception]
) -> None:
    server.drip_interval = 1.0
    adapter = make(request_timeout="1s")
    cursor = (await read(adapter)).cursor
    server.mode = mode
    with pytest.raises(kind):
        await read(adapter, cursor)
    server.mode = Mode.OK
    await read(adapter, cursor)


async def test_probe(make: Make) -> None:
    probe = await make(token=True).probe()
    assert (probe.version, probe.account) == ("5.0.3+dfsg-3~deb12u6", "lecture")
    assert probe.remarks == ()


async def test_what_the_account_may_do(make: Make) -> None:
    adapter = make("agir")
    assert isinstance(adapter, ActsOnRecords)
    assert adapter.capabilities() == {}
    await read(adapter)
    verbs = {Verb.COMMENT, Verb.ASSIGN, Verb.RESOLVE, Verb.SET_STATUS}
    assert adapter.capabilities() == {Stream.TICKETS: verbs}
    reader = make()
    await read(reader)
    assert reader.capabilities() == {}


async def test_a_comment_is_sent_once(make: Make, rt: FakeRt) -> None:
    adapter = make("agir")
    wanted = await done(adapter, wish(Verb.COMMENT, key="1", text="Vu  sur\nplace"))
    await adapter.apply(wanted, await adapter.inspect(wanted))
    assert [each["Type"] for each in rt.said] == ["Comment"]
    assert rt.said[0]["Content"] == "Vu  sur\nplace"
    # The same words once more are another comment.
    await done(adapter, wish(Verb.COMMENT, key="1", text="Vu sur place"))
    assert len(rt.said) == 2


async def test_what_others_said_and_what_was_answered_is_not_our_comment(
    make: Make, rt: FakeRt
) -> None:
    adapter = make("agir")
    wanted = wish(Verb.COMMENT, key="1", text="Bonjour")
    wanted = msgspec.structs.replace(wanted, baseline=(await adapter.inspect(wanted)).baseline)
    await done(make("agir", notes="correspond"), wish(Verb.COMMENT, key="1", text="Bonjour"))
    assert [each["Type"] for each in rt.said] == ["Correspond"]
    assert not (await adapter.inspect(wanted)).done
    rt.said[0] |= {"Type": "Comment", "Creator": {"id": "agent1"}}
    assert not (await adapter.inspect(wanted)).done
    rt.said[0] |= {"Creator": {"id": "agir"}}
    assert (await adapter.inspect(wanted)).done


async def test_assigning(make: Make, rt: FakeRt) -> None:
    adapter = make("agir")
    await done(adapter, wish(Verb.ASSIGN, key="1"))
    assert rt.tickets[1]["Owner"][0] == "agir"
    # By the name that is shown, of whoever has another ticket.
    await done(adapter, wish(Verb.ASSIGN, key="1", value="Agent un"))
    assert rt.tickets[1]["Owner"][0] == "agent1"
    await done(adapter, wish(Verb.ASSIGN, key="1", value="agir"))
    assert rt.tickets[1]["Owner"][0] == "agir"


async def test_statuses_and_stages(make: Make, rt: FakeRt) -> None:
    adapter = make("agir")
    await done(adapter, wish(Verb.SET_STATUS, key="1", value="waiting"))
    assert rt.tickets[1]["Status"] == "stalled"
    await done(adapter, wish(Verb.RESOLVE, key="1", text="remplacée"))
    assert rt.tickets[1]["Status"] == "resolved"
    assert rt.said[-1]["Content"] == "remplacée"
    catalogue = make("agir", **{"as": "requests"}, queues=["Catalogue"])
    stage = wish(
        Verb.SET_STAGE, key="9", stream=Stream.REQUESTS, value="working group", text="le 3"
    )
    await done(catalogue, stage)
    assert rt.tickets[9]["Status"] == "groupe de travail"


@pytest.mark.parametrize(
    ("who", "verb", "fields", "says"),
    [
        ("lecture", Verb.ASSIGN, {}, "Permission Denied"),
        ("lecture", Verb.COMMENT, {"text": "x"}, "Permission Denied"),
        ("agir", Verb.ASSIGN, {"value": "personne"}, "could not be loaded"),
        ("agir", Verb.ASSIGN, {"value": "l'agent"}, "could not be loaded"),
        ("agir", Verb.SET_STATUS, {"value": "nonsense"}, "no status"),
        ("agir", Verb.RESOLVE, {}, "without a word"),
    ],
)
async def test_refusals(
    make: Make, rt: FakeRt, who: str, verb: Verb, fields: dict[str, str], says: str
) -> None:
    """A refused write answers **200** with a sentence, and "[]" for an unknown field"""
    rt.swallows = True
    adapter = make(who)
    wanted = wish(verb, key="1", **fields)
    with pytest.raises(Refused, match=says):
        await adapter.apply(wanted, await adapter.inspect(wanted))


async def test_closing_never_rejects(
    make: Make, rt: FakeRt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of RT's own statuses only "rejected" is closed and not resolved"""
    monkeypatch.setattr("tests.fakes.rt.LIFECYCLE", ["open", "stalled", "rejected", "resolved"])
    adapter = make("agir")
    wanted = wish(Verb.SET_STATUS, key="1", value="closed")
    with pytest.raises(Refused, match="lifecycle"):
        await adapter.apply(wanted, await adapter.inspect(wanted))
    await done(adapter, wish(Verb.RESOLVE, key="1"))
    assert rt.tickets[1]["Status"] == "resolved"


async def test_a_change_in_between(make: Make, rt: FakeRt, server: MisbehavingServer) -> None:
    """If-Match, stale: 412"""
    adapter = make("agir")
    wanted = wish(Verb.RESOLVE, key="1")
    standing = await adapter.inspect(wanted)
    rt.touch(1)
    with pytest.raises(ChangedMeanwhile):
        await adapter.apply(wanted, standing)
    standing = await adapter.inspect(wanted)

    def respond(request: Request) -> Reply:
        if request.method == "PUT":
            rt.touch(1)
        return rt(request)

    server.respond = respond
    with pytest.raises(ChangedMeanwhile):
        await adapter.apply(wanted, standing)
    assert rt.tickets[1]["Status"] == "open"


async def test_what_is_gone_or_hidden(make: Make, rt: FakeRt) -> None:
    adapter = make("agir")
    assert (await adapter.inspect(wish(Verb.RESOLVE, key="99"))).record is None
    rt.touch(1, Status="deleted")
    assert (await adapter.inspect(wish(Verb.RESOLVE, key="1"))).record is None
    with pytest.raises(Refused, match="no number"):
        await adapter.inspect(wish(Verb.RESOLVE, key="../1"))
    rt.touch(2, queue="Autre")
    with pytest.raises(Refused, match="see ticket"):
        await adapter.inspect(wish(Verb.RESOLVE, key="2"))


async def test_readings_and_actions_at_once(make: Make) -> None:
    adapter = make("agir")
    looks = (adapter.inspect(wish(Verb.RESOLVE, key=str(number))) for number in range(1, 5))
    reading, standings = await asyncio.gather(read(adapter), asyncio.gather(*looks))
    assert len(reading.rows) == 8
    assert all(standing.record is not None for standing in standings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "x"},
        {"token": {"env": "T"}, "user": "x", "password": {"env": "P"}},
        {},
        {"token": {"env": "T"}, "queues": []},
        {"token": {"env": "T"}, "queues": ["two\nlines"]},
        {"token": {"env": "T"}, "priorities": {"high": 1}},
    ],
)
def test_settings_that_contradict_each_other(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"url": "http://rt", "queues": ["A"], **wrong}, RtOptions)


class TestConformance(AdapterConformance):
    secrets: ClassVar = ("a-password",)
    url: ClassVar[str]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _server(cls) -> Iterator[None]:
        rt = FakeRt()
        for _number in range(250):
            rt.add()
        with MisbehavingServer(rt) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> RtAdapter:
        return cls._at(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> RtAdapter:
        return cls._at("http://127.0.0.1:9", tmp_path)

    @classmethod
    def _at(cls, url: str, folder: Path) -> RtAdapter:
        context = Context(source="t", folder=folder, timezone="UTC", secret=lambda _: "a-password")
        return RtAdapter(options(url, "lecture", False), context)


class TestActingOnTickets(ActingConformance):
    secrets: ClassVar = ("b-password",)
    table: ClassVar[dict[str, Any]] = {}
    url: ClassVar[str]
    wishes: ClassVar[tuple[Action, ...]] = (
        wish(Verb.COMMENT, key="1", text="Toner remplacé"),
        wish(Verb.ASSIGN, key="1", text="Je passe mardi"),
        wish(Verb.ASSIGN, key="1", value="Agent Un"),
        wish(Verb.SET_STATUS, key="1", value=TicketStatus.WAITING.value),
        wish(Verb.RESOLVE, key="1", text="Réglé"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, key="77", text="x")

    @pytest.fixture(autouse=True)
    @classmethod
    def _server(cls) -> Iterator[None]:
        rt = FakeRt()
        rt.add()
        rt.add("Catalogue", "new")
        with MisbehavingServer(rt) as server:
            cls.url = server.url
            yield

    @classmethod
    def make(cls, tmp_path: Path) -> RtAdapter:
        return cls._at(cls.url, tmp_path)

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> RtAdapter:
        return cls._at("http://127.0.0.1:9", tmp_path)

    @classmethod
    def _at(cls, url: str, folder: Path) -> RtAdapter:
        context = Context(source="t", folder=folder, timezone="UTC", secret=lambda _: "b-password")
        return RtAdapter(options(url, "agir", False, **cls.table), context)


class TestCorresponding(TestActingOnTickets):
    table: ClassVar = {"notes": "correspond"}


class TestActingOnRequests(TestActingOnTickets):
    table: ClassVar = {"as": "requests", "queues": ["Catalogue"]}
    wishes: ClassVar[tuple[Action, ...]] = (
        wish(Verb.COMMENT, key="2", stream=Stream.REQUESTS, text="Devis reçu"),
        wish(
            Verb.SET_STAGE,
            key="2",
            stream=Stream.REQUESTS,
            value=Stage.WORKING_GROUP.value,
            text="le 3",
        ),
        wish(Verb.ASSIGN, key="2", stream=Stream.REQUESTS),
        wish(Verb.RESOLVE, key="2", stream=Stream.REQUESTS, text="Réglé"),
    )
    nowhere: ClassVar = wish(Verb.COMMENT, key="77", stream=Stream.REQUESTS, text="x")
