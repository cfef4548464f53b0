"""The base of the kinds that read tables: it reads a document if it changed, row by row.

Public.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from adapters.http.documents import Document, fetch_file, read_file
from adapters.http.session import Credentials, HttpSession, basic
from adapters.shared.paths import path_of
from adapters.tables.cursors import TableCursor, digest_of, known_table
from adapters.tables.mapping import builder_for
from adapters.tables.options import TableOptions, TablesConfig
from adapters.tables.row_reading import Row, RowReading, refuse_if_nothing_fits
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.i18n import _, labelled
from smic_tui.records import Stream


class TabularAdapter(Adapter[Any]):
    """The base of the kinds that read one document per stream."""

    streams: ClassVar[frozenset[Stream]] = frozenset(Stream)
    accept: ClassVar[str]

    def __init__(self, config: TablesConfig, context: Context) -> None:
        super().__init__(config, context)
        self._tables = config.tables
        self._sessions: dict[Stream, HttpSession] = {}

    def offered(self) -> frozenset[Stream]:
        """The streams that have a table."""
        return frozenset(self._tables)

    @abstractmethod
    def rows(self, table: Any, document: Document) -> Iterator[Row]:
        """Return the rows of a document, lazily. Blocks; raises `BadAnswer`."""

    @abstractmethod
    def remarks(self, table: Any, document: Document) -> tuple[str, ...]:
        """Return what a person should know about a document. Blocks; raises `BadAnswer`."""

    def notes(self, table: Any, document: Document) -> tuple[str, ...]:
        """Return what asks nothing of anybody, such as the encoding. Blocks."""
        return ()

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read a document whole; if it is the one that `cursor` knows, nothing changed."""
        table = self._tables[stream]
        known = known_table(self._settings[stream], cursor)
        document = await self._document(stream, known.version)
        if document is None:
            yield Batch(cursor=cursor, rejected=known.rejected)
            return
        builder = builder_for(table, self.context.timezone)
        reading = RowReading(table.name, self.rows(table, document), builder)
        more = True
        while more:
            records, aside, more = await asyncio.to_thread(reading.piece)
            if not more:
                refuse_if_nothing_fits(reading)
            yield Batch(
                upserts=tuple(records),
                rejected=tuple(aside),
                full=document.complete,
                cursor=None if more else self._cursor(table, document, reading.rejected),
            )

    async def probe(self) -> Probe:
        """Reach every document and find its columns."""
        remarks: list[str] = []
        notes: list[str] = []
        for stream, table in self._tables.items():
            document = await self._document(stream, "")
            assert document is not None
            session = self._sessions.get(stream)
            found = [*(session.remarks() if session else ())]
            found += await asyncio.to_thread(self.remarks, table, document)
            told = await asyncio.to_thread(self.notes, table, document)
            notes += [f"{table.name}: {note}" for note in told]
            if not document.complete:
                found.append(
                    _(
                        "the server does not announce the length: rows are never deleted, as a "
                        "cut-off answer would look whole"
                    )
                )
            remarks += [labelled(table.name, remark) for remark in found]
        times = [s.remote_time for s in self._sessions.values() if s.remote_time]
        return Probe(
            remarks=tuple(remarks),
            notes=tuple(notes),
            remote_time=max(times, default=None),
        )

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    async def _document(self, stream: Stream, known: str) -> Document | None:
        table = self._tables[stream]
        if not table.url:
            return await asyncio.to_thread(self._read_file, table, known)
        if stream not in self._sessions:
            asks = self._credentials_of(table) if table.password or table.token else None
            self._sessions[stream] = HttpSession(table, self.context, asks)
        return await fetch_file(self._sessions[stream], table.name, known, self.accept)

    def _read_file(self, table: TableOptions, known: str) -> Document | None:
        path = path_of(self.context.folder, table.path)
        return read_file(path, known, table.max_bytes)

    def _credentials_of(self, table: TableOptions) -> Callable[[], Credentials]:
        def ask() -> Credentials:
            if table.token:
                token = self.context.secret(table.token)
                return Credentials(headers={"Authorization": f"Bearer {token}"}, secrets=(token,))
            assert table.password
            return basic(table.user, self.context.secret(table.password))

        return ask

    @cached_property
    def _settings(self) -> Mapping[Stream, str]:
        """A digest of all that decides how a table becomes records."""
        return {
            stream: digest_of(self.kind, self.context.timezone, table)
            for stream, table in self._tables.items()
        }

    def _cursor(self, table: TableOptions, document: Document, rejected: list[Rejected]) -> str:
        settings = self._settings[table.stream]
        return TableCursor(settings, document.version, tuple(rejected)).encoded()
