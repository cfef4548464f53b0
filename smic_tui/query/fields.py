"""The fields that a filter can ask about: their types, and the sets of one subject."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from enum import Enum, StrEnum
from itertools import compress
from threading import Lock
from typing import Any

from msgspec import Struct

from smic_tui.i18n import language
from smic_tui.model.freshness import Freshness
from smic_tui.query.spelling import spelling_of
from smic_tui.text import fold, fold_once

# Stands between two texts of a fact. No cleaned text and no filter contains it.
_BETWEEN = "\0"


class FieldType(StrEnum):
    """How the value of a field is compared.

    A TEXT contains (`:`) or equals (`=`) what is asked, without case and accents. A STATE
    is one of a few words, a LEVEL a STATE whose words have an order. NUMBER and SIZE
    compare as numbers. AGE is in seconds and compares with durations. PAST and FUTURE are
    times; they compare with a day, or with a duration since or until that time. FLAG is
    yes or no.
    """

    TEXT = "text"
    STATE = "state"
    LEVEL = "level"
    NUMBER = "number"
    SIZE = "size"
    AGE = "age"
    PAST = "past"
    FUTURE = "future"
    FLAG = "flag"


class Moment(Struct, frozen=True):
    """What a filter knows beside the facts: the time (UTC), and how fresh their sources are."""

    now: datetime
    freshness: Freshness


class Field(Struct, frozen=True, kw_only=True):
    """One thing that can be asked of a fact.

    `get(fact, moment)` gives its value: a text or several for TEXT, a member of an
    enumeration for STATE and LEVEL, a number, seconds, a UTC datetime, a bool;
    None where it is not known, which compares as false. `aliases` are other
    names, the first being the French one. `words` are the accepted words of a
    STATE, folded. `searched` says whether free text looks here.
    """

    name: str
    type: FieldType
    get: Callable[[Any, Moment], Any]
    description: str
    aliases: tuple[str, ...] = ()
    words: Mapping[str, Enum] = {}
    searched: bool = True

    def name_in(self, language: str) -> str:
        """Returns the name that a reader of that language uses."""
        return self.aliases[0] if language == "fr" and self.aliases else self.name


class FieldSet:
    """The fields of one subject. Names and aliases count without case and accents."""

    def __init__(self, subject: str, fields: tuple[Field, ...]) -> None:
        self.subject = subject
        self.fields = fields
        self._by_name = {
            fold(name): field for field in fields for name in (field.name, *field.aliases)
        }
        self._searched = tuple(
            field.get for field in fields if field.type is FieldType.TEXT and field.searched
        )
        # By the identity of facts, which are immutable, and shared between situations while
        # nothing of them changes. The fact is kept, so that no other gets its identity.
        self._folded: dict[int, tuple[Any, str]] = {}
        self._lock = Lock()
        # The list that was searched last, and its texts in the same order. Replaced as a whole.
        self._listed: tuple[Sequence[Any], list[str]] = ((), [])
        # The last search in a list: the list, the wanted text, the facts found, their texts.
        self._found: tuple[Sequence[Any], str, Sequence[Any], list[str]] = ((), "", (), [])

    def __iter__(self) -> Any:
        return iter(self.fields)

    def folded(self, fact: Any, moment: Moment) -> str:
        """All that free text looks into, folded; worked out once for each fact."""
        found = self._folded.get(id(fact))
        if found is not None and found[0] is fact:
            return found[1]
        text = self._fold(fact, moment)
        self._folded[id(fact)] = (fact, text)
        return text

    def _fold(self, fact: Any, moment: Moment) -> str:
        texts: list[str] = []
        for get in self._searched:
            value = get(fact, moment)
            if isinstance(value, str):
                texts.append(value)
            elif value is not None:
                texts.extend(value)
        return fold_once(_BETWEEN.join(texts))

    def search(self, facts: Sequence[Any], wanted: str, moment: Moment) -> list[Any]:
        """The facts in whose texts `wanted` is, which is folded; in their order.

        A longer text is searched only in the facts where its beginning was found before.
        """
        within, before, found, texts = self._found
        spelling = spelling_of(wanted)
        # Another spelling of the longer text may lack its beginning: "sain" is not in "St-Just".
        if not (within is facts and before and before in wanted and spelling is None):
            found, texts = facts, self._texts(facts, moment)
        if spelling is None:
            here = [wanted in text for text in texts]
        else:
            here = list(map(spelling.is_in, texts))
        left = list(compress(found, here))
        if isinstance(facts, tuple):
            self._found = (facts, wanted, left, list(compress(texts, here)))
        return left

    def _texts(self, facts: Sequence[Any], moment: Moment) -> list[str]:
        # Who comes second, while somebody works them out, has them as soon.
        with self._lock:
            listed, texts = self._listed
            if listed is not facts:
                # The list from before still exists, so the same identity is the same fact.
                known = dict(zip(map(id, listed), texts, strict=True))
                fold_one = self._fold
                texts = [known.get(id(fact)) or fold_one(fact, moment) for fact in facts]
                if isinstance(facts, tuple):
                    self._listed = (facts, texts)
            return texts

    def get_ready(self, facts: Sequence[Any], now: datetime, freshness: Freshness) -> None:
        """Work out the texts of all of these, which takes a second for a hundred thousand."""
        self._texts(facts, Moment(now, freshness))

    def forget_all_but(self, facts: Collection[Any]) -> None:
        """Drops the texts of facts that are not in `facts`, once there are many of them."""
        if len(self._folded) > 1.2 * len(facts) + 2000:
            known = self._folded
            self._folded = {id(fact): known[id(fact)] for fact in facts if id(fact) in known}

    def find(self, name: str) -> Field | None:
        """Returns the field of that name or alias; None if there is none."""
        return self._by_name.get(fold(name))

    def nearest(self, name: str) -> str:
        """Returns the field's name, in the reader's language, that is nearest to an unknown one;
        "" if none is near.
        """
        own = {fold(field.name_in(language())): field for field in self.fields}
        found = get_close_matches(fold(name), [*own, *self._by_name], n=1, cutoff=0.6)
        if not found:
            return ""
        return self._by_name[found[0]].name_in(language())

    def flag(self, name: str) -> Field | None:
        """Returns the flag of that name, for `is:name`; None if there is none."""
        field = self.find(name)
        return field if field is not None and field.type is FieldType.FLAG else None

    def flags(self) -> tuple[Field, ...]:
        """Returns all flags of the subject."""
        return tuple(field for field in self.fields if field.type is FieldType.FLAG)
