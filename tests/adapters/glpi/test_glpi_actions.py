"""What is done to tickets, against servers that answer as GLPI 10.0 and 11 do."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from adapters.glpi.adapter import GlpiAdapter
from adapters.glpi.options import GlpiOptions
from adapters.glpi.text import plain
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
from tests.fakes.glpi import READ_ALL, FakeGlpi
from tests.fakes.glpi_highlevel import FakeGlpi11
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply, Request
from tests.fakes.reading import read

Make = Callable[..., GlpiAdapter]
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(params=[10, 11])
def glpi(request: pytest.FixtureRequest) -> FakeGlpi:
    fake = FakeGlpi() if request.param == 10 else FakeGlpi11()
    fake.add(status=1, owners=[], updated=LONG_AGO)
    fake.add(status=2, type=2, category=2, updated=LONG_AGO)
    return fake


@pytest.fixture
def server(glpi: FakeGlpi) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(glpi) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer, glpi: FakeGlpi) -> AsyncIterator[Make]:
    made: list[GlpiAdapter] = []
    secrets = {"TOKEN": "agent-token", "PASSWORD": "pass-word", "CLIENT": "client-secret"}

    def make(**options: Any) -> GlpiAdapter:
        settings: dict[str, Any] = {"url": server.url, "request_timeout": "1s"}
        if isinstance(glpi, FakeGlpi11):
            settings |= {"client_id": "client-1", "client_secret": {"env": "CLIENT"}}
            settings |= {"login": "agent1", "password": {"env": "PASSWORD"}}
        else:
            settings["user_token"] = {"env": "TOKEN"}
        context = Context(
            source="t",
            folder=CERTS,
            timezone="Europe/Paris",
            secret=lambda secret: secrets[secret.env],
        )
        made.append(GlpiAdapter(msgspec.convert({**settings, **options}, GlpiOptions), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def ticket(standing: RecordSnapshot) -> Ticket:
    assert isinstance(standing.record, Ticket)
    return standing.record


def written(server: MisbehavingServer) -> list[tuple[str, str]]:
    """What was sent that changes something."""
    quiet = ("changeActiveEntities", "token")
    return [
        (request.method, request.path.rsplit("/", 1)[-1])
        for request in server.requests
        if request.method != "GET" and not request.path.endswith(quiet)
    ]


def shown_by(glpi: FakeGlpi, content: str) -> str:
    """The HTML that GLPI's page shows of what is stored."""
    return html.unescape(content) if glpi.version == 10 else content


def words(glpi: FakeGlpi, note: dict[str, Any]) -> str:
    return plain(shown_by(glpi, note["content"]))


@pytest.mark.parametrize(
    ("ticket_rights", "followup", "verbs"),
    [
        (READ_ALL, 1, set()),
        (READ_ALL, 1 | 4, {Verb.COMMENT}),
        # What cannot be read again is not written.
        (READ_ALL, 4 | 4096, set()),
        (READ_ALL | 8192, 0, {Verb.ASSIGN}),
        (READ_ALL | 2, 0, {Verb.SET_STATUS, Verb.RESOLVE}),
        (
            READ_ALL | 32768,
            1 | 4096,
            {Verb.COMMENT, Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE},
        ),
    ],
)
async def test_what_the_profile_allows(
    make: Make, glpi: FakeGlpi, ticket_rights: int, followup: int, verbs: set[Verb]
) -> None:
    account = glpi.tokens["agent-token"]
    account.ticket, account.followup = ticket_rights, followup
    adapter = make()
    assert isinstance(adapter, ActsOnRecords)
    assert adapter.capabilities() == {}
    await read(adapter)
    if glpi.version == 11:  # tells nobody: taken as given
        verbs = {Verb.COMMENT, Verb.ASSIGN, Verb.SET_STATUS, Verb.RESOLVE}
    assert adapter.capabilities() == ({Stream.TICKETS: verbs} if verbs else {})


async def test_requests_have_stages(make: Make) -> None:
    adapter = make(**{"as": "requests"})
    await read(adapter)
    assert Verb.SET_STAGE in adapter.capabilities()[Stream.REQUESTS]
    assert Verb.SET_STATUS not in adapter.capabilities()[Stream.REQUESTS]


@pytest.mark.parametrize(
    "text", ["Toner remplacé", "2 < 3 & <b>\nligne 2\t«x» &amp; 'y'", "<script>alert(1)</script>"]
)
async def test_a_comment_is_sent_as_text_and_recognised(
    make: Make, glpi: FakeGlpi, text: str
) -> None:
    """POST ITILFollowup"""
    glpi.note(1, "ITILFollowup", 9, text)  # an older one of our own that says the same
    after = await do(make(), wish(Verb.COMMENT, text))
    assert (after.done, after.at_once) == (True, True)
    shown = shown_by(glpi, glpi.notes[-1]["content"])
    assert "<b>" not in shown
    assert "<script>" not in shown
    assert plain(shown).split() == text.split()
    assert len(glpi.notes) == 2


async def test_the_comment_of_another_is_not_ours(make: Make, glpi: FakeGlpi) -> None:
    if isinstance(glpi, FakeGlpi11):
        glpi.tells_authors = True
        glpi.wraps_notes = False
    action = wish(Verb.COMMENT, "fait", baseline="0/0")
    glpi.note(1, "ITILFollowup", 7, "fait")
    assert not (await make().inspect(action)).done
    glpi.note(1, "ITILFollowup", 9, "<p>fait</p>")
    assert (await make().inspect(action)).done


async def test_where_no_author_is_told_the_text_decides(make: Make, glpi: FakeGlpi) -> None:
    glpi.note(1, "ITILFollowup", 7, "fait")
    found = await make().inspect(wish(Verb.COMMENT, "fait", baseline="0/0"))
    assert found.done is (glpi.version == 11)


async def test_an_answer_that_was_lost_is_not_sent_again(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "Toner remplacé")
    before = await adapter.inspect(action)
    action = replace(action, baseline=before.baseline)

    def respond(request: Request) -> Reply:
        reply = glpi(request)
        return Reply(503, b"") if request.method == "POST" else reply

    server.respond = respond
    with pytest.raises(Unavailable):
        await adapter.apply(action, before)
    server.respond = glpi
    assert (await adapter.inspect(action)).done
    assert len(glpi.notes) == 1


async def test_assigned_without_removing_anybody(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    """POST Ticket_User type 2; `_actors` wipes the requester"""
    adapter = make()
    assert ticket(await do(adapter, wish(Verb.ASSIGN))).owner == "Agent Un"
    after = await do(adapter, wish(Verb.ASSIGN, value="Agent2"))
    assert ticket(after).owner == "Agent Un, Agent Deux"
    assert ticket(after).requester == "Mairie Noël & Cie"
    assert (await adapter.inspect(wish(Verb.ASSIGN, value="7"))).done
    assert (await adapter.inspect(wish(Verb.ASSIGN))).done
    assert not any(b"_actors" in request.body for request in server.requests)


async def test_assigned_with_a_word(make: Make, glpi: FakeGlpi) -> None:
    after = await do(make(), wish(Verb.ASSIGN, "Je passe mardi"))
    assert (after.done, ticket(after).owner) == (True, "Agent Un")
    assert [words(glpi, note) for note in glpi.notes] == ["Je passe mardi"]


async def test_what_has_no_word_needs_no_right_to_see_words(
    make: Make, server: MisbehavingServer
) -> None:
    await do(make(), wish(Verb.SET_STATUS, value="waiting"))
    assert not any("ollowup" in request.path for request in server.requests)


async def test_nobody_of_that_name(make: Make) -> None:
    with pytest.raises(Refused, match="nobody"):
        await do(make(), wish(Verb.ASSIGN, value="Nobody"))
    with pytest.raises(Refused, match="refuses"):
        await do(make(), wish(Verb.ASSIGN, value="77"))


@pytest.mark.parametrize("status", [TicketStatus.OPEN, TicketStatus.WAITING, TicketStatus.CLOSED])
async def test_a_status_is_set(make: Make, status: TicketStatus) -> None:
    after = await do(make(), wish(Verb.SET_STATUS, value=status.value))
    assert (ticket(after).status, after.done) == (status, True)


async def test_solved_with_a_solution(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer
) -> None:
    """POST ITILSolution"""
    after = await do(make(), wish(Verb.RESOLVE, "Toner remplacé"))
    assert (ticket(after).status, after.done) == (TicketStatus.RESOLVED, True)
    assert [note["kind"] for note in glpi.notes] == ["ITILSolution"]
    assert len(written(server)) == 1


async def test_solved_without_a_word(make: Make, glpi: FakeGlpi) -> None:
    """PUT status"""
    after = await do(make(), wish(Verb.RESOLVE))
    assert (ticket(after).status, after.done) == (TicketStatus.RESOLVED, True)
    assert glpi.notes == []


async def test_solved_by_somebody_else_meanwhile_leaves_the_word(
    make: Make, glpi: FakeGlpi
) -> None:
    glpi.change(1, LONG_AGO, status=5)
    after = await do(make(), wish(Verb.RESOLVE, "Toner remplacé"))
    assert after.done
    assert [note["kind"] for note in glpi.notes] == ["ITILFollowup"]


async def test_a_change_that_is_answered_true_and_not_done(make: Make, glpi: FakeGlpi) -> None:
    """unknown attributes return true"""
    glpi.ignores_changes = True
    after = await do(make(), wish(Verb.SET_STATUS, value="waiting"))
    assert not after.done
    assert after.at_once


async def test_a_closed_ticket(make: Make, glpi: FakeGlpi) -> None:
    glpi.change(1, LONG_AGO, status=6)
    for action in (
        wish(Verb.SET_STATUS, value="open"),
        wish(Verb.COMMENT, "encore"),
        wish(Verb.ASSIGN, "encore"),
    ):
        with pytest.raises(Refused) as raised:
            await do(make(), action)
        assert "closed" in raised.value.hint


async def test_an_account_that_may_only_read(make: Make, glpi: FakeGlpi) -> None:
    account = glpi.tokens["agent-token"]
    account.ticket, account.followup = READ_ALL, 1
    with pytest.raises(Refused) as raised:
        await do(make(), wish(Verb.COMMENT, "x"))
    assert "droits" in raised.value.message or "permission" in raised.value.message
    assert "<" not in raised.value.message


@pytest.mark.parametrize(
    ("stage", "status", "category", "label"),
    [
        (Stage.ORDERED, 4, 2, "Pending"),
        (Stage.INSTALLING, 3, 2, "Processing (planned)"),
        (Stage.WORKING_GROUP, 2, 3, "Processing (assigned)"),
        (Stage.DONE, 5, 2, "Solved"),
        (Stage.REFUSED, 5, 4, "Solved"),
    ],
)
async def test_the_next_stage_with_a_note(
    make: Make, glpi: FakeGlpi, stage: Stage, status: int, category: int, label: str
) -> None:
    adapter = make(
        **{"as": "requests", "stages": {"pending": "ordered"}},
        category_stages={
            "Catalogue logiciel > Groupe de travail": "working group",
            "Catalogue logiciel > Refusé": "refused",
        },
    )
    action = wish(Verb.SET_STAGE, "Vu en commission", stage.value, stream=Stream.REQUESTS, key="2")
    after = await do(adapter, action)
    assert isinstance(after.record, CatalogueRequest)
    assert (after.record.stage, after.done) == (stage, True)
    assert (glpi.tickets[2]["status"], glpi.tickets[2]["category"]) == (status, category)
    assert [words(glpi, note) for note in glpi.notes] == ["Vu en commission"]
    if glpi.version == 10:
        assert after.record.stage_label == label


async def test_a_request_that_was_over_goes_on(make: Make, glpi: FakeGlpi) -> None:
    glpi.change(2, LONG_AGO, status=5)
    adapter = make(
        **{"as": "requests"},
        category_stages={"Catalogue logiciel > Groupe de travail": "working group"},
    )
    action = wish(Verb.SET_STAGE, value=Stage.WORKING_GROUP.value, stream=Stream.REQUESTS, key="2")
    after = await do(adapter, action)
    assert after.done
    assert glpi.tickets[2]["status"] == 2


async def test_a_stage_that_nothing_means(make: Make) -> None:
    action = wish(Verb.SET_STAGE, value="refused", stream=Stream.REQUESTS, key="2")
    with pytest.raises(Refused) as raised:
        await do(make(**{"as": "requests"}), action)
    assert "category_stages" in raised.value.hint


async def test_a_category_that_is_not_there(make: Make) -> None:
    adapter = make(**{"as": "requests"}, category_stages={"Nulle part": "refused"})
    action = wish(Verb.SET_STAGE, value="refused", stream=Stream.REQUESTS, key="2")
    with pytest.raises(Refused, match="Nulle part"):
        await do(adapter, action)


async def test_a_ticket_that_is_gone(make: Make, glpi: FakeGlpi) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "x")
    before = await adapter.inspect(action)
    glpi.tickets[1]["deleted"] = True
    assert (await adapter.inspect(action)).record is None
    with pytest.raises(Refused, match="any more"):
        await adapter.apply(action, before)
    del glpi.tickets[1]
    assert (await adapter.inspect(action)).record is None


async def test_changed_between_the_look_and_the_write(make: Make, glpi: FakeGlpi) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "x")
    before = await adapter.inspect(action)
    glpi.change(1, datetime.now(UTC) + timedelta(seconds=2), status=4)
    with pytest.raises(ChangedMeanwhile):
        await adapter.apply(action, before)
    assert glpi.notes == []


async def test_a_dead_session_costs_no_action(make: Make, glpi: FakeGlpi) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "x")
    before = await adapter.inspect(action)
    glpi.sessions.clear()
    if isinstance(glpi, FakeGlpi11):
        glpi.bearers.clear()
    await adapter.apply(action, before)
    assert len(glpi.notes) == 1


async def test_an_account_without_rights_is_no_missing_ticket(make: Make, glpi: FakeGlpi) -> None:
    glpi.tokens["agent-token"].ticket = 1
    with pytest.raises(AuthFailed):
        await make().inspect(wish(Verb.COMMENT, "x"))


@pytest.mark.parametrize("mode", [Mode.STOPPED, Mode.STATUS500, Mode.CUT])
async def test_without_a_line(make: Make, server: MisbehavingServer, mode: Mode) -> None:
    adapter, action = make(), wish(Verb.COMMENT, "x")
    before = await adapter.inspect(action)
    server.mode = mode
    with pytest.raises(Unavailable):
        await adapter.inspect(action)
    with pytest.raises(Unavailable):
        await adapter.apply(action, before)


@pytest.mark.parametrize(
    ("verb", "value", "key"),
    [
        (Verb.COMMENT, "", "../User/1"),
        (Verb.SET_STATUS, "asleep", "1"),
        (Verb.SET_STAGE, "asleep", "1"),
        (Verb.ACKNOWLEDGE, "", "1"),
    ],
)
async def test_what_cannot_be_wished(make: Make, verb: Verb, value: str, key: str) -> None:
    with pytest.raises(Refused):
        await do(make(), wish(verb, "x" if verb is Verb.COMMENT else "", value, key=key))


# -- rights that are missing --------------------------------------------------------


async def test_a_solution_needs_no_right_to_see_followups(make: Make, glpi: FakeGlpi) -> None:
    glpi.tokens["agent-token"].followup = 0
    after = await do(make(), wish(Verb.RESOLVE, "Toner remplacé"))
    assert after.done
    assert [note["kind"] for note in glpi.notes] == ["ITILSolution"]


@pytest.mark.parametrize(
    ("verb", "value"),
    [(Verb.COMMENT, ""), (Verb.ASSIGN, ""), (Verb.SET_STATUS, "waiting")],
)
async def test_words_that_could_not_be_read_again_are_refused_and_not_sent(
    make: Make, glpi: FakeGlpi, server: MisbehavingServer, verb: Verb, value: str
) -> None:
    """Otherwise nobody could ever tell whether they were written."""
    glpi.tokens["agent-token"].followup = 4096
    adapter = make()
    assert not (await adapter.inspect(wish(verb, "Toner", value))).done
    with pytest.raises(Refused) as raised:
        await do(adapter, wish(verb, "Toner", value))
    assert "followups" in raised.value.message
    assert written(server) == []


async def test_a_followup_of_when_it_could_be_read_is_no_proof(make: Make, glpi: FakeGlpi) -> None:
    account, action = glpi.tokens["agent-token"], wish(Verb.RESOLVE, "Toner")
    account.followup = 0
    before = await make().inspect(action)
    glpi.note(1, "ITILFollowup", 9, "Toner")
    account.followup = 1 | 4096
    after = await make().inspect(replace(action, baseline=before.baseline))
    assert not after.done


async def test_without_the_right_to_see_people_a_name_is_refused(
    make: Make, glpi: FakeGlpi
) -> None:
    glpi.tokens["agent-token"].sees = set()
    adapter, action = make(), wish(Verb.ASSIGN, value="agent2")
    if glpi.version == 10:
        assert not (await adapter.inspect(action)).done
        with pytest.raises(Refused) as raised:
            await do(adapter, action)
        assert "users" in raised.value.hint


# -- stages that are categories, and stages that are not ------------------------------

STAGES: dict[str, Any] = {
    "as": "requests",
    "stages": {"planned": "installing", "pending": "ordered"},
    "category_stages": {
        "Catalogue logiciel > Groupe de travail": "working group",
        "Catalogue logiciel > Refusé": "refused",
    },
}


@pytest.mark.parametrize(
    ("stage", "status", "category"),
    [
        (Stage.ORDERED, 4, 2),
        (Stage.INSTALLING, 3, 2),
        (Stage.DONE, 5, 0),
        (Stage.REFUSED, 5, 4),
        (Stage.WORKING_GROUP, 2, 3),
    ],
)
@pytest.mark.parametrize(("begins", "over"), [(3, False), (4, True)])
async def test_a_request_leaves_a_category_that_means_a_stage(
    make: Make, glpi: FakeGlpi, stage: Stage, status: int, category: int, begins: int, over: bool
) -> None:
    # GLPI 11's API gives a category without those above it.
    named = {"category_without_stage": "Catalogue logiciel"} if glpi.version == 11 else {}
    glpi.change(2, LONG_AGO, category=begins, status=5 if over else 2)
    action = wish(Verb.SET_STAGE, "poste 3", stage.value, stream=Stream.REQUESTS, key="2")
    after = await do(make(**STAGES, **named), action)
    assert isinstance(after.record, CatalogueRequest)
    assert (after.record.stage, after.done) == (stage, True)
    if stage is Stage.DONE:
        # What is done may be so in the category of a working group, and not in that of an end.
        category = 2 if over else 3
    if stage is not (Stage.REFUSED if over else Stage.WORKING_GROUP):
        assert (glpi.tickets[2]["status"], glpi.tickets[2]["category"]) == (status, category)


async def test_the_category_to_go_to_may_be_named(make: Make, glpi: FakeGlpi) -> None:
    glpi.change(2, LONG_AGO, category=3)
    adapter = make(**STAGES, category_without_stage="Assistance")
    action = wish(Verb.SET_STAGE, value="installing", stream=Stream.REQUESTS, key="2")
    assert (await do(adapter, action)).done
    assert glpi.tickets[2]["category"] == 1


async def test_a_category_without_one_above_is_told_as_what_hinders(
    make: Make, glpi: FakeGlpi
) -> None:
    glpi.change(2, LONG_AGO, category=1)
    adapter = make(**{"as": "requests"}, category_stages={"Assistance": "working group"})
    action = wish(Verb.SET_STAGE, value="installing", stream=Stream.REQUESTS, key="2")
    with pytest.raises(Refused, match="Assistance") as raised:
        await do(adapter, action)
    assert "category_without_stage" in raised.value.hint
