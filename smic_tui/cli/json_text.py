"""Writes JSON for whoever reads: stored texts in the reader's language."""

from __future__ import annotations

from typing import Any

import msgspec

from smic_tui.i18n import phrase
from smic_tui.phrases import OPEN
from smic_tui.system import streams


def print_json(value: Any) -> None:
    """Prints a value as one JSON text, indented."""
    streams.print_data()
    print(msgspec.json.format(encoded(value), indent=2).decode())


def encoded(value: Any) -> bytes:
    """Returns a value as JSON."""
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
