"""Names of places, brought to one form for comparison."""

from __future__ import annotations

import re
from functools import lru_cache

from smic_tui.text import fold

_NOT_ALPHANUMERIC = re.compile(r"[^0-9a-z]+")
_SPELLED_OUT = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_ARTICLES = frozenset({"l", "la", "le", "les"})
_CONNECTORS = frozenset({"de", "du", "des", "d", *_ARTICLES})
# Words before the name of a commune that say nothing of the kind of site.
_COMMUNE = frozenset({"commune", "ville"})


@lru_cache(16384)
def normal_code(code: str) -> str:
    """A code without blanks and case."""
    return "".join(code.split()).casefold()


def number_of(code: str) -> str:
    """The number that is left of a code of digits without leading zeros; "" of any other."""
    return code.lstrip("0") if code.isdecimal() else ""


@lru_cache(65536)
def normal_name(name: str) -> str:
    """A name without case, accents, hyphens and apostrophes, St and Ste written out."""
    words = _NOT_ALPHANUMERIC.sub(" ", fold(name)).split()
    return " ".join(_SPELLED_OUT.get(word, word) for word in words)


def without_article(normal: str) -> str:
    """A normal name without the article before it, or after it as in "Rochelle (La)"."""
    words = normal.split()
    while len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    while len(words) > 1 and words[-1] in _ARTICLES:
        del words[-1]
    return " ".join(words)


def kind_and_place(normal: str, kinds: frozenset[str]) -> tuple[str, str]:
    """What a normal name says of the kind of site, and of the place.

    "mairie de la rochelle" and "rochelle mairie" are ("mairie", "rochelle"),
    "ville de saintes" is ("", "saintes"). `kinds` are normal names of kinds.
    """
    words = normal.split()
    for size in range(min(3, len(words) - 1), 0, -1):
        head = " ".join(words[:size])
        if head in kinds or (size == 1 and head in _COMMUNE):
            rest = words[size:]
            while len(rest) > 1 and rest[0] in _CONNECTORS:
                del rest[0]
            return (head if head in kinds else ""), without_article(" ".join(rest))
        tail = " ".join(words[-size:])
        if tail in kinds:
            return tail, without_article(" ".join(words[:-size]))
    return "", without_article(normal)
