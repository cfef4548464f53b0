"""The sequences that a terminal is known to understand, by its name in TERM."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Capabilities(Struct, frozen=True):
    """The sequences that a terminal understands besides cursor moves, SGR, EL, ED and
    scroll regions.

    The driver never uses one that the terminal is not known to understand: a correct
    screen matters more than a small frame.
    """

    erase_characters: bool = False
    """ECH, `CSI n X`."""
    column_address: bool = False
    """CHA, `CSI n G`."""
    scroll_lines: bool = False
    """SU and SD, `CSI n S` and `CSI n T`."""
    background_erase: bool = False
    """Erased cells, and those that a scroll brings in, take the paper of the pen."""
    repeat: bool = False
    """REP, `CSI n b`."""
    off_codes: bool = True
    """SGR 22 to 29: attributes can be switched off one by one."""
    links: bool = False
    """OSC 8."""
    colours: int = 1 << 24
    alternate_screen: bool = True
    title: bool = False
    """OSC 2 names the window, and nothing of it is ever drawn."""
    modern: bool = False
    """The terminal answers questions about modes and ignores sequences that it does not
    know: bracketed paste, focus, synchronised output, the clipboard."""


_XTERM = Capabilities(
    erase_characters=True,
    column_address=True,
    scroll_lines=True,
    background_erase=True,
    links=True,
    title=True,
    modern=True,
)
# tmux and screen translate every sequence for the terminal behind them.
_TMUX = replace(_XTERM, background_erase=False, scroll_lines=False)
_SCREEN = Capabilities(column_address=True, modern=True)
_LINUX = Capabilities(
    erase_characters=True,
    column_address=True,
    background_erase=True,
    colours=16,
    alternate_screen=False,
)
_VT220 = Capabilities(erase_characters=True, colours=0, alternate_screen=False)
_VT100 = Capabilities(off_codes=False, colours=0, alternate_screen=False)

# By beginnings of TERM, of which the longest that matches counts.
_BY_NAME = {
    "xterm": _XTERM,
    "rxvt": replace(_XTERM, scroll_lines=False, links=False),
    "alacritty": _XTERM,
    "contour": _XTERM,
    "foot": replace(_XTERM, repeat=True),
    "ghostty": _XTERM,
    "iterm": _XTERM,
    "kitty": _XTERM,
    "konsole": _XTERM,
    "nsterm": replace(_XTERM, links=False),
    "gnome": _XTERM,
    "vte": _XTERM,
    "mintty": _XTERM,
    "putty": replace(_XTERM, links=False),
    "st-": _XTERM,
    "wezterm": _XTERM,
    "tmux": _TMUX,
    "screen": _SCREEN,
    "linux": _LINUX,
    "vt2": _VT220,
    "vt3": _VT220,
    "vt4": _VT220,
    "vt5": _VT220,
    "vt1": _VT100,
}
_UNKNOWN = Capabilities(colours=16, alternate_screen=False)
# Names of terminals that cannot even move the cursor.
_HOPELESS = frozenset({"", "dumb", "unknown", "network", "dialup"})


def capabilities_of(term: str) -> Capabilities:
    """Returns what the terminal named by TERM understands; of an unknown one, the least."""
    for length in range(len(term), 1, -1):
        found = _BY_NAME.get(term[:length])
        if found is not None:
            return found
    return _UNKNOWN


def is_hopeless(term: str) -> bool:
    """Whether the name says that the terminal cannot even move its cursor."""
    return term in _HOPELESS
