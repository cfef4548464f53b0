"""The line of numbered screens."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from smic_tui.views.cells import Cell, Role
from smic_tui.views.fit import width
from widgets.block import Block

# What every label needs beside its title: the digit and two blanks.
BESIDE_TITLE = 3


class TabBar(Block):
    """Numbers and titles of the screens; the current one stands out."""

    class Clicked(Message):
        """A tab was clicked; `number` counts from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._starts: list[int] = []
        self._titles: Sequence[str] = ()
        self._current = 0

    def show_tabs(self, titles: Sequence[str], current: int) -> None:
        """Replace the tabs; `current` counts from 1, 0 for none."""
        self._titles, self._current = titles, current
        self._arrange()

    def on_resize(self) -> None:
        """Where the titles do not fit, numbers alone stand for the others."""
        self._arrange()

    def _arrange(self) -> None:
        whole = sum(width(title) + BESIDE_TITLE for title in self._titles)
        # Before there is a size most probably all fits.
        brief = whole > (self.size.width or whole)
        pieces: list[Cell] = []
        self._starts = []
        at = 0
        for number, title in enumerate(self._titles, 1):
            here = number == self._current
            label = f"{number} {title}" if here or not brief else str(number)
            self._starts.append(at)
            if here:
                pieces.append(Cell(label, Role.CHOSEN))
            else:
                pieces += [Cell(label[:1], Role.KEY), Cell(label[1:])]
            pieces.append(Cell(" "))
            at += width(label) + 1
        self.show_left(*pieces)

    def on_click(self, event: events.Click) -> None:
        """Go to the tab under the pointer."""
        for number, start in reversed(list(enumerate(self._starts, 1))):
            if event.x >= start:
                self.post_message(self.Clicked(number))
                return
