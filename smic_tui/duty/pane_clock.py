"""The clock that opens panes, on the `schedule` library.

There is one job of `schedule` for each pane. What `schedule` 1.2.2 does by itself
across a change of clock was tried, and does not do for duty:

- a job at 02:30, a time that is skipped in spring, runs at 03:30 that day and
  then once too often, at 01:30 the day after;
- a job at 02:30 that is registered between the two 02:30 of autumn runs at the
  second, though the first had its turn before a restart;
- "every 20 minutes" in a local zone with summer time is silent for an hour in
  autumn and early in spring, because moments are kept as naive local time;
- a job that raises is not scheduled again, and those after it do not run.

So the moments come from `duty.panes.next_due`, and before each look at the
jobs every `next_run` is set again: to the naive present, which `schedule` compares
it with, plus the real time that is left. Nothing that a job does ends the clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import schedule

from smic_tui.config.schema import Pane, Settings
from smic_tui.duty.panes import MISSED_WITHIN, DuePane, last_due, next_due, utc_now

log = logging.getLogger(__name__)

# Reported this much later than due, a pane was missed: the machine slept, or its
# clock was set.
PUNCTUAL = timedelta(minutes=2)

# A clock set back by less than this does not show the same panes again.
SET_BACK = timedelta(days=1)

NEVER = datetime.max


class PaneClock:
    """Reports each pane once when it comes due.

    `on_due` is called from `run_pending` with the pane and the moment; of several
    moments that passed meanwhile, only the newest of each pane. Moments up to
    `since` (UTC) are not reported: `duty.panes.missed` tells those. With panes
    on working days, have `calendars.workdays.prepare` run off the event loop first.
    """

    def __init__(
        self,
        settings: Settings,
        on_due: Callable[[DuePane], None],
        *,
        since: datetime | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._on_due = on_due
        self._now = now
        self._scheduler = schedule.Scheduler()
        start = now() if since is None else since
        self._reported: dict[str, datetime] = {}
        self._due: dict[str, datetime | None] = {}
        self._jobs: dict[str, schedule.Job] = {}
        for pane in settings.panes:
            self._jobs[pane.name] = self._scheduler.every().day.do(self._report, pane)
            self._set_reported(pane, start)

    def run_pending(self) -> None:
        """Report what has come due. Never raises."""
        now = self._now()
        naive_now = datetime.now()  # what `schedule` compares with
        for pane in self._settings.panes:
            if self._reported[pane.name] - now > SET_BACK:
                self._set_reported(pane, now)
            due = self._due[pane.name]
            self._jobs[pane.name].next_run = NEVER if due is None else naive_now + (due - now)
        try:
            self._scheduler.run_pending()
        except Exception:
            log.exception("pane clock")

    def seconds_to_next(self) -> float | None:
        """How long until a pane is due, 0 if one is now; None if none ever is.

        Do not sleep much longer than a minute at a time all the same: clocks are
        set, and machines sleep.
        """
        moments = [moment for moment in self._due.values() if moment is not None]
        if not moments:
            return None
        return max((min(moments) - self._now()).total_seconds(), 0.0)

    def _set_reported(self, pane: Pane, until: datetime) -> None:
        self._reported[pane.name] = until
        self._due[pane.name] = next_due(pane, until, self._settings)

    def _report(self, pane: Pane) -> None:
        try:
            now = self._now()
            due = last_due(pane, now, self._settings)
            if due is None or due <= self._reported[pane.name]:
                return
            self._set_reported(pane, now)
            if now - due <= MISSED_WITHIN:
                self._on_due(DuePane(pane=pane, due=due, missed=now - due > PUNCTUAL))
        except Exception:
            log.exception("pane %s", pane.name)
