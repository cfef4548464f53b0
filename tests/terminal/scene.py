"""A screen that changes at random, written as Textual writes it."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

_CONSOLE = Console(color_system="truecolor", force_terminal=True)
_WORDS = ["mairie", "école", "sauvegarde", "réseau", "fibre", "17042", "down", "late", "œuvre"]
_WORDS += ["08:15", "—", "▲", "●", "…", "▌", "■", "───────"]
_CLUSTERS = [
    "e\u0301", "o\u0302\u0323", "漢", "字", "カ", "が", "か\u3099", "한", "\u1112\u1161\u11ab",
    "Ａ", "｡", "👍", "👍🏽", "☺", "☺\ufe0f", "❤\ufe0f", "1\ufe0f\u20e3", "👩\u200d🚀",
    "👨\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈", "🇫🇷", "🇫", "🇪🇺🇫🇷", "क्षि", "नि", "ก็", "မြ",
    "ש\u05c1", "ب\u0651", "لا", "\u00a0", "\u00ad", "a\u200bb", "x\u200dy", "\u2060", "\ufe0f",
    "𝓐", "𐍈", "🫠", "🫩", "\U0001f9d1\u200d\U0001f384", "\ue000", "\u0378", "\U000e0041",
    "🏴\U000e0067\U000e0062\U000e007f", "⌚", "⏩", "〰\ufe0f", "\u2640\ufe0e", "ﷺ", "꧅", "𒐫",
]  # fmt: skip
_STYLES = [
    "", "bold", "dim", "italic", "underline", "reverse", "strike", "red", "bright_black",
    "bold bright_red", "cyan on blue", "on red", "on bright_black", "reverse green", "underline2",
    "color(200)", "#102030 on #f0e0d0", "link https://example.org/1", "blink", "overline yellow",
]  # fmt: skip
_ANY = [chr(code) for code in range(0xA0, 0x30000) if unicodedata.category(chr(code)) != "Cs"]


class Scene:
    """Rows of strips, and the updates that Textual would write for a change of them.

    `plain` scenes hold only what all terminals draw in the same width. With `margin`
    the last column holds blanks: tmux gives marks there to the cell before. Nor do texts
    begin or end with a joiner then: tmux would join whatever is written next, by whomever.
    """

    def __init__(
        self, seed: int, width: int, height: int, *, plain: bool = False, margin: bool = False
    ) -> None:
        self.random = random.Random(seed)
        self._margin = margin
        self.width, self.height = width, height
        self._plain = plain
        self.rows = [self._row() for _ in range(height)]

    # -- content

    def _row(self, strip: Strip | None = None) -> Strip:
        strip = strip or self._strip()
        width = self.width - self._margin
        kept = [*strip.adjust_cell_length(width), *[Segment(" ")] * self._margin]
        if self._margin:
            kept = [Segment(text.strip("\u200d"), style) for text, style, _control in kept]
        return Strip(kept).adjust_cell_length(self.width)

    def _text(self) -> str:
        chance = self.random
        kind = chance.random()
        if self._plain or kind < 0.75:
            return chance.choice((chance.choice(_WORDS), " " * chance.randint(1, 12)))
        if kind < 0.93:
            return "".join(chance.choices(_CLUSTERS, k=chance.randint(1, 4)))
        return "".join(chance.choices(_ANY, k=chance.randint(1, 3)))

    def _style(self) -> Style:
        return Style.parse(self.random.choice(_STYLES) if self.random.random() < 0.6 else "")

    def _strip(self, width: int | None = None) -> Strip:
        width = self.width if width is None else width
        if self.random.random() < 0.1:
            return Strip.blank(width, self._style())
        segments: list[Segment] = []
        length = 0
        while length < width:
            text = self._text()
            if not length and not cell_len(text[:1]):
                # Marks at the beginning of a line have no cell to go to: every
                # terminal does something else with them.
                continue
            segment = Segment(text, self._style())
            segments.append(segment)
            length += segment.cell_length
            if self.random.random() < 0.15:
                break
        return Strip(segments).adjust_cell_length(width, self._style()).crop(0, width)

    # -- changes: each gives what is written

    def everything(self) -> str:
        """The whole screen, as after a change of layout."""
        region = Region(0, 0, self.width, self.height)
        update = LayoutUpdate([[strip] for strip in self.rows], region)
        return update.render_segments(_CONSOLE) + "\x1b[1;1H"

    def _some(self, changes: Iterable[tuple[int, int, Strip]]) -> str:
        """Parts of rows, each written where it begins."""
        parts: dict[int, list[tuple[int, Strip]]] = {}
        for y, x, strip in changes:
            parts.setdefault(y, []).append((x, strip))
        chops = [dict(sorted(parts.get(y, []))) for y in range(self.height)]
        ends = [[x + strip.cell_length for x, strip in row.items()] for row in chops]
        spans = [(y, 0, self.width) for y in sorted(parts)]
        return ChopsUpdate(chops, spans, ends).render_segments(_CONSOLE) + "\x1b[1;1H"

    def _whole_rows(self, rows: Iterable[int]) -> str:
        return self._some((y, 0, self.rows[y]) for y in rows)

    def new_screen(self) -> str:
        """Another screen."""
        self.rows = [self._row() for _ in range(self.height)]
        return self.everything()

    def new_rows(self) -> str:
        """Some rows are others."""
        rows = self.random.sample(range(self.height), self.random.randint(1, self.height))
        for y in rows[:4]:
            self.rows[y] = self._row()
        return self._whole_rows(sorted(rows))

    def new_spans(self) -> str:
        """Parts of some rows change."""
        changes = []
        for y in self.random.sample(range(self.height), self.random.randint(1, 3)):
            x = self.random.randrange(self.width)
            strip = self._strip(self.random.randint(1, self.width - x))
            row = self.rows[y]
            end = x + strip.cell_length
            left, right = row.crop(0, x), row.crop(end, self.width)
            # Cutting through clusters can make Textual's own count wrong.
            joined = [*left, *strip, *right]
            self.rows[y] = self._row(Strip(joined))
            # The neighbours may hold the halves of wide characters that were cut.
            changes.append((y, 0, self.rows[y]))
        return self._some(changes)

    def scrolled(self) -> str:
        """A stretch of rows goes up or down."""
        top = self.random.randrange(self.height - 2)
        bottom = self.random.randrange(top + 2, self.height)
        lines = self.random.randint(1, bottom - top)
        fresh = [self._row() for _ in range(lines)]
        band = self.rows[top : bottom + 1]
        band = band[lines:] + fresh if self.random.random() < 0.5 else fresh + band[:-lines]
        self.rows[top : bottom + 1] = band
        return self._whole_rows(range(top, bottom + 1))

    def same(self) -> str:
        """Rows that did not change are written again."""
        return self._whole_rows([self.random.randrange(self.height)])

    def control(self) -> str:
        """What is not seen in any cell."""
        return self.random.choice(
            ("\a", "\x1b]52;c;YQ==\a", "\x1b]0;title\a", "\x1b[?25l", "\x1b[?2026h", "\x1b[?1000h")
        )

    def resized(self, width: int, height: int) -> str:
        """Another size, and everything in it."""
        self.width, self.height = width, height
        return self.new_screen()

    def any(self) -> str:
        """Any of the changes."""
        rare = (self.same, self.same, self.control, self.new_screen)
        often = (self.new_spans, self.new_spans, self.new_rows, self.scrolled)
        return self.random.choice((*often, *often, *rare))()
