"""The lines of keys, against what tomllib itself finds in the same text."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from smic_tui.config.errors import KeyPath
from smic_tui.config.positions import lines_of_keys

TEXT = '''# a comment = "not a key"
top = 1
"quoted key" = "with # no comment"

[table]  # [not.a.table]
dotted.inner = true
multi = """
[not] = "a key"
"""
literal = \'\'\'
x = 1\'\'\'
list = [
    1,  # one ]
    [2, "]"],
    { a = "}", b = { c = 1979-05-27T07:32:00Z } },
]

[[array]]
name = "first"
[[array.nested]]
deep = -1.5e3
[[array.nested]]
deep = inf
[array.sub]
key = 'c:\\path'

[[array]]
name = "second \\" quote"
[table.child."with.dot"]
end = 1
'''

EXPECTED = {
    ("top",): 2,
    ("quoted key",): 3,
    ("table",): 5,
    ("table", "dotted"): 6,
    ("table", "dotted", "inner"): 6,
    ("table", "multi"): 7,
    ("table", "literal"): 10,
    ("table", "list"): 12,
    ("table", "list", 0): 13,
    ("table", "list", 1): 14,
    ("table", "list", 1, 0): 14,
    ("table", "list", 1, 1): 14,
    ("table", "list", 2): 15,
    ("table", "list", 2, "a"): 15,
    ("table", "list", 2, "b"): 15,
    ("table", "list", 2, "b", "c"): 15,
    ("array",): 18,
    ("array", 0): 18,
    ("array", 0, "name"): 19,
    ("array", 0, "nested"): 20,
    ("array", 0, "nested", 0): 20,
    ("array", 0, "nested", 0, "deep"): 21,
    ("array", 0, "nested", 1): 22,
    ("array", 0, "nested", 1, "deep"): 23,
    ("array", 0, "sub"): 24,
    ("array", 0, "sub", "key"): 25,
    ("array", 1): 27,
    ("array", 1, "name"): 28,
    ("table", "child", "with.dot"): 29,
    ("table", "child", "with.dot", "end"): 30,
}


def test_every_key_has_its_line() -> None:
    assert lines_of_keys(TEXT) == EXPECTED


def paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return {path, *(found for key, item in inner for found in paths(item, (*path, key)))} - {()}


safe = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
scalars = st.one_of(st.booleans(), st.integers(-1000, 1000), safe)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(safe, inner, max_size=3)
)


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(
            f"{json.dumps(k, ensure_ascii=False)} = {toml_value(v)}" for k, v in value.items()
        )
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"  {toml_value(item)}, # ] , }}\n" for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(
    st.dictionaries(safe, values, max_size=4),
    st.dictionaries(safe, st.dictionaries(safe, values, max_size=3), max_size=3),
    st.sampled_from(["\n", "\r\n"]),
)
def test_it_finds_exactly_the_keys_that_tomllib_finds(
    top: dict[str, Any], tables: dict[str, dict[str, Any]], newline: str
) -> None:
    lines = [f"{json.dumps(k, ensure_ascii=False)} = {toml_value(v)}" for k, v in top.items()]
    for name, table in tables.items():
        if name in top:
            continue
        lines.append(f"[{json.dumps(name, ensure_ascii=False)}]")
        lines += [
            f"{json.dumps(k, ensure_ascii=False)} = {toml_value(v)}" for k, v in table.items()
        ]
    text = newline.join("\n".join(lines).split("\n"))
    parsed = tomllib.loads(text)
    found = lines_of_keys(text)
    assert paths(parsed) == set(found)
    written = text.split("\n")
    for path, line in found.items():
        if len(path) == 1 and path[0] in top:
            assert written[line - 1].startswith(json.dumps(path[0], ensure_ascii=False))
