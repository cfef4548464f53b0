"""Text from outside is data: the one sanitiser, and folding for comparison.

`clean` is called once, on the records and errors that come from an adapter.
What could harm is replaced by a mark that is seen, so that nobody believes to see
the whole of a text that was changed. Hints to typesetters, which have no width and
say nothing, are left out without one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from smic_tui.phrases import cleaned

MARK = "\N{REPLACEMENT CHARACTER}"
BREAK = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

# How many characters of a field are kept: enough for monitoring output and messages, but
# not for a whole file.
LIMIT = 2000

# More combining marks than this on one letter draw outside their cell.
MAX_COMBINING = 2

_LINE_ENDS = re.compile(r"\r\n?")
_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]+")
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]")
# Soft hyphens, blanks and joiners without width, byte order marks: they stand inside words.
_HINTS = re.compile("[\u00ad\u200b\u200c\u2060\ufeff]")
_JOINER = "\u200d"
_TONE = "[\U0001f3fb-\U0001f3ff]"
_PICTURE = (
    "[\u231a-\u23ff\u25fe\u2600-\u27bf\u2b05-\u2b55"
    "\U0001f004-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
# One picture of several characters: a flag, a tone of skin, pictures that are joined, the
# flag of a part of a country. Terminals draw each in two cells, or its parts one by one.
_ONE_PICTURE = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}"
    f"|{_PICTURE}{_TONE}?(?:{_JOINER}{_PICTURE}{_TONE}?){{1,8}}"
    f"|{_PICTURE}{_TONE}"
    "|\U0001f3f4[\U000e0061-\U000e007a]{1,8}\U000e007f"
)
# Presentation selectors change nothing but the width that terminals disagree on.
_SELECTORS = re.compile("[\ufe00-\ufe0f]")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FILLERS = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u180e")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Me"})


@lru_cache(4096)
def _refused(char: str) -> bool:
    return (
        unicodedata.category(char) in _REFUSED_CATEGORIES
        or char in _FILLERS
        or ord(char) in _SKIN_TONES
    )


def _mark_refused(text: str) -> str:
    """Replace runs of refused characters by one mark, and surplus combining marks too."""
    kept: list[str] = []
    end = 0
    for found in _ONE_PICTURE.finditer(text):
        kept += (_marked(_letters(text[end : found.start()])), found[0])
        end = found.end()
    return "".join([*kept, _marked(_letters(text[end:]))])


def _letters(text: str) -> str:
    """Write what is left of flags as letters, and leave out joiners that join nothing."""
    text = _REGIONAL.sub(lambda found: chr(ord(found[0]) - 0x1F1E6 + ord("A")), text)
    return text.replace(_JOINER, "")


def _marked(text: str) -> str:
    kept: list[str] = []
    combining = 0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) == "Mn":
            combining += 1
            refused = not kept or combining > MAX_COMBINING
        else:
            combining = 0
            refused = _refused(char)
        if not refused:
            kept.append(char)
        elif not kept or kept[-1] != MARK:
            kept.append(MARK)
    return "".join(kept)


def clean(text: str, limit: int = LIMIT) -> str:
    """Return `text` as one line of visible characters, at most `limit` long.

    Control characters (C0, C1, DEL), bidi controls and other format characters,
    unpaired surrogates, private and unassigned code points and piled-up combining
    marks become a mark; line breaks become a corner arrow; tabs and exotic blanks
    become a space. Soft hyphens and blanks without width are left out. Flags and
    joined pictures stay.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    cut = len(text) > limit
    text = unicodedata.normalize("NFC", text[:limit])
    text = _BREAKS.sub(BREAK, text.strip("\r\n")).replace("\t", " ")
    text = _HINTS.sub("", _SELECTORS.sub("", text))
    text = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    # What was left out may have stood between a letter and its accent.
    text = unicodedata.normalize("NFC", _mark_refused(text))
    return text[: limit - 1] + ELLIPSIS if cut else text


def clean_phrase(text: str, limit: int = LIMIT) -> str:
    """Return `text` as `clean` does, but for the marks of phrases that are stored.

    Each part is at most `limit` long; a text that is much longer loses its marks.
    """
    if len(text) > 4 * limit:
        return clean(text, limit)
    return cleaned(text, lambda part: clean(part, limit))


# What a terminal obeys, or turns round what stands beside it: all of C0, C1 and DEL, line and
# paragraph separators, bidi controls and marks, annotations, halves of surrogate pairs.
HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """Return `text` with a mark for each character that could control a terminal.

    This is the last fence, right before a terminal: what was cleaned is returned as it is.
    """
    return text if text.isprintable() else HARMFUL.sub(MARK, text)


def clean_lines(text: str, limit: int = LIMIT) -> str:
    """Return a text that a person wrote, cleaned line by line; its line breaks stay.

    At most `limit` characters of it are kept.
    """
    if text.isprintable() and len(text) <= limit:
        return clean(text, limit)
    lines = _LINE_ENDS.sub("\n", text[:limit]).split("\n")
    return "\n".join([clean(line, limit) for line in lines])


# The first combining character of Unicode.
_COMBINING = "\u0300"


_SIGNS = str.maketrans({**dict.fromkeys("’‘ʼ′＇", "'"), **dict.fromkeys("‐‑‒–−", "-")})


@lru_cache(32768)
def fold(text: str) -> str:
    """Return `text` without case and accents, ligatures written out, for comparison.

    Apostrophes and hyphens are those of the keyboard, whichever the text has.
    """
    if text.isascii():
        return text.casefold()
    # Decomposed before and after: some characters have a case only once decomposed.
    plain = unicodedata.normalize("NFKD", text).casefold().replace("œ", "oe").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", plain).translate(_SIGNS)
    return "".join([char for char in plain if char < _COMBINING or not unicodedata.combining(char)])


_PLAIN_FORMS: dict[str, str] = {}
_NOT_ASCII = re.compile("[^\x00-\x7f]")


def _plain_form(found: re.Match[str]) -> str:
    char = found[0]
    plain = _PLAIN_FORMS.get(char)
    if plain is None:
        plain = _PLAIN_FORMS[char] = fold.__wrapped__(char)
    return plain


def fold_once(text: str) -> str:
    """Does what `fold` does, character by character: quicker for a long text that is folded
    only once.
    """
    return _NOT_ASCII.sub(_plain_form, text.casefold())
