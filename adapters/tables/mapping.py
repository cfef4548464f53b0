"""The settings that turn the rows of a source into records: columns, words, notation.

Every kind that maps columns has these keys, whatever else its tables say.
"""

from __future__ import annotations

from typing import Annotated, Protocol

from msgspec import Meta, Struct

from adapters.shared.zones import check_zone
from adapters.tables.columns import Column, fields_of, given
from adapters.tables.rows import Notation, RecordBuilder
from smic_tui.i18n import _
from smic_tui.records import Stream

Columns = Annotated[Struct, Meta(description="Which column holds which field.")]
Defaults = Annotated[Struct, Meta(description="Values for fields that a row does not have.")]
Words = Annotated[Struct, Meta(description="The source's words and what they mean, by field.")]
Dates = Annotated[
    tuple[str, ...],
    Meta(
        description="How dates are written, tried in turn: strptime formats, unix (seconds) or "
        "unix-ms; empty: ISO 8601, and day first as French writes it."
    ),
]
Zone = Annotated[
    str, Meta(description="IANA zone of dates without offset; empty: the display's time zone.")
]
Decimal = Annotated[
    str,
    Meta(
        description="Decimal separator, comma or point; auto takes the last of the two.",
        pattern="^(auto|,|\\.)$",
    ),
]
ListSeparator = Annotated[
    str, Meta(description="What separates the values in a cell that holds several.", min_length=1)
]


class Mapped(Protocol):
    """A table of the settings with these keys.

    `columns`, `defaults` and `values` have one key per field of the stream's
    record; `tables.config_type` gives them their types.
    """

    @property
    def columns(self) -> Struct: ...
    @property
    def defaults(self) -> Struct: ...
    @property
    def values(self) -> Struct: ...
    @property
    def dates(self) -> tuple[str, ...]: ...
    @property
    def timezone(self) -> str: ...
    @property
    def decimal(self) -> str: ...
    @property
    def list_separator(self) -> str: ...
    @property
    def stream(self) -> Stream: ...


def mapping_of(table: Mapped) -> dict[str, Column]:
    """Return the mapped columns by field."""
    return given(table.columns)


def check_mapping(table: Mapped) -> None:
    """Refuse what cannot work: a `ValueError` with the key and what was expected."""
    _check_notation(table)
    _check_columns(table)
    builder_for(table, "UTC")


def builder_for(table: Mapped, zone: str) -> RecordBuilder:
    """Return what makes the table's records; `zone` is that of dates without offset."""
    notation = Notation(
        zone=table.timezone or zone,
        dates=table.dates,
        decimal=table.decimal,
        list_separator=table.list_separator,
    )
    return RecordBuilder(table.stream, mapping_of(table), notation, table.defaults, table.values)


def _check_notation(table: Mapped) -> None:
    for wanted in table.dates:
        if "%" not in wanted and wanted not in ("unix", "unix-ms"):
            raise ValueError(
                _('dates: "{format}" is neither a strptime format nor unix or unix-ms').format(
                    format=wanted
                )
            )
    check_zone(table.timezone)


def _check_columns(table: Mapped) -> None:
    columns, defaults = mapping_of(table), given(table.defaults)
    if not columns:
        raise ValueError(_("columns is empty: name at least one column"))
    for field in fields_of(table.stream).values():
        if field.required and field.name not in columns and field.name not in defaults:
            raise ValueError(
                _("columns: `{field}` ({what}) is required: name its column").format(
                    field=field.name, what=field.description
                )
            )
        if not field.is_list and not isinstance(columns.get(field.name, ""), str):
            raise ValueError(
                _("columns.{field}: one column is expected, not a list").format(field=field.name)
            )
    if table.stream is Stream.BACKUP_RUNS and not {"key", "job", "site"} & {
        *columns,
        *defaults,
    }:
        raise ValueError(
            _("columns: `job`, or `site` and `application`, is required: name its column")
        )
