"""How roles look: the one place where meaning becomes colour."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from smic_tui.views.cells import Role

# The terminal's own sixteen colours: right on every background, and the
# cheapest to send. Not in CSS, because Textual would work out each of these for
# every widget again whenever anything about styles changes, which costs more
# than all else that a new screen does.
#
# Blue and magenta can hardly be read on black, and the bright greys of Solarized are no
# greys of others, one being its background: what is muted is dim, not bright black.
# `docs/terminal.md` has the contrasts, `smic_tui.cli.terminal` the same colours as SGR.
ROLE_STYLES: dict[Role, Style] = {
    Role.PLAIN: Style.null(),
    Role.FINE: Style(color="green"),
    Role.UNKNOWN: Style(color="bright_magenta"),
    Role.NOTICE: Style(color="cyan"),
    Role.WARNING: Style(color="yellow"),
    Role.CRITICAL: Style(color="bright_red", bold=True),
    Role.MUTED: Style(dim=True),
    Role.TITLE: Style(bold=True),
    Role.KEY: Style(bold=True),
    Role.CHOSEN: Style(reverse=True),
}
STALE_STYLE = Style(color="default", bold=False, dim=True)
# The marker alone shows the cursor: whatever a whole row changes on every key press,
# the line to the terminal has to carry.
MARKER_STYLE = Style(bold=True)


class RoleWidget(Widget):
    """Base of the widgets that draw pieces of text in roles."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._role_styles: dict[tuple[Role, bool], Style] = {}

    def style_of(self, role: Role, *, stale: bool = False) -> Style:
        """The style for a role on an ordinary or a stale line."""
        wanted = (role, stale)
        style = self._role_styles.get(wanted)
        if style is None:
            style = self.rich_style + ROLE_STYLES[role]
            if stale:
                style += STALE_STYLE
            self._role_styles[wanted] = style
        return style

    def notify_style_update(self) -> None:
        """The theme changed: the styles are made anew."""
        self._role_styles.clear()
        super().notify_style_update()
