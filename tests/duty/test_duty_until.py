"""The end of an acknowledgement, as people type it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.duty.until import Until, parse_until
from smic_tui.i18n import use

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # 09:30 in Paris


@pytest.fixture(autouse=True)
def english() -> None:
    use("en")


def until(text: str, now: datetime = NOW) -> Until:
    return parse_until(text, now, PARIS)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("5m", timedelta(minutes=5)),
        ("90min", timedelta(minutes=90)),
        ("4h", timedelta(hours=4)),
        ("2d", timedelta(days=2)),
        ("2j", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
        (" 4H ", timedelta(hours=4)),
    ],
)
def test_a_duration_counts_from_now(text: str, length: timedelta) -> None:
    assert until(text) == Until(moment=NOW + length)


@pytest.mark.parametrize("word", ["change", "CHANGE", "changement", "chg"])
def test_the_next_change(word: str) -> None:
    assert until(word) == Until(change=True)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("18:00", datetime(2026, 11, 24, 17, 0, tzinfo=UTC)),
        ("9:31", datetime(2026, 11, 24, 8, 31, tzinfo=UTC)),
        ("09:30", datetime(2026, 11, 25, 8, 30, tzinfo=UTC)),
        ("07:00", datetime(2026, 11, 25, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_time_that_has_passed_is_tomorrow(text: str, moment: datetime) -> None:
    assert until(text) == Until(moment=moment)


def test_tomorrow_is_a_day_of_the_calendar_also_when_clocks_change() -> None:
    evening_before = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)  # 20:00 in summer time
    assert until("07:00", evening_before).moment == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)


def test_what_follows_is_a_comment() -> None:
    assert until("4h  le prestataire vient ") == Until(
        moment=NOW + timedelta(hours=4), comment="le prestataire vient"
    )
    assert until("change voir #12").comment == "voir #12"


@pytest.mark.parametrize("text", ["18h00", "18h30", "08h15 le prestataire"])
def test_what_may_be_a_time_or_a_duration_is_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="may be a time or a duration"):
        until(text)


@pytest.mark.parametrize("text", ["", "soon", "4", "h", "0h", "24:00", "12:60", "99999999h", "-4h"])
def test_what_is_no_end_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is no end"):
        until(text)


@given(st.text(max_size=12))
def test_whatever_is_typed_is_an_end_in_the_future_or_refused(text: str) -> None:
    try:
        end = until(text)
    except ValueError:
        return
    assert end.change == (end.moment is None)
    assert end.moment is None or end.moment > NOW


@pytest.mark.parametrize("text", ["2h", "18:00", "09:30"])
def test_it_counts_from_the_beginning(text: str) -> None:
    begin = NOW + timedelta(hours=10, minutes=30)  # 20:00 in Paris
    moment = until(text, begin).moment
    assert moment is not None
    assert begin < moment <= begin + timedelta(days=1)
