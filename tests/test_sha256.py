"""The same digest, whichever implementation this Python has."""

from __future__ import annotations

import hashlib
import sys

import pytest
from hypothesis import given
from hypothesis.strategies import binary

from smic_tui import sha256


@given(binary())
def test_it_is_that_of_the_standard_library(data: bytes) -> None:
    assert sha256.hexdigest(data) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("left_out", [["_sha2"], ["_sha2", "_sha256"]])
def test_a_python_without_its_own_has_openssl(
    left_out: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in left_out:
        monkeypatch.setitem(sys.modules, name, None)
    assert sha256.hexdigest(b"smic") == hashlib.sha256(b"smic").hexdigest()
