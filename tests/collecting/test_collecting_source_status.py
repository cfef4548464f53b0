"""The status of a source from reading to reading."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from smic_tui.collecting import backoff
from smic_tui.collecting.failure import Failure
from smic_tui.collecting.reading import SourceReading
from smic_tui.collecting.source_status import StatusTracker
from smic_tui.config.schema import Source
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.records import Stream

FIRST = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
SECOND = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
THIRD = datetime(2026, 11, 24, 6, 10, tzinfo=UTC)
AWAY = Failure(state=SourceState.UNAVAILABLE, error="no line", hint="look at the cable")
BUG = Failure(state=SourceState.BUG, error="ValueError: 1", detail="line 1")


@pytest.fixture
def tracker() -> StatusTracker:
    return StatusTracker(Source(name="desk", kind="glpi", refresh="5m"), Redactor())


def after(
    tracker: StatusTracker, before: SourceStatus, began: datetime, failure: Failure | None = None
) -> SourceStatus:
    return tracker.after(
        before,
        SourceReading(began=began),
        failure,
        1.5,
        offered=(Stream.TICKETS,) if failure is None else (),
        adapter=None,
    )


def test_a_failed_reading_keeps_what_is_known_and_since_when_it_ages(
    tracker: StatusTracker,
) -> None:
    good = after(tracker, SourceStatus(name="", kind=""), FIRST)
    assert (good.name, good.kind, good.state) == ("desk", "glpi", SourceState.OK)
    assert (good.last_good, good.lost_since, good.took) == (FIRST, None, 1.5)
    lost = after(tracker, good, SECOND, AWAY)
    assert (lost.state, lost.error, lost.hint) == (AWAY.state, AWAY.error, AWAY.hint)
    assert (lost.last_good, lost.last_try, lost.lost_since) == (FIRST, SECOND, SECOND)
    assert lost.streams == (Stream.TICKETS,)
    still = after(tracker, lost, THIRD, AWAY)
    assert (still.lost_since, still.failures) == (SECOND, 2)
    found = after(tracker, still, THIRD)
    assert (found.state, found.failures, found.error, found.hint) == (SourceState.OK, 0, "", "")
    assert (found.last_good, found.lost_since) == (THIRD, None)


def test_what_only_a_person_can_mend_is_tried_seldom(tracker: StatusTracker) -> None:
    parked = Failure(state=SourceState.AUTH_FAILED, error="wrong password", parked=True)
    status = after(tracker, SourceStatus(name="", kind=""), FIRST, parked)
    assert status.next_try is not None
    pause = (status.next_try - datetime.now(UTC)).total_seconds()
    assert pause == pytest.approx(backoff.PARKED, abs=60)


def test_a_loss_is_told_once_and_another_bug_again(
    tracker: StatusTracker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "smic_tui.collecting.source_status")
    other = Failure(state=SourceState.BUG, error="ValueError: 2", detail="line 2")
    for failure in (None, AWAY, AWAY, BUG, BUG, other, None, None):
        tracker.tell(failure, 7)
        assert tracker.failure is failure
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "desk: lost (unavailable): no line",
        "desk: lost (bug): ValueError: 1\nline 1",
        "desk: lost (bug): ValueError: 2\nline 2",
        "desk: found again, 7 rows",
    ]
