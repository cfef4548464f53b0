"""Prints JSON on standard output."""

from __future__ import annotations

from typing import Any

import msgspec


def print_json(value: Any) -> None:
    """Prints a value as one JSON text, indented."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    print(text.decode())
