"""The encoder: remembers what the far terminal shows, and makes the bytes that change it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from smic_tui.terminal.capabilities import Capabilities
from smic_tui.terminal.cells import BLANK, FOREIGN, Row
from smic_tui.terminal.moves import move
from smic_tui.terminal.pen import PLAIN, Pen, PenWriter
from smic_tui.terminal.row_encoder import NOTHING, RowEncoder, Spot, Way, Ways
from smic_tui.terminal.scroll import Scroll, candidates

# The encoder looks for a scroll only if the frame is longer than this without one, in bytes.
_WORTH_SCROLLING = 60
_WAYS_BETWEEN_ROWS = 3


class Frame(NamedTuple):
    """The text to send; `whole` is False if rows were left for a later frame."""

    text: str
    whole: bool


class _Work(NamedTuple):
    """A frame in the making.

    It turns the rows `shown` into `wanted`. Of the row numbers in `changed`, the first
    `done` are encoded in each of `ways`.
    """

    shown: list[Row]
    wanted: list[Row]
    changed: list[int]
    ways: Ways
    done: int

    @property
    def size(self) -> int:
        """The length of the shortest way, in bytes."""
        return self.ways[_best(self.ways)].size


class Encoder:
    """Keeps the cells, the cursor and the pen of the far terminal, and encodes changes."""

    def __init__(
        self, width: int, height: int, capabilities: Capabilities, pens: PenWriter
    ) -> None:
        self._can = capabilities
        self._pens = pens
        self._encoder = RowEncoder(capabilities, pens)
        self.width, self.height = width, height
        self.shown: list[Row] = []
        self._spot = Spot()
        self.is_known = False
        # Rows that an earlier frame left out. After a scroll they may include rows that the
        # caller did not ask for.
        self._left: set[int] = set()

    def forget(self) -> None:
        """Forgets what the terminal shows: the next frame begins by clearing the screen."""
        self.is_known = False
        self._spot = Spot()

    def adopt(self, rows: list[Row]) -> None:
        """Takes `rows` for what the terminal shows, with a plain pen and the cursor anywhere."""
        self.shown = rows
        self._spot = Spot(None, None, PLAIN)
        self._left.clear()
        self.is_known = True

    def resize(self, width: int, height: int) -> None:
        """Takes another size, in cells, and forgets what the terminal shows."""
        self.width, self.height = width, height
        self.forget()

    def cursor_lost(self) -> None:
        """Forgets cursor and pen: another sequence was sent that may have changed them."""
        self._spot = Spot()

    def drawn_over(self, first_row: int) -> None:
        """Notes that a sequence drew unknown things from `first_row` on and moved the cursor."""
        for y in range(first_row, len(self.shown)):
            self.shown[y] = [FOREIGN] * self.width
        self.cursor_lost()

    def leave(self) -> str:
        """Returns the sequence that gives the terminal a plain pen."""
        sequence = self._pens.change(self._spot.pen, PLAIN)
        self._spot = self._spot._replace(pen=PLAIN)
        return sequence

    def place_cursor(self, x: int, y: int, pen: Pen) -> str:
        """Returns what sets cursor and pen, for a sequence that draws at that cell."""
        pen = pen._replace(link="")
        sequence = self._pens.change(self._spot.pen, pen) + self._put_cursor(x, y)
        self._spot = self._spot._replace(pen=pen)
        return sequence

    def clear(self) -> str:
        """Returns the sequence for a known state: empty screen, cursor at home, plain pen."""
        self.shown = [[BLANK] * self.width for _ in range(self.height)]
        self._spot = Spot(0, 0, PLAIN)
        self._left.clear()
        self.is_known = True
        return "\x1b[m\x1b[H\x1b[2J"

    def frame(
        self,
        wanted: list[Row],
        rows: Iterable[int],
        *,
        cursor: tuple[int, int] | None = None,
        limit: int | None = None,
    ) -> Frame:
        """Returns the frame that makes the terminal show `wanted`.

        Only the row numbers in `rows` may differ from what is shown. Once `limit` bytes are
        reached, further rows are left out. `cursor` is the cell where the cursor must stand
        in the end; None if that does not matter.
        """
        text = ""
        anew = not self.is_known
        if anew:
            text = self.clear()
            rows = range(self.height)
        work = self._begun(self.shown, wanted, {self._spot: NOTHING}, self._left.union(rows))
        # An empty screen holds nothing that scrolling could bring to its place.
        if not anew and len(work.changed) > 2:
            work = self._go_on(work, limit, _WORTH_SCROLLING)
            if work.size > _WORTH_SCROLLING:
                work = self._scrolled(work, wanted) or work
        work = self._go_on(work, limit)
        self.shown, changed, done = work.shown, work.changed, work.done
        self._left = set(changed[done:])
        for y in changed[:done]:
            self.shown[y] = list(wanted[y])
        best = _best(work.ways)
        text += work.ways[best].text()
        self._spot = best
        if best.pen is not None and best.pen.link:
            # A link left open would take in all that other programs write.
            pen = best.pen._replace(link="")
            text += self._pens.change(best.pen, pen)
            self._spot = best._replace(pen=pen)
        whole = done == len(changed)
        if whole and cursor is not None:
            text += self._put_cursor(*cursor)
        return Frame(text, whole)

    def _put_cursor(self, x: int, y: int) -> str:
        spot = self._spot
        self._spot = Spot(x, y, spot.pen)
        return move(spot.x, spot.y, x, y, self._can.column_address)

    @staticmethod
    def _begun(shown: list[Row], wanted: list[Row], start: Ways, rows: Iterable[int]) -> _Work:
        changed = [y for y in sorted(rows) if shown[y] != wanted[y]]
        return _Work(shown, wanted, changed, start, 0)

    def _go_on(self, work: _Work, limit: int | None, beyond: int | None = None) -> _Work:
        """Encodes more rows, until `limit` bytes are reached or `beyond` bytes exceeded."""
        shown, wanted, changed, ways, done = work
        while done < len(changed):
            if done and (limit is not None or beyond is not None):
                size = ways[_best(ways)].size
                if (limit is not None and size >= limit) or (beyond is not None and size > beyond):
                    break
            y = changed[done]
            ways = self._encoder.encode(ways, shown[y], wanted[y], y)
            if len(ways) > _WAYS_BETWEEN_ROWS:
                best = sorted(ways.items(), key=lambda item: item[1].size)
                ways = dict(best[:_WAYS_BETWEEN_ROWS])
            done += 1
        return _Work(shown, wanted, changed, ways, done)

    def _scrolled(self, plain: _Work, wanted: list[Row]) -> _Work | None:
        """Returns the work, not begun yet, after the best scroll; None if no scroll helps.

        The comparison is between whole frames, whatever the limit: a scroll helps the
        frames that follow as well.
        """
        best: tuple[int, _Work] | None = None
        for scroll in candidates(self.shown, wanted):
            rows, start = self._after(scroll)
            begun = self._begun(rows, wanted, start, range(self.height))
            cost = self._go_on(begun, None).size
            if best is None or cost < best[0]:
                best = cost, begun
        # The frame without a scroll is encoded only until it is longer than the best with one.
        if best is None or self._go_on(plain, None, best[0]).size <= best[0]:
            return None
        return best[1]

    def _after(self, scroll: Scroll) -> tuple[list[Row], Ways]:
        change, pen = self._pens.for_blank(self._spot.pen, "", None)[0]
        text = change + scroll.sequence(self._can)
        rows = [list(row) for row in scroll.apply(self.shown)]
        return rows, {Spot(None, None, pen): Way(len(text), NOTHING, text)}


def _best(ways: Ways) -> Spot:
    return min(ways, key=lambda spot: ways[spot].size)
