"""Ages, sizes and moments in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from smic_tui import i18n
from smic_tui.views import human

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "never"),
        (0, "<1 min"),
        (59.9, "<1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 d"),
        (59 * 86400, "59 d"),
        (70 * 86400, "2 mo"),
        (800 * 86400, "2 y"),
    ],
)
def test_age(seconds: float | None, expected: str) -> None:
    assert human.age(seconds) == expected
    assert len(human.age(seconds)) <= 6


def test_size_follows_the_language() -> None:
    assert human.size(None) == "–"
    assert human.size(1_234_000_000) == "1.2 GB"
    i18n.use("fr")
    assert human.size(1_234_000_000) == "1,2 Go"
    assert human.long_age(5 * 3600) == "5 heures"
    i18n.use("en")
    assert human.size(1_234_000_000) == "1.2 GB"
    assert human.long_age(5 * 3600) == "5 hours"


def test_moments_are_local_and_short() -> None:
    assert human.moment(NOW - timedelta(hours=1), NOW, PARIS) == "09:30"
    assert human.moment(NOW - timedelta(days=1), NOW, PARIS) == "11-23 10:30"
    assert human.moment(NOW - timedelta(days=400), NOW, PARIS) == "2025-10-20"
    assert human.moment(None, NOW, PARIS) == "–"
    assert human.day(NOW, PARIS) == "2026-11-24"


def test_today_is_the_readers_today() -> None:
    """22:30 UTC is the next day in Paris."""
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert human.moment(late, NOW, PARIS) == "00:30"


def test_since_never_runs_backwards() -> None:
    assert human.since(NOW + timedelta(minutes=5), NOW) == "<1 min"
    assert human.since(None, NOW) == "–"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "<1 min"), (59, "<1 min"), (60, "<2 min"), (3599, "<60 min"), (5 * 3600, "<6 h")],
)
def test_bounds(seconds: float, expected: str) -> None:
    assert human.less_than(seconds) == expected


def test_days_in_five_cells() -> None:
    days = [
        human.near_day(NOW + away, NOW, PARIS)
        for away in (timedelta(hours=3), timedelta(days=2), timedelta(days=-400))
    ]
    assert days == ["13:30", "11-26", "2025"]
    assert human.near_day(None, NOW, PARIS) == ""
    i18n.use("fr")
    assert human.near_day(NOW + timedelta(days=2), NOW, PARIS) == "26/11"
