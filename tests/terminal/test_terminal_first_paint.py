"""The second start: the screen of the first is there before the program is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from smic_tui.sample.writer import write
from smic_tui.terminal import first_paint
from tests.terminal.linked_terminal import LinkedTerminal

PROGRAM = [sys.executable, "-m", "smic_tui", "--language", "en"]
Open = Callable[..., LinkedTerminal]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's folder with a sample syndicate, collected once, and a kept screen of 120x36."""
    home = tmp_path_factory.mktemp("home")
    write(home / "sample", seed=17)
    config = home / "sample" / "config.toml"
    text = config.read_text()
    # No pane opens over the first screen.
    config.write_text(text[: text.index("[[panes]]")] if "[[panes]]" in text else text)
    with Started(home) as open_:
        terminal = open_()
        terminal.wait_for(all_is_read)
        terminal.settle(1.0)
        assert quit_(terminal) == 0
    assert list(screens(home).iterdir())
    return home


def all_is_read(text: str) -> bool:
    """Whether every source has been read: the counts are there, and nothing is old."""
    counted = ("sites", "backups", "open tickets", "requests")
    return (
        all(re.search(rf"[1-9][0-9]* {word}", text) for word in counted)
        and "never" not in text.splitlines()[-2]
    )


class Started(ExitStack):
    """Opens the program of a home in terminals, and ends it."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self.home = home

    def __enter__(self) -> Open:  # type: ignore[override]
        return self.open

    def open(self, *arguments: str, **options: Any) -> LinkedTerminal:
        """Start it as this person."""
        env = {
            **{"HOME": str(self.home), "XDG_CACHE_HOME": str(self.home / "cache")},
            **{"XDG_STATE_HOME": str(self.home / "state")},
            **options.pop("env", {}),
        }
        command = [*PROGRAM, "--config", str(self.home / "sample" / "config.toml"), *arguments]
        return self.enter_context(LinkedTerminal(command, env=env, **options))


@pytest.fixture
def open_(home: Path) -> Iterator[Open]:
    with Started(home) as opening:
        yield opening


def screens(home: Path) -> Path:
    return home / "cache" / "smic-tui" / "screens"


def quit_(terminal: LinkedTerminal) -> int:
    terminal.press("q")
    terminal.settle(1.0, 20)
    return terminal.end()


def first_sight(terminal: LinkedTerminal) -> str:
    """The screen after the first that came."""
    while not terminal.bursts:
        assert terminal.pump(0.002)
    return terminal.wait_for("Kept ")


def test_it_begins_with_the_screen_of_before_and_only_the_difference_follows(open_: Open) -> None:
    terminal = open_()
    seen = first_sight(terminal)
    assert "sites " in seen
    assert "Overview" in seen
    assert "min ago, opening…" in seen.splitlines()[-1]
    painted = terminal.received
    assert painted <= 4500
    terminal.wait_for(lambda text: "Kept " not in text)
    terminal.settle(0.3)
    # Not the whole screen once more: ages and the line of keys.
    assert terminal.received - painted < painted
    assert b"\x1b[2J" not in b"".join(burst.data for burst in terminal.bursts[1:])
    assert quit_(terminal) == 0


def test_keys_pressed_before_the_program_was_there_are_obeyed(open_: Open) -> None:
    terminal = open_()
    first_sight(terminal)
    terminal.press("4", "down", "down")
    seen = terminal.wait_for(lambda text: "Kept " not in text and "3/" in text)
    assert "Subject" in seen
    assert quit_(terminal) == 0


def test_the_terminal_is_given_back_as_it_was(open_: Open) -> None:
    terminal = open_()
    before = termios.tcgetattr(terminal._fd)
    first_sight(terminal)
    assert termios.tcgetattr(terminal._fd) != before
    terminal.wait_for(lambda text: "Kept " not in text)
    terminal.press("q")
    deadline = time.monotonic() + 60
    while termios.tcgetattr(terminal._fd) != before and time.monotonic() < deadline:
        terminal.pump(0.01)
    assert termios.tcgetattr(terminal._fd) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_before_it_began_it_leaves_the_terminal_in_order(open_: Open, number: int) -> None:
    terminal = open_()
    before = termios.tcgetattr(terminal._fd)
    while not terminal.bursts:
        assert terminal.pump(0.001)
    time.sleep(0.05)
    os.kill(terminal.pid, number)
    deadline = time.monotonic() + 60
    while termios.tcgetattr(terminal._fd) != before and time.monotonic() < deadline:
        terminal.pump(0.001)
    assert termios.tcgetattr(terminal._fd) == before
    terminal.settle(0.5)
    assert b"\x1b[?1049l" in b"".join(burst.data for burst in terminal.bursts)


def test_what_is_wrong_is_said_where_it_stays(open_: Open, home: Path) -> None:
    config = home / "sample" / "config.toml"
    good, when = config.read_text(), config.stat()
    try:
        config.write_text(good.replace("[display]", "[displai]", 1))
        # The same size and time as when the screen was kept: only reading tells.
        os.utime(config, ns=(when.st_atime_ns, when.st_mtime_ns))
        terminal = open_()
        first_sight(terminal)
        terminal.settle(1.0, 20)
        assert terminal.end() == 2
        sent = b"".join(burst.data for burst in terminal.bursts)
        assert sent.index(b"\x1b[?1049l") < sent.index(b"displai")
    finally:
        config.write_text(good)
        os.utime(config, ns=(when.st_atime_ns, when.st_mtime_ns))


def is_ignored(terminal: LinkedTerminal) -> bool:
    """Whether it begins as if nothing had been kept."""
    seen = terminal.wait_for("sites   ")
    begun = b"".join(burst.data for burst in terminal.bursts)
    assert "Overview" in seen
    return b"Kept " not in begun


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_another_size_is_another_screen(open_: Open, size: tuple[int, int]) -> None:
    assert is_ignored(open_(size=size))


def test_another_kind_of_terminal_is_another_screen(open_: Open) -> None:
    assert is_ignored(open_(env={"TERM": "tmux-256color"}))


def test_other_arguments_are_another_screen(open_: Open, tmp_path: Path) -> None:
    assert is_ignored(open_("--timezone", "Indian/Reunion"))


@pytest.fixture
def kept_file(home: Path) -> Iterator[Path]:
    """The one screen of 120x36 in an xterm; put back in order afterwards."""
    for path in screens(home).iterdir():
        text = path.read_text()
        if "120x36" in text and "TERM=xterm-256color" in text and "Indian" not in text:
            data = path.read_bytes()
            yield path
            path.unlink()
            path.write_bytes(data)
            path.chmod(0o600)
            return
    raise AssertionError("no screen was kept")


def test_a_screen_that_others_can_write_is_ignored(open_: Open, kept_file: Path) -> None:
    kept_file.chmod(0o666)
    assert is_ignored(open_())


def test_a_link_to_elsewhere_is_ignored(open_: Open, kept_file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "screen"
    elsewhere.write_bytes(kept_file.read_bytes())
    kept_file.unlink()
    kept_file.symlink_to(elsewhere)
    assert is_ignored(open_())


def test_a_torn_screen_is_ignored(open_: Open, kept_file: Path) -> None:
    data = kept_file.read_bytes()
    kept_file.write_bytes(data[:-40])
    assert is_ignored(open_())


def test_a_changed_configuration_makes_it_worthless(open_: Open, home: Path) -> None:
    config = home / "sample" / "config.toml"
    when = config.stat()
    try:
        os.utime(config, ns=(when.st_atime_ns, when.st_mtime_ns + 1_000_000_000))
        assert is_ignored(open_())
    finally:
        os.utime(config, ns=(when.st_atime_ns, when.st_mtime_ns))


def test_nothing_heavy_is_imported_before_it_is_painted() -> None:
    code = (
        "import sys; before = set(sys.modules); import smic_tui.terminal.first_paint;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) <= {
        *("__future__", "binascii", "termios", "time", "smic_tui", "smic_tui.terminal"),
        *("smic_tui.terminal.first_paint", "smic_tui.terminal.picture", "smic_tui.terminal.widths"),
    }


def test_no_variable_but_the_programs_own_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration may name any other as the place of a secret: api_key = { env = … }."""
    known = {"SMIC_TUI_CONFIG": "/etc/smic-tui.toml", "SMIC_TUI_LINK": "33k", "TERM": "xterm"}
    secret = {"SMIC_TUI_REDMINE_KEY": "pas-un-secret-lisible", "REDMINE": "lui-non-plus"}
    monkeypatch.setattr(first_paint, "_environ", {**known, **secret})
    identity = first_paint.identity_of([], 80, 24)
    assert all(value in identity for value in known.values())
    assert not any(value in identity or name in identity for name, value in secret.items())
    monkeypatch.setattr(first_paint, "_environ", {**known, "SMIC_TUI_LINK": "lan"})
    assert first_paint.identity_of([], 80, 24) != identity
