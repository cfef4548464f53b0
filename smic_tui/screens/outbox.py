"""The outbox: what is on its way, withdrawing it, and deciding where a record changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from smic_tui.i18n import N_, _
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.outbox import box
from smic_tui.screens.frame import FrameScreen
from smic_tui.views.cells import Cell, Line, Role
from smic_tui.views.outbox import details, entry_line
from widgets.text_lines import TextLines

_PREFIX = "outbox/"


class OutboxScreen(FrameScreen):
    """The entries above, everything about the one under the cursor below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", N_("Back"), key_display="Esc"),
        Binding("u", "withdraw", N_("Withdraw")),
        Binding("s", "send", N_("Send all the same")),
        Binding("d", "dismiss_entry", N_("Dismiss")),
        Binding("r", "retry", N_("Try now")),
        Binding("y", "copy", N_("Copy"), show=False),
    ]

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.lines = TextLines(
            ascii_only=ascii_only, wire=self.wire, on_moved=self._show_entry, id="outbox"
        )
        self.details = TextLines(ascii_only=ascii_only, wire=self.wire, id="entry")
        self.lines.styles.height, self.lines.styles.max_height = "auto", "40%"
        self.details.styles.margin = (1, 0, 0, 0)
        self.details.can_focus = False
        self._entries: dict[str, Entry] = {}

    def compose_body(self) -> Iterable[Widget]:
        yield self.lines
        yield self.details

    def on_mount(self) -> None:
        self.lines.focus()

    @property
    def entry(self) -> Entry | None:
        """The entry under the cursor."""
        return self._entries.get(self.lines.cursor_key.removeprefix(_PREFIX))

    def show_situation(self) -> None:
        # What wants a person comes first, then what is on its way, then what is over.
        entries = sorted(
            box.in_order(self.services.outbox.values()),
            key=lambda entry: (not entry.state.wants_person, not entry.state.is_open),
        )
        self._entries = {entry.id: entry for entry in entries}
        look = self.services.look
        if entries:
            self.lines.show([entry_line(entry, look) for entry in entries])
        else:
            nothing = _("Nothing waits to be sent.")
            self.lines.show([Line(cells=(Cell(nothing, Role.MUTED),))])
        self._show_entry()

    def _show_entry(self) -> None:
        entry = self.entry
        self.details.show([] if entry is None else details(entry, self.services.look))
        if not self.telling:
            self.app.call_later(self.show_keys)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are there only where they would do something."""
        state = None if self.entry is None else self.entry.state
        match action:
            case "withdraw":
                return state in (EntryState.WAITING, EntryState.CONFLICT)
            case "send":
                return state is not None and state.wants_person
            case "dismiss_entry":
                return state is not None and not state.is_open
            case "retry":
                return state is not None and state.is_open and not state.wants_person
        return super().check_action(action, parameters)

    def action_withdraw(self) -> None:
        """Take it back: nothing of it is at the source."""
        if self.entry is not None:
            self.services.personal.change_outbox(_("Withdrawn."), box.withdraw(self.entry.id))

    def action_send(self) -> None:
        """Send mine although the record has changed, or once more after a refusal."""
        if self.entry is not None:
            self.services.personal.change_outbox(
                _("It waits to be sent."), box.resend(self.entry.id)
            )

    def action_dismiss_entry(self) -> None:
        """Show it no longer."""
        if self.entry is not None:
            self.lines.let_go()
            self.services.personal.change_outbox(_("Dismissed."), box.dismiss(self.entry.id))

    def action_retry(self) -> None:
        """Try to send now what waits for this source."""
        if self.entry is not None:
            self.services.refresh_source(self.entry.action.source)

    def action_copy(self) -> None:
        """Copy the entry in words."""
        line = self.lines.line
        if line is not None:
            self.services.copy_text(line.copy)

    def action_back(self) -> None:
        """Go back to where it was opened."""
        self.dismiss()

    def action_go(self, name: str) -> None:
        """A number leaves the outbox for that screen."""
        self.dismiss()
        self.app.call_later(self.app.switch_mode, name)

    def action_outbox(self) -> None:
        """The key that opened it closes it."""
        self.dismiss()
