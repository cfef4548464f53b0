"""Broken characters in JSON are replaced, everything else is as strict as before."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.shared.json_text import decode_json

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (rb'["\ud83d"]', ["\ufffd"]),
        (rb'["a\udc00b"]', ["a\ufffdb"]),
        (rb'["\ud83d\ud83d\ude00"]', ["\ufffd😀"]),
        (rb'["\ud83d\ude00"]', ["😀"]),
        (rb'["\\ud83d"]', [r"\ud83d"]),
        (rb'["\ud83d\\ud83d"]', ["\ufffd" + r"\ud83d"]),
        (b'["caf\xe9"]', ["caf\ufffd"]),
    ],
)
def test_broken_characters(document: bytes, expected: list[str]) -> None:
    assert decode_json(document, list[str]) == expected


@given(st.lists(ANY_TEXT, max_size=5))
def test_whatever_python_writes_can_be_read(texts: list[str]) -> None:
    """A character keeps its place: only half pairs become the replacement character."""
    decoded = decode_json(json.dumps(texts).encode(), list[str])
    for text, back in zip(texts, decoded, strict=True):
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert back == whole


@pytest.mark.parametrize("document", [b"", b"{", b'["a"', rb'["\ud83d"', b"<html>", b"[\xff]"])
def test_what_is_no_json_stays_none(document: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_json(document, Any)


def test_the_wrong_type_is_told_as_such() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_json(rb'["\ud83d", 1]', list[str])
