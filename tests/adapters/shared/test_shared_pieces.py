"""What the kinds share: rows one by one, plans by patterns, columns by name, zones and epochs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from adapters.http.session import HttpSession
from adapters.shared.check_times import allowed_age, clock_difference
from adapters.shared.epochs import moment_of_epoch
from adapters.shared.plans import (
    PatternPlan,
    check_site_of_backups,
    is_excluded,
    plan_for,
    site_of_backup,
)
from adapters.shared.row_by_row import read_each, refuse_to_empty_the_cache
from adapters.shared.site_rules import check_pattern, site_in
from adapters.shared.zones import check_zone
from adapters.tables.columns import ColumnLocator
from adapters.tables.cursors import TableCursor, digest_of, known_table
from adapters.ticketing.tally import ReadingTally
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import BadAnswer

ODD = Rejected(where="row 1", reason="no number", sample="{}")


# -- rows one by one -------------------------------------------------------------


def test_a_row_that_cannot_be_read_costs_only_itself() -> None:
    raws = [msgspec.Raw(text) for text in (b"1", b'"x"', b"3", b"-4", b"5e999")]

    def read(raw: msgspec.Raw) -> int:
        number = msgspec.json.decode(raw, type=int)
        if number < 0:
            raise ValueError("below zero")
        return number

    done, rejected = read_each(raws, read, lambda number, raw: f"{number}: {bytes(raw).decode()}")
    assert done == [1, 3]
    assert [row.where for row in rejected] == ['2: "x"', "4: -4", "5: 5e999"]
    assert rejected[1] == Rejected(where="4: -4", reason="below zero", sample="-4")


def test_a_row_that_is_set_aside_shows_its_beginning() -> None:
    raw = msgspec.Raw(b'"' + "é".encode() * 500 + b'"')
    _done, (rejected,) = read_each([raw], msgspec.json.Decoder(int).decode, lambda _n, _r: "here")
    assert 90 < len(rejected.sample) <= 200


@pytest.mark.parametrize(
    ("usable", "rejected", "refused"),
    [(0, [ODD], True), (1, [ODD], False), (0, [], False), (1, [], False)],
)
def test_only_rows_of_which_none_can_be_read_are_refused(
    usable: int, rejected: list[Rejected], refused: bool
) -> None:
    if not refused:
        refuse_to_empty_the_cache(usable, rejected, lambda first: BadAnswer(first.reason))
        return
    with pytest.raises(BadAnswer, match="no number"):
        refuse_to_empty_the_cache(usable, rejected, lambda first: BadAnswer(first.reason))


class _Http(HttpSession):
    """A session that only makes errors."""

    def __init__(self) -> None:
        pass

    def bad_answer(self, message: str, body: bytes = b"", *, hint: str = "") -> BadAnswer:
        return BadAnswer(message, hint=hint, excerpt=body)


def test_a_tally_refuses_only_full_readings() -> None:
    message = "none of {count} could be read: {reason}"
    full, changes = ReadingTally(full=True), ReadingTally(full=False)
    for tally in (full, changes):
        tally.add(0, [ODD, ODD])
    changes.refuse_to_empty_the_cache(_Http(), message)
    with pytest.raises(BadAnswer, match="none of 2 could be read: no number") as caught:
        full.refuse_to_empty_the_cache(_Http(), message)
    assert caught.value.excerpt == b"{}"
    full.add(1, [])
    full.refuse_to_empty_the_cache(_Http(), message)


# -- plans -----------------------------------------------------------------------


class Plan(PatternPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan of backups that have two names."""

    job: Annotated[str, Meta(description="The job.")] = "*"
    client: Annotated[str, Meta(description="The client.")] = "*"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Both."""
        return (self.job, self.client)


def test_the_first_plan_that_fits_wins() -> None:
    otherwise = Plan(grace="6h")
    plans = [Plan(job="compta-*", period="1d"), Plan(client="173*", period="7d"), Plan(job="x")]
    assert plan_for(plans, "compta-nuit", "17300-fd", otherwise=otherwise).period == "1d"
    assert plan_for(plans, "paie", "17300-fd", otherwise=otherwise).period == "7d"
    assert plan_for(plans, "paie", "16000-fd", otherwise=otherwise) is otherwise
    assert plan_for([], "paie", "16000-fd", otherwise=otherwise) is otherwise


def test_a_plan_is_asked_with_as_many_names_as_it_has_patterns() -> None:
    with pytest.raises(ValueError, match="zip"):
        Plan().fits("only one")


def test_names_that_are_excluded_and_sites_of_backups() -> None:
    assert is_excluded("test-17", ("test-*", "x"))
    assert not is_excluded("Test-17", ("test-*",))
    rule = r"^(?P<site>\d{5})"
    check_site_of_backups(rule)
    check_site_of_backups("")
    assert site_of_backup(rule, "17300-fd", otherwise="17300-fd") == "17300"
    assert site_of_backup(rule, "nas", otherwise="the nas") == "the nas"
    assert site_of_backup("", "17300-fd", otherwise="17300-fd") == "17300-fd"
    with pytest.raises(ValueError, match="site: not a regular expression"):
        check_site_of_backups("(")
    with pytest.raises(ValueError, match="a group"):
        check_site_of_backups(r"\d{5}")


def test_patterns_of_sites() -> None:
    assert site_in(r"(?P<site>\d+)?-fd", "-fd") == ""
    with pytest.raises(ValueError, match="site is no regular expression"):
        check_pattern("[")
    with pytest.raises(ValueError, match=r"without a group .*: \\d\{5\}"):
        check_pattern(r"\d{5}")
    with pytest.raises(ValueError, match=r"name it \{so\}"):
        check_pattern("x", without_group="name it {so}")


# -- columns ---------------------------------------------------------------------


class Columns(ColumnLocator):
    """Takes the last of several columns."""

    def absent(self, name: str) -> BadAnswer:
        """Suggest another."""
        return BadAnswer(name, hint=self.suggestion(name))

    def occurring_twice(self, name: str, places: list[int]) -> int:
        """Return the last."""
        return places[-1]


def test_columns_are_found_by_name() -> None:
    mapping: dict[str, str | list[str | dict[str, str]]] = {
        "code": "code INSEE",
        "name": "NOM",
        "contacts": ["Maire", {"name": "nom", "phone": "Téléphone"}],
    }
    names = ["Code  INSEE", "nom", "Nom", "maire", "telephone"]
    columns = Columns(names, mapping)
    assert columns.cells_of([1, 2, 3, 4, 5]) == {
        "code": 1,
        "name": 3,  # of the two that differ by case, the last
        "contacts": [4, {"name": 2, "phone": 5}],  # written exactly so
    }


def test_a_column_that_is_absent_has_its_likeness_named() -> None:
    with pytest.raises(BadAnswer) as caught:
        Columns(["Code INSEE", "Nom"], {"code": "code_insee"})
    assert "Code INSEE" in caught.value.hint
    with pytest.raises(BadAnswer) as caught:
        Columns(["a"], {"code": "population"})
    assert caught.value.hint == ""


# -- cursors of tables -----------------------------------------------------------


def test_a_cursor_of_a_table_is_known_again() -> None:
    settings = digest_of("csv", "UTC", {"columns": 1})
    cursor = TableCursor(settings, "file:1", (ODD,))
    assert known_table(settings, cursor.encoded()) == cursor
    for other in (None, "", "{}", "nonsense", TableCursor("other", "file:1").encoded()):
        assert known_table(settings, other) == TableCursor(settings)


def test_a_cursor_carries_only_some_rows_that_were_set_aside() -> None:
    many = TableCursor("s", "file:1", (ODD,) * 101)
    assert known_table("s", many.encoded()) == TableCursor("s"), "the table is read again"


def test_cursors_of_the_version_before_are_still_known() -> None:
    before = '{"settings":"s","version":"file:1","rejected":[{"where":"a","reason":"b"}]}'
    assert known_table("s", before).version == "file:1"


# -- times -----------------------------------------------------------------------


def test_epochs_and_zones() -> None:
    assert moment_of_epoch(1_795_502_207) == datetime(2026, 11, 24, 6, 36, 47, tzinfo=UTC)
    assert moment_of_epoch(0) is None
    assert moment_of_epoch(-1) is None
    with pytest.raises(ValueError, match="is no time"):
        moment_of_epoch(1e30)
    check_zone("")
    check_zone("Europe/Paris")
    with pytest.raises(ValueError, match='"Europe/La Rochelle" is not an IANA time zone'):
        check_zone("Europe/La Rochelle")


@pytest.mark.parametrize(
    ("theirs", "minutes"), [(0, 0), (59, 0), (-59, 0), (61, 1), (-430, -7), (86_400, 1440)]
)
def test_clocks_that_differ_by_less_than_a_minute_are_the_same(theirs: float, minutes: int) -> None:
    assert clock_difference(1_000_000 + theirs, 1_000_000) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("interval", "seconds"), [(1, 120), (40, 120), (41, 123), (300, 900), (0.5, 120), (100.1, 301)]
)
def test_a_check_may_be_three_intervals_old(interval: float, seconds: int) -> None:
    assert allowed_age(interval) == seconds
