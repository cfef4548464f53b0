"""Finds stretches of rows that only moved up or down, and scrolls that move them."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from smic_tui.terminal.capabilities import Capabilities
from smic_tui.terminal.cells import BLANK, Row

_FEWEST = 2
_GAP = 3


class Scroll(NamedTuple):
    """Moves rows `top` to `bottom`, both included, up by `lines`, or down if negative."""

    top: int
    bottom: int
    lines: int

    def apply(self, rows: list[Row]) -> list[Row]:
        """Returns the rows after the scroll; rows that come in are blank."""
        top, bottom, lines = self
        width = len(rows[0])
        fresh = [[BLANK] * width for _ in range(abs(lines))]
        band = rows[top : bottom + 1]
        band = band[lines:] + fresh if lines > 0 else fresh + band[:lines]
        return rows[:top] + band + rows[bottom + 1 :]

    def sequence(self, capabilities: Capabilities) -> str:
        """Returns the sequence for the scroll; it leaves the cursor at an unknown cell.

        The pen must have the terminal's own paper and show nothing on blanks.
        """
        top, bottom, lines = self
        count = abs(lines)
        region = f"\x1b[{top + 1};{bottom + 1}r"
        if capabilities.scroll_lines:
            do = f"\x1b[{count if count > 1 else ''}{'S' if lines > 0 else 'T'}"
        elif lines > 0:
            do = f"\x1b[{bottom + 1}H" + "\n" * count
        else:
            do = f"\x1b[{top + 1 if top else ''}H" + "\x1bM" * count
        return region + do + "\x1b[r"


def candidates(old: list[Row], new: list[Row]) -> list[Scroll]:
    """Returns at most two scrolls that move several rows of `old` to where `new` has them."""
    where: dict[str, list[int]] = {}
    for y, row in enumerate(old):
        text = _text(row)
        if text:
            where.setdefault(text, []).append(y)
    moved: dict[int, list[int]] = {}
    steps: Counter[int] = Counter()
    for y, row in enumerate(new):
        if row is old[y] or row == old[y]:
            continue
        places = where.get(_text(row), ())
        if len(places) > 4:
            continue
        for place in places:
            if place != y:
                moved.setdefault(place - y, []).append(y)
                steps[place - y] += 1
    found = []
    for lines, count in steps.most_common(2):
        if count < _FEWEST:
            break
        first, last = _with_ends(old, new, lines, *_longest(moved[lines]))
        top, bottom = (first, last + lines) if lines > 0 else (first + lines, last)
        if abs(lines) <= bottom - top:
            found.append(Scroll(top, bottom, lines))
    return found


def _text(row: Row) -> str:
    return "".join(text for text, _pen in row).strip()


def _with_ends(
    old: list[Row], new: list[Row], lines: int, first: int, last: int
) -> tuple[int, int]:
    """Returns the stretch, extended by rows at its ends that moved and changed a little.

    The cursor's row is such a row when the cursor is at the edge of a list.
    """
    height = len(new)
    while first + min(0, lines) > 0 and _alike(new[first - 1], old[first - 1 + lines]):
        first -= 1
    while last + 1 + max(0, lines) < height and _alike(new[last + 1], old[last + 1 + lines]):
        last += 1
    return first, last


def _alike(row: Row, other: Row) -> bool:
    """Whether most of the text of one row stands in the same columns of the other."""
    written = same = 0
    for one, two in zip(row, other, strict=True):
        if one != BLANK:
            written += 1
            same += one == two
    return same > 0.75 * written


def _longest(rows: list[int]) -> tuple[int, int]:
    """Returns first and last of the longest stretch of row numbers with small gaps."""
    best = start = before = rows[0]
    best_end = rows[0]
    for y in rows[1:]:
        if y - before > _GAP:
            start = y
        before = y
        if before - start > best_end - best:
            best, best_end = start, before
    return best, best_end
