"""Makes the reference page of the configuration from the declarations in the code."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo

from smic_tui.config.expectation import alternatives, expected, unwrap
from smic_tui.config.load import COMMON_KEYS, Kinds
from smic_tui.config.schema import Settings, Source

_HEAD = """\
# Configuration reference

`make docs` makes this page from the declarations in the code. `smic-tui config schema`
prints the same facts as JSON Schema. `smic-tui config check` tells every problem of a
file, and `smic-tui config show --origin` tells where each value comes from.

In the values of `[sources.*]`, `~/` at the beginning is the home folder and `{sample}` the
folder of the sample syndicate. Relative paths start from the folder of the configuration
file. A key without a default must be given. Durations are written as in
[filters](filters.md#durations-sizes-and-numbers): `90s`, `15 min`, `1h30`, `2 j`.
"""


def reference(kinds: Kinds) -> str:
    """Returns the page, in Markdown."""
    return "\n".join([_HEAD, *_pages(kinds)])


def description(field: FieldInfo) -> str:
    """Returns the description that a key is declared with; "" if it has none."""
    _type, metas = unwrap(field.type)
    return next((meta.description for meta in metas if meta.description), "")


def _pages(kinds: Kinds) -> Iterator[str]:
    for field in msgspec.structs.fields(Settings):
        if field.name == "sources":
            continue
        (table,) = _structs(field.type) or (None,)
        if table is None:
            is_table = get_origin(unwrap(field.type)[0]) is dict
            name = f"[{field.encode_name}]" if is_table else field.encode_name
            yield f"## `{name}`\n\n{description(field)}\n"
        else:
            brackets = (
                f"[[{field.encode_name}]]" if _is_array(field.type) else (f"[{field.encode_name}]")
            )
            yield from _table(f"## `{brackets}`", table, msgspec.structs.fields(table))
    common = [f for f in msgspec.structs.fields(Source) if f.name in COMMON_KEYS]
    yield from _table("## `[sources.NAME]`", Source, common)
    seen: list[type[Struct]] = []
    for kind in sorted(kinds.kinds()):
        own = kinds.find(kind).config_type
        fields = msgspec.structs.fields(own)
        yield from _table(f'### `kind = "{kind}"`', own, fields)
        seen += [s for f in fields for s in _structs(f.type) if s not in seen]
    if seen:
        yield "## Tables used by several keys\n"
    for struct in seen:  # grows while tables inside of tables are found
        fields = msgspec.structs.fields(struct)
        seen += [s for f in fields for s in _structs(f.type) if s not in seen]
        yield from _table(f"### {struct.__name__}", struct, fields)


def _table(heading: str, table: type[Struct], fields: Any) -> Iterator[str]:
    yield heading + "\n"
    if table.__doc__:
        yield inspect.cleandoc(table.__doc__) + "\n"
    yield "| key | meaning | value | default |"
    yield "| --- | --- | --- | --- |"
    for field in fields:
        cells = (f"`{field.encode_name}`", description(field), _value(field.type), _default(field))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _value(type_: Any) -> str:
    named = [struct.__name__ for struct in _structs(type_)]
    text = expected(type_)
    return f"{text} ({', '.join(named)})" if named else text


def _default(field: FieldInfo) -> str:
    if field.required:
        return ""
    value = field.default
    if value is NODEFAULT and field.default_factory is not NODEFAULT:
        value = field.default_factory()
    if value is None or value in ("", (), [], {}) or isinstance(value, Struct):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    plain = msgspec.to_builtins(value)
    return f"`{msgspec.json.encode(plain).decode()}`"


def _is_array(type_: Any) -> bool:
    return get_origin(unwrap(type_)[0]) in (list, tuple)


def _structs(type_: Any) -> list[type[Struct]]:
    """Returns the tables that a value of this type may consist of."""
    found: list[type[Struct]] = []
    for member in alternatives(type_):
        base, _metas = unwrap(member)
        if isinstance(base, type) and issubclass(base, Struct):
            found.append(base)
        elif get_origin(base) in (list, tuple, dict):
            found += [s for inner in get_args(base) for s in _structs(inner)]
    return found
