"""Turns rows into columns, and back.

Columns of one kind of value compress to half the size of whole rows. They come in a
fixed order, times last; a column in which no row has a value is null, and null columns
at the end are left out. A column is

- `[values]`: one value for each row;
- `[values, letters]` where few values repeat often: each value once, and for each row
  one letter; the n-th letter of the alphabet means the n-th value;
- `[step, numbers]` for times: a number for each row, in units of `step` microseconds. In
  the first column of times it is the difference to the row above (of the first row, to
  1970), in later columns the difference to the first time of the same row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from smic_tui.hub.manifest import Malformed
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Record,
    Site,
    Ticket,
)

# Characters that JSON writes as they are: of one byte first.
_ALPHABET = "".join(map(chr, (*range(35, 92), *range(93, 127), *range(161, 470))))
_PLACES = {letter: place for place, letter in enumerate(_ALPHABET)}
# A column has letters where each value repeats this often on average.
_OFTEN = 3
# Rows decoded at once, in a few milliseconds: decoding keeps all other threads waiting.
_AT_ONCE = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Column = list[Any] | None


# A new field goes to the end of its line: older programs ignore columns they do not know.
ORDER: dict[type[Record], tuple[str, ...]] = {
    Site: (
        "key", "code", "name", "member", "member_code", "kind", "address", "population", "latitude",
        "longitude", "line", "supplier", "contacts", "equipment", "applications", "url",
    ),
    Health: (
        "key", "site", "host", "service", "state", "output", "acknowledged", "downtime", "url",
        "since", "checked", "valid_for", "outdated", "more_sites",
    ),
    BackupJob: (
        "key", "site", "application", "protocol", "period", "calendar", "grace", "closed",
        "holidays", "url",
    ),
    BackupRun: (
        "key", "job", "site", "application", "result", "size", "message", "started", "ended",
        "changes_only",
    ),
    Ticket: (
        "key", "subject", "status", "status_label", "priority", "requester", "owner", "site",
        "queue", "supplier", "waiting_on", "url", "created", "updated", "due",
    ),
    CatalogueRequest: (
        "key", "subject", "software", "stage", "stage_label", "site", "member", "requester",
        "owner", "waiting_on", "url", "created", "updated", "due",
    ),
}  # fmt: skip


def encode(type_: type[Record], rows: Sequence[Record]) -> tuple[list[Column], list[str]]:
    """Return the columns of these rows, and the fields whose texts are shortened."""
    short = {name: texts for name in _HOLDS if (texts := _shortened(name, rows)) is not None}
    columns: list[Column] = []
    first: Sequence[datetime | None] = ()
    defaults = {field.name: field.default for field in msgspec.structs.fields(type_)}
    for name in ORDER[type_]:
        values: Sequence[Any] = short.get(name) or [getattr(row, name) for row in rows]
        if all(value == defaults[name] for value in values):
            columns.append(None)
        elif any(isinstance(value, datetime) for value in values):
            columns.append(_encode_times(values, first))
            first = first or values
        else:
            columns.append(_encode_values(values))
    while columns and columns[-1] is None:
        columns.pop()
    return columns, list(short)


def decode(
    type_: type[Record], columns: Sequence[Column], short: Sequence[str], most: int
) -> Iterator[Sequence[Record]]:
    """Yield the rows, some at a time.

    More than `most` rows are refused. Raises `Malformed`, or an error that `unpack` turns into it.
    """
    found: dict[str, Sequence[Any]] = {}
    first: Sequence[datetime | None] = ()
    for name, column in zip(ORDER[type_], columns, strict=False):
        match column:
            case None:
                continue
            case [list(values)]:
                found[name] = values
            case [list(values), str(letters)] if len(letters) <= most:
                found[name] = [values[_PLACES[letter]] for letter in letters]
            case [int(step), list(numbers)]:
                found[name] = _decode_times(name, step, numbers, first)
                first = first or found[name]
            case _:
                raise Malformed(f"the column {name} is none")
    count = len(next(iter(found.values()), ()))
    if count > most:
        raise Malformed(f"{count} rows are too many")
    if any(len(values) != count for values in found.values()):
        raise Malformed("columns have different lengths")
    for name in short:
        if name not in _HOLDS or name not in found:
            raise Malformed(f"the column {name} cannot be shortened")
        held = {field: found[field] for field, _mark in _HOLDS[name] if field in found}
        found[name] = [
            _lengthened(name, str(text), {field: held[field][at] for field in held})
            for at, text in enumerate(found[name])
        ]
    decoder = list[type_]  # type: ignore[valid-type]
    for start in range(0, count, _AT_ONCE):
        part = {name: values[start : start + _AT_ONCE] for name, values in found.items()}
        yield msgspec.convert(
            [dict(zip(part, row, strict=True)) for row in zip(*part.values(), strict=True)],
            decoder,
        )


def _encode_values(values: Sequence[Any]) -> list[Any]:
    places: dict[Any, int] = {}
    for value in values:
        places.setdefault(value, len(places))
        if len(places) * _OFTEN > len(values) or len(places) > len(_ALPHABET):
            return [msgspec.to_builtins(values)]
    letters = "".join(_ALPHABET[places[value]] for value in values)
    return [msgspec.to_builtins(list(places)), letters]


def _encode_times(values: Sequence[Any], first: Sequence[datetime | None]) -> list[Any]:
    above = _EPOCH
    numbers: list[int | None] = []
    for at, value in enumerate(values):
        if value is None:
            numbers.append(None)
            continue
        start = (first[at] if first else None) or above
        numbers.append((value - start) // _MICROSECOND)
        above = value
    # The largest step that fits all numbers: seconds, or minutes where no source knows seconds.
    step = math.gcd(*filter(None, numbers)) or 1
    return [step, [None if number is None else number // step for number in numbers]]


def _decode_times(
    name: str, step: int, numbers: Sequence[Any], first: Sequence[datetime | None]
) -> list[datetime | None]:
    if step < 1 or (first and len(first) != len(numbers)):
        raise Malformed(f"the column {name} holds no times")
    above = _EPOCH
    values: list[datetime | None] = []
    for at, number in enumerate(numbers):
        if number is None:
            values.append(None)
            continue
        if type(number) is not int:
            raise Malformed(f"the column {name} holds no times")
        above = ((first[at] if first else None) or above) + number * step * _MICROSECOND
        values.append(above)
    return values


# Fields whose texts may contain other fields, each with the mark that stands for it. They
# are lengthened in this order, because one may contain another.
_HOLDS: dict[str, tuple[tuple[str, str], ...]] = {
    "host": (("site", "\x07"),),
    "key": (("job", "\x01"), ("started", "\x02"), ("host", "\x04"), ("service", "\x05")),
    "url": (("key", "\x03"),),
    "subject": (("software", "\x06"),),
}
# Hosts are named after the codes of sites, in small letters.
_SMALL = "\x07"


def _shortened(name: str, rows: Sequence[Record]) -> list[str] | None:
    """Return a column's texts with marks for the fields that they contain.

    None where nothing is shorter, or a text could not be lengthened again.
    """
    texts = []
    changed = False
    for row in rows:
        text = value = getattr(row, name, "")
        parts = {field: getattr(row, field, "") for field, _mark in _HOLDS[name]}
        for field, mark in _HOLDS[name]:
            part = _text(parts[field], mark)
            if part:
                text = text.replace(part, mark, 1)
        if _lengthened(name, text, parts) != value:
            return None
        changed = changed or text != value
        texts.append(text)
    return texts if changed else None


def _lengthened(name: str, text: str, parts: Mapping[str, Any]) -> str:
    for field, mark in reversed(_HOLDS[name]):
        if mark in text:
            text = text.replace(mark, _text(parts[field], mark), 1)
    return text


def _text(value: Any, mark: str) -> str:
    text = f"{value:%Y%m%dT%H%M%SZ}" if isinstance(value, datetime) else str(value)
    return text.lower() if mark == _SMALL else text
