"""The last question before something is put into the outbox: source, record and effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from smic_tui.contract.actions import Action
from smic_tui.i18n import N_
from smic_tui.records import Record
from smic_tui.screens.frame import FrameScreen
from smic_tui.views.outbox import confirmation
from widgets.text_lines import TextLines


class ConfirmScreen(FrameScreen):
    """A yes needs a key of its own: Enter, typed once too often, is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,o", "yes", N_("Yes, send it"), key_display="y/o"),
        Binding("n,escape", "back", N_("No"), key_display="Esc"),
    ]

    def __init__(self, actions: Sequence[Action], shown: str, seen: Sequence[Record]) -> None:
        super().__init__()
        self._actions = actions
        self._shown = shown
        self._seen = seen
        self.lines = TextLines(wire=self.wire, id="confirmation")

    def compose_body(self) -> Iterable[Widget]:
        yield self.lines

    def on_mount(self) -> None:
        # Nothing here is to be opened: the keys are those of the question alone.
        self.lines.can_focus = False

    def show_situation(self) -> None:
        lines = confirmation(self._actions, self._shown, self._seen, self.services.look)
        self.lines.show(lines)

    def action_yes(self) -> None:
        """Put it into the outbox."""
        self.dismiss()
        self.services.personal.want(self._actions, self._shown, self._seen)

    def action_back(self) -> None:
        """Nothing is done."""
        self.dismiss()

    def action_go(self, name: str) -> None:
        """The other screens wait for the answer."""
