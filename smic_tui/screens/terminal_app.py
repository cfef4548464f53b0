"""Textual as this program wants it of a terminal: keys in order, no colours of its own."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.reactive import Reactive
from textual.theme import BUILTIN_THEMES, Theme

from smic_tui.i18n import N_, _
from smic_tui.screens.keys_in_order import KeysInOrder, has_screen
from smic_tui.terminal.driver import LeanDriver
from smic_tui.terminal.guard import GUARD
from smic_tui.terminal.job import has_shell
from smic_tui.text import harmless
from smic_tui.views.link import link_words

# The terminal's own colours: right on every background, and the cheapest to send.
TERMINAL_THEME = replace(
    BUILTIN_THEMES["ansi-dark"],
    name="terminal",
    primary="ansi_blue",
    secondary="ansi_magenta",
    accent="ansi_cyan",
    error="ansi_bright_red",
)

log = logging.getLogger(__name__)


class TerminalApp(App[None], inherit_bindings=False, inherit_css=False):
    """Base of the dashboard.

    `has_begun` is set once the screen shows what is known, be it nothing; keys that are
    pressed before wait for it.
    """

    ENABLE_COMMAND_PALETTE = False
    # Textual's own is for what is not used here, and parsed three times at every start.
    DEFAULT_CSS = """
    TerminalApp { background: ansi_default; color: ansi_default; }
    """
    # From the very beginning: to set it later has all styles worked out twice.
    theme = Reactive(TERMINAL_THEME.name)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", N_("Quit"), show=False, priority=True),
        Binding("ctrl+l", "repaint", N_("Draw the screen again"), show=False, priority=True),
        Binding("ctrl+z", "stop", N_("Back to the shell; fg returns"), show=False, priority=True),
        Binding("L", "link", N_("The line to this terminal"), show=False),
    ]

    def __init__(self, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self.has_begun = False
        self._keys = KeysInOrder(self, self._hand_on, self.is_there_for)
        self.animation_level = "none"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own filters, and the last fence before the driver."""
        return (*super().get_line_filters(), GUARD)

    @property
    def line_is_slow(self) -> bool:
        """Whether the line to the terminal is one on which every byte counts."""
        return isinstance(self._driver, LeanDriver) and self._driver.is_slow

    def line_has_room(self, size: int) -> bool:
        """Whether so many bytes could be sent at once, without anything waiting for them."""
        return not isinstance(self._driver, LeanDriver) or self._driver.room >= size

    @property
    def late_seconds(self) -> float | None:
        """How long after an arrow key the ends of new lines follow; None: they come with it."""
        return self._driver.late_seconds if isinstance(self._driver, LeanDriver) else None

    @property
    def available_themes(self) -> dict[str, Theme]:
        """There is one."""
        return {TERMINAL_THEME.name: TERMINAL_THEME}

    def is_there_for(self, key: events.Key) -> bool:
        """Whether what a key may be meant for is on the screen."""
        return self.has_begun

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a short message."""
        raise NotImplementedError

    async def on_event(self, event: events.Event) -> None:
        """Keys go one after the other, all else as Textual has it."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._keys.take(event)
        elif isinstance(event, events.Key) and not has_screen(self):
            # It was on its way up when the program ended.
            pass
        else:
            await super().on_event(event)

    async def _hand_on(self, key: events.Key) -> None:
        if isinstance(self._driver, LeanDriver):
            # Whoever presses a key wants to see what comes of it.
            self._driver.show()
        await super().on_event(key)

    def _fatal_error(self) -> None:
        """A bug ends the screen with a plain traceback.

        Textual's own prints every local variable, which may hold a secret or
        whatever text a source sent.
        """
        # Not 1, which tells that something needs attention.
        self._return_code = os.EX_SOFTWARE
        trace = traceback.format_exc()
        log.error("the dashboard has failed\n%s", trace)
        self._exit_renderables.append(Text("\n".join(map(harmless, trace.split("\n")))))
        self._close_messages_no_wait()

    def action_repaint(self) -> None:
        """Send the whole screen again, after another program wrote over it."""
        if isinstance(self._driver, LeanDriver):
            self._driver.repaint()
        else:
            self.refresh(repaint=True, layout=True)

    @on(Driver.SignalResume)
    def _draw_after_the_shell(self) -> None:
        """Textual's own driver does not draw what stood there before the program was stopped."""
        if not isinstance(self._driver, LeanDriver):
            self.action_repaint()

    def action_stop(self) -> None:
        """Give the terminal to the shell, which continues the program with `fg`."""
        if self._driver is None or not self._driver.can_suspend:
            # A web page or a test, which no shell waits for.
            return
        if not has_shell():
            self.tell(_("No shell waits behind this screen; q leaves it."))
        elif isinstance(self._driver, LeanDriver):
            self._driver.stop_job()
        else:
            self.action_suspend_process()

    def entitle(self, place: str) -> None:
        """Name the terminal's window after a place in the program.

        Not at the start, when each byte delays the first screen: the title is the program's.
        """
        if self.has_begun and isinstance(self._driver, LeanDriver):
            self._driver.entitle(place)

    def action_link(self) -> None:
        """Tell what the line to the terminal is like, and what it has carried."""
        if isinstance(self._driver, LeanDriver):
            self.tell(link_words(self._driver.status))
        else:
            self.tell(_("Textual's own driver serves this terminal; nothing is measured."))
