"""What an arrow key brings in one burst, and what follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.widget import Widget

from smic_tui.views.beginning import beginning
from smic_tui.views.cells import Cell

# With the scroll, the marker and the position these are a key of a hundred bytes.
LINE_BYTES = 48
# To reach another line, and what the end of a line takes about.
_REACH_BYTES, _END_BYTES = 10, 160
_AGAIN_SECONDS = 0.05


class LateEnds:
    """The lines of which only the beginning is shown until their ends follow.

    `widget` has the timers; `redraw` draws again what is not as it should be. Until
    `follow` is called nothing is ever late.
    """

    def __init__(self, widget: Widget, redraw: Callable[[], None]) -> None:
        self._widget = widget
        self._redraw = redraw
        self._seconds: Callable[[], float | None] = lambda: None
        self._has_room: Callable[[int], bool] = lambda size: True
        self._begun: dict[int, Sequence[Cell]] = {}
        self._is_due = False

    def follow(self, seconds: Callable[[], float | None], has_room: Callable[[int], bool]) -> None:
        """Let ends come later from now on.

        `seconds()` tells how much later, None for not at all; `has_room(size)` whether so
        many bytes could be sent without anything waiting for them.
        """
        self._seconds, self._has_room = seconds, has_room

    def begun(self, index: int) -> Sequence[Cell] | None:
        """What of a line is shown for now; None for all of it."""
        return self._begun.get(index)

    def forget(self) -> None:
        """Everything is drawn whole: other lines stand there."""
        self._begun.clear()

    def begin(self, lines: Iterable[tuple[int, Sequence[Cell], bool]]) -> None:
        """New lines in view, what matters first: number, pieces, whether it is stale."""
        seconds = self._seconds()
        if seconds is None:
            return
        left = LINE_BYTES
        for index, pieces, stale in lines:
            begun, left = beginning(pieces, left, stale=stale)
            if _text(begun) != _text(pieces):
                self._begun[index] = begun
                left = 0
            left -= _REACH_BYTES
        if self._begun and not self._is_due:
            self._is_due = True
            # Counted from when the beginning is drawn: however busy the program is, the
            # end does not overtake it.
            self._widget.call_after_refresh(self._wait, seconds)

    def _wait(self, seconds: float) -> None:
        # What begins from now on has a time of its own.
        waiting = tuple(self._begun)
        self._widget.set_timer(seconds, lambda: self._end(waiting))

    def _end(self, waiting: Sequence[int]) -> None:
        if any(index in self._begun for index in waiting):
            if not self._has_room(_END_BYTES):
                self._widget.set_timer(_AGAIN_SECONDS, lambda: self._end(waiting))
                return
            for index in waiting:
                self._begun.pop(index, None)
            self._redraw()
        self._is_due = bool(self._begun)
        if self._is_due:
            self._wait(self._seconds() or 0.0)


def _text(pieces: Sequence[Cell]) -> str:
    return "".join(piece.text for piece in pieces).rstrip(" ")
