"""What standard output can show: whether it has colours, and how wide it is."""

from __future__ import annotations

import os
import sys

from smic_tui.text import harmless
from smic_tui.views.cells import Cell, Role

# The colours of `widgets.roles`, which belong to a room that commands never enter.
SGR = {
    Role.FINE: "32",
    Role.UNKNOWN: "95",
    Role.NOTICE: "36",
    Role.WARNING: "33",
    Role.CRITICAL: "1;91",
    Role.MUTED: "2",
    Role.TITLE: "1",
    Role.KEY: "1",
}

# The width, in cells, where no terminal limits it: a line in a pipe may have any length.
UNCUT = 10_000


def is_terminal() -> bool:
    """Whether standard output is a terminal, so that a person reads it."""
    return sys.stdout.isatty()


def has_colour() -> bool:
    """Whether to print colours: standard output is a terminal that has them, and NO_COLOR is
    not set.
    """
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns() -> int:
    """Returns the width of the terminal in cells; `UNCUT` where there is no terminal."""
    if not is_terminal():
        return UNCUT
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80


def painted(cell: Cell, text: str) -> str:
    """Returns `text`, the cut or padded text of a cell, in the colour of the cell's role."""
    text = harmless(text)
    sgr = SGR.get(cell.role) if has_colour() else None
    return f"\x1b[{sgr}m{text}\x1b[0m" if sgr and text.strip() else text
