"""Threads that compute beside an event loop take turns."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from smic_tui import computing
from smic_tui.computing import MANY, alone, alone_with, collect_garbage, take_short_turns


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a program that has just begun; what is the interpreter's own stays as it was."""
    monkeypatch.setattr(computing._garbage, "wanted", False)
    enabled, turn = gc.isenabled(), sys.getswitchinterval()
    yield
    sys.setswitchinterval(turn)
    gc.unfreeze()
    (gc.enable if enabled else gc.disable)()


class Other(threading.Thread):
    """Another thread that computes."""

    def __init__(self, rows: int = MANY) -> None:
        super().__init__(daemon=True)
        self._rows = rows
        self.is_in = threading.Event()
        self.may_leave = threading.Event()
        self.start()

    def run(self) -> None:
        with alone_with(self._rows):
            self.is_in.set()
            self.may_leave.wait(60)

    def end(self) -> None:
        self.may_leave.set()
        self.join(60)
        assert not self.is_alive()


def test_two_compute_one_after_the_other() -> None:
    with alone():
        other = Other()
        assert not other.is_in.wait(0.05)
    assert other.is_in.wait(60)
    other.end()


def test_a_few_rows_wait_for_nobody() -> None:
    with alone():
        other = Other(rows=MANY - 1)
        assert other.is_in.wait(60)
        other.end()


def test_one_that_computes_may_begin_another_part() -> None:
    with alone(), alone():
        other = Other()
        assert not other.is_in.wait(0.05)
    other.end()


def test_who_fails_lets_the_next_one_compute() -> None:
    with pytest.raises(ValueError, match="broken"), alone():
        raise ValueError("broken")
    other = Other()
    assert other.is_in.wait(60)
    other.end()


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_left_alone_meanwhile_and_looked_for_as_before(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    with alone():
        assert not gc.isenabled()
        with alone():
            pass
        assert not gc.isenabled()
    assert gc.isenabled() is enabled


def test_what_begins_to_collect_garbage_waits_for_who_computes() -> None:
    gc.disable()
    other = Other()
    assert other.is_in.wait(60)
    collect_garbage()
    assert not gc.isenabled()
    other.end()
    assert gc.isenabled()


def test_garbage_is_collected_at_once_when_nobody_computes() -> None:
    gc.disable()
    collect_garbage()
    assert gc.isenabled()


def test_turns_are_short() -> None:
    sys.setswitchinterval(0.005)
    take_short_turns()
    assert sys.getswitchinterval() <= 0.001
