"""A cursor over lines that are drawn only while they are visible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from smic_tui.i18n import N_
from smic_tui.views.cells import Cell, Role
from smic_tui.views.fit import cut, width
from smic_tui.views.wire import Wire
from widgets.late_ends import LateEnds
from widgets.roles import MARKER_STYLE, RoleWidget

MARKER, ASCII_MARKER = "▌", ">"
MARKER_CELLS = 1


class LineList(RoleWidget, can_focus=True):
    """Base of the lists: knows lines by number and key, not what they mean.

    A subclass says how many lines there are, what stands on each (`content`,
    comparable by ==) and which can be stepped on. Only visible lines are ever
    asked for; after an update only lines whose content differs are drawn again.
    Of a line that an arrow key brings into view the end may come later (`ends`).
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", N_("Down"), show=False),
        Binding("up,k", "move(-1)", N_("Up"), show=False),
        Binding("pagedown,ctrl+f", "page(1)", N_("Page down"), show=False),
        Binding("pageup,ctrl+b", "page(-1)", N_("Page up"), show=False),
        Binding("home,g", "first", N_("First"), show=False),
        Binding("end,G", "last", N_("Last"), show=False),
        Binding("enter", "choose", N_("Open"), key_display="⏎"),
    ]
    heading_lines = 0

    class Moved(Message):
        """The cursor stands on another line, or the list has another length."""

        def __init__(self, sender: LineList, key: str, index: int, count: int) -> None:
            super().__init__()
            self.sender = sender
            self.key = key
            self.index = index
            self.count = count

    class Chosen(Message):
        """Enter, or a click on the line under the cursor."""

        def __init__(self, sender: LineList, key: str) -> None:
            super().__init__()
            self.sender = sender
            self.key = key

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        wire: Wire | None = None,
        on_moved: Callable[[], None] | None = None,
        id: str | None = None,
    ) -> None:
        """`wire` is the line to the terminal, where that decides how much is drawn at once.

        `on_moved` is called at once when the cursor has moved, or the lines have changed:
        what it changes elsewhere is drawn in the same update as the cursor. The message
        `Moved` would come too late for that.
        """
        super().__init__(id=id)
        self.styles.height = self.styles.width = "1fr"
        self._on_moved = on_moved
        self._marker = ASCII_MARKER if ascii_only else MARKER
        # Where every byte counts it has no colour of its own.
        self._marker_style = MARKER_STYLE
        self._top = 0
        self._cursor = 0
        self._drawn: dict[int, Any] = {}
        # Until the person has moved the cursor it waits on the first line.
        self._moved = False
        self._let_go = False
        self.ends = LateEnds(self, self._redraw_changed, wire)

    # -- what a subclass says

    def line_count(self) -> int:
        """How many lines there are below the heading."""
        raise NotImplementedError

    def key_of(self, index: int) -> str:
        """The key of a line; empty for a line without one."""
        raise NotImplementedError

    def index_of(self, key: str) -> int | None:
        """Where a key stands now; None if it is gone."""
        raise NotImplementedError

    def content(self, index: int) -> Any:
        """What stands on a line, comparable with ==."""
        raise NotImplementedError

    def pieces(self, content: Any, cells: int) -> tuple[Sequence[Cell], bool]:
        """The content as text pieces of `cells` cells at most, and whether it is stale."""
        raise NotImplementedError

    def heading(self, index: int, cells: int) -> Sequence[Cell]:
        """The pieces of a heading line."""
        return ()

    def is_stop(self, index: int) -> bool:
        """Whether the cursor may stand on a line."""
        return True

    def lines_moved(self) -> None:
        """Called before lines are drawn because others are visible, or the cursor moved."""

    # -- what others ask and do

    @property
    def cursor_index(self) -> int:
        """The line of the cursor, counted from 0."""
        return self._cursor

    @property
    def cursor_key(self) -> str:
        """The key under the cursor; empty in an empty list."""
        return self.key_of(self._cursor) if 0 <= self._cursor < self.line_count() else ""

    def go_to(self, key: str) -> bool:
        """Put the cursor on a key; False if it is not there."""
        index = self.index_of(key)
        if index is not None:
            self._place(index)
        return index is not None

    def let_go(self) -> None:
        """Something was done about the line under the cursor: when it moves away
        in the list, the cursor stays where it is, on the next one.
        """
        self._let_go = True

    def lines_changed(self, cursor_key: str) -> None:
        """Call after the lines were replaced; `cursor_key` is where the cursor stood before.

        Once the person has moved it the cursor stays with its key, on the same
        line of the screen. A list that shows its beginning goes on showing it
        while the cursor fits, so that what is new and worst is seen.
        """
        count, page = self.line_count(), self._page
        if self.styles.is_auto_height and count + self.heading_lines != self.size.height:
            self.refresh(layout=True)
        offset = self._cursor - self._top
        found = self.index_of(cursor_key) if cursor_key and self._moved else None
        if self._let_go and found != self._cursor:
            self._let_go, found = False, None
        self._cursor = self._nearest_stop(self._cursor if found is None else found)
        top = 0 if self._top == 0 and self._cursor < page else self._cursor - offset
        self._top = max(0, min(top, count - page))
        self._keep_cursor_visible()
        self.ends.forget()
        self.lines_moved()
        self._redraw_changed()
        self._tell()

    # -- drawing

    @property
    def lines_in_view(self) -> range:
        """The lines that are in view, counted from 0."""
        return range(self._top, min(self._top + self._page, self.line_count()))

    @property
    def _page(self) -> int:
        return max(1, self.size.height - self.heading_lines)

    def render_line(self, y: int) -> Strip:
        cells = self.size.width
        if y < self.heading_lines:
            style = self.style_of(Role.MUTED) + self.style_of(Role.TITLE)
            texts = [Segment(piece.text, style) for piece in self.heading(y, cells - MARKER_CELLS)]
            return Strip([Segment(" ", style), *texts]).adjust_cell_length(cells, self.rich_style)
        index = self._top + y - self.heading_lines
        if index >= self.line_count():
            self._drawn.pop(y, None)
            return Strip.blank(cells, self.rich_style)
        content = self.content(index)
        on_cursor = index == self._cursor and self.is_stop(index)
        begun = self.ends.begun(index)
        self._drawn[y] = (content, on_cursor, begun)
        pieces, stale = self.pieces(content, cells - MARKER_CELLS)
        pieces = pieces if begun is None else begun
        base = self.style_of(Role.PLAIN)
        segments = [
            Segment(self._marker, base + self._marker_style) if on_cursor else Segment(" ", base)
        ]
        segments += [
            Segment(piece.text, self.style_of(piece.role, stale=stale))
            for piece in pieces
            if piece.text
        ]
        used = MARKER_CELLS + sum(width(piece.text) for piece in pieces)
        return Strip(segments, used).adjust_cell_length(cells, base)

    def _redraw_changed(self) -> None:
        """Draw again the visible lines whose content is not what stands there."""
        count = self.line_count()
        for y in range(self.heading_lines, self.size.height):
            index = self._top + y - self.heading_lines
            now = None
            if index < count:
                on_cursor = index == self._cursor and self.is_stop(index)
                now = (self.content(index), on_cursor, self.ends.begun(index))
            if self._drawn.get(y) != now:
                self._refresh_line(y)

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """With `height: auto`, as high as all lines together."""
        return self.heading_lines + self.line_count()

    def on_resize(self) -> None:
        """The number of visible lines changed: keep the cursor among them."""
        self._top = max(0, min(self._top, self.line_count() - self._page))
        self._keep_cursor_visible()
        self.ends.forget()
        self.lines_moved()
        # Of a new screen Textual throws the first drawing away: whoever asks for a second
        # now is in the first frame that is sent, which may be all there is to send.
        self.refresh()

    # -- moving

    def _keep_cursor_visible(self) -> None:
        if self._cursor < self._top:
            self._top = self._cursor
        elif self._cursor >= self._top + self._page:
            self._top = self._cursor - self._page + 1
        # Unreachable heading lines above the first stop come into view with it.
        if self._top and not any(self.is_stop(i) for i in range(min(self._cursor, self._top))):
            self._top = 0 if self._cursor < self._page else self._top

    def _nearest_stop(self, index: int) -> int:
        count = self.line_count()
        if not count:
            return 0
        index = max(0, min(index, count - 1))
        for distance in range(count):
            for near in (index + distance, index - distance):
                if 0 <= near < count and self.is_stop(near):
                    return near
        return index

    def _place(self, index: int) -> None:
        """Put the cursor on a line, scroll if it must, draw what changed."""
        before = self._cursor
        self._moved = True
        self._cursor = self._nearest_stop(index)
        self._keep_cursor_visible()
        self.lines_moved()
        self._redraw_changed()
        if self._cursor != before:
            self._tell()

    def _tell(self) -> None:
        if self._on_moved is not None:
            self._on_moved()
        self.post_message(self.Moved(self, self.cursor_key, self._cursor, self.line_count()))

    def action_move(self, step: int) -> None:
        """Go one stop up or down; scroll where there is no further stop."""
        count, before = self.line_count(), self.lines_in_view
        index = self._cursor + step
        while 0 <= index < count and not self.is_stop(index):
            index += step
        if 0 <= index < count:
            self._place(index)
        else:
            self._scroll(step)
        self._begin([index for index in self.lines_in_view if index not in before])

    def _begin(self, lines: Sequence[int]) -> None:
        """Let the ends of these lines come later, if they may: the cursor's line first."""
        nearest = sorted(lines, key=lambda index: abs(index - self._cursor))
        cells = self.size.width - MARKER_CELLS
        self.ends.begin((index, *self.pieces(self.content(index), cells)) for index in nearest)

    def action_page(self, step: int) -> None:
        """Go one page up or down."""
        self._top = max(0, min(self._top + step * self._page, self.line_count() - self._page))
        self._place(self._cursor + step * self._page)

    def action_first(self) -> None:
        """Go to the first line."""
        self._top = 0
        self._place(0)

    def action_last(self) -> None:
        """Go to the last line."""
        self._top = max(0, self.line_count() - self._page)
        self._place(self.line_count() - 1)

    def action_choose(self) -> None:
        """Open what is under the cursor."""
        if self.cursor_key:
            self.post_message(self.Chosen(self, self.cursor_key))

    def _scroll(self, lines: int) -> None:
        top = max(0, min(self._top + lines, self.line_count() - self._page))
        if top != self._top:
            self._top = top
            self.lines_moved()
            self._redraw_changed()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor, as the arrows do."""
        event.stop()
        self._place(self._cursor + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor, as the arrows do."""
        event.stop()
        self._place(self._cursor - 3)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; on the cursor's own line it opens."""
        y = event.y - self.heading_lines
        if y < 0:
            self.heading_clicked(event.x - MARKER_CELLS)
            return
        index = self._top + y
        if index >= self.line_count() or not self.is_stop(index):
            return
        if index == self._cursor:
            self.action_choose()
        else:
            self._place(index)

    def heading_clicked(self, x: int) -> None:
        """A click on a heading line, `x` cells after the marker column."""


def clip(pieces: Sequence[Cell], cells: int) -> list[Cell]:
    """The pieces that fit into `cells` cells, the last one cut if it must be."""
    kept: list[Cell] = []
    for piece in pieces:
        if cells <= 0:
            break
        text = cut(piece.text, cells)
        kept.append(Cell(text, piece.role))
        cells -= width(text)
    return kept
