"""What the far terminal shows, and the bytes that make it show something else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from smic_tui.terminal.capabilities import Capabilities
from smic_tui.terminal.cells import BLANK, FOREIGN, Row
from smic_tui.terminal.moves import move
from smic_tui.terminal.pen import PLAIN, Pen, PenWriter
from smic_tui.terminal.row_encoder import NOTHING, RowEncoder, Spot, Way, Ways
from smic_tui.terminal.scroll import Scroll, candidates

# Scrolling is looked for only when at least this much could be saved.
_WORTH_SCROLLING = 60
_WAYS_BETWEEN_ROWS = 3


class Frame(NamedTuple):
    """What to send; `whole` is False when rows were left for a later frame."""

    text: str
    whole: bool


class _Work(NamedTuple):
    """What has been worked out of a frame: of the rows that are `changed`, `done` in `ways`."""

    shown: list[Row]
    wanted: list[Row]
    changed: list[int]
    ways: Ways
    done: int

    @property
    def size(self) -> int:
        """Its bytes, in the shortest way."""
        return self.ways[_best(self.ways)].size


class Encoder:
    """Keeps the grid, the cursor and the pen of the far terminal."""

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
        # Rows that an earlier frame left out; scrolling makes some of rows not asked for.
        self._left: set[int] = set()

    def forget(self) -> None:
        """Nothing is known of what the terminal shows; the next frame begins by clearing it."""
        self.is_known = False
        self._spot = Spot()

    def adopt(self, rows: list[Row]) -> None:
        """The terminal shows this already, with a plain pen and the cursor anywhere."""
        self.shown = rows
        self._spot = Spot(None, None, PLAIN)
        self._left.clear()
        self.is_known = True

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size, and shows nobody knows what."""
        self.width, self.height = width, height
        self.forget()

    def cursor_lost(self) -> None:
        """Something else was sent that may have moved the cursor or changed the pen."""
        self._spot = Spot()

    def drawn_over(self, first_row: int) -> None:
        """Something unknown was drawn on the rows from there on, and moved the cursor."""
        for y in range(first_row, len(self.shown)):
            self.shown[y] = [FOREIGN] * self.width
        self.cursor_lost()

    def leave(self) -> str:
        """What gives the terminal back with a plain pen."""
        sequence = self._pens.change(self._spot.pen, PLAIN)
        self._spot = self._spot._replace(pen=PLAIN)
        return sequence

    def place_cursor(self, x: int, y: int, pen: Pen) -> str:
        """What puts the cursor there with that pen, for a sequence that draws there."""
        pen = pen._replace(link="")
        sequence = self._pens.change(self._spot.pen, pen) + self._put_cursor(x, y)
        self._spot = self._spot._replace(pen=pen)
        return sequence

    def clear(self) -> str:
        """What brings the terminal into a known state: empty, cursor at home, plain pen."""
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
        """The bytes that make the terminal show `wanted`, in which only `rows` may differ.

        Rows are left out once `limit` bytes are reached. `cursor` is where the cursor
        must stand in the end, None if that does not matter.
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
            # Left open, a link would swallow whatever others write.
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
        """Encode more rows: until `limit` bytes are reached, and no further than `beyond`."""
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
        """The work with the rows scrolled first, not begun yet; None if no scroll helps.

        Both are compared as whole frames, whatever the limit: a scroll that is begun
        serves the frames that follow.
        """
        best: tuple[int, _Work] | None = None
        for scroll in candidates(self.shown, wanted):
            rows, start = self._after(scroll)
            begun = self._begun(rows, wanted, start, range(self.height))
            cost = self._go_on(begun, None).size
            if best is None or cost < best[0]:
                best = cost, begun
        # How much dearer it is without is no matter.
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
