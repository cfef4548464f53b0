"""The settings of the kinds that read tables: where a table is and how it writes values.

Public.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from adapters.http.options import HttpOptions
from adapters.tables.columns import Column, columns_type, defaults_type, values_type
from adapters.tables.mapping import (
    Columns,
    Dates,
    Decimal,
    Defaults,
    ListSeparator,
    Words,
    Zone,
    check_mapping,
    mapping_of,
)
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.records import Stream

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?][^\s#]*)?")


class TableOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the table of one stream is, and how it writes values."""

    columns: Columns
    defaults: Defaults
    values: Words

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
    dates: Dates = ()
    timezone: Zone = ""
    decimal: Decimal = "auto"
    list_separator: ListSeparator = ","

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
        check_mapping(self)

    @property
    def mapping(self) -> dict[str, Column]:
        """The mapped columns by field."""
        return mapping_of(self)

    @property
    def name(self) -> str:
        """How messages call the document; an address without its query, which may be secret."""
        return urlsplit(self.url)._replace(query="").geturl() if self.url else self.path


def config_type(
    kind: str, base: type[Struct], shared: type[TablesConfig] | None = None
) -> type[Struct]:
    """Return the settings type of a kind: one optional table of type `base` per stream.

    `shared` has what all tables of the source share.
    """
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
        bases=(shared or TablesConfig,),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
    )


def _table_type(kind: str, base: type[Struct], stream: Stream) -> Any:
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
    def tables(self) -> dict[Stream, Any]:
        """The configured tables."""
        return {stream: table for stream in Stream if (table := getattr(self, stream.value))}
