"""Two dashboards and one headless collector on one cache, in programs of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smic_tui.cache.cache import Cache

ROOT = Path(__file__).parents[2]


class Running:
    """A program and the last thing it showed."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.collecting.collecting_program", str(folder), str(log)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.last = ""
        self.writes = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def generation(self) -> int:
        return int(self.last.split()[0]) if self.last else 0

    def kill(self) -> None:
        self.process.kill()
        self._thread.join(60)
        self.process.communicate(timeout=60)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            mode, _space, self.last = line.strip().partition(" ")
            self.writes = mode == "writer"


def wait(condition: Callable[[], object]) -> None:
    """Wait for the condition, for as long as a busy machine may need."""
    give_up = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[list[Running]]:
    found = [Running(tmp_path / "cache", tmp_path / "log") for _count in range(3)]
    yield found
    for program in found:
        if program.process.poll() is None:
            program.process.send_signal(signal.SIGCONT)
            program.kill()


def readings(log: Path) -> list[tuple[int, str]]:
    """Who read what, in order, without the ends."""
    lines = [line.split() for line in log.read_text().splitlines()]
    return [(int(pid), source) for _when, pid, source, what in lines if what == "begin"]


def agreed(programs: list[Running], generation: int) -> Callable[[], bool]:
    """Whether all show this generation or a later one."""
    return lambda: all(program.generation >= generation for program in programs)


def more_than(count: int, log: Path) -> Callable[[], bool]:
    """Whether the source has been read more often than this."""
    return lambda: len(readings(log)) > count


def the_writer(programs: list[Running]) -> Running:
    wait(lambda: sum(program.writes for program in programs) == 1)
    (writer,) = [program for program in programs if program.writes]
    return writer


@pytest.mark.slow
def test_one_reads_all_agree_and_the_next_takes_over(
    programs: list[Running], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    alive = list(programs)
    for _death in range(2):
        writer = the_writer(alive)
        holder = Cache(tmp_path / "cache").lock.holder()
        assert holder is not None
        assert holder.pid == writer.pid

        mark = len(readings(log))
        wait(more_than(mark + 5, log))
        assert {pid for pid, _source in readings(log)[mark:]} == {writer.pid}
        assert {source for _pid, source in readings(log)[mark:]} == {"desk", "register"}
        wait(agreed(alive, writer.generation))

        writer.kill()
        alive.remove(writer)
        mark = len(readings(log))
        wait(more_than(mark, log))
        assert readings(log)[-1][0] in {program.pid for program in alive}
        wait(agreed(alive, max(program.generation for program in alive) + 1))
    assert readings(log)[-1][0] == alive[0].pid


@pytest.mark.slow
def test_a_frozen_writer_is_not_doubled_and_its_death_is_healed(
    programs: list[Running], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    writer = the_writer(programs)
    wait(more_than(4, log))
    writer.process.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    mark = len(readings(log))
    time.sleep(2.5)
    assert len(readings(log)) == mark
    writer.kill()
    wait(more_than(mark, log))
    assert readings(log)[-1][0] != writer.pid
