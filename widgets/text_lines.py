"""Running text in lines; lines about a record can be stepped on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from smic_tui.views.cells import Cell, Line
from smic_tui.views.wire import Wire
from widgets.line_list import LineList, clip


class TextLines(LineList):
    """Lines made of pieces, such as the site dossier or the help."""

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        wire: Wire | None = None,
        on_moved: Callable[[], None] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(ascii_only=ascii_only, wire=wire, on_moved=on_moved, id=id)
        self._lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Replace all lines; the cursor stays with its key."""
        before = self.cursor_key
        self._lines = lines
        self.lines_changed(before)

    @property
    def line(self) -> Line | None:
        """The line under the cursor, if it is one to step on."""
        if not self._lines or not self.is_stop(self._cursor):
            return None
        return self._lines[self._cursor]

    def line_count(self) -> int:
        return len(self._lines)

    def key_of(self, index: int) -> str:
        return self._lines[index].key

    def index_of(self, key: str) -> int | None:
        return next((i for i, line in enumerate(self._lines) if line.key == key), None)

    def content(self, index: int) -> Line:
        return self._lines[index]

    def is_stop(self, index: int) -> bool:
        return bool(self._lines[index].key)

    def pieces(self, content: Any, cells: int) -> tuple[Sequence[Cell], bool]:
        line: Line = content
        return clip(line.cells, cells), line.stale
