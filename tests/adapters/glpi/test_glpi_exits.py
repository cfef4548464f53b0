"""Tickets that leave a source, and tickets whose time is wrong, at the next ordinary reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.glpi.known import FEW, differences, packed, unpacked
from smic_tui.contract.errors import BadAnswer
from tests.adapters.glpi.conftest import Make
from tests.fakes.glpi import FakeGlpi
from tests.fakes.misbehaving import MisbehavingServer
from tests.fakes.reading import read

LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


def requalify(glpi: FakeGlpi, number: int) -> None:
    glpi.change(number, type=2)


def recategorise(glpi: FakeGlpi, number: int) -> None:
    glpi.change(number, category=2)


def bin_(glpi: FakeGlpi, number: int) -> None:
    glpi.change(number, deleted=True)


def merge(glpi: FakeGlpi, number: int) -> None:
    glpi.change(number, status=6, deleted=True)


def purge(glpi: FakeGlpi, number: int) -> None:
    del glpi.tickets[number]


def hide(glpi: FakeGlpi, number: int) -> None:
    """Move it to an entity that the account does not see, without a new time."""
    glpi.tickets[number]["entity"] = 9


@pytest.fixture(params=[8, 400])
def many(request: pytest.FixtureRequest, ten: FakeGlpi) -> FakeGlpi:
    """Some open, some over lately, some over long ago."""
    ten.entities[9] = {"name": "Ailleurs", "parent": None}
    for number in range(9, request.param + 1):
        ten.add(status=(2, 4, 5, 6)[number % 4], updated=datetime.now(UTC) - timedelta(days=3))
    for number in range(1, 9):
        ten.change(number, LONG_AGO)
    return ten


@pytest.mark.parametrize("leave", [requalify, recategorise, bin_, merge, purge, hide])
@pytest.mark.parametrize("number", [1, 4, 8])
async def test_what_left_is_gone_at_the_next_reading(
    many: FakeGlpi, make_ten: Make, leave: Callable[[FakeGlpi, int], None], number: int
) -> None:
    adapter = make_ten(type="incident", categories=[1])
    first = await read(adapter)
    leave(many, number)
    second = await read(adapter, first.cursor)
    assert (second.full, second.deletes, second.rows) == (False, [str(number)], {})
    third = await read(adapter, second.cursor)
    assert (third.deletes, third.rows) == ([], {})


async def test_what_was_over_and_is_purged_goes_too(many: FakeGlpi, make_ten: Make) -> None:
    many.change(3, status=6)
    adapter = make_ten()
    first = await read(adapter)
    assert "3" in first.rows
    del many.tickets[3]
    assert (await read(adapter, first.cursor)).deletes == ["3"]


async def test_a_requalified_ticket_is_in_the_other_source(ten: FakeGlpi, make_ten: Make) -> None:
    incidents = make_ten(type="incident")
    requests = make_ten(**{"as": "requests", "type": "request"})
    cursors = [(await read(each)).cursor for each in (incidents, requests)]
    requalify(ten, 5)
    assert (await read(incidents, cursors[0])).deletes == ["5"]
    assert set((await read(requests, cursors[1])).rows) == {"5"}


async def test_what_comes_into_view_without_a_change_is_seen(
    many: FakeGlpi, make_ten: Make
) -> None:
    hide(many, 2)
    adapter = make_ten()
    first = await read(adapter)
    assert "2" not in first.rows
    many.tickets[2]["entity"] = 1
    second = await read(adapter, first.cursor)
    assert set(second.rows) == {"2"}
    assert not (await read(adapter, second.cursor)).rows


async def test_one_goes_while_another_comes(many: FakeGlpi, make_ten: Make) -> None:
    adapter = make_ten()
    first = await read(adapter)
    del many.tickets[2]
    new = many.add(updated=datetime.now(UTC))
    second = await read(adapter, first.cursor)
    assert second.deletes == ["2"]
    assert [row.subject for row in second.rows.values()] == [new["name"]]


async def test_what_was_over_for_long_does_not_confuse_the_count(
    ten: FakeGlpi, make_ten: Make, ten_server: MisbehavingServer
) -> None:
    for number in ten.tickets:
        ten.change(number, datetime.now(UTC) - timedelta(days=300))
    ten.change(1, datetime.now(UTC) - timedelta(days=200), status=6)
    adapter = make_ten()
    cursor = (await read(adapter)).cursor
    for _reading in range(3):
        ten_server.requests.clear()
        reading = await read(adapter, cursor)
        cursor = reading.cursor
        assert not reading.rows
        assert len(ten_server.requests) == 2


async def test_when_much_is_gone_all_is_read(many: FakeGlpi, make_ten: Make) -> None:
    """So that what watches over readings of all sees it."""
    for _number in range(60):
        many.add()
    adapter = make_ten()
    first = await read(adapter)
    for number in range(9, 60):
        many.tickets.pop(number, None)
    second = await read(adapter, first.cursor)
    assert second.full
    assert {int(key) for key in second.rows} == set(many.tickets)


async def test_deleted_places_are_gone_at_the_next_reading(ten: FakeGlpi, make_ten: Make) -> None:
    adapter = make_ten(**{"as": "entities"})
    first = await read(adapter)
    del ten.entities[3]
    second = await read(adapter, first.cursor)
    assert second.full
    assert set(second.rows) == {"1", "2"}


@settings(max_examples=200)
@given(st.sets(st.integers(1, 900)), st.sets(st.integers(1, 900), max_size=5), st.data())
def test_differences_are_found_whatever_they_are(
    known: set[int], came: set[int], data: st.DataObject
) -> None:
    import asyncio

    gone = set(data.draw(st.lists(st.sampled_from(sorted(known)), max_size=5))) if known else set()
    present = (known - gone) | came
    questions: list[tuple[int, int]] = []

    async def numbers(first: int, last: int) -> set[int]:
        questions.append((first, last))
        return {number for number in present if first <= number <= last}

    async def count(first: int, last: int) -> int:
        return len(await numbers(first, last))

    lost, found = asyncio.run(differences(known, count, numbers))
    assert lost <= known - present
    assert found <= present - known
    # One that came may hide one beside it that went.
    if known <= present or present <= known or len(known) <= FEW:
        assert (lost, found) == (known - present, present - known)
    assert len(questions) < 200


@given(st.sets(st.integers(0, 2**31)))
def test_numbers_are_packed_and_unpacked(numbers: set[int]) -> None:
    assert unpacked(packed(numbers)) == numbers


# -- times ---------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [timedelta(minutes=9), timedelta(days=2), timedelta(days=9999)])
async def test_a_time_ahead_hides_no_other_change(
    ten: FakeGlpi, make_ten: Make, ahead: timedelta
) -> None:
    ten.change(1, datetime.now(UTC) + ahead)
    adapter = make_ten()
    first = await read(adapter)
    assert len(first.rows) == 8
    ten.change(2, datetime.now(UTC), status=4)
    second = await read(adapter, first.cursor)
    assert set(second.rows) == {"1", "2"}
    ten.change(3, datetime.now(UTC), status=5)
    assert "3" in (await read(adapter, second.cursor)).rows


async def test_a_time_ahead_under_a_wrong_zone_is_told(ten: FakeGlpi, make_ten: Make) -> None:
    ten.change(1, datetime.now(UTC))
    adapter = make_ten(timezone="America/Cayenne")
    with pytest.raises(BadAnswer) as raised:
        await read(adapter)
    assert "timezone" in raised.value.hint


async def test_a_cursor_ahead_of_the_server_s_clock_is_not_believed(
    ten: FakeGlpi, make_ten: Make
) -> None:
    """The clock was set back, or an earlier version took a time that was to come for true."""
    adapter = make_ten()
    cursor = json.loads((await read(adapter)).cursor)
    cursor["since"] = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    ten.change(2, datetime.now(UTC), status=4)
    second = await read(adapter, json.dumps(cursor))
    assert second.full
    assert "2" in second.rows
