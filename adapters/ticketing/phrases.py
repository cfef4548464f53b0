"""Takes the name of a status apart: its words, and what they say of each other. Public.

Only whole words count. A word that names an end ("résolu", "commandé") counts only where nothing
around it says that it has not come yet: "non résolu", "en cours de résolution", "à valider",
"awaiting fix".
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from adapters.ticketing import vocabulary as v
from smic_tui.text import fold

# No name of a status is longer; what comes after says no more.
_LONGEST = 200
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])")
_CLAUSE_ENDS = re.compile(r"[,;:/()\[\]{}|+.!?\u2026]|\s[-\u2013\u2014]+\s|[\u2013\u2014]")
_WORD = re.compile(r"[a-z0-9]+")
_JOINED = (
    (re.compile(r"\b(sous|sub)[\s-]+(?=traitant|contractor)"), r"\1"),
    (re.compile(r"\bthird[\s-]+part(y|ies)\b"), "thirdparty"),
    (re.compile(r"\bmise?s? en (service|place|production)\b"), r"miseen\1"),
    (re.compile(r"\b(?:a|de) nouveau(?=$|\s)"), "reouvert"),
    (re.compile(r"\bnouveau (?=en cours|ouvert)"), "reouvert "),
    (re.compile(r"\bre[\s-]+(?=ouvert|opened|open\b)"), "re"),
    (re.compile(r"\bon[\s-]+hold\b"), "onhold"),
    (re.compile(r"\bstand[\s-]+by\b"), "standby"),
    (re.compile(r"\bsans (suite|solution|objet)\b"), "sanssuite"),
    (re.compile(r"\b(?:hors (?:perimetre|sujet)|out of scope|non retenue?s?)\b"), "sanssuite"),
    (re.compile(r"\b(?:wont|will not) (?:fix|do)\b"), "wontfix"),
    # "a" of "a été livré" is no "à".
    (re.compile(r"\ba ete\b"), "ete"),
)
_APOSTROPHES = re.compile("['\u2019\u02bc`]")
_NOT_AFTER = re.compile(r"n[' ]t\b")
# Before an infinitive "à" says that it is still to be done.
_INFINITIVE = re.compile(r"(?:er|ir|re)$")


class Clause(Struct, frozen=True):
    """A part of a name between two commas or brackets, with the marks that stand in it."""

    words: tuple[str, ...]
    denied: bool
    to_do: bool
    under_way: bool
    waiting: bool

    @property
    def unfinished(self) -> bool:
        """Whether something says that what is named has not come."""
        return self.denied or self.to_do or self.under_way or self.waiting

    def has(self, known: frozenset[str]) -> bool:
        """Whether one of its words is known."""
        return not known.isdisjoint(self.words)


@lru_cache(1024)
def clauses_of(name: str) -> tuple[Clause, ...]:
    """Return the clauses of a status's name, in its order."""
    text = fold(_CAMEL.sub(" ", name[:_LONGEST])).replace("_", " ")
    text = _NOT_AFTER.sub(" not", _APOSTROPHES.sub("'", text).replace("won't", "wont"))
    for pattern, joined in _JOINED:
        text = pattern.sub(joined, text)
    found = (_clause(tuple(_WORD.findall(part))) for part in _CLAUSE_ENDS.split(text))
    return tuple(clause for clause in found if clause.words)


def plain(name: str) -> str:
    """Return a name as exact names are compared: folded, one blank between words."""
    return " ".join(_WORD.findall(fold(name[:_LONGEST])))


def _clause(words: tuple[str, ...]) -> Clause:
    pairs = tuple(pairwise(words))
    to_do = any(
        (first == "a" and _INFINITIVE.search(second) and second not in v.RESOLVED)
        or (first == "a" and second in v.TO_DO_OF)
        for first, second in pairs
    ) or not v.TO_DO.isdisjoint(words)
    no_longer = any(first in v.NO_LONGER or first in v.NOT for first, _second in pairs)
    waits = not v.WAITING.isdisjoint(words)
    denied = not v.NOT.isdisjoint(words)
    # "n'est plus en attente", "no longer waiting": the waiting is what is denied.
    if waits and no_longer and (denied or not v.NO_LONGER.isdisjoint(words)):
        waits = denied = False
        words = tuple(word for word in words if word not in v.WAITING)
    undenied = tuple(v.DENYING.get(word, word) for word in words)
    return Clause(
        words=undenied,
        denied=denied or undenied != words,
        to_do=to_do,
        under_way=not v.UNDER_WAY.isdisjoint(words),
        waiting=waits,
    )
