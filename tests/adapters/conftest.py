"""Fixtures of the adapters' tests."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import time_machine

from smic_tui.testing.adapters import AdapterConformance


@pytest.fixture(autouse=True)
def at_any_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what blocks for good fails here: `benchmarks/bench_loop.py` measures the loop."""
    monkeypatch.setattr(AdapterConformance, "longest_block", 5.0)


@pytest.fixture
def later() -> Iterator[None]:
    """Reads a file long enough after its last change to be sure of it."""
    with time_machine.travel(time.time() + 60):
        yield
