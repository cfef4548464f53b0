"""Durations."""

from __future__ import annotations

import pytest

from smic_tui.config.duration import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", 0),
        ("90s", 90),
        ("15m", 900),
        ("1.5h", 5400),
        ("2d", 172800),
        ("1w", 604800),
        ("5 m", 300),
        ("5M", 300),
        ("5min", 300),
        ("1h30", 5400),
        ("86 400 s", 86400),
    ],
)
def test_what_is_a_duration(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "m", "-1s", "86 40 s", "1.200 s", "1e3s", "५s ", "5x"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)
