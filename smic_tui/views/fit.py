"""Fitting text and columns into terminal cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from smic_tui.views.cells import ColumnLayout

ELLIPSIS = "…"

# One cell wide, and frequent: signs of our own and French typography. Without
# them nearly every command would load the tables of all characters, 0.03 s.
NARROW = frozenset("■▲○…–—‘’“”•→↑↓▌↵\ufffd€œŒ±⏎")


def width(text: str) -> int:
    """How many terminal cells `text` takes; it has passed the sanitiser."""
    if text.isascii() or all(char < "\u0300" or char in NARROW for char in text):
        return len(text)
    return _wide_width(text)


@lru_cache(8192)
def _wide_width(text: str) -> int:
    from wcwidth import wcswidth

    return max(0, wcswidth(text))


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells` cells, with an ellipsis where something is missing."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    kept, used = [], 0
    for cluster in _clusters(text):
        wide = width(cluster)
        if used + wide > cells - 1:
            break
        kept.append(cluster)
        used += wide
    return "".join(kept) + ELLIPSIS


def _clusters(text: str) -> Iterable[str]:
    """Return what is drawn together: a letter with its accents, a picture of several parts."""
    if all(char < "\u0300" or char in NARROW for char in text):
        return text
    from wcwidth import iter_graphemes

    return iter_graphemes(text)


def fit(text: str, cells: int, *, right: bool = False) -> str:
    """`text` in exactly `cells` cells: cut or padded."""
    text = cut(text, cells)
    padding = " " * (cells - width(text))
    return padding + text if right else text + padding


def fit_columns(columns: Sequence[ColumnLayout], cells: int, gap: int = 1) -> list[tuple[int, int]]:
    """Choose columns and their widths for a line of `cells` cells.

    Returns (index, width) in order. Columns with the highest `spare` are left
    out first; what is left over goes to the flexible ones by their share.
    """
    chosen = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[i].width for i in chosen) + gap * max(0, len(chosen) - 1)

    while needed() > cells:
        spare = [i for i in chosen if columns[i].spare]
        if not spare:
            break
        chosen.remove(max(spare, key=lambda i: (columns[i].spare, i)))
    widths = {i: columns[i].width for i in chosen}
    left = cells - needed()
    flexible = [i for i in chosen if columns[i].flex]
    if left < 0 and flexible:
        # Too narrow even so: the flexible column gives way, the others keep their words.
        widest = max(flexible, key=lambda i: widths[i])
        widths[widest] = max(1, widths[widest] + left)
    shares = sum(columns[i].flex for i in flexible)
    for i in flexible:
        if left <= 0:
            break
        part = left * columns[i].flex // shares
        widths[i] += part
        left -= part
        shares -= columns[i].flex
    return [(i, widths[i]) for i in chosen]
