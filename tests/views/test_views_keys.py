"""The keys of a long list, none of which is made beforehand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.views.keys import Keys


def keys_of(numbers: range, near: int = 0) -> tuple[Keys[int], list[int]]:
    """The keys, and of which facts they were asked."""
    asked: list[int] = []

    def key(fact: int) -> str:
        asked.append(fact)
        return f"k{fact}"

    return Keys(numbers, key, near), asked


def test_no_key_is_made_before_somebody_asks() -> None:
    keys, asked = keys_of(range(100_000))
    assert len(keys) == 100_000
    assert asked == []
    assert keys[7] == "k7"
    assert keys[-1] == "k99999"
    assert keys[2:4] == ["k2", "k3"]
    assert asked == [7, 99_999, 2, 3]


def test_a_key_that_has_moved_a_little_is_found_among_few() -> None:
    keys, asked = keys_of(range(100_000), near=50_000)
    assert keys.index("k50300") == 50_300
    assert keys.index("k49700") == 49_700
    assert len(asked) < 3000


def test_a_key_that_is_gone_is_not_found() -> None:
    keys, _asked = keys_of(range(1234), near=600)
    with pytest.raises(ValueError, match="gone"):
        keys.index("gone")
    with pytest.raises(ValueError, match="k3"):
        keys.index("k3", 4)


@given(st.integers(0, 2500), st.integers(0, 3000), st.integers(0, 2499))
def test_every_key_is_found_wherever_one_begins(count: int, near: int, wanted: int) -> None:
    keys, _asked = keys_of(range(count), near)
    if wanted < count:
        assert keys.index(f"k{wanted}") == wanted
    else:
        with pytest.raises(ValueError, match="k"):
            keys.index(f"k{wanted}")
