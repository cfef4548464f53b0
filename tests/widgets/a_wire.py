"""A line to the terminal for tests: it has room, and is late, as it is told."""

from __future__ import annotations

from smic_tui.terminal.costs import COSTS, Costs


class AWire:
    """A `views.wire.Wire` whose every answer can be set."""

    def __init__(self, late_seconds: float | None = None) -> None:
        self.costs: Costs = COSTS
        self.late_seconds = late_seconds
        self.room = True
        # Whether there is room for one portion only.
        self.once = False

    def has_room(self, size: int) -> bool:
        room = self.room
        if self.once:
            self.room = False
        return room
