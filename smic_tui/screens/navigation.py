"""The way from screen to screen, and out of the terminal to a browser or the clipboard."""

from __future__ import annotations

import os
from functools import partial

from textual.driver import Driver
from textual.screen import Screen

from smic_tui.config.schema import Settings
from smic_tui.i18n import _
from smic_tui.screens.frame import FrameScreen
from smic_tui.screens.listing import ListScreen
from smic_tui.screens.numbered import numbered_screen
from smic_tui.screens.tabs import NAMES
from smic_tui.screens.terminal_app import TerminalApp


class NavigatingApp(TerminalApp):
    """Opens the screens. The code of each is read when it is first wanted."""

    TITLE = "smic-tui"
    DEFAULT_MODE = "overview"
    # For all screens at once: a screen's own CSS would have all of it parsed again
    # when the screen is first opened.
    CSS = """
    FrameScreen { background: $background; }
    Prompt Input { background: $background; color: $foreground; }
    """

    def __init__(self, settings: Settings, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class)
        self.settings = settings
        for name in NAMES:
            self.add_mode(name, partial(numbered_screen, name, ascii_only=settings.display.ascii))

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a short message at the bottom for a while."""
        if isinstance(self.screen, FrameScreen):
            self.screen.tell(text, bad=bad)

    def open_outbox(self) -> None:
        """Show what is on its way."""
        from smic_tui.screens.outbox import OutboxScreen

        self.push_screen(OutboxScreen(ascii_only=self.settings.display.ascii))

    def open_dossier(self, site: str) -> None:
        """Show all about a site."""
        from smic_tui.screens.dossier import DossierScreen

        self.push_screen(DossierScreen(site, ascii_only=self.settings.display.ascii))

    def show_list(self, name: str, where: str) -> None:
        """Go to one of the numbered screens, with a filter."""

        async def go() -> None:
            await self.switch_mode(name)
            if isinstance(self.screen, ListScreen):
                self.screen.set_filter(where)

        self.run_worker(go(), exit_on_error=False)

    def show_help(self, about: Screen[None]) -> None:
        """Show all keys of a screen."""
        from smic_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(about))

    def open_record(self, url: str) -> None:
        """Open a page in the browser of this desktop; over SSH, copy its address instead."""
        if not url.startswith(("https://", "http://")):
            self.tell(_("This record has no page of its own."))
        elif os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            self.open_url(url)
        else:
            self.copy_to_clipboard(url)
            self.tell(_("Address copied: {url}").format(url=url))

    def copy_text(self, text: str) -> None:
        """Put text into the clipboard of the terminal."""
        if text:
            self.copy_to_clipboard(text)
            self.tell(_("Copied: {text}").format(text=text))
