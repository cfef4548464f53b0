"""Lists and their columns, whatever they list."""

from __future__ import annotations

from typing import get_args

import pytest

from smic_tui.model.facts import Situation
from smic_tui.model.subjects import (
    SUBJECTS,
    TICKETS,
    WATCHED,
    Fact,
    Scheduled,
    Subject,
    Watched,
    subject_named,
)
from smic_tui.query.subjects.all import FILTERED, fields_for
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import headed
from smic_tui.views.listing import sort_facts, tally
from smic_tui.views.lists import overview
from smic_tui.views.lists.all import listing_of
from smic_tui.views.lists.parts import lean_age_column
from tests.views.view_examples import LOOK, NOW, ago, site, ticket


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_subject_has_fields_and_a_list(subject: Subject[Fact]) -> None:
    assert subject_named(subject.name) is subject
    assert fields_for(subject.name).subject == subject.name
    listing = listing_of(subject)
    assert listing.subject is subject
    assert subject.facts(Situation(now=NOW)) == ()
    for columns in (listing.columns, listing.lean):
        ids = [column.id for column in columns]
        assert len(set(ids)) == len(ids)
        assert not (columns and listing.marked) or listing.marked in ids


def test_rules_watch_and_panes_list_subjects() -> None:
    assert get_args(Watched) == tuple(WATCHED)
    for name, subject in WATCHED.items():
        assert subject is subject_named(name)
    for name in get_args(Scheduled):
        assert subject_named(name).name == name


def test_the_overview_can_be_filtered_too() -> None:
    assert (overview.OVERVIEW.name, *(subject.name for subject in SUBJECTS)) == FILTERED
    assert fields_for("overview").subject == "overview"
    with pytest.raises(KeyError):
        fields_for("shared")
    with pytest.raises(KeyError):
        subject_named("overview")


def test_a_row_has_the_cells_of_the_columns_that_are_chosen() -> None:
    listing = listing_of(TICKETS)
    columns = listing.chosen(["key", "subject"])
    row = listing.row(ticket(mine=True), LOOK, columns)
    assert row.cells == (Cell("51473", Role.KEY), Cell("Imprimante hors d'usage"))
    swapped = listing.row(ticket(mine=True), LOOK, columns[::-1])
    assert swapped.cells == row.cells[::-1]
    assert (row.key, row.site) == ("redmine/51473", "members/17300")
    assert row.copy == "51473 Imprimante hors d'usage"
    assert not row.stale
    with pytest.raises(KeyError):
        listing.chosen(["key", "nonsense"])


def test_what_has_no_value_comes_last_in_both_orders() -> None:
    first, second = (ticket(key, {"due": ago(days=days)}) for key, days in (("1", 2), ("2", 1)))
    without = ticket("3")
    facts = (without, second, first)
    listing = listing_of(TICKETS)
    assert sort_facts(listing, facts, "due", False, LOOK) == [first, second, without]
    assert sort_facts(listing, facts, "due", True, LOOK) == [second, first, without]
    assert sort_facts(listing, facts, None, False, LOOK) is facts
    assert sort_facts(listing, facts, "nonsense", False, LOOK) is facts


def test_numbers_are_sorted_as_numbers() -> None:
    facts = tuple(ticket(key) for key in ("1000", "99", "x", "100"))
    ordered = sort_facts(listing_of(TICKETS), facts, "key", False, LOOK)
    assert [fact.ticket.key for fact in ordered] == ["x", "99", "100", "1000"]


def test_the_lean_age_says_how_old_all_are_at_most() -> None:
    columns = (lean_age_column(),)
    fresh, old = ticket(), ticket(rests_on=("slow",))
    stale = ticket(rests_on=("old",), stale=True)
    assert headed(columns, (fresh, old, stale), LOOK)[0].title == "<4 h"
    assert headed(columns, (fresh,), LOOK)[0].title == "<13 min"
    assert headed(columns, (stale,), LOOK)[0].title == "Age"
    assert columns[0].cell(fresh, LOOK).text == ""
    assert columns[0].cell(stale, LOOK) == Cell("3 d", Role.WARNING)


def test_ordinary_columns_stay_the_same_objects() -> None:
    columns = listing_of(TICKETS).columns
    assert all(
        one is other for one, other in zip(headed(columns, (ticket(),), LOOK), columns, strict=True)
    )


def test_lines_are_counted() -> None:
    assert tally(1, 1) == "1 line"
    assert tally(3, 3) == "3 lines"
    assert tally(3, 12) == "3 of 12"


def test_lists_that_know_no_record_have_no_address() -> None:
    fact = site({"url": "https://members.example/17300"})
    listing = listing_of(subject_named("sites"))
    assert listing.row(fact, LOOK, ()).url == "https://members.example/17300"
    assert overview.LISTING.url(overview.OVERVIEW) == ""  # type: ignore[arg-type]
