"""Prints JSON on standard output."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from smic_tui.text import HARMFUL


def print_json(value: Any) -> None:
    """Prints a value as one JSON text, indented."""
    print(json_text(value, indent=2))


def json_text(value: Any, indent: int) -> str:
    """Returns a value as JSON, indented, with what could control a terminal written as an escape.

    The encoder leaves what stands above C0 as it is: DEL, C1 and bidi controls.
    """
    text = msgspec.json.format(msgspec.json.encode(value), indent=indent).decode()
    return HARMFUL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}"
