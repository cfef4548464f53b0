"""Two dashboards and a headless collector on one cache: the source sees one reader."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal
from tests.fakes.misbehaving import MisbehavingServer, Reply, Request, json_reply


class Register:
    """A source that grows by one site at every reading, and remembers when it was read."""

    def __init__(self) -> None:
        self.readings: list[float] = []
        self._lock = threading.Lock()

    def __call__(self, _request: Request) -> Reply:
        with self._lock:
            self.readings.append(time.monotonic())
            count = len(self.readings)
        return json_reply([{"code": str(n), "name": f"Mairie {n}"} for n in range(100 + count)])


@pytest.fixture
def register() -> Iterator[tuple[Register, str]]:
    register = Register()
    with MisbehavingServer(register) as server:
        yield register, server.url


def sites_on(terminal: Terminal) -> int:
    terminal.pump(0.02)
    found = re.search(r"(\d+) sites", terminal.text())
    return int(found[1]) if found else 0


def holder(cache: Path) -> int:
    return int(json.loads((cache / "writer.lock").read_text())["pid"])


@pytest.mark.slow
def test_one_reader_and_everybody_agrees(register: tuple[Register, str], tmp_path: Path) -> None:
    source, url = register
    config, cache = tmp_path / "config.toml", tmp_path / "cache"
    config.write_text(
        f"""
[display]
language = "en"
[sources.register]
kind = "json"
refresh = "2s"
stale_after = "60s"
[sources.register.sites]
url = "{url}/sites"
rows = "@"
columns = {{ code = "code", name = "name" }}
"""
    )
    common = ["--config", str(config), "--cache", str(cache)]
    program = [sys.executable, "-m", "smic_tui"]
    watch = subprocess.Popen([*program, *common, "sync", "--watch"], stderr=subprocess.DEVNULL)
    try:
        with Terminal([*program, *common]) as one, Terminal([*program, *common]) as two:
            one.wait_for("sites")
            two.wait_for("sites")
            for _second in range(10):
                one.pump(0.5)
                two.pump(0.5)
            # One program alone reads every two seconds; three would read three times as often.
            # A slow machine reads less often, never more.
            began, *later = source.readings
            assert len(later) <= (time.monotonic() - began) / 2 + 1
            wait_until_they_agree(one, two, source)

            for _death in range(2):
                victim = holder(cache)
                others = {watch.pid, one.pid, two.pid} - {victim}
                os.kill(victim, signal.SIGKILL)
                give_up, before = time.monotonic() + 120, len(source.readings)
                while len(source.readings) < before + 2:
                    assert time.monotonic() < give_up, "nobody took over"
                    for terminal in (one, two):
                        if terminal.pid in others:
                            terminal.pump(0.1)
                    time.sleep(0.05)
                assert holder(cache) in others
                if victim != watch.pid:
                    break
            alive = [terminal for terminal in (one, two) if terminal.pid != victim]
            for terminal in alive:
                count = sites_on(terminal)
                terminal.wait_for(partial(shows_more_than, terminal, count))
    finally:
        watch.kill()
        watch.wait()


def shows_more_than(terminal: Terminal, count: int, _text: str) -> bool:
    return sites_on(terminal) > count


def wait_until_they_agree(one: Terminal, two: Terminal, source: Register) -> None:
    """Both screens show what the source has said by now, or later."""
    reading = len(source.readings)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if sites_on(one) == sites_on(two) >= 100 + reading:
            return
    raise AssertionError(f"{sites_on(one)}, {sites_on(two)}, source {100 + reading}")
