"""Numbers, sizes, durations and times as people and programs write them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.shared import values

PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1 234,5", 1234.5),
        ("1\N{NO-BREAK SPACE}234,5", 1234.5),
        ("1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567", 1234567),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("45.7", 45.7),
        ("-1,15", -1.15),
        ("46.16123456789", 46.16123456789),
        ("+3", 3),
    ],
)
def test_numbers(text: str, number: float) -> None:
    assert values.read_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1,2,3", "nan", "inf", "1e5", "12,", "1 23", "0x10", "١٢", "1" * 40]
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="a number"):
        values.read_number(text)


def test_the_decimal_separator_can_be_named() -> None:
    assert values.read_whole("1.200", decimal=",") == 1200
    assert values.read_whole("1,200", decimal=".") == 1200
    assert values.read_number("1,200", decimal=",") == 1.2


def test_a_whole_number_that_may_be_two_things_is_refused() -> None:
    assert values.read_whole("1200,0") == 1200
    for text in ("1.200", "1,200", "1,5"):
        with pytest.raises(ValueError, match="a whole number"):
            values.read_whole(text)


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_written_the_french_way(number: int) -> None:
    text = f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    assert values.read_whole(text) == number


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("1 024 Ko", 1_024_000),
        ("1,2 Go", 1_200_000_000),
        ("1.2 GiB", 1_288_490_189),
        ("12Mo", 12_000_000),
        ("3 To", 3 * 10**12),
        ("1,5 Gio", 1_610_612_736),
        ("17 octets", 17),
        ("9007199254740993", 9007199254740993),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert values.read_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "10 %", "Go", "9999999999 EiB", "1 2 3", "1,2,3 Go"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="a size"):
        values.read_size(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("86400", 86400),
        ("90s", 90),
        ("15 min", 900),
        ("24 h", 86400),
        ("7 j", 604800),
        ("1d", 86400),
        ("1 semaine", 604800),
        ("1h30", 5400),
        ("1 j 12 h", 129600),
        ("1,5 h", 5400),
        ("2 jours", 172800),
    ],
)
def test_durations(text: str, duration: int) -> None:
    assert values.read_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "x", "2 ans", "- 5", "-5", "1 h foo", "h", "1 h, 5", "9" * 30]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="a duration"):
        values.read_duration(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("24/11/2026", "2026-11-23T23:00"),
        ("24/11/2026 07:30", "2026-11-24T06:30"),
        ("24/11/2026 07:30:15", "2026-11-24T06:30:15"),
        ("24/11/26 7h30", "2026-11-24T06:30"),
        ("24/11/2026 à 07h30", "2026-11-24T06:30"),
        ("24/11/2026 7 h", "2026-11-24T06:00"),
        ("24.11.2026", "2026-11-23T23:00"),
        ("4-7-2026 12:00", "2026-07-04T10:00"),
        ("2026-11-24", "2026-11-23T23:00"),
        ("2026-11-24 07:30", "2026-11-24T06:30"),
        ("2026-11-24T07:30:00Z", "2026-11-24T07:30"),
        ("2026-11-24T07:30:00+05:30", "2026-11-24T02:00"),
        ("2026-11-24 07:30:00 +0100", "2026-11-24T06:30"),
        ("  2026-11-24\N{NO-BREAK SPACE}07:30  ", "2026-11-24T06:30"),
    ],
)
def test_times(text: str, utc: str) -> None:
    read = values.read_time(text, PARIS)
    assert read == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hier",
        "2026",
        "31/02/2026",
        "11/24/2026",
        "24/11/2026 25:00",
        "0001-01-01",
        "0000-00-00",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="a date"):
        values.read_time(text, PARIS)


def test_an_hour_that_occurs_twice_is_the_first() -> None:
    assert values.read_time("25/10/2026 02:30", PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_hour_that_is_skipped_is_still_a_moment() -> None:
    assert values.read_time("29/03/2026 02:30", PARIS) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_day_as_a_limit_lasts_to_its_end() -> None:
    for text in ("24/11/2026", "2026-11-24"):
        assert values.read_time(text, PARIS, end_of_day=True) == datetime(
            2026, 11, 24, 22, 59, 59, tzinfo=UTC
        )
    at = values.read_time("24/11/2026 07:30", PARIS, end_of_day=True)
    assert at == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def test_formats_are_tried_in_turn() -> None:
    formats = ("%m/%d/%Y", "unix", "unix-ms")
    assert values.read_time("11/24/2026", "UTC", formats) == datetime(2026, 11, 24, tzinfo=UTC)
    assert values.read_time("1700000000", "UTC", formats).year == 2023
    assert values.read_time("1700000000000", "UTC", ["unix-ms"]).year == 2023
    with pytest.raises(ValueError, match="unix-ms"):
        values.read_time("24/11/2026 07:30", "UTC", formats)


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(ZoneInfo(PARIS))),
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]),
)
def test_times_survive_being_written(moment: datetime, form: str) -> None:
    moment = moment.replace(microsecond=0, fold=0)
    read = values.read_time(moment.strftime(form), PARIS)
    # A local time that clocks skip has no way back.
    assert abs(read - moment.astimezone(UTC)) in (timedelta(0), timedelta(hours=1))
    if "%z" in form:
        assert read == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "day"), [("Samedi", 5), ("sam.", 5), ("SUN", 6), ("lundi", 0), ("0", 0), ("fri", 4)]
)
def test_weekdays(text: str, day: int) -> None:
    assert values.read_weekday(text) == day


@pytest.mark.parametrize("text", ["Oui", "x", "1", "VRAI", "yes"])
def test_yes(text: str) -> None:
    assert values.read_flag(text) is True


@pytest.mark.parametrize("text", ["non", "0", "FAUX", "n"])
def test_no(text: str) -> None:
    assert values.read_flag(text) is False


def test_calendars_are_checked() -> None:
    assert values.read_calendar("30 21 * * 1-5") == "30 21 * * 1-5"
    for text in ("tous les soirs", "* * * *", "61 * * * *"):
        with pytest.raises(ValueError, match="cron"):
            values.read_calendar(text)


@pytest.mark.parametrize(
    "reader",
    [
        values.read_number,
        values.read_whole,
        values.read_flag,
        values.read_size,
        values.read_duration,
        values.read_weekday,
        values.read_calendar,
        lambda text: values.read_time(text, PARIS),
        lambda text: values.read_time(text, PARIS, ["%d/%m/%Y", "unix"]),
    ],
)
@given(text=st.text() | st.text("0123456789.,:/-+ hjdGo\u00a0\u202f"))
def test_whatever_stands_there_is_read_or_refused(reader: Callable[[str], Any], text: str) -> None:
    with suppress(ValueError):
        reader(text)
