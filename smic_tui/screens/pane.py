"""A scheduled pane: what it lists now, and what changed since it was last dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from smic_tui.config.schema import Settings
from smic_tui.duty.panes import DuePane, PaneContent, content
from smic_tui.i18n import N_, _, ngettext
from smic_tui.model.states import Level
from smic_tui.model.subjects import ALERTS, Fact, subject_named
from smic_tui.model.user_state import PaneSeen
from smic_tui.screens.alerts import AlertsScreen
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.lists.all import listing_of

NEW, CHANGED, GONE, SAME = "+", "~", "-", " "
_ROLES = {NEW: Role.KEY, CHANGED: Role.NOTICE, GONE: Role.MUTED, SAME: Role.PLAIN}


class PaneScreen(AlertsScreen[Fact]):
    """Opens by itself over whatever is shown, and stays until it is dismissed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,escape", "dismiss_pane", N_("Dismiss"), key_display="d"),
    ]

    def __init__(
        self, due: DuePane, seen: PaneSeen | None, settings: Settings, *, ascii_only: bool = False
    ) -> None:
        base = listing_of(subject_named(due.pane.on))
        change: Column[Fact] = Column(
            id="change", title="±", width=1, cell=lambda fact, look: self._mark(fact)
        )
        super().__init__(
            replace(
                base,
                columns=(change, *base.columns),
                lean=(change, *base.lean) if base.lean else (),
                stale=lambda fact: base.stale(fact) or base.key(fact) in self._content.gone,
            ),
            ascii_only=ascii_only,
        )
        self.tab = ""
        self.due = due
        self._seen = seen
        self._settings = settings
        self._content: PaneContent = PaneContent()

    def all_facts(self) -> Sequence[Fact]:
        self._content = content(self.due.pane, self.services.situation, self._seen, self._settings)
        return [*self._content.facts, *self._content.gone_facts]

    def _mark(self, fact: Fact) -> Cell:
        """What became of a line since the pane was dismissed last."""
        key, mark = self.listing.key(fact), SAME
        if key in self._content.gone:
            mark = GONE
        elif self._seen is not None:
            if key in self._content.new:
                mark = NEW
            elif key in self._content.changed:
                mark = CHANGED
        return Cell(mark, _ROLES[mark])

    def summary_cells(self) -> list[Cell]:
        pane, found, look = self.due.pane, self._content, self.services.look
        moment = human.moment(self.due.due, look.now, look.zone)
        cells = [Cell(pane.title or pane.name, Role.TITLE), Cell(f"  {moment}")]
        if self.due.missed:
            cells.append(Cell("  " + _("due while you were away"), Role.WARNING))
        if found.error:
            return [*cells, Cell(f"  {found.error}", Role.WARNING)]
        count = len(found.facts)
        cells.append(Cell("  " + ngettext("{n} line", "{n} lines", count).format(n=count)))
        # An empty list proves nothing while nobody can see.
        stale = [source.status.name for source in self.services.situation.sources if source.stale]
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only alerts can be acknowledged."""
        if action in ("acknowledge", "unacknowledge"):
            return self.due.pane.on == ALERTS.name
        return super().check_action(action, parameters)

    def action_dismiss_pane(self) -> None:
        """It has been seen: remember what it listed, and go back."""
        self.services.personal.dismiss_pane(
            self.due.pane.name, self.due.due, dict(self._content.listed)
        )
        self.dismiss()

    def action_back(self) -> None:
        """Escape dismisses, as `d` does."""
        self.action_dismiss_pane()

    def action_go(self, name: str) -> None:
        """The other screens wait until it is dismissed."""
        self.tell(_("Dismiss this pane first (d)."))
