"""Actions in words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from smic_tui.contract.actions import Verb
from smic_tui.model.outbox_entry import EntryState, plain
from smic_tui.records import Record, Stream, TicketStatus
from smic_tui.views.cells import Role
from smic_tui.views.outbox import (
    confirmation,
    details,
    effect,
    entry_line,
    mark_of,
    news,
    stage_word,
    state_cell,
    status_word,
    title,
)
from tests.views.view_examples import LOOK, ago, entry, health, request, texts, ticket

TICKET = ticket().ticket


def test_records_are_called_as_people_call_them() -> None:
    named: list[tuple[Record, str]] = [
        (TICKET, "51473 Imprimante hors d'usage"),
        (request().request, "R1 Gestion des cimetières"),
        (health(service="ping"), "router / ping"),
        (health(), "router"),
    ]
    assert [title(record) for record, _name in named] == [name for _record, name in named]


@pytest.mark.parametrize(
    ("verb", "fields", "told"),
    [
        (Verb.RESOLVE, {"text": "Toner\nremplacé"}, "resolve: Toner remplacé"),
        (Verb.ASSIGN, {"value": "agent2"}, "assign to agent2"),
        (Verb.ASSIGN, {}, "assign to the source's own account"),
        (Verb.SET_STATUS, {"value": "waiting"}, "status: waiting"),
        (Verb.SET_STATUS, {"value": "strange"}, "status: strange"),
        (Verb.SET_STAGE, {"value": "ordered", "text": "ok"}, "stage: ordered: ok"),
        (Verb.ACKNOWLEDGE, {"until": ago(hours=-4)}, "acknowledge until 14:30"),
        (
            Verb.DOWNTIME,
            {"start": ago(hours=-1), "until": ago(hours=-4)},
            "downtime from 11:30 until 14:30",
        ),
    ],
)
def test_the_effect_is_told_in_one_line(verb: Verb, fields: dict[str, object], told: str) -> None:
    assert effect(entry(TICKET, verb, action=fields).action, LOOK) == told


def test_words_of_what_can_be_chosen() -> None:
    assert status_word("open") == "in progress"
    assert stage_word("asked") == "asked"
    assert stage_word("strange") == "strange"


def test_the_mark_is_that_of_what_wants_somebody_first() -> None:
    assert mark_of((), LOOK) is None
    assert mark_of((EntryState.CONFIRMED, EntryState.WITHDRAWN), LOOK) is None
    waiting = mark_of((EntryState.WAITING,), LOOK)
    assert waiting is not None
    assert (waiting.text, waiting.role) == ("↑ ", Role.NOTICE)
    ascii_mark = mark_of((EntryState.SENT,), replace(LOOK, ascii=True))
    assert ascii_mark is not None
    assert ascii_mark.text == "^ "
    wanted = mark_of((EntryState.WAITING, EntryState.REFUSED), LOOK)
    assert wanted is not None
    assert (wanted.text, wanted.role) == ("! ", Role.WARNING)


def test_news_are_what_ended_or_wants_somebody() -> None:
    one = entry(TICKET, Verb.RESOLVE)
    done = replace(one, state=EntryState.CONFIRMED)
    refused = replace(one, state=EntryState.REFUSED, error="Permission denied.")
    assert news({"a": one}, {"a": one}) is None
    assert news({}, {"a": done}) is None
    assert news({"a": one}, {"a": replace(one, state=EntryState.SENDING)}) is None
    assert news({"a": one}, {"a": done}) == (
        "51473 Imprimante hors d'usage: done at the source",
        False,
    )
    told = news({"a": one, "b": one}, {"a": done, "b": refused})
    assert told is not None
    assert told[1]
    assert told[0].endswith("refused by the source  Permission denied. See the outbox (O).")


def test_a_line_of_the_outbox() -> None:
    one = entry(TICKET, Verb.RESOLVE, action={"text": "Toner"})
    assert texts([entry_line(one, LOOK)]) == [
        "1 waits to be sent 51473 Imprimante hors d'usage resolve: Toner Agent Un, 10:25"
    ]
    assert entry_line(one, LOOK).key == "outbox/a"
    assert state_cell(replace(one, state=EntryState.CONFIRMED)).role is Role.FINE


def test_what_changed_meanwhile_stands_side_by_side() -> None:
    now = replace(TICKET, status=TicketStatus.CLOSED, owner="")
    one = entry(
        TICKET, Verb.RESOLVE, state=EntryState.CONFLICT, now=plain(now), attempts=2,
        tried=ago(minutes=1), error="changed", hint="decide",
    )  # fmt: skip
    lines = details(one, LOOK)
    assert texts(lines) == [
        "Source redmine",
        "Record 51473 Imprimante hors d'usage",
        "Effect resolve",
        "Ordered by Agent Un, 10:25",
        "State changed meanwhile: decide",
        "Last tried 10:29 (2)",
        "Reason changed",
        "→ decide",
        "",
        "when you saw it at the source now",
        "Status in progress closed",
        "Owner Agent Un –",
    ]
    gone = details(replace(one, now=None), LOOK)
    assert texts(gone)[-1] == "Now the source has no such record any more"
    assert len(details(replace(one, state=EntryState.WAITING, error="", hint=""), LOOK)) == 6


def test_what_is_about_to_be_queued_is_shown_whole() -> None:
    records = [replace(TICKET, key=str(number)) for number in range(12)]
    actions = [entry(record, Verb.RESOLVE).action for record in records]
    lines = texts(confirmation(actions, "redmine", records, LOOK))
    assert lines[0] == "Send this to the source?"
    assert "Source redmine" in lines
    assert sum("Imprimante" in line for line in lines) == 10
    assert "and 2 more" in lines
    assert "Effect resolve" in lines
    through_a_hub = texts(confirmation(actions[:1], "siege/redmine", records[:1], LOOK))
    assert "Source siege/redmine (redmine)" in through_a_hub


def test_streams_of_entries_are_those_of_their_records() -> None:
    one = entry(health(), Verb.ACKNOWLEDGE, Stream.HEALTH)
    assert one.seen_record == health()
