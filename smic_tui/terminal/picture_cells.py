"""Turns the cells of a screen into a picture to be kept, and a picture into cells."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from smic_tui.i18n import _, pgettext
from smic_tui.terminal.cells import BLANK, Row, cell, cells_of, is_blank, is_sure
from smic_tui.terminal.pen import PLAIN, REVERSE, Pen, PenWriter, after_sgr, fits_blank
from smic_tui.terminal.picture import Picture

# Up to this many plain blanks are written as text; a longer gap is stored as a cursor move.
_FEW_BLANKS = 4


def picture_of(
    rows: Sequence[Row], pens: PenWriter, *, alternate: bool, stamps: Iterable[str]
) -> Picture:
    """Returns the picture of a screen, saved at this moment.

    Clusters whose width terminals disagree on are left blank: the live screen brings them.
    """
    pen: Pen = PLAIN
    pieces: list[list[str]] = []
    for row in rows[:-1]:
        line, pen = _pieces(row, pen, pens)
        pieces.append(line)
    return Picture(
        width=len(rows[0]),
        height=len(rows),
        saved=int(time.time()),
        alternate=alternate,
        mark=_("Kept {age} ago, opening…"),
        units=[pgettext("unit", "min"), pgettext("unit", "h"), pgettext("unit", "d")],
        stamps=list(stamps),
        rows=[*pieces, []],
    )


def rows_of(picture: Picture, mark: str) -> list[Row]:
    """Returns the cells that the terminal shows once a picture with that mark is painted."""
    pen = PLAIN
    rows: list[Row] = []
    for pieces in picture.rows[:-1]:
        row: Row = []
        for piece in pieces:
            kind, value = piece[:1], piece[1:]
            if kind == "p":
                pen = after_sgr(pen, value)
            elif kind == "t":
                row += cells_of(value, pen)
            else:
                row += [BLANK] * int(value)
        rows.append(row + [BLANK] * (picture.width - len(row)))
    last = list(cells_of(mark, Pen(REVERSE)))
    rows.append(last + [BLANK] * (picture.width - len(last)))
    return rows


def _pieces(row: Row, pen: Pen, pens: PenWriter) -> tuple[list[str], Pen]:
    """Returns a row as pieces, beginning with `pen`, and the pen after it.

    Blanks at the end of the row are left out.
    """
    pieces: list[str] = []
    text = ""
    blanks = 0

    def flush() -> None:
        nonlocal text
        if text:
            pieces.append(f"t{text}")
            text = ""

    for one in _sure(row):
        if one == BLANK:
            blanks += 1
            continue
        if blanks > _FEW_BLANKS or (blanks and not fits_blank(pen, "")):
            flush()
            pieces.append(f"g{blanks}")
        else:
            text += " " * blanks
        blanks = 0
        cluster, wanted = one
        if not (is_blank(one) and fits_blank(pen, wanted.paper)):
            change = pens.change(pen, wanted._replace(link=""))
            if change:
                flush()
                pieces.append("p" + change.removeprefix("\x1b[").removesuffix("m"))
            pen = wanted._replace(link="")
        text += cluster
    flush()
    return pieces, pen


def _sure(row: Row) -> Iterable[tuple[str, Pen]]:
    """Yields the cells of a row, with those that terminals may draw differently blanked."""
    place = 0
    while place < len(row):
        cluster, pen = row[place]
        end = place + 1
        while end < len(row) and not row[end][0]:
            end += 1
        if is_sure(cluster) and end - place == len(cells_of(cluster, pen)):
            yield cell(cluster, pen._replace(link=""))
        else:
            for _blank in range(place, end):
                yield cell(" ", Pen(0, "", pen.paper))
        place = end
