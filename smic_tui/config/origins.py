"""Where each setting comes from: a line of the file, the command line, or its default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from smic_tui.config.errors import KeyPath
from smic_tui.i18n import _


class Origins(Struct, frozen=True, kw_only=True):
    """The file, the line of each key in it, and the keys that something else decided."""

    file: Path
    lines: Mapping[KeyPath, int]
    overridden: Mapping[KeyPath, str] = {}

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest table around it; 0 when there is none."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def of(self, path: KeyPath) -> str:
        """The origin of one key, for people."""
        if path in self.overridden:
            return self.overridden[path]
        if path in self.lines:
            return f"{self.file}:{self.lines[path]}"
        return _("default")
