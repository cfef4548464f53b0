"""The origin of each setting: a line of the file, the command line, or its default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from smic_tui.config.errors import KeyPath
from smic_tui.i18n import _


class Origins(Struct, frozen=True, kw_only=True):
    """The file, the line of each key in it, and what decided the keys that it did not."""

    file: Path
    lines: Mapping[KeyPath, int]
    overridden: Mapping[KeyPath, str] = {}

    def line(self, path: KeyPath) -> int:
        """Returns the line of a key, or of the nearest table around it; 0 if there is none."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def of(self, path: KeyPath) -> str:
        """Returns the origin of a key, as a text for people."""
        if path in self.overridden:
            return self.overridden[path]
        if path in self.lines:
            return f"{self.file}:{self.lines[path]}"
        return _("default")
