"""Which of the known tickets are gone, by counting."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ticketing.exits import AT_ONCE, exits_of


class Server:
    """Has some open tickets and some closed ones, and counts the questions."""

    def __init__(self, opens: set[int], closed: set[int]) -> None:
        self.opens = opens
        self.there = opens | closed
        self.asked = 0

    async def as_many(self, first: int, last: int, known: int) -> bool:
        self.asked += 1
        return sum(first <= number <= last for number in self.opens) == known

    async def present(self, numbers: Sequence[int]) -> Collection[int]:
        assert len(numbers) <= AT_ONCE
        self.asked += 1
        return self.there & set(numbers)


def found(server: Server, known: set[int]) -> set[int]:
    keys = [str(number) for number in known]
    gone = asyncio.run(exits_of(keys, server.as_many, server.present))
    return {int(key) for key in gone}


@settings(max_examples=200)
@given(st.sets(st.integers(1, 2000), max_size=400), st.data())
def test_all_that_left_are_found(known: set[int], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(known)), max_size=20)) if known else set()
    server = Server(known - gone, set())
    assert found(server, known) == gone


def test_nothing_that_left_costs_one_question() -> None:
    known = set(range(1, 50_000, 3))
    server = Server(set(known), set())
    assert found(server, known) == set()
    assert server.asked == 1


def test_one_of_many_costs_few_questions() -> None:
    known = set(range(1, 50_000, 3))
    server = Server(known - {31}, set())
    assert found(server, known) == {31}
    assert server.asked < 40


def test_a_ticket_closed_a_moment_ago_is_not_gone() -> None:
    assert found(Server({1, 2}, {3}), {1, 2, 3}) == set()


def test_keys_that_are_no_numbers_are_left_alone() -> None:
    server = Server({1}, set())
    assert asyncio.run(exits_of(["1", "x", "²"], server.as_many, server.present)) == set()
