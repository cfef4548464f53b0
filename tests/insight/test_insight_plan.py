"""Whatever was asked before, the next moment of a calendar is the one that a search finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from smic_tui.insight import plan
from smic_tui.insight.plan import BadPlan

PARIS = ZoneInfo("Europe/Paris")
# Around both changes of the clocks, and in an ordinary week.
STARTS = [
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 11, 24, 8, tzinfo=UTC),
]
CALENDARS = [
    "30 2 * * *",
    "0 2 * * *",
    "*/20 * * * *",
    "0 */6 * * 1-5",
    "15 12,19 * * 1-6",
    "30 2 * * 0",
    "0 0 1 * *",
    "59 23 31 12 *",
]

moments = st.builds(
    lambda start, minutes: start + timedelta(minutes=minutes),
    st.sampled_from(STARTS),
    st.integers(0, 2000) | st.integers(0, 20_000),
)


@given(st.sampled_from(CALENDARS), st.lists(moments, min_size=2, max_size=12))
@example("30 2 * * *", [STARTS[0] + timedelta(minutes=m) for m in (0, 250, 290, 300, 330, 360)])
@settings(max_examples=150, deadline=None)
def test_what_was_asked_before_changes_nothing(calendar: str, asked: list[datetime]) -> None:
    plan._spans.clear()
    for after in asked:
        plan._moment_after.cache_clear()
        found = plan._moment_after(calendar, PARIS, after)
        assert found == plan._searched(calendar, PARIS, after)
        assert found > after


def test_most_of_a_night_are_searched_once() -> None:
    plan._spans.clear()
    plan._moment_after.cache_clear()
    night = [STARTS[2] + timedelta(minutes=minute) for minute in range(60)]
    found = {plan._moment_after("30 22 * * *", PARIS, after) for after in night[30:] + night}
    assert found == {datetime(2026, 11, 24, 21, 30, tzinfo=UTC)}
    assert len(plan._spans["30 22 * * *", PARIS]) == 1


def test_what_cannot_be_read_is_told_each_time() -> None:
    for _again in range(2):
        try:
            plan._moment_after("nonsense", PARIS, STARTS[0])
        except BadPlan:
            continue
        raise AssertionError
