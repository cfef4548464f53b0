"""Which facts the clock may change."""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from smic_tui.insight.incremental.index import DueIndex

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
minutes = st.integers(-3000, 3000)


@given(st.lists(minutes, max_size=60), minutes, st.integers(0, 3000), st.integers(0, 3000))
def test_whatever_turns_in_between_is_told_and_what_was_before_may_be_forgotten(
    moments: list[int], start: int, length: int, earlier: int
) -> None:
    turning = DueIndex()
    for moment in moments:
        turning.put(str(moment), NOW + timedelta(minutes=moment))
    begin, end = NOW + timedelta(minutes=start), NOW + timedelta(minutes=start + length)
    wanted = {str(moment) for moment in moments if start <= moment <= start + length}
    told = set(turning.between(begin, end))
    assert wanted <= told
    # Nothing from further away than the hours in which the two moments lie.
    assert all(start - 60 < int(key) < start + length + 60 for key in told)
    turning.forget_before(begin - timedelta(minutes=earlier))
    assert wanted <= set(turning.between(begin, end))


def test_what_is_over_takes_no_memory() -> None:
    turning = DueIndex()
    for hour in range(24 * 7):
        turning.put(f"key {hour}", NOW + hour * HOUR)
    turning.forget_before(NOW + 24 * 6 * HOUR)
    left = set(turning.between(NOW, NOW + 24 * 8 * HOUR))
    assert left == {f"key {hour}" for hour in range(24 * 6, 24 * 7)}


def test_a_long_row_of_keys_is_nothing_to_look_through_for_garbage() -> None:
    before = sum(map(len, _lists()))
    turning = DueIndex()
    for number in range(20_000):
        turning.put(f"key {number}", NOW)
    gc.collect()
    assert sum(map(len, _lists())) - before < 5000
    assert sorted(turning.between(NOW, NOW)) == sorted(f"key {n}" for n in range(20_000))


def _lists() -> list[list[str]]:
    """Lists and tuples of texts that whoever collects garbage goes through."""
    return [
        one
        for one in gc.get_objects()
        if type(one) in (list, tuple) and one and type(one[0]) is str and one[0].startswith("key ")
    ]
