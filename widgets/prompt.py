"""One line to type into: the filter, a note, a comment."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from smic_tui.i18n import N_
from smic_tui.views.cells import Cell, Role
from smic_tui.views.fit import width
from widgets.block import Block


class Prompt(Horizontal):
    """A label and an input line; hidden until asked for.

    `purpose` comes back in every message, so one prompt serves several uses.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", N_("Cancel"), show=False, priority=True),
    ]

    class Changed(Message):
        """The text changed."""

        def __init__(self, purpose: str, value: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.value = value

    class Done(Message):
        """Enter was pressed."""

        def __init__(self, purpose: str, value: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.value = value

    class Cancelled(Message):
        """Escape was pressed."""

        def __init__(self, purpose: str) -> None:
            super().__init__()
            self.purpose = purpose

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._purpose = ""
        self.styles.height, self.styles.width = 1, "1fr"
        self.display = False
        self._label = Block()
        self._input = Input(select_on_focus=False, compact=True)
        self._input.cursor_blink = False

    @property
    def is_open(self) -> bool:
        """Whether it is on screen."""
        return bool(self.display)

    @property
    def text_column(self) -> int:
        """The cell at which the typed text begins."""
        return self._label.size.width

    def ask(self, purpose: str, label: str, value: str = "") -> None:
        """Show the line and put the cursor at the end of `value`."""
        if not self._input.is_attached:
            # Most screens are looked at without a word being typed, and how an input looks
            # takes long to work out.
            self.mount(self._label, self._input)
        self._purpose = purpose
        self._label.styles.width = width(label)
        self._label.show_left(Cell(label, Role.KEY))
        self.display = True
        with self.prevent(Input.Changed):
            self._input.value = value
        self._input.cursor_position = len(value)
        self._input.focus()

    def close(self) -> None:
        """Hide the line."""
        self.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on."""
        event.stop()
        self.post_message(self.Changed(self._purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Pass the finished text on."""
        event.stop()
        self.post_message(self.Done(self._purpose, event.value))

    def action_cancel(self) -> None:
        """Give up."""
        self.post_message(self.Cancelled(self._purpose))
