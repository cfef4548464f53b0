"""What an arrow key brings in one burst, and what follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.widget import Widget

from smic_tui.views.cells import Cell
from smic_tui.views.first_words import first_words
from smic_tui.views.wire import Wire

_AGAIN_SECONDS = 0.05


class LateEnds:
    """The lines of which only the beginning is shown until their ends follow.

    `widget` has the timers; `redraw` draws again what is not as it should be. `wire` tells
    how much later ends come and what they take; without one nothing is ever late.
    """

    def __init__(self, widget: Widget, redraw: Callable[[], None], wire: Wire | None) -> None:
        self._widget = widget
        self._redraw = redraw
        self._wire = wire
        self._begun: dict[int, Sequence[Cell]] = {}
        self._is_due = False

    def begun(self, index: int) -> Sequence[Cell] | None:
        """What of a line is shown for now; None for all of it."""
        return self._begun.get(index)

    def forget(self) -> None:
        """Everything is drawn whole: other lines stand there."""
        self._begun.clear()

    def begin(self, lines: Iterable[tuple[int, Sequence[Cell], bool]]) -> None:
        """New lines in view, what matters first: number, pieces, whether it is stale."""
        wire = self._wire
        seconds = None if wire is None else wire.late_seconds
        if wire is None or seconds is None:
            return
        left = wire.costs.with_key
        for index, pieces, stale in lines:
            begun, left = first_words(pieces, left, wire.costs, stale=stale)
            if _text(begun) != _text(pieces):
                self._begun[index] = begun
                left = 0
            left -= wire.costs.reach
        if self._begun and not self._is_due:
            self._is_due = True
            # Counted from when the first words are drawn: however busy the program is, the
            # end does not overtake them.
            self._widget.call_after_refresh(self._wait, wire, seconds)

    def _wait(self, wire: Wire, seconds: float) -> None:
        # What begins from now on has a time of its own.
        waiting = tuple(self._begun)
        self._widget.set_timer(seconds, lambda: self._end(wire, waiting))

    def _end(self, wire: Wire, waiting: Sequence[int]) -> None:
        if any(index in self._begun for index in waiting):
            if not wire.has_room(wire.costs.rest):
                self._widget.set_timer(_AGAIN_SECONDS, lambda: self._end(wire, waiting))
                return
            for index in waiting:
                self._begun.pop(index, None)
            self._redraw()
        self._is_due = bool(self._begun)
        if self._is_due:
            self._wait(wire, wire.late_seconds or 0.0)


def _text(pieces: Sequence[Cell]) -> str:
    return "".join(piece.text for piece in pieces).rstrip(" ")
