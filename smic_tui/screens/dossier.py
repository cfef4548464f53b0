"""The site dossier: everything about one site on one screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from smic_tui.i18n import N_, _
from smic_tui.screens.acting import ActingScreen
from smic_tui.views.cells import Cell, Line, Role
from smic_tui.views.dossier import NOT_THERE, dossier
from smic_tui.views.targets import places
from widgets.prompt import Prompt
from widgets.text_lines import TextLines

NOTE = "note"


class DossierScreen(ActingScreen):
    """One site. It lies on the screen from which it was opened; Escape goes back there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", N_("Back"), key_display="Esc"),
        Binding("n", "note", N_("Note")),
        Binding("x", "remove_note", N_("Remove the note"), show=False),
        Binding("r", "refresh_sources", N_("Refresh")),
        Binding("o,enter", "open_record", N_("Copy the address"), key_display="o"),
        Binding("y", "copy", N_("Copy")),
    ]

    def __init__(self, site: str, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.site = site
        self.lines = TextLines(
            ascii_only=ascii_only, wire=self.wire, on_moved=self.follow_offers, id="dossier"
        )

    @property
    def place(self) -> str:
        fact = self.services.situation.sites_by_key.get(self.site)
        return fact.site.name if fact is not None else ""

    def compose_body(self) -> Iterable[Widget]:
        yield self.lines

    def on_mount(self) -> None:
        self.lines.focus()

    def show_situation(self) -> None:
        fact = self.services.situation.sites_by_key.get(self.site)
        if fact is None:
            self.lines.show([Line(cells=(Cell(_(NOT_THERE), Role.WARNING),))])
            return
        notes = [note for note in self.services.notes.values() if note.site == fact.site.code]
        here = set(places(fact, self.services.situation))
        entries = [entry for entry in self.services.outbox.values() if entry.ref in here]
        look = self.services.look
        self.lines.show(dossier(fact, notes, look, self.app.size.width - 1, entries))

    @property
    def acted_on(self) -> object:
        """The record under the cursor; on a line that is about none, the site."""
        fact, line = self.services.situation.sites_by_key.get(self.site), self.lines.line
        kind, _slash, key = ("", "", "") if line is None else line.key.partition("/")
        if fact is None:
            return None
        match kind:
            case "health":
                return next((one for one in fact.health if one.key == key), None)
            case "ticket":
                return next((one for one in fact.tickets if one.key == key), None)
            case "request":
                return next((one for one in fact.requests if one.key == key), None)
            case "outbox":
                return None
        return fact

    @property
    def home(self) -> Widget:
        return self.lines

    def on_resize(self) -> None:
        """The lines are made for a width."""
        if self.is_mounted:
            self.show_situation()

    def action_back(self) -> None:
        """Go back to where the dossier was opened."""
        self.dismiss()

    def action_go(self, name: str) -> None:
        """A number leaves the dossier for that screen."""
        self.dismiss()
        self.app.call_later(self.app.switch_mode, name)

    def action_refresh_sources(self) -> None:
        """Read all sources that know something of this site."""
        fact = self.services.situation.sites_by_key.get(self.site)
        if fact is None:
            return
        parts: tuple[Any, ...] = (fact, *fact.health, *fact.backups, *fact.tickets, *fact.requests)
        for source in dict.fromkeys(str(part.source) for part in parts):
            self.services.refresh_source(source)

    def action_open_record(self) -> None:
        """Show the record of the line in the system that owns it."""
        line = self.lines.line
        if line is not None and line.key.startswith("outbox/"):
            self.services.open_outbox()
        elif line is not None:
            self.services.open_record(line.url)

    def on_line_list_chosen(self) -> None:
        """Enter or a click on a line."""
        self.action_open_record()

    def action_copy(self) -> None:
        """Copy the line's text."""
        line = self.lines.line
        if line is not None:
            self.services.copy_text(line.copy)

    def action_note(self) -> None:
        """Write a note on this site."""
        self.prompt.ask(NOTE, _("Note: "))

    def action_remove_note(self) -> None:
        """Take away the note under the cursor."""
        line = self.lines.line
        if line is not None and line.key.startswith("note/"):
            self.services.personal.remove_note(line.key.removeprefix("note/"))

    def on_prompt_done(self, event: Prompt.Done) -> None:
        """Keep the note."""
        if event.purpose != NOTE:
            return
        fact = self.services.situation.sites_by_key.get(self.site)
        if event.value.strip() and fact is not None:
            self.services.personal.add_note(fact.site.code, event.value.strip())
        self._close_prompt()

    def on_prompt_cancelled(self, event: Prompt.Cancelled) -> None:
        """No note."""
        self._close_prompt()

    def _close_prompt(self) -> None:
        self.leave_prompt(self.lines)
