"""A scheduled pane: what it lists now, and what changed since it was last dismissed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from smic_tui.config.schema import Settings
from smic_tui.duty.panes import DuePane, PaneContent, content, key_of
from smic_tui.i18n import N_, _, ngettext
from smic_tui.model.states import Level
from smic_tui.model.user_state import PaneSeen
from smic_tui.screens.alerts import AlertsScreen
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.listing import Lean
from smic_tui.views.lists.all import LISTINGS
from smic_tui.views.look import Look

NEW, CHANGED, GONE = "+", "~", "-"
_ROLES = {NEW: Role.KEY, CHANGED: Role.NOTICE, GONE: Role.MUTED, " ": Role.PLAIN}


class PaneScreen(AlertsScreen):
    """Opens by itself over whatever is shown, and stays until it is dismissed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,escape", "dismiss_pane", N_("Dismiss"), key_display="d"),
    ]

    def __init__(
        self, due: DuePane, seen: PaneSeen | None, settings: Settings, *, ascii_only: bool = False
    ) -> None:
        base = LISTINGS[due.pane.on]
        change = Column(id="change", title="±", width=1)
        lean = base.lean
        if lean is not None:
            lean = Lean(columns=(change, *lean.columns), row=self._marked(lean.row))
        super().__init__(
            replace(base, columns=(change, *base.columns), row=self._marked(base.row), lean=lean),
            ascii_only=ascii_only,
        )
        self.tab = ""
        self.due = due
        self._seen = seen
        self._settings = settings
        self._content = PaneContent()

    def all_facts(self) -> Sequence[Any]:
        self._content = content(self.due.pane, self.desk.situation, self._seen, self._settings)
        return [*self._content.facts, *self._content.gone_facts]

    def _marked(self, row_of: Callable[[Any, Look], Row]) -> Callable[[Any, Look], Row]:
        """Rows with what became of them since, before their first cell."""
        return lambda fact, look: self._with_mark(fact, row_of(fact, look))

    def _with_mark(self, fact: Any, row: Row) -> Row:
        key, mark = key_of(fact), " "
        if key in self._content.gone:
            mark = GONE
        elif self._seen is not None:
            if key in self._content.new:
                mark = NEW
            elif key in self._content.changed:
                mark = CHANGED
        return replace(
            row, cells=(Cell(mark, _ROLES[mark]), *row.cells), stale=row.stale or mark == GONE
        )

    def summary_cells(self) -> list[Cell]:
        pane, found, look = self.due.pane, self._content, self.desk.look
        moment = human.moment(self.due.due, look.now, look.zone)
        cells = [Cell(pane.title or pane.name, Role.TITLE), Cell(f"  {moment}")]
        if self.due.missed:
            cells.append(Cell("  " + _("missed while nobody was there"), Role.WARNING))
        if found.error:
            return [*cells, Cell(f"  {found.error}", Role.WARNING)]
        count = len(found.facts)
        cells.append(Cell("  " + ngettext("{n} line", "{n} lines", count).format(n=count)))
        # An empty list proves nothing while nobody can see.
        stale = [source.status.name for source in self.desk.situation.sources if source.stale]
        if stale:
            text = _("stale: {sources}").format(sources=", ".join(stale))
            cells.append(Cell(f"  {look.glyph(Level.WARNING)} {text}", Role.WARNING))
        if self._seen is not None:
            since = human.moment(self._seen.dismissed, look.now, look.zone)
            change = _("since {moment}: {new} new, {changed} changed, {gone} gone").format(
                moment=since,
                new=len(found.new),
                changed=len(found.changed),
                gone=len(found.gone),
            )
            cells.append(Cell("  " + change, Role.NOTICE))
        return cells

    def source_of(self, fact: Any) -> str:
        if self.due.pane.on == "alerts":
            return super().source_of(fact)
        return "" if fact is None else str(fact.source)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only alerts can be acknowledged."""
        if action in ("acknowledge", "unacknowledge"):
            return self.due.pane.on == "alerts"
        return super().check_action(action, parameters)

    def action_dismiss_pane(self) -> None:
        """It has been seen: remember what it listed, and go back."""
        self.desk.personal.dismiss_pane(
            self.due.pane.name, self.due.due, dict(self._content.listed)
        )
        self.dismiss()

    def action_back(self) -> None:
        """Escape dismisses, as `d` does."""
        self.action_dismiss_pane()

    def action_go(self, name: str) -> None:
        """The other screens wait until it is dismissed."""
        self.tell(_("Dismiss this pane first (d)."))
