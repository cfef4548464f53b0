"""Finds the line of each key of a TOML file.

tomllib gives values without positions. The scanner here reads a text that tomllib has
already accepted, so it recognises the structure and verifies nothing.
"""

from __future__ import annotations

import re
import tomllib

from smic_tui.config.errors import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")
_SPACE = re.compile(r"[ \t]*")


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """Returns the line, counted from one, of every table, key and array element."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.array_lengths: dict[KeyPath, int] = {}
        self._counted_to = 0
        self._line = 1

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return self.lines
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text[self.at] == "[":
                table = self._header(1)
            else:
                self._pair(table)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:  # cannot happen: tomllib has accepted the text
            raise ValueError(f"unexpected text at offset {self.at}")
        self.at = found.end()
        return found[0]

    def _note(self, path: KeyPath) -> None:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        self.lines.setdefault(path, self._line)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            if self.text[self.at] in "\"'":
                parts.append(tomllib.loads(f"key = {self._skip(_STRING)}")["key"])
            else:
                parts.append(self._skip(_BARE))
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def _within(self, parts: list[str]) -> KeyPath:
        """Returns the path for a header's parts; in an array of tables it takes the last."""
        path: KeyPath = ()
        for part in parts:
            path = (*path, part)
            if path in self.array_lengths:
                path = (*path, self.array_lengths[path] - 1)
        return path

    def _header(self, brackets: int) -> KeyPath:
        start = self.at
        self.at += brackets
        parts = self._key()
        end = self.at + brackets
        self.at = start
        if brackets == 2:
            array = (*self._within(parts[:-1]), parts[-1])
            self.array_lengths[array] = self.array_lengths.get(array, 0) + 1
            self._note(array)
        path = self._within(parts)
        self._note(path)
        self.at = end
        return path

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        parts = self._key()
        value = self.at + 1
        self.at = start
        for end in range(1, len(parts) + 1):
            self._note((*table, *parts[:end]))
        self.at = value
        self._skip(_SPACE)
        self._value((*table, *parts))

    def _value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening in "\"'":
            self._skip(_STRING)
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while True:
            self._skip(_BLANK)
            if self.text[self.at] == "]":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._note((*path, index))
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while True:
            self._skip(_BLANK)
            if self.text[self.at] == "}":
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(path)
