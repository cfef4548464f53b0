"""The title of the terminal's window: whose it is, and where in the program one is."""

from __future__ import annotations

from smic_tui.terminal.capabilities import Capabilities
from smic_tui.text import clean

PROGRAM = "smic-tui"
_LONGEST = 60
# xterm keeps titles on a stack. Terminals without one ignore these two.
_PUSH, _POP = "\x1b[22t", "\x1b[23t"


class Title:
    """Makes the sequences that set the title; all are empty where the terminal has none."""

    def __init__(self, can: Capabilities) -> None:
        self._has_title = can.title
        self._place = ""
        self._is_set = False

    def begin(self) -> str:
        """Keeps the title of the shell, and sets that of the program."""
        if not self._has_title or self._is_set:
            return ""
        self._is_set = True
        return _PUSH + self._sequence()

    def change(self, place: str) -> str:
        """Sets another place, which may hold any character; "" is the program by itself."""
        place = clean(place, _LONGEST)
        if place == self._place:
            return ""
        self._place = place
        return self._sequence() if self._is_set else ""

    def end(self) -> str:
        """Takes the title back: a terminal that keeps none has none afterwards."""
        if not self._is_set:
            return ""
        self._is_set = False
        return f"\x1b]2;\a{_POP}"

    def _sequence(self) -> str:
        text = f"{PROGRAM} \N{EN DASH} {self._place}" if self._place else PROGRAM
        return f"\x1b]2;{text}\a"
