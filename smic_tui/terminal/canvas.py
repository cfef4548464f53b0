"""The canvas: reads what Textual writes into a grid of cells, the screen that is wanted."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from smic_tui.terminal.cells import (
    BLANK,
    FOREIGN,
    UNWRITTEN,
    Cell,
    Row,
    cell,
    cells_of,
    leading_marks,
)
from smic_tui.terminal.pen import PLAIN, Pen, after_sgr
from smic_tui.text import harmless

_TOKEN = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|\x1b\[(?P<place>[0-9;]*)[Hf]"
    r"|\x1b\[(?P<parameters>[0-9;:<=>?]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\]8;(?P<link>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|(?P<string>\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|(?P<escape>\x1b(?:[ -/]+[0-~]|[0-OQ-WYZ\\`-~]))"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
)
# The beginning of a sequence whose end may come with the next write.
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:<=>?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)?$")
# Escape sequences that change modes, keypads or character sets but draw nothing.
_QUIET_ESCAPES = re.compile(r"\x1b(?:[=>NO]|[()*+][0-9A-Za-z]|[ -/].)")
_QUIET_FINALS = frozenset("hlcnqtxyzgi")
_IMAGE = re.compile(r"\x1b(?:[PX^_]|\]1337;)")


@lru_cache(1024)
def _numbers(parameters: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in parameters.split(";"))


@lru_cache(4096)
def _encodable(text: str) -> str:
    """Returns the text as any terminal may get it: nothing in it is a command, nor half a pair."""
    return harmless(text.replace("\x1b", ""))


class Canvas:
    """Keeps what the screen is to show: rows of cells, and the cursor that writes them.

    It calls `on_control(sequence, draws_from)` for each sequence that writes no cells:
    modes, bells, titles, the clipboard. `draws_from` is None for a sequence that draws
    nothing; otherwise the sequence may draw anything from that row on, and these rows
    become `FOREIGN`. `reduced(pen)` returns the pen as the terminal can draw it.
    """

    def __init__(
        self,
        width: int,
        height: int,
        on_control: Callable[[str, int | None], None],
        reduced: Callable[[Pen], Pen],
    ) -> None:
        self.width, self.height = width, height
        self.rows: list[Row] = [[UNWRITTEN] * width for _ in range(height)]
        self.x = self.y = 0
        self.pen = PLAIN
        self.cursor_visible = True
        # The rows that may have changed since the caller last cleared this set.
        self.changed: set[int] = set(range(height))
        self._on_control = on_control
        self._reduced = reduced
        self._rest = ""

    def resize(self, width: int, height: int) -> None:
        """Takes another size, in cells; every cell is `UNWRITTEN` until Textual writes it."""
        self.width, self.height = width, height
        self.rows = [[UNWRITTEN] * width for _ in range(height)]
        self.x = self.y = 0
        self.changed = set(range(height))

    @property
    def is_whole(self) -> bool:
        """Whether every cell has been written since the size changed."""
        return not any(UNWRITTEN in row for row in self.rows)

    def settle(self) -> None:
        """Makes blank the cells that were not written after a change of size."""
        self._replace(UNWRITTEN)

    def drop_foreign(self) -> None:
        """Makes blank the cells that unknown sequences drew on: the screen is sent anew."""
        self._replace(FOREIGN)
        self.changed = set(range(self.height))

    def _replace(self, unknown: Cell) -> None:
        for row in self.rows:
            if unknown in row:
                row[:] = [BLANK if one == unknown else one for one in row]

    def feed(self, data: str) -> None:
        """Takes what Textual writes, in pieces of any size."""
        if self._rest:
            data, self._rest = self._rest + data, ""
        place = 0
        for token in _TOKEN.finditer(data):
            start = token.start()
            if start > place:
                self._put(data[place:start])
            place = token.end()
            kind = token.lastgroup
            if kind == "sgr":
                self.pen = after_sgr(self.pen, token["sgr"])
            elif kind == "place":
                row, column, *_ = (*_numbers(token["place"]), 0)
                self._go(column - 1, row - 1)
            elif kind == "final":
                self._control_sequence(token)
            elif kind == "link":
                link = token["link"]
                link = "" if link.endswith(";") else harmless(link)
                self.pen = self.pen._replace(link=link)
            elif kind == "control":
                self._control(token["control"])
            else:
                self._other(token[0])
        if place < len(data):
            rest = data[place:]
            unfinished = _UNFINISHED.search(rest) if "\x1b" in rest else None
            if unfinished:
                self._rest, rest = unfinished[0], rest[: unfinished.start()]
            if rest:
                self._put(rest)

    # -- text

    def _put(self, text: str) -> None:
        text = _encodable(text)
        marks = leading_marks(text)
        if marks:
            self._join(marks)
        cells = cells_of(text, self._reduced(self.pen))
        x, width = self.x, self.width
        count = len(cells)
        if x + count > width:
            cells = self._cut(cells, width - x)
            count = width - x
        if not count:
            return
        row = self.rows[self.y]
        end = x + count
        if not row[x][0] and x:
            # The text overwrites the right half of a wide cluster: its left half goes too.
            self._blank_out(row, x - 1)
        if end < width and not row[end][0]:
            self._blank_out(row, end)
        row[x:end] = cells
        self.changed.add(self.y)
        self.x = min(end, width - 1)

    def _cut(self, cells: tuple[Cell, ...], count: int) -> tuple[Cell, ...]:
        kept = list(cells[:count])
        if count < len(cells) and not cells[count][0]:
            place = count - 1
            while place >= 0 and not kept[place][0]:
                place -= 1
            for each in range(max(place, 0), count):
                kept[each] = cell(" ", cells[0][1])
        if count < len(cells) and count and cells[-1][0]:
            # Without wrapping, a terminal writes all that does not fit into the last column.
            kept[-1] = cells[-1]
        return tuple(kept)

    def _blank_out(self, row: Row, x: int) -> None:
        while x and not row[x][0]:
            x -= 1
        row[x] = cell(" ", row[x][1])
        x += 1
        while x < self.width and not row[x][0]:
            row[x] = cell(" ", row[x][1])
            x += 1

    def _join(self, marks: str) -> None:
        """Adds combining marks to the cell on the left of the cursor."""
        row, x = self.rows[self.y], self.x - 1
        while x > 0 and not row[x][0]:
            x -= 1
        if x >= 0 and row[x] not in (FOREIGN, UNWRITTEN):
            text, pen = row[x]
            row[x] = cell(text + marks, pen)
            self.changed.add(self.y)

    # -- sequences

    def _go(self, x: int, y: int) -> None:
        self.x = max(0, min(x, self.width - 1))
        self.y = max(0, min(y, self.height - 1))

    def _control(self, character: str) -> None:
        if character == "\n":
            # Textual's console is not in raw output mode: a line feed returns as well.
            self._go(0, self.y + 1)
        elif character == "\r":
            self.x = 0
        elif character == "\b":
            self.x = max(0, self.x - 1)
        elif character == "\t":
            self.x = min(self.width - 1, (self.x // 8 + 1) * 8)
        elif character == "\a":
            self._on_control(character, None)

    def _control_sequence(self, token: re.Match[str]) -> None:
        parameters, middle, final = token["parameters"], token["middle"], token["final"]
        if parameters[:1] in ("<", "=", ">", "?") or middle:
            if parameters == "?25" and final in "hl":
                self.cursor_visible = final == "h"
            self._on_control(token[0], None)
            return
        number = _numbers(parameters)[0]
        count = max(1, number)
        if final == "A":
            self._go(self.x, self.y - count)
        elif final == "B":
            self._go(self.x, self.y + count)
        elif final == "C":
            self._go(self.x + count, self.y)
        elif final == "D":
            self._go(self.x - count, self.y)
        elif final == "E":
            self._go(0, self.y + count)
        elif final == "F":
            self._go(0, self.y - count)
        elif final in "G`":
            self._go(count - 1, self.y)
        elif final == "d":
            self._go(self.x, count - 1)
        elif final == "J":
            self._erase_display(number)
        elif final == "K":
            first, last = {1: (0, self.x + 1), 2: (0, self.width)}.get(number, (self.x, self.width))
            self._erase(self.y, first, last)
        elif final == "X":
            self._erase(self.y, self.x, min(self.width, self.x + count))
        elif final in _QUIET_FINALS:
            self._on_control(token[0], None)
        else:
            self._unknown(token[0], 0)

    def _erase_display(self, what: int) -> None:
        if what == 0:
            self._erase(self.y, self.x, self.width)
        elif what == 1:
            self._erase(self.y, 0, self.x + 1)
        elif what == 3:
            return
        whole = {0: range(self.y + 1, self.height), 1: range(self.y)}
        for y in whole.get(what, range(self.height)):
            self._erase(y, 0, self.width)

    def _erase(self, y: int, first: int, last: int) -> None:
        row = self.rows[y]
        if first and not row[first][0]:
            self._blank_out(row, first)
        if last < self.width and not row[last][0]:
            self._blank_out(row, last)
        row[first:last] = [cell(" ", Pen(0, "", self._reduced(self.pen).paper))] * (last - first)
        self.changed.add(y)

    def _other(self, sequence: str) -> None:
        if sequence[1] in "]PX^_":
            # A title or the clipboard: what stands in it must not end it and begin another.
            end = 1 if sequence.endswith("\a") else 2
            sequence = sequence[:2] + harmless(sequence[2:-end]) + sequence[-end:]
        if _IMAGE.match(sequence):
            self._unknown(sequence, self.y)
        elif sequence[1] == "]" or _QUIET_ESCAPES.fullmatch(sequence):
            self._on_control(sequence, None)
        else:
            self._unknown(sequence, 0)

    def _unknown(self, sequence: str, first_row: int) -> None:
        self._on_control(sequence, first_row)
        for y in range(first_row, self.height):
            self.rows[y] = [FOREIGN] * self.width
            self.changed.add(y)
