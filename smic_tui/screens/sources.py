"""The sources: how each does, what it brought that could not be used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from smic_tui.i18n import N_, _
from smic_tui.model.facts import SourceFact
from smic_tui.screens.listing import ListScreen
from smic_tui.views.cells import Cell, Role
from smic_tui.views.lists.sources import LISTING
from smic_tui.views.problems import problems
from widgets.line_list import LineList
from widgets.text_lines import TextLines


class SourcesScreen(ListScreen[SourceFact]):
    """The list of sources, and beneath it everything that wants fixing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,enter", "other_half", N_("Problems"), key_display="Tab"),
    ]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(LISTING, ascii_only=ascii_only)
        self.problems = TextLines(ascii_only=ascii_only, wire=self.wire, id="problems")
        self.table.styles.height, self.table.styles.max_height = "auto", "50%"
        self.problems.styles.margin = (1, 0, 0, 0)

    def compose_body(self) -> Iterable[Widget]:
        yield from super().compose_body()
        yield self.problems

    def show_situation(self) -> None:
        super().show_situation()
        self.problems.show(problems(self.services.situation))

    def summary_cells(self) -> list[Cell]:
        cells = super().summary_cells()
        if self.services.writer:
            text = _("read by {writer}").format(writer=self.services.writer)
            cells.append(Cell(f"   {text}", Role.MUTED))
        return cells

    def source_of(self, fact: SourceFact | None) -> str:
        return fact.key if fact is not None else ""

    def action_other_half(self) -> None:
        """Go to the problems, or back to the list."""
        (self.table if self.problems.has_focus else self.problems).focus()

    def action_copy(self) -> None:
        """Copy what would fix the problem under the cursor, or the source's error."""
        if self.problems.has_focus and self.problems.line is not None:
            self.services.copy_text(self.problems.line.copy)
        else:
            super().action_copy()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        self.action_other_half()
