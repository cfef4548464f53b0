"""Notices that somebody has put another secret in place."""

from __future__ import annotations

from pathlib import Path

from smic_tui.config.secrets import within

# Inode, and the times of the last change of content and of rights, in nanoseconds.
FileMark = tuple[int, int, int]


def signature(options: object, folder: Path) -> tuple[FileMark, ...]:
    """Return marks that change when a file with one of the secrets in `options` changes.

    Environment and commands are not looked at: the environment cannot change while the
    program runs, and a command may ask a person something.
    """
    found: list[FileMark] = []
    for secret in within(options):
        if not secret.file:
            continue
        try:
            status = (folder / Path(secret.file).expanduser()).stat()
            found.append((status.st_ino, status.st_mtime_ns, status.st_ctime_ns))
        except (OSError, RuntimeError):
            found.append((0, 0, 0))
    return tuple(found)
