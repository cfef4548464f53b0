"""How roles look: the one place where meaning becomes colour."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.widget import Widget

from smic_tui.views.cells import Role


class RoleWidget(Widget):
    """Base of the widgets that draw pieces of text in roles."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "role--cursor",
        "role--marker",
        "role--stale",
        *(f"role--{role}" for role in Role),
    }
    DEFAULT_CSS = """
    RoleWidget {
        background: $background;
        color: $foreground;
        & > .role--cursor { text-style: bold; }
        & > .role--marker { color: $accent; text-style: bold; }
        & > .role--stale { color: ansi_bright_black; text-style: none; }
        & > .role--fine { color: $success; }
        & > .role--unknown { color: $secondary; }
        & > .role--notice { color: $primary; }
        & > .role--warning { color: $warning; }
        & > .role--critical { color: $error; text-style: bold; }
        & > .role--muted { color: ansi_bright_black; }
        & > .role--title { text-style: bold; }
        & > .role--key { color: $accent; }
        & > .role--chosen { text-style: reverse; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._role_styles: dict[tuple[Role, bool, bool], Style] = {}

    def style_of(self, role: Role, *, cursor: bool = False, stale: bool = False) -> Style:
        """The style for a role on an ordinary, stale or cursor line."""
        wanted = (role, cursor, stale)
        style = self._role_styles.get(wanted)
        if style is None:
            style = self.rich_style
            if role is not Role.PLAIN:
                style += self.get_component_rich_style(f"role--{role}", partial=True)
            if stale:
                style += self.get_component_rich_style("role--stale", partial=True)
            if cursor:
                style += self.get_component_rich_style("role--cursor", partial=True)
            self._role_styles[wanted] = style
        return style

    def marker_style(self) -> Style:
        """The style of the mark at the cursor's line."""
        return self.style_of(Role.PLAIN) + self.get_component_rich_style(
            "role--marker", partial=True
        )

    def notify_style_update(self) -> None:
        """The theme or the focus changed: the styles are made anew."""
        self._role_styles.clear()
        super().notify_style_update()
