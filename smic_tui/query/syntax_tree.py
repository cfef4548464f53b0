"""The syntax tree of a filter. `str` of a node gives a text that parses to the same node."""

from __future__ import annotations

import re

from msgspec import Struct

RESERVED = frozenset({"or", "ou", "and", "et"})

_BARE_TEXT = re.compile(r'[^\s()"!:=<>\\][^\s()"!:=<>\\]*')
_BARE_VALUE = re.compile(r'[^\s()"=\\][^\s()"\\]*')


def quoted(text: str) -> str:
    """Returns `text` between quotes, as the filter language writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Text(Struct, frozen=True):
    """Free text, which some text of the fact must contain."""

    text: str

    def __str__(self) -> str:
        bare = _BARE_TEXT.fullmatch(self.text) and self.text.lower() not in RESERVED
        return self.text if bare else quoted(self.text)


class Compare(Struct, frozen=True):
    """A field compared with a value. `operator` is one of `: = != < > <= >=`."""

    field: str
    operator: str
    value: str

    def __str__(self) -> str:
        value = self.value if _BARE_VALUE.fullmatch(self.value) else quoted(self.value)
        return f"{self.field}{self.operator}{value}"


class Not(Struct, frozen=True):
    """Holds if its part does not."""

    part: Node

    def __str__(self) -> str:
        return f"!{_grouped(self.part)}"


class And(Struct, frozen=True):
    """Holds if all of its parts hold; without parts it always holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(_grouped(part) for part in self.parts)


class Or(Struct, frozen=True):
    """Holds if any of its parts holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(
            f"({part})" if isinstance(part, Or) else str(part) for part in self.parts
        )


Node = Text | Compare | Not | And | Or


def _grouped(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or) else str(node)
