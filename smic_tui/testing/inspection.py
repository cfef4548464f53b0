"""Finds what is wrong with a record, or missing in a settings type, and says it in words."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import msgspec
from msgspec import Meta, Struct


def problems_of(value: Any, where: str) -> Iterator[str]:
    """Yield what is wrong with a record: wrong types, times that are not UTC, texts of a subtype.

    `where` names the record in the answer.
    """
    if isinstance(value, Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        # Of a time this says more than what the decoder makes of the whole.
        for name, field in fields.items():
            if isinstance(field, datetime):
                yield from problems_of(field, f"{where}: {name}")
        yield from _wrong_types(value, where)
        for name, field in fields.items():
            if not isinstance(field, datetime):
                yield from problems_of(field, f"{where}: {name}")
    elif isinstance(value, datetime):
        if value.tzinfo is None:
            yield f"{where} is a time without a zone: {value}"
        elif value.utcoffset() != timedelta(0):
            yield f"{where} is not UTC: {value}"
    elif isinstance(value, str) and not isinstance(value, Enum) and type(value) is not str:
        yield f"{where} is a {type(value).__name__} instead of plain text"
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from problems_of(part, f"{where}[{number}]")


def _wrong_types(value: Struct, where: str) -> Iterator[str]:
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    try:
        msgspec.convert(
            msgspec.to_builtins(fields, builtin_types=(datetime,)), type(value), strict=True
        )
    except (msgspec.ValidationError, TypeError) as error:
        yield f"{where} has a value of the wrong type: {error}"


def undocumented_keys(type_: Any, where: str = "", seen: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yield the keys of a settings type, and of those within it, that have no description."""
    if isinstance(type_, type) and issubclass(type_, Struct):
        if type_ in seen:
            return
        where = where or type_.__name__
        for name, hint in _hints(type_).items():
            described = any(
                isinstance(part, Meta) and part.description
                for part in getattr(hint, "__metadata__", ())
            )
            if not described:
                yield f"{where}.{name}"
            yield from undocumented_keys(hint, f"{where}.{name}", (*seen, type_))
        return
    for part in typing.get_args(type_):
        yield from undocumented_keys(part, where, seen)


def structs_of(type_: Any) -> set[type[Struct]]:
    """Return a settings type and those within it."""
    found: set[type[Struct]] = set()
    waiting = [type_]
    while waiting:
        part = waiting.pop()
        if isinstance(part, type) and issubclass(part, Struct):
            if part not in found:
                found.add(part)
                waiting += _hints(part).values()
        else:
            waiting += typing.get_args(part)
    return found


def _hints(struct: type[Struct]) -> dict[str, Any]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return {name: hints[name] for name in struct.__struct_fields__}
