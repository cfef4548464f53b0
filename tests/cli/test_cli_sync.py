"""smic-tui sync, once and for as long as it runs."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.cli.program import Program

CONFIG = """\
[sources.sites]
kind = "csv"
refresh = "1s"
[sources.sites.sites]
path = "sites.csv"
[sources.sites.sites.columns]
code = "code"
name = "name"
"""
ROWS = "code;name\n17300;Mairie de La Rochelle\n17299;Mairie de Rochefort\n"


@pytest.fixture
def small(program: Program) -> Program:
    """A configuration with one source that is read each second."""
    (program.home / "sites.csv").write_text(ROWS)
    (program.home / "config.toml").write_text(CONFIG)
    program.env["SMIC_TUI_CONFIG"] = str(program.home / "config.toml")
    return program


def test_two_configurations_have_two_caches(small: Program) -> None:
    assert small("sync").returncode == 0
    other = small.home / "other.toml"
    other.write_text(CONFIG.replace("sites.csv", "none.csv"))
    assert small("--config", other, "sync").returncode == 3
    assert small.json("list", "sites", "--cached", "--json")
    assert len(list((small.home / ".cache/smic-tui").glob("*/sources"))) == 2


def test_the_cache_that_is_asked_for(small: Program) -> None:
    assert small("sync", "--cache", "here").returncode == 0
    assert small.json("--cache", "here", "list", "sites", "--cached", "--json")
    assert small.json("list", "sites", "--cached", "--json", "--cache", "there") == []
    assert not (small.home / "there").exists()


def test_a_cache_that_cannot_be_written(small: Program) -> None:
    (small.home / "file").touch()
    done = small("sync", "--cache", "file/below")
    assert done.returncode == 4
    assert "file/below" in done.stderr
    # Facts are shown all the same, from memory.
    done = small("list", "sites", "--cache", "file/below")
    assert "Rochefort" in done.stdout
    assert "file/below" in done.stderr


@contextmanager
def watching(program: Program) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    process = subprocess.Popen(
        program.command("sync", "--watch"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=program.env,
        cwd=program.home,
    )
    assert process.stderr is not None
    try:
        yield process, process.stderr
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def wait_for(words: IO[str], wanted: str) -> None:
    """Read what is said until it contains a text; it ends with the process."""
    for line in words:
        if wanted in line:
            return
    raise AssertionError(f"{wanted!r} was never said")


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)]
)
def test_watch_ends_in_order(small: Program, signum: signal.Signals, code: int) -> None:
    with watching(small) as (process, words):
        wait_for(words, "sites: read")
        process.send_signal(signum)
        assert process.wait(30) == code
        assert "Traceback" not in words.read()


def test_watch_says_what_is_lost_and_found_once(small: Program) -> None:
    rows = small.home / "sites.csv"
    with watching(small) as (_process, words):
        wait_for(words, "sites: read")
        rows.rename(small.home / "gone.csv")
        wait_for(words, "sites.csv")
        (small.home / "gone.csv").rename(rows)
        wait_for(words, "sites: read")


def test_a_second_watch_follows_and_takes_over(small: Program) -> None:
    with watching(small) as (first, words):
        # Whoever comes first collects: the second starts once that is settled.
        wait_for(words, "sites: read")
        with watching(small) as (_second, others):
            wait_for(others, "following")
            first.kill()
            rows = small.home / "sites.csv"
            rows.write_text(ROWS + "17415;Mairie de Saintes\n")
            give_up = time.monotonic() + 30
            while len(small.json("list", "sites", "--cached", "--json")) != 3:
                assert time.monotonic() < give_up
                time.sleep(0.5)


def test_the_log_is_for_this_user_only(small: Program) -> None:
    assert small("sync").returncode == 0
    log = small.home / ".local/state/smic-tui/smic-tui.log"
    assert log.stat().st_mode & 0o077 == 0
    assert log.parent.stat().st_mode & 0o077 == 0


def test_without_a_log_it_goes_on(small: Program) -> None:
    (small.home / ".local").mkdir()
    Path(small.home / ".local/state").touch()
    done = small("sync")
    assert done.returncode == 0
    assert "no log" in done.stderr


def test_verbose_says_each_step(small: Program) -> None:
    quiet, loud = small("sync").stderr, small("sync", "-v").stderr
    assert len(loud) > len(quiet)
