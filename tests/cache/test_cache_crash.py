"""A crash after each single operation on files, exhaustively.

In the manner of SQLite's own crash tests: every operation of a commit is the
last one once, before power fails (with everything a disk may lose) or the
program is killed. The next start must find the old or the new state, entire,
and everything that was confirmed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smic_tui.cache.cache import Cache
from smic_tui.cache.layout import Cursor
from smic_tui.cache.lock import Outcome
from smic_tui.model.user_state import Note
from smic_tui.records import Stream
from tests.cache.cache_examples import NOW, acknowledgement, alert, site, status, ticket
from tests.cache.cache_simulated_disk import PowerCut, SimulatedDisk

State = object


class Subject:
    """One of the cache's files: how to change it, and what it then holds."""

    def change(self, cache: Cache, step: int) -> bool:
        raise NotImplementedError

    def state(self, cache: Cache) -> State:
        raise NotImplementedError

    def path(self, cache: Cache) -> Path:
        raise NotImplementedError


class SourceSubject(Subject):
    """Each step changes, adds and removes rows of two streams, a cursor and the status."""

    def change(self, cache: Cache, step: int) -> bool:
        return cache.source("register").commit(
            {
                Stream.SITES: {key: site(key, f"step {step}") for key in ("1", f"new {step}")},
                Stream.TICKETS: {"t": ticket("t", f"step {step}")},
            },
            {Stream.SITES: {f"new {step - 1}"}},
            {Stream.SITES: Cursor(value=f"cursor {step}", full_at=NOW)},
            status(error=f"step {step}"),
        )

    def state(self, cache: Cache) -> State:
        file = cache.source("register")
        return (file.open(), dict(file.cursors))

    def path(self, cache: Cache) -> Path:
        return cache.source("register").path


class AlertSubject(Subject):
    def change(self, cache: Cache, step: int) -> bool:
        return cache.alerts.commit({key: alert(key, f"step {step}") for key in ("a", f"b{step}")})

    def state(self, cache: Cache) -> State:
        return dict(cache.alerts.open())

    def path(self, cache: Cache) -> Path:
        return cache.alerts.path


class UserSubject(Subject):
    """Each step is one call, as the screen makes it: one change, confirmed on return."""

    def change(self, cache: Cache, step: int) -> bool:
        if step % 2:
            return cache.user.acknowledge(acknowledgement(f"alert {step}"))
        return cache.user.add_note(
            Note(id=str(step), site="17300", by="duty", at=NOW, text=f"note {step}")
        )

    def state(self, cache: Cache) -> State:
        return cache.user.load()

    def path(self, cache: Cache) -> Path:
        return cache.user.path


SUBJECTS = [SourceSubject(), AlertSubject(), UserSubject()]
subjects = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: type(s).__name__)


def started(folder: Path, disk: SimulatedDisk) -> Cache:
    """A program that starts and becomes the writer."""
    cache = Cache(folder, ops=disk)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["register"])
    return cache


def run(folder: Path, disk: SimulatedDisk, subject: Subject, steps: range) -> int:
    """Start, make the changes, end; how many were confirmed before power failed."""
    confirmed = 0
    cache = Cache(folder, ops=disk)
    try:
        assert cache.lock.try_acquire() is Outcome.HELD
        cache.open(["register"])
        for step in steps:
            assert subject.change(cache, step)
            confirmed += 1
    except PowerCut:
        pass
    finally:
        cache.lock.release()
    return confirmed


def states_of(folder: Path, subject: Subject, steps: range) -> list[State]:
    """The state before any change, after the first, and so on."""
    states = []
    for count in range(len(steps) + 1):
        disk = SimulatedDisk()
        run(folder, disk, subject, steps[:count])
        states.append(look(folder, disk, subject))
    return states


def look(folder: Path, disk: SimulatedDisk, subject: Subject) -> State:
    """What a program that starts on this disk finds. It complains of nothing."""
    cache = started(folder, disk)
    try:
        state = subject.state(cache)
        assert cache.notices == ()
        return state
    finally:
        cache.lock.release()


def interrupted(
    folder: Path, begin: Callable[[], SimulatedDisk], subject: Subject, steps: range
) -> Iterator[tuple[str, int, SimulatedDisk]]:
    """Every disk that may be left by a crash, with how many steps were confirmed.

    The last one is the disk after all steps with nothing interrupted.
    """
    for count, torn in ((count, torn) for count in itertools.count() for torn in (False, True)):
        disk = begin()
        disk.stop_after, disk.torn, disk.done = count, torn, 0
        confirmed = run(folder, disk, subject, steps)
        what = f"{count} operations{', torn' * torn}: {disk.log}"
        yield what, confirmed, disk.state_after_kill()
        for state in disk.states_after_power_cut():
            yield what, confirmed, state
        if disk.done < count:
            assert confirmed == len(steps)
            return


@subjects
def test_any_crash_leaves_old_or_new_and_all_that_was_confirmed(
    subject: Subject, tmp_path: Path
) -> None:
    steps = range(1, 5)
    states = states_of(tmp_path, subject, steps)
    assert len({repr(state) for state in states}) == len(states)
    checked = 0
    for what, confirmed, disk in interrupted(tmp_path, SimulatedDisk, subject, steps):
        found = look(tmp_path, disk, subject)
        assert found in states[confirmed : confirmed + 2], what
        checked += 1
    assert checked > 100


@subjects
def test_a_crash_while_recovering_from_a_crash(subject: Subject, tmp_path: Path) -> None:
    first = range(1, 3)
    states = states_of(tmp_path, subject, first)
    seen = set()
    for what, confirmed, disk in list(interrupted(tmp_path, SimulatedDisk, subject, first)):
        if (confirmed, disk.contents()) in seen:
            continue
        seen.add((confirmed, disk.contents()))
        start = look(tmp_path, disk.state_after_kill(), subject)
        assert start in states[confirmed : confirmed + 2], what
        goal_disk = disk.state_after_kill()
        run(tmp_path, goal_disk, subject, range(7, 8))
        goal = look(tmp_path, goal_disk, subject)
        for again, done, left in interrupted(tmp_path, disk.state_after_kill, subject, range(7, 8)):
            found = look(tmp_path, left, subject)
            assert found in ([goal] if done else [start, goal]), (what, again)


@subjects
def test_left_overs_of_a_crash_are_swept(subject: Subject, tmp_path: Path) -> None:
    for what, _confirmed, disk in list(interrupted(tmp_path, SimulatedDisk, subject, range(1, 3))):
        # Another program, with other names for its temporary files, has crashed here.
        for path in [path for path in disk.names_now if ".tmp-" in path.name]:
            disk.names_now[path.with_name(path.name[:-8] + "deadbeef")] = disk.names_now.pop(path)
        run(tmp_path, disk, subject, range(7, 8))
        assert not [path for path in disk.names_now if ".tmp-" in path.name], what


@subjects
@pytest.mark.parametrize("spoilt", [b"", b"{", b'{"_meta": 3}', b"\0" * 500])
def test_a_crash_while_setting_an_unreadable_file_aside(
    subject: Subject, spoilt: bytes, tmp_path: Path
) -> None:
    """The generation before is taken, and the unreadable content is still somewhere."""

    def begin() -> SimulatedDisk:
        disk = SimulatedDisk()
        run(tmp_path, disk, subject, range(1, 3))
        disk.sync_everything()
        cache = Cache(tmp_path, ops=disk)
        disk.put(subject.path(cache), spoilt)
        disk.sync_everything()
        return disk

    older = states_of(tmp_path, subject, range(1, 2))[-1]
    goal_disk = begin()
    run(tmp_path, goal_disk, subject, range(7, 8))
    goal = look(tmp_path, goal_disk, subject)
    for what, done, disk in interrupted(tmp_path, begin, subject, range(7, 8)):
        cache = started(tmp_path, disk)
        found = subject.state(cache)
        cache.lock.release()
        assert found in ([goal] if done else [older, goal]), what
        assert spoilt in {inode.data for inode in disk.names_now.values()}, what
