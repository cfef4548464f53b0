"""What screens may ask of the program around them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, cast

from textual.app import App
from textual.screen import Screen

from smic_tui.insight.facts import AlertFact, Situation
from smic_tui.userstate import Note, PaneSeen
from smic_tui.views.look import Look


class Desk(Protocol):
    """The program as the screens see it.

    Everything that changes something is done off the event loop by the
    program; the outcome arrives as a new situation, or as a message.
    """

    @property
    def situation(self) -> Situation:
        """What is known, assessed."""

    @property
    def look(self) -> Look:
        """How the reader sees, at this moment."""

    @property
    def is_reader(self) -> bool:
        """Whether another program collects."""

    @property
    def named_filters(self) -> Mapping[str, str]:
        """The filters of the configuration and of the person, by name."""

    @property
    def notes(self) -> Mapping[str, Note]:
        """The remarks on sites, by id."""

    @property
    def person(self) -> str:
        """Who sits here."""

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

    def acknowledge(
        self, alert: AlertFact, *, until: datetime | None, until_change: bool, comment: str
    ) -> None:
        """Keep an alert quiet until a time, or until the fact changes."""

    def unacknowledge(self, fingerprint: str) -> None:
        """Take an acknowledgement back."""

    def add_note(self, site: str, text: str) -> None:
        """Leave a remark on a site for colleagues."""

    def pane_dismissed(self, seen: PaneSeen) -> None:
        """A scheduled pane has been seen."""

    def save_filter(self, name: str, text: str) -> None:
        """Keep a filter under a name; an empty text removes it."""


def desk_of(app: App[object]) -> Desk:
    """The program, as the screens see it."""
    return cast(Desk, app)
