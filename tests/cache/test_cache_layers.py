"""Rows with changes over them are what a dictionary would be after the same changes."""

from __future__ import annotations

from collections.abc import Mapping
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from smic_tui.cache import layers
from smic_tui.cache.layers import Layered, changed, copied
from smic_tui.records import Record
from tests.cache.cache_examples import site

KEYS = st.sampled_from("abcdefghij")


@given(st.sets(KEYS), st.lists(st.tuples(st.sets(KEYS), st.sets(KEYS)), max_size=6))
def test_equals_a_dictionary(first: set[str], steps: list[tuple[set[str], set[str]]]) -> None:
    with patch.object(layers, "SMALL", 0), patch.object(layers, "THICK", 0.5):
        rows: dict[str, Record] = {key: site(key, "first") for key in sorted(first)}
        seen: list[tuple[Mapping[str, Record], dict[str, Record]]] = [(rows, dict(rows))]
        for number, (put, out) in enumerate(steps):
            last, wanted = seen[-1]
            new = {key: site(key, f"version {number}") for key in sorted(put)}
            after = {key: row for key, row in wanted.items() if key not in out}
            after.update(new)
            seen.append((changed(last, new, out), after))
        for found, wanted in seen:
            assert found == wanted
            assert len(found) == len(wanted)
            assert dict(found) == dict(found.items()) == copied(found) == wanted
            assert sorted(found.keys()) == sorted(wanted)
            assert list(found) == [key for key, _row in found.items()]
            assert [found[key] for key in found] == list(found.values())
            for key in "abcdefghijk":
                assert (key in found) is (key in wanted)
                assert found.get(key) is wanted.get(key)


def test_a_thin_layer_copies_nothing_and_a_thick_one_ends() -> None:
    rows: dict[str, Record] = {str(n): site(str(n), "old") for n in range(layers.SMALL + 1)}
    thin = changed(rows, {"7": site("7", "new")}, ["8"])
    assert isinstance(thin, Layered)
    assert list(thin)[7] == "7"
    many = {str(n): site(str(n), "newer") for n in range(1000)}
    assert isinstance(changed(thin, many, []), dict)
