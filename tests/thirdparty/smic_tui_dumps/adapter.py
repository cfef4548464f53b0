"""The `dumps` kind: a folder of database dumps, `SITE-APPLICATION-….sql.gz`, one per run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from smic_tui.contract.adapter import Adapter, Probe
from smic_tui.contract.batch import Batch, Rejected
from smic_tui.contract.errors import AuthFailed, Unavailable
from smic_tui.records import BackupRun, RunResult, Stream


class DumpsConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a source of dumps."""

    folder: Annotated[str, Meta(description="The folder in which the dumps are.")]


class DumpsAdapter(Adapter[DumpsConfig]):
    """Each file is a run; an empty one is a run that failed."""

    kind = "dumps"
    config_type = DumpsConfig
    streams = frozenset({Stream.BACKUP_RUNS})

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read the whole folder: that is cheap, so there is no cursor."""
        yield await asyncio.to_thread(self._read)

    async def probe(self) -> Probe:
        """Try to read the folder."""
        await asyncio.to_thread(self._read)
        return Probe()

    def _read(self) -> Batch:
        runs, rejected = [], []
        for file in self._files():
            parts = file.name.split("-", 2)
            if len(parts) < 3:
                rejected.append(
                    Rejected(where=file.name, reason="a name like SITE-APPLICATION-… is expected")
                )
                continue
            status = file.stat()
            runs.append(
                BackupRun(
                    key=file.name,
                    site=parts[0],
                    application=parts[1],
                    started=datetime.fromtimestamp(status.st_mtime, UTC),
                    result=RunResult.OK if status.st_size else RunResult.FAILED,
                    size=status.st_size,
                )
            )
        return Batch(upserts=tuple(runs), rejected=tuple(rejected), full=True)

    def _files(self) -> Iterator[Path]:
        folder = self.context.folder / self.config.folder
        try:
            yield from sorted(folder.glob("*.sql.gz")) if folder.stat() else ()
        except PermissionError:
            raise AuthFailed(f"{folder} may not be read") from None
        except OSError as error:
            raise Unavailable(f"{folder}: {error.strerror}", hint="Check `folder`.") from None
