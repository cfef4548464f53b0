"""The characters whose width every terminal agrees on.

The module imports nothing: the kept screen is painted with its help before anything else
is loaded.
"""

from __future__ import annotations

# Ranges of code points whose width every terminal agrees on. After any other character the
# driver places the cursor again: terminals know different versions of Unicode, and some
# draw a sequence as one picture where others draw its parts.
SURE_NARROW = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x2FF),
    (0x370, 0x377),
    (0x37A, 0x37F),
    (0x384, 0x38A),
    (0x38C, 0x38C),
    (0x38E, 0x3A1),
    (0x3A3, 0x482),
    (0x48A, 0x52F),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x203B),
    (0x203D, 0x2048),
    (0x20A0, 0x20BF),
    (0x2190, 0x2193),
    (0x2200, 0x22FF),
    (0x23CE, 0x23CE),
    (0x2500, 0x25A9),
    (0x25AC, 0x25B5),
    (0x25B7, 0x25BF),
    (0x25C1, 0x25FA),
    (0x2800, 0x28FF),
)
SURE_WIDE = (
    (0x3041, 0x3096),
    (0x30A1, 0x30FA),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xFF01, 0xFF5E),
)


def are_sure(text: str) -> bool:
    """Whether all terminals agree on the width of every character of the text.

    No control character is among those.
    """
    return all(_is_sure(ord(character)) for character in set(text))


def width_of(text: str) -> int:
    """Returns how many cells a text takes; every character of it must be sure."""
    if text.isascii():
        return len(text)
    return sum(1 + _is_among(ord(character), SURE_WIDE) for character in text)


def _is_sure(code: int) -> bool:
    return _is_among(code, SURE_NARROW) or _is_among(code, SURE_WIDE)


def _is_among(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)
