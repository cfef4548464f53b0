"""Threads that compute beside an event loop take turns."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from smic_tui.system import turns as computing
from smic_tui.system.turns import (
    MANY,
    PATIENCE_SECONDS,
    ScreenPriority,
    after_others,
    collect_garbage,
    exclusive,
    exclusive_for,
    keep_out_of_sight,
    screen_priority,
    take_short_turns,
    yield_turn,
    yielding,
)


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a program that has just begun; what is the interpreter's own stays as it was."""
    monkeypatch.setattr(computing._garbage, "wanted", False)
    enabled, turn = gc.isenabled(), sys.getswitchinterval()
    yield
    screen_priority.end()
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
        with exclusive_for(self._rows):
            self.is_in.set()
            self.may_leave.wait(60)

    def end(self) -> None:
        self.may_leave.set()
        self.join(60)
        assert not self.is_alive()


def test_two_compute_one_after_the_other() -> None:
    with exclusive():
        other = Other()
        assert not other.is_in.wait(0.05)
    assert other.is_in.wait(60)
    other.end()


def test_a_few_rows_wait_for_nobody() -> None:
    with exclusive():
        other = Other(rows=MANY - 1)
        assert other.is_in.wait(60)
        other.end()


def test_one_that_computes_may_begin_another_part() -> None:
    with exclusive(), exclusive():
        other = Other()
        assert not other.is_in.wait(0.05)
    other.end()


def test_who_fails_lets_the_next_one_compute() -> None:
    with pytest.raises(ValueError, match="broken"), exclusive():
        raise ValueError("broken")
    other = Other()
    assert other.is_in.wait(60)
    other.end()


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_left_alone_meanwhile_and_looked_for_as_before(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    with exclusive():
        assert not gc.isenabled()
        with exclusive():
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


class Worker(threading.Thread):
    """Another thread; tells the steps that it has done."""

    def __init__(self, screen_priority: ScreenPriority, steps: int) -> None:
        super().__init__(daemon=True)
        self._priority = screen_priority
        self._steps = steps
        self.done = 0

    def run(self) -> None:
        for _step in range(self._steps):
            if self._priority.is_waited_for:
                self._priority.let_pass()
            self.done += 1


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_who_computes_stands_still_until_the_frame_has_gone() -> None:
    screen_priority = ScreenPriority(Clock())
    screen_priority.begin()
    worker = Worker(screen_priority, 3)
    worker.start()
    worker.join(PATIENCE_SECONDS / 5)
    assert worker.done == 0
    # Of before, and no answer.
    screen_priority.sent()
    assert screen_priority.is_waited_for
    screen_priority.drawn()
    screen_priority.sent()
    worker.join(60)
    assert worker.done == 3
    assert not screen_priority.is_waited_for


def test_what_was_drawn_for_the_last_key_is_no_answer_to_the_next() -> None:
    screen_priority = ScreenPriority(Clock())
    screen_priority.begin()
    screen_priority.drawn()
    screen_priority.begin()
    screen_priority.sent()
    assert screen_priority.is_waited_for


@pytest.mark.parametrize("drawn", [True, False])
def test_a_screen_that_is_up_to_date_is_waited_for_only_if_it_was_drawn(drawn: bool) -> None:
    screen_priority = ScreenPriority(Clock())
    screen_priority.begin()
    if drawn:
        screen_priority.drawn()
    screen_priority.end_unless_drawn()
    assert screen_priority.is_waited_for is drawn


def test_a_key_that_nothing_comes_of_is_waited_for_no_longer_than_that() -> None:
    screen_priority = ScreenPriority()
    screen_priority.begin()
    worker = Worker(screen_priority, 3)
    worker.start()
    worker.join(60)
    assert worker.done == 3
    assert not screen_priority.is_waited_for


def test_who_stood_still_computes_as_long_before_it_does_so_again() -> None:
    clock = Clock()
    screen_priority = ScreenPriority(clock)
    stood_still: list[float] = []

    class Sent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            stood_still.append(clock.now)
            clock.now += 0.02
            return True

    screen_priority._sent = Sent()

    def keys() -> None:
        for _key in range(3):
            screen_priority.begin()
            screen_priority.let_pass()
            screen_priority.let_pass()
        clock.now += 0.019
        screen_priority.let_pass()
        clock.now += 0.002
        screen_priority.let_pass()

    other = threading.Thread(target=keys)
    other.start()
    other.join(60)
    # The second time after 20 ms of standing still and more than 20 ms of computing.
    assert [round(at - 1000, 3) for at in stood_still] == [0.0, 0.041]


def test_who_draws_never_stands_still() -> None:
    screen_priority.begin()
    yield_turn()
    assert list(yielding(range(3))) == [0, 1, 2]
    assert screen_priority.is_waited_for


def test_items_come_one_by_one_as_the_screen_allows() -> None:
    screen_priority.begin()
    taken: list[int] = []
    other = threading.Thread(target=lambda: taken.extend(yielding(range(3))))
    screen_priority._ends += 60
    other.start()
    other.join(PATIENCE_SECONDS / 5)
    assert not taken
    screen_priority.end()
    other.join(60)
    assert taken == [0, 1, 2]


def test_what_nobody_waits_for_comes_after_who_computes() -> None:
    order: list[str] = []
    other = Other()
    assert other.is_in.wait(60)

    def wait() -> None:
        after_others()
        order.append("late")

    late = threading.Thread(target=wait)
    late.start()
    late.join(0.05)
    assert order == []
    order.append("computed")
    other.end()
    late.join(60)
    assert order == ["computed", "late"]


@pytest.fixture
def unfrozen() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.unfreeze()
    yield
    gc.unfreeze()
    if was_enabled:
        gc.enable()


@pytest.mark.usefixtures("unfrozen")
def test_what_was_made_is_kept_out_of_sight_though_a_thread_computes() -> None:
    gc.enable()
    with exclusive():
        with exclusive():
            assert not gc.isenabled()
        keep_out_of_sight()
    assert gc.get_freeze_count() > 0
    assert gc.isenabled()


@pytest.mark.usefixtures("unfrozen")
def test_a_command_that_looks_for_no_garbage_does_not_begin_with_it() -> None:
    gc.disable()
    with exclusive():
        keep_out_of_sight()
    assert gc.get_freeze_count() == 0
