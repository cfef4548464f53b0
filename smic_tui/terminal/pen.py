"""The pen, which says how characters are drawn, and its reading and writing as SGR."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

BOLD, DIM, ITALIC, UNDERLINE, DOUBLE_UNDERLINE = 1, 2, 4, 8, 16
BLINK, FAST_BLINK, REVERSE, CONCEAL, STRIKE = 32, 64, 128, 256, 512
FRAME, ENCIRCLE, OVERLINE = 1024, 2048, 4096

# The attributes of a pen that show even on a blank.
SEEN_ON_BLANKS = (
    UNDERLINE
    | DOUBLE_UNDERLINE
    | BLINK
    | FAST_BLINK
    | REVERSE
    | STRIKE
    | FRAME
    | ENCIRCLE
    | OVERLINE
)

_ON = (
    (BOLD, "1"),
    (DIM, "2"),
    (ITALIC, "3"),
    (UNDERLINE, "4"),
    (BLINK, "5"),
    (FAST_BLINK, "6"),
    (REVERSE, "7"),
    (CONCEAL, "8"),
    (STRIKE, "9"),
    (DOUBLE_UNDERLINE, "21"),
    (FRAME, "51"),
    (ENCIRCLE, "52"),
    (OVERLINE, "53"),
)
_OFF = (
    (BOLD | DIM, "22"),
    (ITALIC, "23"),
    (UNDERLINE | DOUBLE_UNDERLINE, "24"),
    (BLINK | FAST_BLINK, "25"),
    (REVERSE, "27"),
    (CONCEAL, "28"),
    (STRIKE, "29"),
    (FRAME | ENCIRCLE, "54"),
    (OVERLINE, "55"),
)
_ATTRIBUTE_OF = {int(code): attribute for attribute, code in _ON}
_CLEARED_BY = {int(code): attributes for attributes, code in _OFF}


class Pen(NamedTuple):
    """How a character is drawn.

    `attributes` is a sum of `BOLD`, `DIM` and so on. `ink` and `paper` are colours as SGR
    parameters, empty for the terminal's own. `link` is the text between `ESC]8;` and the
    terminator of an OSC 8 sequence, parameters and address; empty for no link.
    """

    attributes: int = 0
    ink: str = ""
    paper: str = ""
    link: str = ""


PLAIN = Pen()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


@lru_cache(4096)
def after_sgr(pen: Pen, parameters: str) -> Pen:
    """Returns the pen after an SGR sequence with these parameters."""
    attributes, ink, paper, link = pen
    values = parameters.split(";")
    place = 0
    while place < len(values):
        value = values[place]
        place += 1
        head, colon, rest = value.partition(":")
        code = _number(head)
        if code in (38, 48):
            if colon:
                parts = [part for part in rest.split(":") if part]
            else:
                parts = values[place : place + (2 if values[place : place + 1] == ["5"] else 4)]
                place += len(parts)
            colour = ";".join([head, *parts])
            if code == 38:
                ink = colour
            else:
                paper = colour
        elif code == 0:
            attributes, ink, paper = 0, "", ""
        elif code == 4 and rest == "0":
            attributes &= ~(UNDERLINE | DOUBLE_UNDERLINE)
        elif code in _ATTRIBUTE_OF:
            attributes |= _ATTRIBUTE_OF[code]
        elif code in _CLEARED_BY:
            attributes &= ~_CLEARED_BY[code]
        elif 30 <= code <= 37 or 90 <= code <= 97:
            ink = head
        elif 40 <= code <= 47 or 100 <= code <= 107:
            paper = head
        elif code == 39:
            ink = ""
        elif code == 49:
            paper = ""
    return Pen(attributes, ink, paper, link)


def fits_blank(pen: Pen, paper: str) -> bool:
    """Whether a blank on that paper may be written with the pen."""
    return pen.paper == paper and not pen.link and not pen.attributes & SEEN_ON_BLANKS


@cache
def _basic_palette() -> tuple[tuple[int, int, int], ...]:
    # The sixteen colours of xterm.
    low = (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205)
    high = (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255)
    return (*low, (0, 205, 205), (229, 229, 229), *high, (0, 255, 255), (255, 255, 255))


def _rgb_of_index(index: int) -> tuple[int, int, int]:
    if index < 16:
        return _basic_palette()[index]
    if index < 232:
        steps = (0, 95, 135, 175, 215, 255)
        index -= 16
        return steps[index // 36], steps[index // 6 % 6], steps[index % 6]
    grey = 8 + 10 * (index - 232)
    return grey, grey, grey


@lru_cache(1024)
def basic_colour(colour: str) -> str:
    """Returns the SGR parameter of the nearest of the sixteen colours, for any colour.

    `colour` and the result are SGR parameters; a colour that cannot be read gives "".
    """
    parts = [_number(part) for part in colour.split(";")]
    if parts[0] not in (38, 48):
        return colour
    background = parts[0] == 48
    if len(parts) == 3 and parts[1] == 5:
        index = min(parts[2], 255)
        nearest = index if index < 16 else _nearest(_rgb_of_index(index))
    elif len(parts) >= 5:
        nearest = _nearest((parts[-3], parts[-2], parts[-1]))
    else:
        return ""
    first = 40 if background else 30
    return str(first + nearest if nearest < 8 else first + 60 + nearest - 8)


def _nearest(rgb: tuple[int, int, int]) -> int:
    palette = _basic_palette()
    return min(
        range(16),
        key=lambda index: sum((a - b) ** 2 for a, b in zip(rgb, palette[index], strict=True)),
    )


class PenWriter:
    """Finds the shortest sequence from one pen to another, for one kind of terminal.

    `colours` is how many colours may be sent: 0, 16, or more for every colour that Textual
    uses. A terminal without `off_codes` can only reset all attributes at once.
    """

    def __init__(
        self, *, colours: int = 1 << 24, off_codes: bool = True, links: bool = True
    ) -> None:
        self._colours = colours
        self._off_codes = off_codes
        self._links = links
        self._changes: dict[tuple[Pen | None, Pen], str] = {}
        self._reduced: dict[Pen, Pen] = {}
        self._blanks: dict[tuple[Pen | None, str, Pen | None], tuple[tuple[str, Pen], ...]] = {}

    def reduced(self, pen: Pen) -> Pen:
        """Returns the pen as this terminal can draw it."""
        known = self._reduced.get(pen)
        if known is None:
            if len(self._reduced) > 4096:
                self._reduced.clear()
            attributes, ink, paper, link = pen
            if self._colours == 0:
                ink = paper = ""
            elif self._colours <= 16:
                ink, paper = basic_colour(ink) if ink else "", basic_colour(paper) if paper else ""
            known = Pen(attributes, ink, paper, link if self._links else "")
            self._reduced[pen] = known
        return known

    def change(self, before: Pen | None, after: Pen) -> str:
        """Returns the sequence that changes pen `before` into `after`; None: not known."""
        if before == after:
            return ""
        key = (before, after)
        sequence = self._changes.get(key)
        if sequence is None:
            if len(self._changes) > 4096:
                self._changes.clear()
            sequence = self._changes[key] = self._make_change(before, after)
        return sequence

    def _make_change(self, before: Pen | None, after: Pen) -> str:
        link = ""
        if (before.link if before is not None else "") != after.link:
            link = f"\x1b]8;{after.link or ';'}\x1b\\"
        if before is not None and before[:3] == after[:3]:
            return link
        on = [code for attribute, code in _ON if after.attributes & attribute]
        colours = [colour for colour in (after.ink, after.paper) if colour]
        whole = "\x1b[" + ";".join(["", *on, *colours] if on or colours else []) + "m"
        if before is None:
            return link + whole
        steps: list[str] = []
        left = before.attributes
        for attributes, code in _OFF:
            if left & attributes & ~after.attributes:
                if not self._off_codes:
                    return link + whole
                steps.append(code)
                left &= ~attributes
        steps += [code for attribute, code in _ON if after.attributes & attribute & ~left]
        if before.ink != after.ink:
            steps.append(after.ink or "39")
        if before.paper != after.paper:
            steps.append(after.paper or "49")
        delta = "\x1b[" + ";".join(steps) + "m"
        return link + (delta if len(delta) <= len(whole) else whole)

    def for_blank(
        self, before: Pen | None, paper: str, following: Pen | None
    ) -> tuple[tuple[str, Pen], ...]:
        """Returns the pens that may write a blank on `paper`, the cheapest first.

        Each comes as (sequence, pen), with the sequence that changes `before` into the pen.
        `following`, the pen of the text after the blanks, is one of them if it fits.
        """
        key = (before, paper, following)
        ways = self._blanks.get(key)
        if ways is None:
            if len(self._blanks) > 4096:
                self._blanks.clear()
            ways = self._blanks[key] = self._make_blank(before, paper, following)
        return ways

    def _make_blank(
        self, before: Pen | None, paper: str, following: Pen | None
    ) -> tuple[tuple[str, Pen], ...]:
        if before is not None and fits_blank(before, paper):
            return (("", before),)
        pens = {Pen(0, "", paper)}
        if before is not None:
            pens.add(Pen(before.attributes & ~SEEN_ON_BLANKS, before.ink, paper))
        if following is not None and fits_blank(following, paper):
            pens.add(following)
        return tuple(sorted(((self.change(before, pen), pen) for pen in pens), key=_length))


def _length(way: tuple[str, Pen]) -> tuple[int, Pen]:
    return len(way[0]), way[1]
