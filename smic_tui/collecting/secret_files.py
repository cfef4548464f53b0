"""Noticing that somebody has put another secret in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from smic_tui.contract.secret import Secret

# Inode, and the times of the last change of content and of rights, in nanoseconds.
FileMark = tuple[int, int, int]


def signature(options: object, folder: Path) -> tuple[FileMark, ...]:
    """What changes when a file that holds one of the secrets in `options` changes.

    Environment and commands are not looked at: the first cannot change while the
    program runs, the second may ask a person something.
    """
    found: list[FileMark] = []
    for secret in _secrets(options):
        if not secret.file:
            continue
        try:
            status = (folder / Path(secret.file).expanduser()).stat()
            found.append((status.st_ino, status.st_mtime_ns, status.st_ctime_ns))
        except (OSError, RuntimeError):
            found.append((0, 0, 0))
    return tuple(found)


def _secrets(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _secrets(item)
