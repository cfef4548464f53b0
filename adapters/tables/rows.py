"""From the raw values of one row to a record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, get_args

from msgspec import Struct

from adapters.shared import values
from adapters.tables.columns import Column, FieldInfo, fields_of, given, label_of
from smic_tui.i18n import _
from smic_tui.records import RECORD_TYPES, Contact, Record, Stream

Reader = Callable[[object], object]

_QUANTITIES: Mapping[str, Callable[[str, str], int]] = {
    "size": values.read_size,
    "period": values.read_duration,
    "grace": values.read_duration,
    "valid_for": values.read_duration,
}
_RANGES: Mapping[str, tuple[float, float]] = {
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "population": (0, 2**53),
    "priority": (1, 5),
}
# A date alone means the whole day for these.
_LAST_MOMENTS = frozenset(("due",))
_LABEL = "_label"
_LONGEST_SHOWN = 60


class Notation(Struct, frozen=True, kw_only=True):
    """How a source writes values. `zone` is that of times without offset."""

    zone: str
    dates: tuple[str, ...] = ()
    decimal: str = "auto"
    list_separator: str = ","


class RowError(ValueError):
    """A row that cannot become a record; the text names the column, the value and what was
    expected."""


def is_blank(raw: object) -> bool:
    """Whether a raw value says nothing."""
    if raw is None:
        return True
    if isinstance(raw, str):
        return not raw.strip()
    if isinstance(raw, list | tuple):
        return all(is_blank(part) for part in raw)
    if isinstance(raw, dict):
        return all(is_blank(part) for part in raw.values())
    return False


def _text(raw: object) -> str:
    """Return a scalar as text; JSON brings numbers and booleans too, databases dates."""
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, date):
        return raw.isoformat(" ") if isinstance(raw, datetime) else raw.isoformat()
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(raw)
    raise ValueError(_("text"))


def decimal_of(raw: object, decimal: str) -> str:
    """Return the decimal separator of `raw` as text, which is `decimal` unless it is a number."""
    return "." if isinstance(raw, float) else decimal


def _whole(raw: object, notation: Notation) -> int:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) <= values.LARGEST:
        return raw
    return values.read_whole(_text(raw), notation.decimal)


def _number(raw: object, notation: Notation) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw):
        return float(raw)
    return values.read_number(_text(raw), notation.decimal)


def _within(name: str, reader: Callable[[object], float]) -> Reader:
    lowest, highest = _RANGES[name]

    def read(raw: object) -> object:
        number = reader(raw)
        if not lowest <= number <= highest:
            raise ValueError(
                _("between {lowest} and {highest}").format(
                    lowest=f"{lowest:g}", highest=f"{highest:g}"
                )
            )
        return number

    return read


def _parts(raw: object, separator: str) -> list[object]:
    """Return the elements of a list, or of a cell that holds several."""
    if isinstance(raw, str):
        raw = [part for line in raw.splitlines() for part in line.split(separator)]
    parts = raw if isinstance(raw, list | tuple) else [raw]
    return [part for part in parts if not is_blank(part)]


def _contact(raw: object) -> Contact:
    if not isinstance(raw, dict):
        return Contact(name=_text(raw))
    known = Contact.__struct_fields__
    return Contact(
        **{name: _text(part) for name, part in raw.items() if name in known and not is_blank(part)}
    )


def _reader_of_word(field: FieldInfo) -> Reader:
    known = {values.word(member).replace("_", " "): member for member in field.type}

    def read(raw: object) -> object:
        member = known.get(values.word(_text(raw)).replace("_", " "))
        if member is None:
            raise ValueError(_("one of {words}").format(words=", ".join(field.words)))
        return member

    return read


def _reader_of_list(field: FieldInfo, notation: Notation) -> Reader:
    element = get_args(field.type)[0]
    one: Reader = _text
    if element is Contact:
        one = _contact
    elif element is int:

        def one(raw: object) -> object:
            return values.read_weekday(_text(raw))

    def read(raw: object) -> object:
        raw = [raw] if isinstance(raw, dict) else raw
        return tuple(dict.fromkeys(one(part) for part in _parts(raw, notation.list_separator)))

    return read


def reader_for(field: FieldInfo, notation: Notation) -> Reader:
    """Return the function that reads a raw value of `field`.

    It raises `ValueError` whose message is what was expected.
    """
    if field.is_list:
        return _reader_of_list(field, notation)
    if field.words:
        return _reader_of_word(field)
    if field.name in _QUANTITIES:
        quantity = _QUANTITIES[field.name]
        return lambda raw: quantity(_text(raw), decimal_of(raw, notation.decimal))
    if field.type is datetime:
        last = field.name in _LAST_MOMENTS

        def moment(raw: object) -> object:
            if isinstance(raw, date):
                return values.moment_of(raw, notation.zone, end_of_day=last)
            return values.read_time(_text(raw), notation.zone, notation.dates, end_of_day=last)

        return moment
    if field.type is bool:
        return lambda raw: values.read_flag(_text(raw))
    if field.type in (int, float):
        numeric = _whole if field.type is int else _number

        def reader(raw: object) -> float:
            return numeric(raw, notation)

        return _within(field.name, reader) if field.name in _RANGES else reader
    if field.name == "calendar":
        return lambda raw: values.read_calendar(_text(raw))
    return _text


class _Slot:
    """How one field of the record is filled."""

    __slots__ = ("default", "has_default", "label", "name", "reader", "required", "words")

    def __init__(
        self, field: FieldInfo, label: str, notation: Notation, default: Any, words: dict[str, str]
    ) -> None:
        self.name = field.name
        self.label = label
        self.required = field.required
        self.reader = reader_for(field, notation)
        self.words = {values.word(theirs): ours for theirs, ours in words.items()}
        for ours in words.values():
            self._configured("values", ours)
        self.has_default = default is not None
        self.default = self._configured("defaults", default) if self.has_default else None

    def _configured(self, table: str, value: object) -> object:
        try:
            return self.reader(value)
        except ValueError as error:
            raise ValueError(
                _("{table}.{field}: {value} is not {expected}").format(
                    table=table, field=self.name, value=shown(value), expected=error
                )
            ) from None

    def read(self, raw: object) -> object:
        """Return the field's value; `raw` is not blank."""
        meant = raw
        if self.words and isinstance(raw, str | int | float):
            meant = self.words.get(values.word(_text(raw)), raw)
        try:
            return self.reader(meant)
        except ValueError as error:
            raise RowError(
                _("column {column}: {value} is not {expected}").format(
                    column=self.label, value=shown(raw), expected=error
                )
            ) from None


def shown(raw: object) -> str:
    """Return a raw value as messages show it: quoted and not too long."""
    text = raw if isinstance(raw, str) else repr(raw)
    text = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return f'"{text}"'


class RecordBuilder:
    """Makes the records of one stream from rows.

    Raises `ValueError` when a default or a translated word is not a value of
    its field.
    """

    def __init__(
        self,
        stream: Stream,
        columns: Mapping[str, Column],
        notation: Notation,
        defaults: Struct,
        words: Struct,
    ) -> None:
        self._stream = stream
        self._type = RECORD_TYPES[stream]
        default_of, words_of = given(defaults), given(words)
        fields = fields_of(stream)
        self._slots = [
            _Slot(
                field,
                label_of(columns.get(name, name)),
                notation,
                default_of.get(name),
                words_of.get(name, {}),
            )
            for name, field in fields.items()
            if name in columns or name in default_of or name in words_of or field.required
        ]
        # The source's own word is kept beside ours, unless it has a column of its own.
        self._labels = [
            (name, name + _LABEL)
            for name in columns
            if name + _LABEL in fields and name + _LABEL not in columns
        ]

    def build(self, raw: Mapping[str, object]) -> Record:
        """Return the record of one row, given as raw values by field; raises `RowError`."""
        filled: dict[str, Any] = {}
        for slot in self._slots:
            value = raw.get(slot.name)
            if not is_blank(value):
                filled[slot.name] = slot.read(value)
            elif slot.has_default:
                filled[slot.name] = slot.default
            elif slot.required:
                raise RowError(
                    _("column {column} is empty: a value is required").format(column=slot.label)
                )
        for name, label in self._labels:
            if label not in filled and isinstance(raw.get(name), str):
                filled[label] = _text(raw[name])
        if not filled.get("key"):
            filled["key"] = self._key_of(filled)
        return self._type(**filled)

    def _key_of(self, filled: Mapping[str, Any]) -> str:
        """Return the natural key of a record that has no key column.

        A site's is its code; health: host, or host/service; a backup job:
        site/application; a run: its job, or site/application, and its start.
        """
        match self._stream:
            case Stream.SITES:
                return str(filled["code"])
            case Stream.HEALTH:
                return "/".join(filter(None, (filled["host"], filled.get("service", ""))))
            case Stream.BACKUP_JOBS:
                return f"{filled['site']}/{filled['application']}"
            case Stream.BACKUP_RUNS:
                where = (filled.get("site", ""), filled.get("application", ""))
                job = filled.get("job") or "/".join(filter(None, where))
                if not job:
                    raise RowError(_("neither a job nor a site and application: one is required"))
                return f"{job}/{filled['started']:%Y-%m-%dT%H:%M:%SZ}"
            case _:
                raise RowError(_("no key"))
