"""Decodes what stands in the file of a source and in the alert file.

Tables are named after streams. The table `_meta` holds the version of the layout, the
name of the source, the cursor of each stream and the status of the source.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct, field

from smic_tui.cache.generations import Unreadable
from smic_tui.cache.shared_texts import share_texts
from smic_tui.cache.tables import Piece, decode, decode_rows, pieces_of, whole
from smic_tui.contract.status import SourceStatus
from smic_tui.i18n import _
from smic_tui.model.alert_store import AlertEntry
from smic_tui.records import RECORD_TYPES, Record, Stream, ZonedTime
from smic_tui.text import clean_lines

# Counted up when a file of another version could be misread.
SCHEMA = 1
META = "_meta"
ALERTS = "alerts"
GONE = "_gone"

Rows = Mapping[Stream, Mapping[str, Record]]


class Header(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The version of the layout, and the name of the source that the file belongs to.

    `edition` tells one whole write of a large file from another: the file of changes
    beside it names the edition that it changes.
    """

    schema: int
    source: str = ""
    edition: str = ""


class Cursor(Struct, frozen=True, kw_only=True):
    """How far the reading of a stream has come.

    `value` belongs to the adapter and is opaque. `full_at` is when the last full reading
    began (UTC). `config` is a digest of the source's settings: what was read with other
    settings must be read again from the start.
    """

    value: str | None = None
    full_at: ZonedTime | None = None
    config: str = ""


class SourceMeta(Struct, frozen=True, kw_only=True):
    """The `_meta` table of a source's file."""

    file: Header
    status: SourceStatus
    cursors: dict[Stream, Cursor] = {}


class SourceLayout(Struct, frozen=True, kw_only=True):
    """A source's file; `rows` has the streams that have any."""

    meta: SourceMeta
    rows: Rows


class ChangesLayout(Struct, frozen=True, kw_only=True):
    """The file of changes beside a source's file: what has changed since its edition.

    `rows` are new or changed, `gone` are keys of rows that went; status and cursors in
    `meta` are those after all changes.
    """

    meta: SourceMeta
    rows: Rows
    gone: Mapping[Stream, frozenset[str]]


class AlertMeta(Struct, frozen=True, kw_only=True):
    """The `_meta` table of the alert file."""

    file: Header


class AlertLayout(Struct, frozen=True, kw_only=True):
    """The alert file."""

    meta: AlertMeta = field(name=META)
    alerts: dict[str, AlertEntry] = {}


class _HeaderOnly(Struct, frozen=True):
    meta: AlertMeta = field(name=META)


_HEADER = msgspec.json.Decoder(_HeaderOnly)
_META = msgspec.json.Decoder(SourceMeta)
_ALERTS = msgspec.json.Decoder(AlertLayout)
_GONE = msgspec.json.Decoder(dict[Stream, frozenset[str]])
_ANY_META = msgspec.json.Decoder(AlertMeta)
_DECODERS: dict[Stream, tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any]]] = {
    stream: (msgspec.json.Decoder(dict[str, record]), msgspec.json.Decoder(record))  # type: ignore[valid-type]
    for stream, record in RECORD_TYPES.items()
}


def decode_source(data: bytes, source: str) -> SourceLayout:
    """The file of the source called `source`; raises `Unreadable`."""
    meta, tables = _meta_and_tables(data, source)
    return SourceLayout(meta=meta, rows=_rows(tables))


def decode_changes(data: bytes, source: str) -> ChangesLayout:
    """The file of changes of the source called `source`; raises `Unreadable`."""
    meta, tables = _meta_and_tables(data, source)
    gone = decode(whole(tables[GONE][0]), _GONE) if GONE in tables else {}
    return ChangesLayout(meta=meta, rows=_rows(tables), gone=gone)


def _meta_and_tables(data: bytes, source: str) -> tuple[SourceMeta, dict[str, list[Piece]]]:
    tables = pieces_of(data)
    if META not in tables:
        raise Unreadable(_("it has no table {table}").format(table=META))
    written = whole(tables[META][0])
    _check_schema(decode(written, _ANY_META).file.schema)
    meta = decode(written, _META)
    # A name that holds control characters was cleaned on the way.
    if meta.file.source not in (source, clean_lines(source)):
        raise Unreadable(_("it belongs to the source {source!r}").format(source=meta.file.source))
    return meta, tables


def _rows(tables: Mapping[str, list[Piece]]) -> Rows:
    rows: dict[Stream, Mapping[str, Record]] = {}
    texts: dict[Any, Any] = {}
    for stream, (table, row) in _DECODERS.items():
        found = decode_rows(tables.get(stream.value, ()), table, row)
        if found:
            share_texts(stream, found, texts)
            rows[stream] = MappingProxyType(found)
    return MappingProxyType(rows)


def decode_alerts(data: bytes) -> AlertLayout:
    """The alert file; raises `Unreadable`."""
    _check_schema(decode(data, _HEADER).meta.file.schema)
    return decode(data, _ALERTS)


def _check_schema(schema: int) -> None:
    if schema != SCHEMA:
        raise Unreadable(
            _("layout {schema} of another version of smic-tui, not {ours}").format(
                schema=schema, ours=SCHEMA
            )
        )


_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_OTHER = re.compile(r"[^a-z0-9_-]+")


def file_stem(source: str) -> str:
    """Return a file name for a source, whatever its name; no two names give the same."""
    if _PLAIN.fullmatch(source):
        return source
    slug = _OTHER.sub("-", source.lower()).strip("-")[:40]
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{slug}.{digest}"
