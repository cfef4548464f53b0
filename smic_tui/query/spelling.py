"""Finds names however they are spelled: "saint martin" in "St-Martin-de-Ré".

Sources and people write names with hyphens or blanks, with one apostrophe or another, with Saint
written out or not. A filter takes them alike, as matching does.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

# What separates the words of a name, in folded text.
_BETWEEN = re.compile(r"[\s'-]+")
_GAP = r"[\s'-]+"
_SHORT = {"saint": "st", "sainte": "ste", "saints": "sts", "saintes": "stes"}
_LONG = {short: long for long, short in _SHORT.items()}


class Spelling(Struct, frozen=True):
    """A folded text to look for, in every spelling.

    `literal` is a part of it that every spelling has, for a quick look before.
    """

    pattern: re.Pattern[str]
    literal: str

    def is_in(self, folded: str) -> bool:
        """Whether the text is in another, which is folded."""
        return self.literal in folded and self.pattern.search(folded) is not None

    def is_all_of(self, folded: str) -> bool:
        """Whether another text, which is folded, is this one."""
        return self.pattern.fullmatch(folded) is not None


@lru_cache(256)
def spelling_of(wanted: str) -> Spelling | None:
    """Return the spellings of a folded text; None where there is one only."""
    words = _BETWEEN.split(wanted)
    if len(words) == 1 and wanted not in _SHORT and wanted not in _LONG:
        return None
    others = [word for word in words if word not in _SHORT and word not in _LONG]
    literal = max(others, key=len, default="")
    pattern = _GAP.join(map(_word, words))
    return Spelling(re.compile(pattern), literal)


def _word(word: str) -> str:
    # What is still being typed may become another word: "st" is found in "station" too.
    other = _SHORT.get(word) or _LONG.get(word)
    if other is None:
        return re.escape(word)
    return rf"(?:{re.escape(word)}|\b{other}\b)\.?"
