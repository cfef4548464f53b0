"""The last fence before the terminal: no line of a widget controls it, whatever was forgotten.

Every text was cleaned where it came in. What slipped by nevertheless must not reach the
driver, to whom an escape sequence within a text looks like one that Textual writes.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from smic_tui.text import harmless


class Guard(LineFilter):
    """Puts a mark in the place of each harmful character of a line that a widget has drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the same segments unless one could do harm."""
        for segment in segments:
            if not segment.text.isprintable():
                return [
                    Segment(harmless(text), style, control) for text, style, control in segments
                ]
        return segments


GUARD = Guard()
