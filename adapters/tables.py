"""The settings of the kinds that read tables: where a table is and how it writes values."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from adapters.columns import (
    Column,
    columns_type,
    defaults_type,
    fields_of,
    given,
    values_type,
)
from adapters.http_options import HttpOptions
from adapters.rows import Notation, RecordBuilder
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.records import Stream

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?][^\s#]*)?")


class TableOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the table of one stream is, and how it writes values.

    `columns`, `defaults` and `values` have one key per field of the stream's
    record; `config_type` gives them their types.
    """

    columns: Annotated[Struct, Meta(description="Which column holds which field.")]
    defaults: Annotated[Struct, Meta(description="Values for fields that a row does not have.")]
    values: Annotated[Struct, Meta(description="The source's words and what they mean, by field.")]
    path: Annotated[
        str,
        Meta(description="The file; a relative path starts from the folder of the configuration."),
    ] = ""
    url: Annotated[
        str,
        Meta(description="Instead of `path`: the address of the file, without name and password."),
    ] = ""
    user: Annotated[str, Meta(description="Name for HTTP Basic authentication.")] = ""
    password: Annotated[
        Secret | None, Meta(description="Password for HTTP Basic authentication.")
    ] = None
    token: Annotated[
        Secret | None, Meta(description="Token to send as `Authorization: Bearer`.")
    ] = None
    dates: Annotated[
        tuple[str, ...],
        Meta(
            description="How dates are written, tried in turn: strptime formats, unix (seconds) or "
            "unix-ms; empty: ISO 8601, and day first as French writes it."
        ),
    ] = ()
    timezone: Annotated[
        str,
        Meta(description="IANA zone of dates without offset; empty: the display's time zone."),
    ] = ""
    decimal: Annotated[
        str,
        Meta(
            description="Decimal separator, comma or point; auto takes the last of the two.",
            pattern="^(auto|,|\\.)$",
        ),
    ] = "auto"
    list_separator: Annotated[
        str,
        Meta(description="What separates the values in a cell that holds several.", min_length=1),
    ] = ","

    stream: ClassVar[Stream]

    def __post_init__(self) -> None:
        """Refuse what cannot work, with the key and what was expected."""
        if self.url:
            super().__post_init__()
        # Not a pattern, whose error would quote a password in the address.
        if self.url and not _ADDRESS.fullmatch(self.url):
            raise ValueError(
                _("url: http://… or https://… is expected, without name, password and fragment")
            )
        if bool(self.path) == bool(self.url):
            raise ValueError(_("exactly one of path and url is needed"))
        if "\0" in self.path:
            raise ValueError(_("path must not contain a NUL character"))
        if self.password and self.token:
            raise ValueError(_("password and token exclude each other"))
        if self.password and not self.user:
            raise ValueError(_("password needs user"))
        self._check_notation()
        self._check_columns()
        builder_for(self, "UTC")

    def _check_notation(self) -> None:
        for wanted in self.dates:
            if "%" not in wanted and wanted not in ("unix", "unix-ms"):
                raise ValueError(
                    _('dates: "{format}" is neither a strptime format nor unix or unix-ms').format(
                        format=wanted
                    )
                )
        if self.timezone:
            try:
                ZoneInfo(self.timezone)
            except (ValueError, OSError, KeyError):
                raise ValueError(
                    _('timezone: "{zone}" is not an IANA time zone').format(zone=self.timezone)
                ) from None

    def _check_columns(self) -> None:
        columns, defaults = self.mapping, given(self.defaults)
        if not columns:
            raise ValueError(_("columns is empty: name at least one column"))
        for field in fields_of(self.stream).values():
            if field.required and field.name not in columns and field.name not in defaults:
                raise ValueError(
                    _("columns: `{field}` ({what}) is required: name its column").format(
                        field=field.name, what=field.description
                    )
                )
            if not field.is_list and not isinstance(columns.get(field.name, ""), str):
                raise ValueError(
                    _("columns.{field}: one column is expected, not a list").format(
                        field=field.name
                    )
                )
        if self.stream is Stream.BACKUP_RUNS and not {"key", "job", "site"} & {
            *columns,
            *defaults,
        }:
            raise ValueError(
                _("columns: `job`, or `site` and `application`, is required: name its column")
            )

    @property
    def mapping(self) -> dict[str, Column]:
        """The mapped columns by field."""
        return given(self.columns)

    @property
    def name(self) -> str:
        """How messages call the document; an address without its query, which may be secret."""
        return urlsplit(self.url)._replace(query="").geturl() if self.url else self.path


def builder_for(table: TableOptions, zone: str) -> RecordBuilder:
    """Return what makes the table's records; `zone` is that of dates without offset."""
    notation = Notation(
        zone=table.timezone or zone,
        dates=table.dates,
        decimal=table.decimal,
        list_separator=table.list_separator,
    )
    return RecordBuilder(table.stream, table.mapping, notation, table.defaults, table.values)


def config_type(kind: str, base: type[TableOptions]) -> type[Struct]:
    """Return the settings type of a kind: one optional table of type `base` per stream."""
    tables = [
        (
            stream.value,
            Annotated[
                _table_type(kind, base, stream) | None,
                Meta(description=f"The table that gives {stream.value.replace('_', ' ')}."),
            ],
            None,
        )
        for stream in Stream
    ]
    return msgspec.defstruct(
        f"{kind.capitalize()}Config",
        tables,
        bases=(TablesConfig,),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
    )


def _table_type(kind: str, base: type[TableOptions], stream: Stream) -> Any:
    by_field = {
        "columns": columns_type(stream),
        "defaults": defaults_type(stream),
        "values": values_type(stream),
    }
    described = get_type_hints(TableOptions, include_extras=True)
    return msgspec.defstruct(
        f"{kind.capitalize()}{''.join(part.capitalize() for part in stream.split('_'))}Table",
        [
            (
                name,
                Annotated[type_, *described[name].__metadata__],
                msgspec.field(default_factory=type_),
            )
            for name, type_ in by_field.items()
        ],
        bases=(base,),
        namespace={"stream": stream},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
    )


class TablesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a kind that reads tables: one table per stream, named after it."""

    def __post_init__(self) -> None:
        """Refuse a source that would give nothing."""
        if not self.tables:
            raise ValueError(
                _("no table: at least one of {streams} is needed").format(streams=", ".join(Stream))
            )

    @property
    def tables(self) -> dict[Stream, TableOptions]:
        """The configured tables."""
        return {stream: table for stream in Stream if (table := getattr(self, stream.value))}
