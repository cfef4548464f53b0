"""Fixtures of the adapters' tests."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import time_machine


@pytest.fixture
def later() -> Iterator[None]:
    """Reads a file long enough after its last change to be sure of it."""
    with time_machine.travel(time.time() + 60):
        yield
