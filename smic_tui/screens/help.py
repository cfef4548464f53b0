"""All keys of a screen, made from its bindings, and the filter's fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from smic_tui.i18n import N_, _
from smic_tui.query.subjects.all import FILTERED, fields_for
from smic_tui.screens.frame import FrameScreen
from smic_tui.views.cells import Cell, Line, Role
from smic_tui.views.fit import fit
from widgets.text_lines import TextLines

KEY_CELLS = 14


class HelpScreen(FrameScreen):
    """What can be typed on the screen beneath."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark", "back", N_("Back"), key_display="Esc"),
    ]

    def __init__(self, about: Screen[None]) -> None:
        super().__init__()
        self.about = about
        self.lines = TextLines(wire=self.wire, id="help")

    def compose_body(self) -> Iterable[Widget]:
        yield self.lines

    def on_mount(self) -> None:
        self.lines.focus()

    def show_situation(self) -> None:
        self.lines.show([*self._keys(), *self._fields()])

    def _keys(self) -> list[Line]:
        """One line for each action, with all its keys."""
        keys: dict[str, list[str]] = {}
        for active in self.about.active_bindings.values():
            binding = active.binding
            if binding.description and not binding.system:
                shown = binding.key_display or self.app.get_key_display(binding)
                names = keys.setdefault(_(binding.description), [])
                if shown not in names:
                    names.append(shown)
        return [
            Line(cells=(Cell(_("Keys"), Role.TITLE),)),
            *(
                Line(
                    cells=(
                        Cell("  " + fit(" ".join(shown), KEY_CELLS), Role.KEY),
                        Cell(description),
                    )
                )
                for description, shown in keys.items()
            ),
        ]

    def _fields(self) -> list[Line]:
        """The fields that the filter of that screen knows."""
        name = getattr(self.about, "tab", "")
        if name not in FILTERED:
            return []
        return [
            Line(),
            Line(cells=(Cell(_("Fields of the filter"), Role.TITLE),)),
            *(
                Line(
                    cells=(
                        Cell("  " + fit(" ".join((field.name, *field.aliases[:1])), 28), Role.KEY),
                        Cell(_(field.description)),
                    )
                )
                for field in fields_for(name)
            ),
            Line(),
            *(
                Line(cells=(Cell("  " + fit(_(example), 28), Role.KEY), Cell(_(meaning))))
                for example, meaning in EXAMPLES
            ),
        ]

    def action_back(self) -> None:
        """Close the help."""
        self.dismiss()

    def action_go(self, name: str) -> None:
        """A number leaves the help for that screen."""
        self.dismiss()
        self.app.call_later(self.app.switch_mode, name)

    def action_help(self) -> None:
        """Help on help closes it."""
        self.dismiss()


EXAMPLES = (
    (N_("mairie"), N_("some text of the line contains the word")),
    (N_("state:late"), N_("a field; states are whole words")),
    (N_("age>3d  size<1GB"), N_("ages and sizes")),
    (N_("!state:fresh"), N_("not")),
    (N_("a b"), N_("both")),
    (N_("a or b"), N_("one of the two")),
    (N_("(a or b) !c"), N_("groups")),
)
