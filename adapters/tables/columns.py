"""Finds which fields of a record a table can fill, and from which of its columns.

The settings are made from the record types: a field that is added there can be mapped at once, is
documented, and is checked like any other key of the configuration.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from adapters.shared.values import squeeze, word
from smic_tui.contract.errors import BadAnswer
from smic_tui.i18n import _
from smic_tui.records import RECORD_TYPES, Contact, Stream

# A column's name or an expression; several for a list; tables of them for contacts.
Column = str | list[str | dict[str, str]]
Constant = str | int | float | bool | list[str | int]

# The program's own: the intake sets it.
_NOT_MAPPED = frozenset(("source",))
# Streams whose records have no natural key besides an identifier in the source.
_NEED_KEY = frozenset((Stream.TICKETS, Stream.REQUESTS))

_SPECIAL = {
    "size": "a size in bytes or with a unit",
    "period": "a duration",
    "grace": "a duration",
    "valid_for": "a duration",
    "closed": "days of the week",
    "calendar": "cron syntax",
}


class FieldInfo(Struct, frozen=True, kw_only=True):
    """A field of a record type: its type without None, and whether a record needs it."""

    name: str
    type: Any
    required: bool

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return get_origin(self.type) is tuple

    @property
    def words(self) -> tuple[str, ...]:
        """The words it may hold, if these are fixed."""
        if isinstance(self.type, type) and issubclass(self.type, StrEnum):
            return tuple(self.type)
        return ()

    @property
    def description(self) -> str:
        """What it holds, for the documentation of the settings."""
        if self.words:
            return "one of " + ", ".join(self.words)
        if self.name in _SPECIAL:
            return _SPECIAL[self.name]
        if self.is_list and get_args(self.type)[0] is Contact:
            return "contacts"
        if self.is_list:
            return "a list"
        return {
            bool: "yes or no",
            int: "a whole number",
            float: "a number",
            datetime: "a date",
        }.get(self.type, "text")


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return next(part for part in get_args(hint) if part is not NoneType)
    return hint


@cache
def fields_of(stream: Stream) -> Mapping[str, FieldInfo]:
    """Return the fields that a table for `stream` can fill, by name."""
    record_type = RECORD_TYPES[stream]
    hints = get_type_hints(record_type)
    return {
        field.name: FieldInfo(
            name=field.name,
            type=_without_none(hints[field.name]),
            required=field.required and (field.name != "key" or stream in _NEED_KEY),
        )
        for field in msgspec.structs.fields(record_type)
        if field.name not in _NOT_MAPPED
    }


def _settings(title: str, stream: Stream, type_: Any, empty: Any, sentence: str) -> type[Struct]:
    """Make a settings table with one optional key per field of the stream's record."""
    record = RECORD_TYPES[stream].__name__
    return msgspec.defstruct(
        f"{record}{title}",
        [
            (
                field.name,
                Annotated[
                    type_,
                    Meta(description=sentence.format(name=field.name, what=field.description)),
                ],
                empty if not isinstance(empty, dict) else msgspec.field(default_factory=dict),
            )
            for field in fields_of(stream).values()
        ],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
    )


@cache
def columns_type(stream: Stream) -> type[Struct]:
    """Return the settings type that names a column for each field."""
    return _settings("Columns", stream, Column, "", "Where `{name}` ({what}) stands.")


@cache
def defaults_type(stream: Stream) -> type[Struct]:
    """Return the settings type that gives fields a value where the source has none."""
    return _settings(
        "Defaults",
        stream,
        Constant | None,
        None,
        "Value of `{name}` ({what}) where the source has no such column or an empty cell.",
    )


@cache
def values_type(stream: Stream) -> type[Struct]:
    """Return the settings type that translates the source's words, field by field."""
    return _settings(
        "Values",
        stream,
        dict[str, str],
        {},
        "The source's word = the value of `{name}` ({what}). Case and accents do not matter.",
    )


def given(settings: Struct) -> dict[str, Any]:
    """Return what is set in a table made here, by field."""
    return {
        name: value
        for name, value in msgspec.structs.asdict(settings).items()
        if value not in ("", None, {}, [])
    }


def names_in(column: Column) -> Iterator[str]:
    """Yield every column name or expression in a mapping."""
    if isinstance(column, str):
        yield column
        return
    for part in column:
        if isinstance(part, str):
            yield part
        else:
            yield from part.values()


def label_of(column: Column) -> str:
    """Return how messages call a mapped column."""
    return ", ".join(names_in(column))


class ColumnLocator:
    """Tells where each mapped column stands among the names of a table.

    Public. Case, accents and blanks do not matter, unless names differ by nothing else. A kind
    overrides `absent` and `occurring_twice`, which say what is wrong with its own table.
    """

    def __init__(self, names: Sequence[str], mapping: Mapping[str, Column]) -> None:
        self.names = [squeeze(name) for name in names]
        self._exact: dict[str, list[int]] = {}
        self._folded: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            self._exact.setdefault(squeeze(name), []).append(index)
            self._folded.setdefault(word(name), []).append(index)
        self._fields = {name: self._located(column) for name, column in mapping.items()}

    def absent(self, name: str) -> BadAnswer:
        """Return the error for a column that is not there."""
        raise NotImplementedError

    def occurring_twice(self, name: str, places: list[int]) -> int:
        """Return which of several columns of one name counts; may raise `BadAnswer`."""
        raise NotImplementedError

    def suggestion(self, name: str) -> str:
        """Return a question that names the column most like `name`, "" if none is like it."""
        nearest = difflib.get_close_matches(word(name), self._folded, 1, 0.5)
        if not nearest:
            return ""
        likely = self.names[self._folded[nearest[0]][0]]
        return _('Did you mean "{column}"?').format(column=likely) + " "

    def cells_of(self, row: Sequence[object]) -> dict[str, object]:
        """Return a row's raw values by field."""
        return {name: _picked(place, row) for name, place in self._fields.items()}

    def _located(self, column: Column) -> object:
        if isinstance(column, str):
            return self._index(column)
        return [
            self._index(part)
            if isinstance(part, str)
            else {name: self._index(cell) for name, cell in part.items()}
            for part in column
        ]

    def _index(self, name: str) -> int:
        found = self._exact.get(squeeze(name)) or self._folded.get(word(name), [])
        if not found:
            raise self.absent(name)
        return found[0] if len(found) == 1 else self.occurring_twice(name, found)


def _picked(place: object, row: Sequence[object]) -> object:
    if isinstance(place, int):
        return row[place]
    if isinstance(place, Mapping):
        return {name: _picked(index, row) for name, index in place.items()}
    assert isinstance(place, list)
    return [_picked(part, row) for part in place]
