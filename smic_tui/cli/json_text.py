"""Writes JSON for whoever reads: stored texts in the reader's language."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from smic_tui.i18n import phrase
from smic_tui.phrases import OPEN
from smic_tui.system import streams
from smic_tui.text import HARMFUL


def print_json(value: Any) -> None:
    """Prints a value as one JSON text, indented."""
    streams.print_data()
    print(json_text(value, indent=2))


def json_text(value: Any, indent: int) -> str:
    """Returns a value as JSON, indented, with what could control a terminal written as an escape.

    The encoder leaves what stands above C0 as it is: DEL, C1 and bidi controls.
    """
    text = msgspec.json.format(_encoded(value), indent=indent).decode()
    return HARMFUL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}"


def _encoded(value: Any) -> bytes:
    data = msgspec.json.encode(value)
    if OPEN.encode() not in data:
        return data
    return msgspec.json.encode(in_words(msgspec.json.decode(data)))


def in_words(value: Any) -> Any:
    """Returns plain data with its texts in the reader's language."""
    if isinstance(value, str):
        return phrase(value)
    if isinstance(value, dict):
        return {key: in_words(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_words(item) for item in value]
    return value
