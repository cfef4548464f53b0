"""The line to the terminal, as the lists of a screen ask for it."""

from __future__ import annotations

from collections.abc import Callable

from smic_tui.screens.services import AppServices
from smic_tui.terminal.costs import COSTS, Costs


class ScreenWire:
    """Asks the program about the line, when a list wants to know; a `views.wire.Wire`.

    `services()` is the program: a screen that is being made is not part of it yet.
    """

    def __init__(self, services: Callable[[], AppServices]) -> None:
        self._services = services

    @property
    def costs(self) -> Costs:
        """What drawing takes there, in bytes."""
        return COSTS

    @property
    def late_seconds(self) -> float | None:
        """How long after an arrow key the ends of new lines follow; None: they come with it."""
        return self._services().late_seconds

    def has_room(self, size: int) -> bool:
        """Whether `size` bytes could be sent at once, without anything waiting for them."""
        return self._services().line_has_room(size)
