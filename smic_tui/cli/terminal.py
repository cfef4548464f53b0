"""What standard output can show: colours, and how wide it is."""

from __future__ import annotations

import os
import sys

from smic_tui.views.cells import Cell, Role

_SGR = {
    Role.FINE: "32",
    Role.UNKNOWN: "35",
    Role.NOTICE: "36",
    Role.WARNING: "33",
    Role.CRITICAL: "1;31",
    Role.MUTED: "2",
    Role.TITLE: "1",
    Role.KEY: "1",
}

# A line of a pipe is as long as it must be.
UNCUT = 10_000


def is_terminal() -> bool:
    """Whether a person reads along."""
    return sys.stdout.isatty()


def has_colour() -> bool:
    """Whether colours are wanted: a terminal that has them, and no NO_COLOR."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns() -> int:
    """The width of the terminal, in cells; more than any line has where there is none."""
    if not is_terminal():
        return UNCUT
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80


def painted(cell: Cell, text: str) -> str:
    """The (cut or padded) text of a cell in the colour of its role."""
    sgr = _SGR.get(cell.role) if has_colour() else None
    return f"\x1b[{sgr}m{text}\x1b[0m" if sgr and text.strip() else text
