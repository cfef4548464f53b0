"""Cells: what stands in one place of the screen, and how text falls into cells."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import split_graphemes

from smic_tui.terminal.pen import PLAIN, SEEN_ON_BLANKS, Pen
from smic_tui.terminal.widths import are_sure

# The text of a cluster and its pen. The right half of a wide cluster has no text.
Cell = tuple[str, Pen]
Row = list[Cell]

BLANK: Cell = (" ", PLAIN)
# A place that something unknown was drawn on, such as an image. Not text that could
# ever come from a program: control characters never get into cells.
FOREIGN: Cell = ("\0", PLAIN)
# A place that nothing has been written to since the screen got its present size.
UNWRITTEN: Cell = ("\1", PLAIN)

JOINER = "\u200d"
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


@lru_cache(8192)
def is_sure(cluster: str) -> bool:
    """Whether every terminal draws the cluster as wide as Textual thinks it is."""
    return len(cluster) == 1 and are_sure(cluster)


def clusters(text: str) -> list[tuple[str, int]]:
    """The clusters of a text with the cells that Textual counts for each.

    A leading combining mark is a cluster of no width. Two flag letters belong
    together: a sequence between them would part the flag.
    """
    if text.isascii():
        return [(character, 1) for character in text]
    found: list[tuple[str, int]] = []
    for start, end, width in split_graphemes(text)[0]:
        # At the end a joiner joins nothing yet; tmux would add whatever comes next.
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
    """The cell for a cluster; of a blank's pen only what is seen is kept."""
    if text == " " and not pen.link and not pen.attributes & SEEN_ON_BLANKS:
        return BLANK if not pen.paper else (" ", Pen(0, "", pen.paper))
    return (text, pen)


@lru_cache(32768)
def cells_of(text: str, pen: Pen) -> tuple[Cell, ...]:
    """The cells for a text in one pen.

    Combining marks at the beginning are left out: they belong to the cell before.
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
    """The combining marks that a text begins with."""
    if text[:1].isascii():
        return ""
    marks = ""
    for cluster, width in clusters(text[:32]):
        if width:
            break
        marks += cluster
    return marks


def is_blank(one: Cell) -> bool:
    """Whether nothing but paper is seen of the cell."""
    text, pen = one
    return text == " " and not pen.link and not pen.attributes & SEEN_ON_BLANKS
