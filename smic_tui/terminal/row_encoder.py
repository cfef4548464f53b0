"""Finds the fewest bytes that turn one row of the screen into another.

The encoder cuts a row into tokens: stretches that stay, text in one pen, blanks, single
clusters. For each it compares the ways to deal with it: skipping or overwriting what
stays, writing or erasing blanks, and with which pen. It keeps several ways, which leave
the pen and the cursor differently, until one of them is clearly the shortest.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from smic_tui.terminal.capabilities import Capabilities
from smic_tui.terminal.cells import FOREIGN, Row, is_blank, is_sure
from smic_tui.terminal.moves import move
from smic_tui.terminal.pen import Pen, PenWriter, fits_blank

# A stretch that stays is overwritten only if it is this short, about as short as a jump.
_SHORT = 10
# Blanks between words of one pen are part of the text up to this many.
_FEW_BLANKS = 2
# How many ways are kept, and by how many bytes one may be longer than the best.
_WAYS = 6
_BEHIND = 20
_SAME = re.compile(r"([!-~\xa1-\xac\u2500-\u25a9])\1{4,}")


class Spot(NamedTuple):
    """The terminal's cursor and pen; None stands for what is not known."""

    x: int | None = None
    y: int | None = None
    pen: Pen | None = None


class Way(NamedTuple):
    """A sequence to send: its length in bytes, its last piece, and the way before that."""

    size: int
    before: Way | None
    piece: str

    def text(self) -> str:
        """Returns the whole sequence."""
        pieces: list[str] = []
        way: Way | None = self
        while way is not None:
            pieces.append(way.piece)
            way = way.before
        return "".join(reversed(pieces))


NOTHING = Way(0, None, "")
Ways = dict[Spot, Way]


class _Part(NamedTuple):
    """A stretch of a row in one pen.

    `blank` means that it shows paper alone, `sure` that every terminal agrees on its width.
    """

    start: int
    end: int
    pen: Pen
    text: str
    size: int
    blank: bool
    sure: bool


class _Token(NamedTuple):
    """A part that must be written, or a stretch that `stays`.

    A stretch that stays has parts only if it is short enough to be overwritten.
    """

    start: int
    end: int
    stays: bool
    parts: tuple[_Part, ...]


class RowEncoder:
    """Encodes the changes of rows for one kind of terminal."""

    def __init__(self, capabilities: Capabilities, pens: PenWriter) -> None:
        self._can = capabilities
        self._pens = pens
        self._address = capabilities.column_address
        self._width = 0

    def encode(self, ways: Ways, old: Row, new: Row, y: int) -> Ways:
        """Returns ways that turn row `y` from `old` into `new`, each continuing one of `ways`."""
        self._width = len(new)
        tokens = self._tokens(old, new)
        tail = self._blank_tail(new)
        finished: Ways = {}
        # By number of a later token: ways that have already dealt with all before that token.
        ahead: dict[int, Ways] = {}
        for place, token in enumerate(tokens):
            for spot, way in ahead.pop(place, {}).items():
                _keep(ways, spot, way)
            following = self._next_pen(tokens, place)
            after: Ways = {}
            if token.stays:
                after.update(ways)
                if token.parts:
                    for spot, way in ways.items():
                        if spot.y == y and spot.x == token.start:
                            self._write_parts(after, spot, way, token.parts, y, following)
                        elif not token.start:
                            # Going to the margin and overwriting from there is often shorter.
                            lead = self._move(spot, 0, y)
                            begun = Way(way.size + len(lead), way, lead)
                            there = Spot(0, y, spot.pen)
                            self._write_parts(after, there, begun, token.parts, y, following)
            else:
                part = token.parts[0]
                end, beyond = part.end, place
                if part.blank and part.end < tail:
                    end, beyond = self._blank_stretch(tokens, place, new)
                for spot, way in ways.items():
                    if part.blank and token.start >= tail:
                        self._erase_tail(finished, spot, way, part, y)
                    if part.blank:
                        self._write_blank(after, spot, way, part, y, following)
                        if end > part.end:
                            whole = part._replace(end=end, text=" " * (end - part.start))
                            reached = ahead.setdefault(beyond, {})
                            self._write_blank(reached, spot, way, whole, y, following)
                    elif part.sure:
                        self._write_text(after, spot, way, part, y)
                    else:
                        self._write_unsure(after, spot, way, part, y)
            ways = _pruned(after)
        for last in (finished, *ahead.values()):
            for spot, way in last.items():
                _keep(ways, spot, way)
        return ways

    # -- cutting into tokens

    def _changes(self, old: Row, new: Row) -> list[list[int]]:
        width = len(new)
        changes: list[list[int]] = []
        x = 0
        while x < width:
            if old[x] == new[x]:
                x += 1
                continue
            start = x
            while start and self._clings(old, new, start):
                start -= 1
            end = x + 1
            reach = end
            x = start
            while x < width and new[x] is not FOREIGN:
                text = new[x][0]
                same = text and old[x][0] and old[x] == new[x]
                # The terminal may have put the marks of a cluster into the cell on its left.
                if x >= end and x >= reach and same and len(text) == 1:
                    break
                if text and not is_sure(text):
                    # A terminal that draws the cluster wider overwrites its neighbours:
                    # they must be written again.
                    reach = max(reach, min(width, x + 2 + 2 * len(text)))
                x += 1
            if changes and start <= changes[-1][1]:
                changes[-1][1] = max(x, changes[-1][1])
            else:
                changes.append([start, x])
        return changes

    @staticmethod
    def _clings(old: Row, new: Row, x: int) -> bool:
        """Whether writing cell `x` means writing the cell on its left as well.

        Where one terminal draws a cluster in a cell of its own, another adds it to the
        cell before.
        """
        text, before = new[x][0], old[x][0]
        if new[x - 1] is FOREIGN:
            return False
        if not text or not is_sure(text):
            return True
        if before and not is_sure(before) and old[x] != new[x]:
            return True
        left = new[x - 1][0]
        return not is_sure(left) if left else _is_unsure_half(new, x - 1)

    def _tokens(self, old: Row, new: Row) -> list[_Token]:
        tokens: list[_Token] = []
        x = 0
        for start, end in self._changes(old, new):
            if start > x:
                parts = self._parts(new, x, start) if start - x <= _SHORT else []
                writable = all(part.sure and not part.pen.link for part in parts)
                tokens.append(_Token(x, start, True, tuple(parts) if writable else ()))
            tokens += [
                _Token(part.start, part.end, False, (part,))
                for part in self._parts(new, start, end)
            ]
            x = end
        return tokens

    def _parts(self, row: Row, start: int, end: int) -> list[_Part]:
        parts: list[_Part] = []
        x = start
        while x < end:
            one = row[x]
            text, pen = one
            first = x
            if is_blank(one):
                while x < end and row[x] == one:
                    x += 1
                parts.append(_Part(first, x, pen, " " * (x - first), x - first, True, True))
                continue
            if not is_sure(text):
                x += 1
                while x < end and not row[x][0]:
                    x += 1
                if parts and parts[-1].blank:
                    parts[-1:] = _parted(parts[-1])
                parts.append(_Part(first, x, pen, text, len(text.encode()), False, False))
                if x < end and is_blank(row[x]):
                    # A cluster drawn wider than expected reaches into this cell. Erasing the
                    # cell may leave the other half, as in tmux; overwriting removes both.
                    parts.append(_Part(x, x + 1, row[x][1], " ", 1, False, True))
                    x += 1
                continue
            written = x
            while x < end:
                one = row[x]
                if one[1] == pen and (not one[0] or is_sure(one[0])) and not is_blank(one):
                    x += 1
                    written = x
                elif is_blank(one) and fits_blank(pen, one[1].paper) and x - written < _FEW_BLANKS:
                    x += 1
                else:
                    break
            x = written
            text = "".join(each[0] for each in row[first:x])
            if self._can.repeat:
                text = _SAME.sub(_repeated, text)
            size = len(text) if text.isascii() else len(text.encode())
            parts.append(_Part(first, x, pen, text, size, False, True))
        return parts

    def _blank_tail(self, row: Row) -> int:
        """Returns the column from which the row holds only blanks that can be erased."""
        width = len(row)
        last = row[-1]
        if not is_blank(last) or not self._erasable(last[1].paper):
            return width
        x = width
        while x and row[x - 1] == last:
            x -= 1
        return x

    @staticmethod
    def _blank_stretch(tokens: list[_Token], place: int, new: Row) -> tuple[int, int]:
        """Returns where the run of equal blanks that begins with a token ends.

        The blanks may stay or change. Also returns the number of the first token after them.
        """
        x, width = tokens[place].start, len(new)
        one = new[x]
        while x < width and new[x] == one:
            x += 1
        beyond = place + 1
        while beyond < len(tokens) and tokens[beyond].start < x:
            if not tokens[beyond].stays and not tokens[beyond].parts[0].blank:
                break
            beyond += 1
        # The tokens end with the last change: nothing needs to be written beyond it.
        return min(x, tokens[beyond - 1].end), beyond

    def _erasable(self, paper: str) -> bool:
        return not paper or self._can.background_erase

    @staticmethod
    def _next_pen(tokens: list[_Token], place: int) -> Pen | None:
        """Returns the pen of the text that follows a token of blanks."""
        for token in tokens[place : place + 4]:
            for part in token.parts:
                if not part.blank:
                    return part.pen
        return None

    # -- writing

    def _spot(self, x: int, y: int, pen: Pen) -> Spot:
        # Without automatic wrapping the cursor stays in the last column. Terminals differ in
        # what they do next, so its place counts as unknown.
        return Spot(x if x < self._width else None, y, pen)

    def _move(self, spot: Spot, x: int, y: int) -> str:
        return move(spot.x, spot.y, x, y, self._address)

    def _write_text(self, after: Ways, spot: Spot, way: Way, part: _Part, y: int) -> None:
        lead = self._move(spot, part.start, y) + self._pens.change(spot.pen, part.pen)
        _keep(
            after,
            self._spot(part.end, y, part.pen),
            Way(way.size + len(lead) + part.size, way, lead + part.text),
        )

    def _write_blank(
        self, after: Ways, spot: Spot, way: Way, part: _Part, y: int, following: Pen | None
    ) -> None:
        lead = self._move(spot, part.start, y)
        count = part.end - part.start
        for change, pen in self._pens.for_blank(spot.pen, part.pen.paper, following):
            begun = lead + change
            size = way.size + len(begun)
            _keep(after, self._spot(part.end, y, pen), Way(size + count, way, begun + part.text))
            if count > 3 and self._can.erase_characters and self._erasable(part.pen.paper):
                erase = f"\x1b[{count}X"
                _keep(
                    after,
                    Spot(part.start, y, pen),
                    Way(size + len(erase), way, begun + erase),
                )
            if count > 5 and self._can.repeat:
                again = f" \x1b[{count - 1}b"
                _keep(
                    after, self._spot(part.end, y, pen), Way(size + len(again), way, begun + again)
                )

    def _erase_tail(self, finished: Ways, spot: Spot, way: Way, part: _Part, y: int) -> None:
        lead = self._move(spot, part.start, y)
        for change, pen in self._pens.for_blank(spot.pen, part.pen.paper, None):
            piece = lead + change + "\x1b[K"
            _keep(finished, Spot(part.start, y, pen), Way(way.size + len(piece), way, piece))

    def _write_unsure(self, after: Ways, spot: Spot, way: Way, part: _Part, y: int) -> None:
        """Writes a cluster that terminals may draw in another width, after blanking its cells.

        The column of the cursor is unknown afterwards.
        """
        count = part.end - part.start
        blanks = " " * count
        back = "\b" * count
        if part.end == self._width:
            back = self._move(Spot(None, y), part.start, y)
        piece = (
            self._move(spot, part.start, y)
            + self._pens.change(spot.pen, part.pen)
            + blanks
            + back
            + part.text
        )
        _keep(after, Spot(None, y, part.pen), Way(way.size + len(piece.encode()), way, piece))

    def _write_parts(
        self,
        after: Ways,
        spot: Spot,
        way: Way,
        parts: tuple[_Part, ...],
        y: int,
        following: Pen | None,
    ) -> None:
        """Overwrites a short stretch that stays."""
        limit = way.size + _SHORT + 4
        for part in parts:
            if part.blank:
                change, pen = self._pens.for_blank(spot.pen, part.pen.paper, following)[0]
            else:
                pen = part.pen
                change = self._pens.change(spot.pen, pen)
            way = Way(way.size + len(change) + part.size, way, change + part.text)
            if way.size > limit:
                return
            spot = self._spot(part.end, y, pen)
        _keep(after, spot, way)


def _parted(blank: _Part) -> list[_Part]:
    """Splits the blanks before an unsure cluster, so that the last one is written by itself.

    A terminal that adds the cluster to the cell before then draws it with that cell's pen.
    """
    last = _Part(blank.end - 1, blank.end, blank.pen, " ", 1, False, True)
    if last.start == blank.start:
        return [last]
    rest = blank._replace(end=last.start, text=blank.text[:-1], size=blank.size - 1)
    return [rest, last]


def _is_unsure_half(row: Row, x: int) -> bool:
    while x and not row[x][0]:
        x -= 1
    return not is_sure(row[x][0])


def _repeated(match: re.Match[str]) -> str:
    return f"{match[1]}\x1b[{len(match[0]) - 1}b"


def _keep(ways: Ways, spot: Spot, way: Way) -> None:
    known = ways.get(spot)
    if known is None or way.size < known.size:
        ways[spot] = way


def _pruned(ways: Ways) -> Ways:
    if len(ways) <= 1:
        return ways
    best = min(way.size for way in ways.values())
    kept = [item for item in ways.items() if item[1].size <= best + _BEHIND]
    if len(kept) > _WAYS:
        kept.sort(key=lambda item: item[1].size)
        del kept[_WAYS:]
    return dict(kept)
