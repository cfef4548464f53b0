"""Tells which program made a repository, by the layout that the programs document."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.shared.files import opened

# restic's "Design": a repository has these folders, and its `config` is encrypted.
_RESTIC = ("data", "index", "keys", "snapshots")
# borg's "Internals": `config` is a text that begins so.
_BORG = b"[repository]"


def program_of(path: Path) -> str:
    """Return "restic" or "borg"; "" if neither made the folder, or it cannot be read. Blocks.

    By the layouts of restic 0.14 and borg 1.2.
    """
    try:
        if all((path / name).is_dir() for name in _RESTIC):
            return "restic"
        with os.fdopen(opened(path / "config"), "rb") as config:
            return "borg" if config.read(len(_BORG)) == _BORG else ""
    except OSError:
        return ""
