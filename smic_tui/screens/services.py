"""What screens may ask of the program around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from textual.app import App
from textual.screen import Screen

from smic_tui.model.facts import Situation
from smic_tui.model.outbox_entry import Entry
from smic_tui.model.user_state import Note
from smic_tui.outbox.rights import Rights
from smic_tui.screens.personal import Personal
from smic_tui.views.look import Look
from smic_tui.views.targets import Pending


class AppServices(Protocol):
    """The program as the screens see it.

    Everything that changes something is done off the event loop by the
    program; the outcome arrives as a new situation, or as a message.
    `personal` takes what the person decides.
    """

    personal: Personal

    @property
    def situation(self) -> Situation:
        """What is known, assessed."""

    @property
    def look(self) -> Look:
        """How the reader sees, at this moment."""

    @property
    def writer(self) -> str:
        """Who collects, when it is another program."""

    @property
    def named_filters(self) -> Mapping[str, str]:
        """The filters of the configuration and of the person, by name."""

    @property
    def notes(self) -> Mapping[str, Note]:
        """The remarks on sites, by id."""

    @property
    def outbox(self) -> Mapping[str, Entry]:
        """What is on its way to the sources, by id."""

    @property
    def pending(self) -> Pending:
        """What of it is not over, by record."""

    @property
    def line_is_slow(self) -> bool:
        """Whether the line to the terminal is one on which every byte counts."""

    def line_has_room(self, size: int) -> bool:
        """Whether so many bytes could be sent at once, without anything waiting for them."""

    @property
    def late_seconds(self) -> float | None:
        """How long after an arrow key the ends of new lines follow; None: they come with it."""

    def entitle(self, place: str) -> None:
        """Name the terminal's window after a place in the program."""

    def rights(self, source: str) -> Rights:
        """What may be done to records that are shown under a source."""

    def open_outbox(self) -> None:
        """Show what is on its way."""

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a short message at the bottom for a while."""

    def refresh_source(self, name: str | None) -> None:
        """Read one source now, or all."""

    def open_dossier(self, site: str) -> None:
        """Show all about a site."""

    def show_list(self, name: str, where: str) -> None:
        """Go to one of the numbered screens, with a filter."""

    def show_help(self, about: Screen[None]) -> None:
        """Show all keys of a screen."""

    def open_record(self, url: str) -> None:
        """Show the record in the system that owns it."""

    def copy_text(self, text: str) -> None:
        """Put text into the clipboard of the terminal."""


def services_of(app: App[object]) -> AppServices:
    """The program, as the screens see it."""
    return cast(AppServices, app)
