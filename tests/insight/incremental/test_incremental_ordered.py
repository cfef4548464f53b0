"""Long lists are kept in order, whatever comes, goes and changes."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from smic_tui.insight import order, trouble
from smic_tui.insight.ordered import in_order, merged
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.states import BackupState, Level
from smic_tui.records import HealthState, RunResult, Stage, TicketStatus
from tests.insight.insight_examples import ago, health, job, request, run, site, situation, ticket


class Thing(Struct, frozen=True):
    """Something with a place in a list, and something else about it."""

    place: int
    name: int
    colour: str = ""


def place_of(thing: Thing) -> tuple[float | str, ...]:
    return thing.place, str(thing.name)


RESTS_ON = attrgetter("place", "name")


def changed(old: tuple[Thing, ...], seed: int, share: float) -> dict[int, Thing | None]:
    """By the number in the list: another place, another colour, or nothing any more."""
    dice = random.Random(seed)
    found: dict[int, Thing | None] = {}
    for number in dice.sample(range(len(old)), round(share * len(old))):
        thing = old[number]
        found[number] = dice.choice(
            (
                None,
                Thing(thing.place, thing.name, "red"),
                Thing(dice.randrange(5000), thing.name, "green"),
            )
        )
    return found


@given(
    count=st.sampled_from((0, 1, 63, 64, 65, 700, 12_000)),
    share=st.sampled_from((0.0, 0.001, 0.01, 0.05, 0.5)),
    fresh=st.sampled_from((0, 1, 300)),
    seed=st.integers(0, 1000),
)
def test_what_is_merged_is_what_is_sorted(count: int, share: float, fresh: int, seed: int) -> None:
    dice = random.Random(seed)
    things = [Thing(dice.randrange(5000), number) for number in range(count)]
    old = tuple(in_order(things, place_of))
    assert list(old) == sorted(things, key=place_of)
    swaps = changed(old, seed, share)
    new = [Thing(dice.randrange(5000), count + number) for number in range(fresh)]
    found = merged(
        old,
        [
            *((old[number], thing) for number, thing in swaps.items()),
            *((None, thing) for thing in new),
        ],
        place_of,
        RESTS_ON,
    )
    left = [swaps.get(number, thing) for number, thing in enumerate(old)]
    assert list(found) == sorted([thing for thing in left if thing] + new, key=place_of)
    kept = {id(thing) for number, thing in enumerate(old) if number not in swaps}
    assert kept <= {id(thing) for thing in found}


def test_nothing_changes_without_swaps() -> None:
    old = (Thing(1, 1), Thing(2, 2))
    assert merged(old, [], place_of, RESTS_ON) is old


NOW = situation(
    site("17300", "Mairie", supplier="Prestataire"),
    health("17300", HealthState.DOWN, since=ago(hours=3)),
    job("job", "17300"),
    run(ago(days=3)),
    run(ago(days=1), RunResult.FAILED),
    ticket("1", site="17300", due=ago(hours=1)),
    request("1", site="17300", due=ago(hours=1)),
)
_LEVELS = {"level": (Level.FINE, Level.CRITICAL)}
_RECORDS: dict[str, dict[str, tuple[object, ...]]] = {
    "ticket": {
        "status": (TicketStatus.CLOSED, TicketStatus.WAITING),
        "due": (None, ago(days=9)),
        "priority": (1, 5),
        "created": (ago(days=8),),
    },
    "request": {"stage": (Stage.DONE,), "due": (None, ago(days=9)), "created": (ago(days=8),)},
    "job": {"application": ("paie", "")},
    "site": {"name": ("École", "")},
}


def versions(fact: Any, **fields: tuple[object, ...]) -> list[Any]:
    """The fact, and others that differ from it in one field."""
    found = [fact]
    for name, values in fields.items():
        found += [replace(fact, **{name: value}) for value in values]
    for name, of_record in _RECORDS.items():
        record = getattr(fact, name, None)
        if isinstance(record, Struct):
            for field, values in of_record.items():
                found += [replace(fact, **{name: replace(record, **{field: v})}) for v in values]
    return found


@pytest.mark.parametrize(
    ("facts", "place", "sort_fields"),
    [
        (
            versions(
                NOW.sites[0],
                trouble=(Level.FINE, Level.NOTICE),
                trouble_since=(None, ago(days=7)),
                key=("other",),
                **_LEVELS,
            ),
            order.site_order,
            order.SITE_SORT_FIELDS,
        ),
        (
            versions(
                NOW.backups[0],
                state=(BackupState.FRESH, BackupState.NEVER),
                last_success=(None, ago(days=7)),
                site_name=("École", ""),
                key=("other",),
                **_LEVELS,
            )
            + versions(replace(NOW.backups[0], site_name=""), site_ref=("école", "")),
            order.backup_order,
            order.BACKUP_SORT_FIELDS,
        ),
        (
            versions(NOW.tickets[0], key=("other",), **_LEVELS),
            order.ticket_order,
            order.TICKET_SORT_FIELDS,
        ),
        (
            versions(NOW.requests[0], key=("other",), **_LEVELS),
            order.request_order,
            order.REQUEST_SORT_FIELDS,
        ),
        (
            versions(
                troubles(NOW)[0],
                members=(("a", "b"),),
                since=(None, ago(days=7)),
                title=("École", ""),
                key=("other",),
                **_LEVELS,
            ),
            trouble.line_order,
            trouble.LINE_SORT_FIELDS,
        ),
    ],
    ids=["sites", "backups", "tickets", "requests", "lines"],
)
def test_an_order_is_made_of_the_fields_that_it_rests_on(
    facts: list[Any], place: Callable[[Any], object], sort_fields: Callable[[Any], object]
) -> None:
    pairs = list(combinations(facts, 2))
    assert sum(place(one) != place(other) for one, other in pairs) > len(pairs) / 2
    for one, other in pairs:
        if sort_fields(one) == sort_fields(other):
            assert place(one) == place(other)
