"""Every role can be read, whatever the terminal's palette: contrasts as WCAG 2 defines them.

The table in `docs/terminal.md` is what is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.style import Style

from smic_tui.cli.terminal import SGR
from smic_tui.views.cells import Role
from widgets.roles import MARKER_STYLE, ROLE_STYLES, STALE_STYLE

DOCUMENT = Path(__file__).parents[2] / "docs" / "terminal.md"
ENOUGH = 4.5

_PUTTY = "000000 bb0000 00bb00 bbbb00 0000bb bb00bb 00bbbb bbbbbb"
_VGA = "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa"
_VGA_BRIGHT = "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
_XTERM = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5"
    " 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)
_TANGO = (
    "000000 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf"
    " 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec"
)
_SOLARIZED = (
    "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5"
    " 002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3"
)


@dataclass(frozen=True)
class Terminal:
    """A palette as its program ships it, with the ink and the paper of ordinary text.

    `dim` is the colour of dim ordinary text where it is one of its own. xterm, VTE
    (lxterminal, gnome-terminal) and PuTTY take two thirds of the ink.
    """

    name: str
    colours: str
    ink: str
    paper: str
    dim: str = ""


DARK = (
    Terminal("xterm", _XTERM, "e5e5e5", "000000"),
    Terminal("PuTTY", f"{_PUTTY} {_VGA_BRIGHT}", "bbbbbb", "000000"),
    Terminal("Linux console", f"{_VGA} {_VGA_BRIGHT}", "aaaaaa", "000000", dim="555555"),
    Terminal("lxterminal", f"{_VGA} {_VGA_BRIGHT}", "aaaaaa", "000000"),
    Terminal("Tango", _TANGO, "d3d7cf", "000000"),
    Terminal("Solarized dark", _SOLARIZED, "839496", "002b36"),
)
LIGHT = (
    Terminal("xterm, white", _XTERM, "000000", "ffffff"),
    Terminal("PuTTY, white", f"{_PUTTY} {_VGA_BRIGHT}", "000000", "ffffff"),
    Terminal("VGA, white", f"{_VGA} {_VGA_BRIGHT}", "000000", "ffffff"),
    Terminal("Tango, white", _TANGO, "2e3436", "ffffff"),
    Terminal("Solarized light", _SOLARIZED, "657b83", "fdf6e3"),
)
# In the order of the table.
LOOKS = {
    "fine": ROLE_STYLES[Role.FINE],
    "unknown": ROLE_STYLES[Role.UNKNOWN],
    "notice": ROLE_STYLES[Role.NOTICE],
    "warning": ROLE_STYLES[Role.WARNING],
    "critical": ROLE_STYLES[Role.CRITICAL],
    "muted, stale": ROLE_STYLES[Role.MUTED],
    "ordinary, title, key, cursor": Style.null(),
}
# On dark paper, and why it is so all the same.
EXCEPTIONS = {
    # Brown. The bright yellow of that palette could be read, but that of Solarized is grey.
    ("Linux console", "warning"),
    ("lxterminal", "warning"),
    ("Linux console", "muted, stale"),
    # 4.3: the ink of ordinary text, dimmed.
    ("lxterminal", "muted, stale"),
    # The palette has no magenta and no red that can be read, and its ordinary ink is at 4.75.
    ("Solarized dark", "unknown"),
    ("Solarized dark", "critical"),
    ("Solarized dark", "muted, stale"),
}


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1, the same colour, to 21, black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_of(style: Style, terminal: Terminal) -> str:
    """The colour in which the terminal draws it; bold does not count, which some brighten."""
    if style.color is not None and style.color.number is not None:
        assert style.color.number < 16
        return terminal.colours.split()[style.color.number]
    if not style.dim:
        return terminal.ink
    ink = terminal.ink
    two_thirds = [int(ink[place : place + 2], 16) * 2 // 3 for place in (0, 2, 4)]
    return terminal.dim or "".join(f"{part:02x}" for part in two_thirds)


def contrast_of(look: str, terminal: Terminal) -> float:
    return contrast(ink_of(LOOKS[look], terminal), terminal.paper)


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.005)


def test_every_role_is_looked_at() -> None:
    others = {Role.PLAIN, Role.TITLE, Role.KEY, Role.CHOSEN}
    styles = [MARKER_STYLE, *(ROLE_STYLES[role] for role in others)]
    assert all(style.color is None and not style.dim for style in styles)
    assert {ROLE_STYLES[role] for role in Role if role not in others} <= set(LOOKS.values())
    assert STALE_STYLE.dim
    assert STALE_STYLE.color is not None
    assert STALE_STYLE.color.is_default


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("terminal", DARK, ids=lambda terminal: terminal.name)
def test_every_role_can_be_read_on_a_dark_terminal(terminal: Terminal, look: str) -> None:
    ratio = contrast_of(look, terminal)
    if (terminal.name, look) in EXCEPTIONS:
        # An exception that is none any more is to be forgotten.
        assert 2.3 < ratio < ENOUGH
    else:
        assert ratio >= ENOUGH


@pytest.mark.parametrize("terminal", DARK, ids=lambda terminal: terminal.name)
@pytest.mark.parametrize(
    ("hue", "look"), [(2, "fine"), (5, "unknown"), (6, "notice"), (1, "critical")]
)
def test_an_exception_is_one_that_the_palette_leaves_no_choice(
    terminal: Terminal, hue: int, look: str
) -> None:
    palette = terminal.colours.split()
    choice = [contrast(palette[each], terminal.paper) for each in (hue, hue + 8)]
    assert contrast_of(look, terminal) >= min(ENOUGH, max(choice))


@pytest.mark.parametrize("look", ["muted, stale", "ordinary, title, key, cursor"])
@pytest.mark.parametrize("terminal", LIGHT, ids=lambda terminal: terminal.name)
def test_text_without_a_colour_can_be_read_on_a_light_one(terminal: Terminal, look: str) -> None:
    # 4.1 is the ordinary text of Solarized light itself.
    assert contrast_of(look, terminal) >= (4.1 if "Solarized" in terminal.name else ENOUGH)


def test_the_levels_are_told_apart_without_colours_on_a_light_one() -> None:
    """There the colours are too pale, which the document says: signs and words tell more."""
    pale = {look for look in LOOKS for one in LIGHT if contrast_of(look, one) < 3}
    assert pale == {"fine", "unknown", "notice", "warning"}


def test_commands_print_the_same_colours() -> None:
    for role, sgr in SGR.items():
        style = ROLE_STYLES[role]
        codes = [*(["1"] if style.bold else []), *(["2"] if style.dim else [])]
        if style.color is not None:
            number = style.color.number
            assert number is not None
            codes.append(str(number + 30 if number < 8 else number + 82))
        assert sgr == ";".join(codes), role
    missing = {role for role in Role if role not in SGR}
    assert missing == {Role.PLAIN, Role.CHOSEN}


def table(terminals: tuple[Terminal, ...]) -> str:
    """The contrasts as the document shows them, those below `ENOUGH` in bold."""
    lines = ["| | " + " | ".join(one.name for one in terminals) + " |"]
    lines.append("|---" * (len(terminals) + 1) + "|")
    for look in LOOKS:
        ratios = [contrast_of(look, one) for one in terminals]
        texts = [f"{ratio:.1f}" if ratio >= ENOUGH else f"**{ratio:.1f}**" for ratio in ratios]
        lines.append(f"| {look} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


@pytest.mark.parametrize("terminals", [DARK, LIGHT], ids=["dark", "light"])
def test_the_document_tells_every_contrast(terminals: tuple[Terminal, ...]) -> None:
    assert table(terminals) in DOCUMENT.read_text("utf-8"), table(terminals)
