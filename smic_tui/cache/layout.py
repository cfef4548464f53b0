"""What stands in the files: the tables of a source's file and of the alert file.

Tables are named after streams; `_meta` says which layout it is, whose file,
where each stream's reading has come to, and how the source is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from smic_tui.alertbook import AlertEntry
from smic_tui.cache.generations import Unreadable
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    Record,
    Site,
    Stream,
    Ticket,
)
from smic_tui.snapshot import SourceStatus

# Raised when a file of an older program could be misread.
SCHEMA = 1
META = "_meta"
ALERTS = "alerts"

T = TypeVar("T")


class Header(Struct, frozen=True, kw_only=True):
    """Which layout, and the name of the source that the file belongs to."""

    schema: int
    source: str = ""


class Cursor(Struct, frozen=True, kw_only=True):
    """How far the reading of a stream has come.

    `value` is the adapter's own and opaque. `full_at` is when the last full
    reading began. `config` is a digest of the source's settings: what was read
    with others must be read again from the start.
    """

    value: str | None = None
    full_at: datetime | None = None
    config: str = ""


class SourceMeta(Struct, frozen=True, kw_only=True):
    """The `_meta` table of a source's file."""

    file: Header
    status: SourceStatus
    cursors: dict[Stream, Cursor] = {}


class SourceLayout(Struct, frozen=True, kw_only=True):
    """A source's file."""

    meta: SourceMeta = field(name=META)
    sites: dict[str, Site] = {}
    health: dict[str, Health] = {}
    backup_jobs: dict[str, BackupJob] = {}
    backup_runs: dict[str, BackupRun] = {}
    tickets: dict[str, Ticket] = {}
    requests: dict[str, CatalogueRequest] = {}

    def rows(self) -> Mapping[Stream, Mapping[str, Record]]:
        """The rows of the streams that have any."""
        found: dict[Stream, Mapping[str, Record]] = {}
        for stream in Stream:
            rows: dict[str, Record] = getattr(self, stream.value)
            if rows:
                found[stream] = MappingProxyType(rows)
        return MappingProxyType(found)


class AlertMeta(Struct, frozen=True, kw_only=True):
    """The `_meta` table of the alert file."""

    file: Header


class AlertLayout(Struct, frozen=True, kw_only=True):
    """The alert file."""

    meta: AlertMeta = field(name=META)
    alerts: dict[str, AlertEntry] = {}


class _Peek(Struct):
    meta: AlertMeta = field(name=META)


def decode(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a whole file; `Unreadable` says what is wrong with it."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            schema = msgspec.json.decode(data, type=_Peek).meta.file.schema
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            schema = SCHEMA
        check_schema(schema)
        raise Unreadable(str(error)) from None


def check_schema(schema: int) -> None:
    """Raise `Unreadable` for the layout of another version of the program."""
    if schema != SCHEMA:
        raise Unreadable(f"layout {schema} of another version of smic-tui, not {SCHEMA}")


_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_OTHER = re.compile(r"[^a-z0-9_-]+")


def file_stem(source: str) -> str:
    """A file name for a source, whatever its name: another name gives another file."""
    if _PLAIN.fullmatch(source):
        return source
    slug = _OTHER.sub("-", source.lower()).strip("-")[:40]
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{slug}.{digest}"
