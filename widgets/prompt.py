"""One line to type into: the filter, a note, a comment."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from smic_tui.i18n import N_
from smic_tui.views.cells import Cell, Role
from smic_tui.views.fit import width
from widgets.block import Block


class Line(Input):
    """The input itself. Enter takes effect at its place among the keys.

    Textual lets Enter wander up to the program before it submits; on a slow line
    the keys typed after it arrive together with it and would be taken for text.
    """

    class Entered(Message):
        """Enter was pressed when the text was `value`."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    def __init__(self) -> None:
        super().__init__(select_on_focus=False, compact=True)
        self.cursor_blink = False
        # Keys that came after the end of the input, while nobody has answered it yet.
        self._ahead: list[events.Key] | None = None

    def hold(self) -> None:
        """The input has ended: keep what is typed from here on."""
        self._ahead = []

    def let_go(self) -> list[events.Key]:
        """What was typed since `hold`."""
        keys, self._ahead = self._ahead or [], None
        return keys

    async def _on_key(self, event: events.Key) -> None:
        if self._ahead is not None:
            self._ahead.append(event)
        elif event.key == "enter":
            self.hold()
            self.post_message(self.Entered(self.value))
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()


class Prompt(Horizontal):
    """A label and an input line; hidden until asked for.

    `purpose` comes back in every message, so one prompt serves several uses.
    Keys typed after Enter or Escape go to whatever has the focus then.
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
        self._input = Line()

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._input

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

    def on_line_entered(self, event: Line.Entered) -> None:
        """Pass the finished text on."""
        event.stop()
        self._end(self.Done(self._purpose, event.value))

    def action_cancel(self) -> None:
        """Give up."""
        self._input.hold()
        self._end(self.Cancelled(self._purpose))

    def _end(self, message: Message) -> None:
        """Have the screen answer, then give it the keys that came meanwhile."""
        self.screen.post_message(message)
        # Focus moves through the program's own queue: the keys follow it there.
        self.screen.call_later(self.app.call_later, self._go_on)

    def _go_on(self) -> None:
        for key in self._input.let_go():
            self.app.post_message(events.Key(key.key, key.character))
