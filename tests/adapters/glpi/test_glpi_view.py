"""What an account sees of GLPI, and what its statuses are taken to mean."""

from __future__ import annotations

import html
from typing import Any

import pytest

from adapters.glpi.view import scopes_of, sights_of
from smic_tui.contract.view import Sight, TellsItsView, narrower
from smic_tui.records import Stage, TicketStatus
from tests.adapters.glpi.conftest import Make
from tests.fakes.glpi import FakeGlpi
from tests.fakes.reading import read


async def test_the_entities_of_the_profile_are_what_is_seen(ten: FakeGlpi, make_ten: Make) -> None:
    adapter = make_ten()
    assert isinstance(adapter, TellsItsView)
    assert adapter.view() == ()
    await read(adapter)
    (before,) = adapter.view()
    assert (before.part, before.told) == ("entities", "Entité racine (recursive)")
    ten.tokens["a-token"].entities = (2, 3)
    other = make_ten()
    assert (await read(other)).rows == {}
    (now,) = other.view()
    assert now.told == "Ay-Champagne (recursive), École <Prévert> (recursive)"
    assert (await other.probe()).sees == (now,)


@pytest.mark.parametrize(
    ("before", "now", "less"),
    [
        ([(0, 1)], [(0, 1)], False),
        ([(0, 1)], [(29, 1)], True),
        ([(29, 1)], [(0, 1)], False),
        ([(0, 1)], [(0, 0)], True),
        ([(1, 1), (2, 1)], [(1, 1)], True),
        ([(1, 1)], [(1, 1), (2, 0)], False),
        ([(1, 1), (2, 0)], [(1, 1)], True),
        ([(1, 1)], [], True),
    ],
)
def test_less_is_seen_when_an_entity_or_those_below_it_are_lost(
    before: list[tuple[int, int]], now: list[tuple[int, int]], less: bool
) -> None:
    def sights(scopes: list[tuple[int, int]]) -> tuple[Sight, ...]:
        rows = [{"id": n, "name": f"E{n}", "is_recursive": below} for n, below in scopes]
        return sights_of(scopes_of(rows, str))

    lost, shrunk = narrower(sights(before), sights(now))
    assert bool(lost or shrunk) is less


@pytest.mark.parametrize(
    ("entities", "seen"),
    [
        # As a real GLPI answered for a profile on one entity that is not the account's first.
        ({"1": {"id": 29, "name": "L&#38;M", "is_recursive": 1}}, "L&M (recursive)"),
        ([{"id": 29, "name": "L&#38;M", "is_recursive": "1"}], "L&M (recursive)"),
        ([{"id": 29, "name": "L&#38;M"}], "L&M (not recursive)"),
        (None, ""),
        ([], ""),
        ("all", ""),
        ([7, None, {}], ""),
    ],
)
def test_the_entities_of_a_profile_may_have_any_form(entities: Any, seen: str) -> None:
    assert [sight.told for sight in sights_of(scopes_of(entities, html.unescape))] == (
        [seen] if seen else []
    )


async def test_statuses_of_tickets_are_known(make_ten: Make) -> None:
    found = (await make_ten().probe()).understood
    assert [each.status for each in found] == [
        TicketStatus.NEW,
        TicketStatus.OPEN,
        TicketStatus.OPEN,
        TicketStatus.WAITING,
        TicketStatus.RESOLVED,
        TicketStatus.CLOSED,
    ]
    assert not any(each.guessed for each in found)


async def test_stages_that_nobody_configured_are_guesses(make_ten: Make) -> None:
    adapter = make_ten(
        **{"as": "requests", "stages": {"pending": "ordered"}},
        category_stages={"Catalogue > Refusé": "refused"},
    )
    found = {each.name: (each.stage, each.guessed) for each in (await adapter.probe()).understood}
    assert found == {
        "New": (Stage.ASKED, False),
        "Processing (assigned)": (Stage.ANALYSED, True),
        "Processing (planned)": (Stage.INSTALLING, True),
        "Pending": (Stage.ORDERED, False),
        "Solved": (Stage.DONE, False),
        "Closed": (Stage.DONE, False),
        "Catalogue > Refusé": (Stage.REFUSED, False),
    }
    assert (await make_ten(**{"as": "entities"}).probe()).understood == ()
