"""smic-tui export: every record of the cache, for other programs."""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.json_text import in_words, json_text
from smic_tui.cli.say import say
from smic_tui.cli.situation import read
from smic_tui.cli.tables import write_csv
from smic_tui.contract.status import SourceStatus
from smic_tui.i18n import _, ngettext
from smic_tui.model.snapshot import Snapshot
from smic_tui.records import RECORD_TYPES, Record, Stream
from smic_tui.system import atomic_file


def run(options: Namespace) -> int:
    """Write to standard output (-), into one JSON file, or into a folder, one file per stream."""
    target: Path = options.target
    to_folder = str(target) != "-" and target.suffix.lower() != ".json"
    if options.csv and not to_folder:
        raise CommandError(Exit.USAGE, _("--csv writes several files: give a folder"))
    reading = read(options)
    snapshot = reading.snapshot
    if str(target) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(_json(_everything(snapshot)))
        return reading.exit
    if to_folder:
        target.mkdir(parents=True, exist_ok=True)
        _write_folder(target, snapshot, as_csv=options.csv)
    else:
        _write(target, _json(_everything(snapshot)))
    count = sum(len(records) for records in _by_stream(snapshot).values())
    say(ngettext("{n} record written", "{n} records written", count).format(n=count))
    return reading.exit


def _by_stream(snapshot: Snapshot) -> dict[Stream, list[Record]]:
    return {
        stream: [record for source in snapshot.sources for record in source.of(stream).values()]
        for stream in Stream
    }


def _statuses(snapshot: Snapshot) -> list[SourceStatus]:
    return [source.status.in_words() for source in snapshot.sources]


def _everything(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "taken": snapshot.taken,
        "sources": _statuses(snapshot),
        **{stream.value: records for stream, records in _by_stream(snapshot).items()},
    }


def _write_folder(folder: Path, snapshot: Snapshot, *, as_csv: bool) -> None:
    tables: dict[str, tuple[type[msgspec.Struct], list[Any]]] = {
        "sources": (SourceStatus, _statuses(snapshot)),
        **{s.value: (RECORD_TYPES[s], rows) for s, rows in _by_stream(snapshot).items()},
    }
    for name, (struct, rows) in tables.items():
        if as_csv:
            text = io.StringIO()
            write_csv(struct.__struct_encode_fields__, _plain(rows), text)
            _write(folder / f"{name}.csv", text.getvalue().encode())
        else:
            _write(folder / f"{name}.json", _json(rows))


def _plain(rows: list[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield in_words(msgspec.to_builtins(row))


def _json(value: Any) -> bytes:
    return json_text(value, indent=1).encode() + b"\n"


def _write(path: Path, data: bytes) -> None:
    atomic_file.replace(path, data, mode=None, sync=False)
