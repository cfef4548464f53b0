"""Prints JSON on standard output."""

from __future__ import annotations

from typing import Any

import msgspec

from smic_tui.system import streams


def print_json(value: Any) -> None:
    """Prints a value as one JSON text, indented."""
    streams.print_data()
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    print(text.decode())
