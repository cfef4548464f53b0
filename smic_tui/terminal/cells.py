"""Cells of the screen, and how a text is divided into cells."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import split_graphemes

from smic_tui.terminal.pen import PLAIN, SEEN_ON_BLANKS, Pen
from smic_tui.terminal.widths import are_sure

# The text of a cluster and its pen. The right half of a wide cluster has no text.
Cell = tuple[str, Pen]
Row = list[Cell]

BLANK: Cell = (" ", PLAIN)
# A cell that something unknown was drawn on, such as an image. Its text cannot come from
# a program: control characters never get into cells.
FOREIGN: Cell = ("\0", PLAIN)
# A cell that has not been written since the screen got its present size.
UNWRITTEN: Cell = ("\1", PLAIN)

JOINER = "\u200d"
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


@lru_cache(8192)
def is_sure(cluster: str) -> bool:
    """Whether every terminal draws the cluster as wide as Textual thinks it is."""
    return len(cluster) == 1 and are_sure(cluster)


def clusters(text: str) -> list[tuple[str, int]]:
    """Returns the clusters of a text, each with the number of cells that Textual counts.

    A leading combining mark is a cluster of width 0. Two flag letters make one cluster:
    an escape sequence between them would part the flag.
    """
    if text.isascii():
        return [(character, 1) for character in text]
    found: list[tuple[str, int]] = []
    for start, end, width in split_graphemes(text)[0]:
        # A joiner at the end has nothing to join yet; tmux would join the next character.
        part = text[start:end].rstrip(JOINER)
        if not part:
            continue
        if (
            found
            and ord(part[0]) in _FLAG_LETTERS
            and len(found[-1][0]) == 1
            and ord(found[-1][0]) in _FLAG_LETTERS
        ):
            found[-1] = (found[-1][0] + part, found[-1][1] + width)
        else:
            found.append((part, width))
    return found


@lru_cache(65536)
def cell(text: str, pen: Pen) -> Cell:
    """Returns the cell for a cluster. A blank keeps only what can be seen of its pen."""
    if text == " " and not pen.link and not pen.attributes & SEEN_ON_BLANKS:
        return BLANK if not pen.paper else (" ", Pen(0, "", pen.paper))
    return (text, pen)


@lru_cache(32768)
def cells_of(text: str, pen: Pen) -> tuple[Cell, ...]:
    """Returns the cells for a text in one pen.

    Combining marks at its beginning are left out: they belong to the cell before
    (see `leading_marks`).
    """
    cells: list[Cell] = []
    for cluster, width in clusters(text):
        if width > 0:
            cells.append(cell(cluster, pen))
            cells += [cell("", pen)] * (width - 1)
        elif cells:
            place = len(cells) - 1
            while not cells[place][0]:
                place -= 1
            cells[place] = (cells[place][0] + cluster, pen)
    return tuple(cells)


def leading_marks(text: str) -> str:
    """Returns the combining marks that a text begins with."""
    if text[:1].isascii():
        return ""
    marks = ""
    for cluster, width in clusters(text[:32]):
        if width:
            break
        marks += cluster
    return marks


def is_blank(one: Cell) -> bool:
    """Whether the cell shows nothing but its paper."""
    text, pen = one
    return text == " " and not pen.link and not pen.attributes & SEEN_ON_BLANKS
