"""Writes settings as TOML, each line with the path of its key, so that callers can add
where it comes from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct

from smic_tui.config.errors import KeyPath
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.secret import Secret

_BARE = re.compile(r"[A-Za-z0-9_-]+")

# A line of TOML, and the key that it sets; None for a line that sets none.
Line = tuple[str, KeyPath | None]


def settings_lines(settings: Settings) -> Iterator[Line]:
    """Yields the whole configuration, without keys that are None; secrets are references."""
    yield from _table(_plain(settings), ())


class _Inline(dict[str, Any]):
    """A table that is written on one line."""


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return _Inline({k: v for k, v in _fields(value).items() if v})
    if isinstance(value, Source):
        common = _fields(value)
        own = _plain(common.pop("options"))
        del common["name"]
        return {**common, **own}
    if isinstance(value, Struct):
        return _fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def _fields(struct: Struct) -> dict[str, Any]:
    names = zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)
    return {
        shown: value if name == "options" else _plain(value)
        for shown, name in names
        if (value := getattr(struct, name)) is not None
    }


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and not isinstance(value, _Inline)


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_table, value))


def _table(table: dict[str, Any], path: KeyPath) -> Iterator[Line]:
    for key, value in table.items():
        if not _is_table(value) and not (not path and _is_array_of_tables(value)):
            yield f"{_key(key)} = {_value(value)}", (*path, key)
    for key, value in table.items():
        inner = (*path, key)
        if _is_table(value):
            if not value or not all(map(_is_table, value.values())):
                yield "", None
                yield f"[{_header(inner)}]", None
            yield from _table(value, inner)
        elif not path and _is_array_of_tables(value):
            for index, item in enumerate(value):
                yield "", None
                yield f"[[{_key(key)}]]", None
                yield from _table(item, (*inner, index))


def _header(path: KeyPath) -> str:
    return ".".join(_key(part) for part in path if isinstance(part, str))


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _string(text)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return str(value)
