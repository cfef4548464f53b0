"""Which pane is to be opened next, and when it may interrupt."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime

from smic_tui.config.schema import Settings
from smic_tui.duty.pane_clock import PaneClock
from smic_tui.insight.panes import DuePane, missed
from smic_tui.insight.workdays import prepare
from smic_tui.userstate import UserState


class DutyPanes:
    """The queue of panes that are due. The missed ones come first thing.

    Panes that are due again while an older opening waits replace it.
    """

    def __init__(self, settings: Settings, started: datetime) -> None:
        self._settings = settings
        self._started = started
        self._waiting: deque[DuePane] = deque()
        self._clock: PaneClock | None = None

    async def start(self, user: UserState) -> None:
        """Look for missed panes and start the clock; holidays are read off the loop."""
        await asyncio.to_thread(prepare, self._settings.calendar, self._started.year)
        for due in missed(self._settings, user, self._started):
            self._add(due)
        self._clock = PaneClock(self._settings, self._add, since=self._started)

    def _add(self, due: DuePane) -> None:
        for other in list(self._waiting):
            if other.pane.name == due.pane.name:
                self._waiting.remove(other)
        self._waiting.append(due)

    def tick(self) -> None:
        """Look at the clock; call it every second."""
        if self._clock is not None:
            self._clock.run_pending()

    def take(self) -> DuePane | None:
        """The next pane to open, if one waits."""
        return self._waiting.popleft() if self._waiting else None
