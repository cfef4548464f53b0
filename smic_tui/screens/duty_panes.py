"""Which pane is to be opened next, and when it may interrupt."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from textual.screen import Screen

from smic_tui.calendars.workdays import prepare
from smic_tui.config.schema import Settings
from smic_tui.contract.status import SourceState
from smic_tui.duty.pane_clock import PaneClock
from smic_tui.duty.panes import DuePane, missed
from smic_tui.model.facts import Situation
from smic_tui.model.user_state import UserState
from smic_tui.screens.frame import FrameScreen
from smic_tui.screens.pane import PaneScreen

# How long panes wait at most for sources that were never asked before.
FIRST_ANSWERS_SECONDS = 60.0


def has_enough(situation: Situation, started: datetime) -> bool:
    """Whether panes would list all there is: of a source that was never asked, the first
    answer is waited for, but not for ever. `started` (UTC) is when the program was.
    """
    waited = (situation.now - started).total_seconds() >= FIRST_ANSWERS_SECONDS
    return waited or all(one.status.state is not SourceState.NEVER for one in situation.sources)


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

    def next_over(self, screens: Sequence[Screen[Any]]) -> DuePane | None:
        """Look at the clock, and take the next pane to open over these screens, the topmost
        last; call it every second.

        A person who types, or reads another pane or a dossier opened from it, is not
        interrupted. No screen is left when the program is ending.
        """
        if self._clock is not None:
            self._clock.run_pending()
        top = screens[-1] if screens else None
        if not isinstance(top, FrameScreen) or top.prompt.is_open:
            return None
        if any(isinstance(screen, PaneScreen) for screen in screens):
            return None
        return self._waiting.popleft() if self._waiting else None
