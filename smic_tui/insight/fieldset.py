"""What a filter can ask about: fields, their types, and sets of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import Enum, StrEnum
from typing import Any

from msgspec import Struct

from smic_tui.text import fold


class FieldType(StrEnum):
    """How the value of a field compares.

    TEXT contains (`:`) or equals (`=`), without case and accents. STATE is one
    of few words. LEVEL is a STATE whose words have an order. NUMBER and SIZE
    compare as numbers. AGE is seconds, compared with durations. PAST and FUTURE
    are times, compared with a duration (since then; until then) or with a day.
    FLAG is yes or no.
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


class Field(Struct, frozen=True, kw_only=True):
    """One thing that can be asked of a fact.

    `get(fact, now)` gives its value: a text or several for TEXT, a member of an
    enumeration for STATE and LEVEL, a number, seconds, a UTC datetime, a bool;
    None where it is not known, which compares as false. `aliases` are other
    names, the first being the French one. `words` are the accepted words of a
    STATE, folded. `searched` says whether free text looks here.
    """

    name: str
    type: FieldType
    get: Callable[[Any, Any], Any]
    description: str
    aliases: tuple[str, ...] = ()
    words: Mapping[str, Enum] = {}
    searched: bool = True


class FieldSet:
    """The fields of one subject, found by name or alias without case and accents."""

    def __init__(self, subject: str, fields: tuple[Field, ...]) -> None:
        self.subject = subject
        self.fields = fields
        self._by_name = {
            fold(name): field for field in fields for name in (field.name, *field.aliases)
        }
        self.searched = tuple(
            field.get for field in fields if field.type is FieldType.TEXT and field.searched
        )

    def __iter__(self) -> Any:
        return iter(self.fields)

    def find(self, name: str) -> Field | None:
        """The field of that name or alias."""
        return self._by_name.get(fold(name))

    def nearest(self, name: str) -> str:
        """The known name nearest to an unknown one, or ""."""
        found = get_close_matches(fold(name), list(self._by_name), n=1, cutoff=0.6)
        if not found:
            return ""
        field = self._by_name[found[0]]
        return next(known for known in (field.name, *field.aliases) if fold(known) == found[0])

    def flag(self, name: str) -> Field | None:
        """The flag of that name, for `is:name`."""
        field = self.find(name)
        return field if field is not None and field.type is FieldType.FLAG else None

    def flags(self) -> tuple[Field, ...]:
        """All flags."""
        return tuple(field for field in self.fields if field.type is FieldType.FLAG)
