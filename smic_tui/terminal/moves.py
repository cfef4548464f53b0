"""Finds the shortest sequence that moves the cursor from one cell to another."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(16384)
def move(x: int | None, y: int | None, to_x: int, to_y: int, column_address: bool = True) -> str:
    """Returns the shortest sequence that moves the cursor from (x, y) to (to_x, to_y).

    `x` and `y` are None where they are not known. Columns and rows count from 0.
    The terminal's output processing must be off, so that a line feed only goes down.
    """
    if (x, y) == (to_x, to_y):
        return ""
    ways = [_absolute(to_x, to_y)]
    if y is not None:
        vertical = _vertical(to_y - y)
        if to_x == 0:
            ways.append("\r" + vertical)
        if column_address:
            ways.append(vertical + f"\x1b[{to_x + 1}G")
        ways.append("\r" + vertical + _horizontal(to_x))
        if x is not None:
            ways.append(vertical + _horizontal(to_x - x))
    return min(ways, key=len)


def _absolute(x: int, y: int) -> str:
    column = f";{x + 1}" if x else ""
    return f"\x1b[{y + 1 if y else ''}{column}H"


def _vertical(down: int) -> str:
    if down > 0:
        sequence = "\x1b[B" if down == 1 else f"\x1b[{down}B"
        return "\n" * down if down <= len(sequence) else sequence
    if down < 0:
        return "\x1bM" if down == -1 else f"\x1b[{-down}A"
    return ""


def _horizontal(right: int) -> str:
    if right > 0:
        return "\x1b[C" if right == 1 else f"\x1b[{right}C"
    if right < 0:
        sequence = f"\x1b[{-right}D"
        return "\b" * -right if -right <= len(sequence) else sequence
    return ""
