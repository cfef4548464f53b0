"""A sample is there, whole and young, whoever asks for it and whatever happened before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smic_tui.sample.ensure import FRESH, ensure
from smic_tui.sample.folder import FILES, SampleError, locked, playing, read_marker
from smic_tui.sample.writer import write

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)

ENSURE = """
import sys
from datetime import datetime
from pathlib import Path
from smic_tui.sample.ensure import ensure
print(ensure(Path(sys.argv[1]), now=datetime.fromisoformat(sys.argv[2])))
"""


def contents(folder: Path) -> dict[str, bytes]:
    # The configuration names its own folder.
    own = str(folder).encode()
    return {name: (folder / name).read_bytes().replace(own, b"DIR") for name in FILES}


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ENSURE, str(folder), NOW.isoformat()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_same_seed_and_moment_write_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "one", now=NOW)
    write(tmp_path / "two", now=NOW)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    """Nothing depends on the order of sets or on hashes."""
    write(tmp_path / "one", now=NOW)
    with start(tmp_path / "two") as process:
        assert process.stdout is not None
        assert process.stdout.read() == "True\n"
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_it_is_written_once_and_again_when_it_is_old(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "sample"
    assert ensure(folder, now=NOW)
    before = contents(folder)
    assert not ensure(folder, now=NOW)
    assert not ensure(folder, now=NOW + FRESH - timedelta(seconds=1))
    assert contents(folder) == before
    assert ensure(folder, now=NOW + FRESH)
    marker = read_marker(folder)
    assert marker is not None
    assert marker.anchored == NOW + FRESH
    assert contents(folder) != before


def test_a_sample_of_tomorrow_is_written_anew(tmp_path: Path) -> None:
    ensure(tmp_path, now=NOW + timedelta(days=1))
    assert ensure(tmp_path, now=NOW)


def test_a_sample_of_another_version_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smic_tui.sample.writer.__version__", "0.0.0")
    ensure(tmp_path, now=NOW)
    assert ensure(tmp_path, now=NOW)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_comes_back(tmp_path: Path, name: str) -> None:
    ensure(tmp_path, now=NOW)
    (tmp_path / name).unlink()
    assert ensure(tmp_path, now=NOW)
    assert (tmp_path / name).exists()


def test_two_programs_at_once_write_it_once(tmp_path: Path) -> None:
    programs = [start(tmp_path / "sample") for _ in range(3)]
    answers = sorted(program.communicate()[0] for program in programs)
    assert answers == ["False\n", "False\n", "True\n"]
    assert [program.returncode for program in programs] == [0, 0, 0]
    write(tmp_path / "alone", now=NOW)
    assert contents(tmp_path / "sample") == contents(tmp_path / "alone")


@pytest.mark.parametrize("delay", [0.35, 0.55, 0.75, 0.95])
def test_a_writer_that_was_killed_leaves_nothing_wrong(tmp_path: Path, delay: float) -> None:
    folder = tmp_path / "sample"
    with start(folder) as process:
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
    whole = read_marker(folder) is not None
    assert ensure(folder, now=NOW) is not whole
    write(tmp_path / "alone", now=NOW)
    assert contents(folder) == contents(tmp_path / "alone")
    assert not list(folder.glob(".*.tmp*"))


def test_half_a_sample_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> bytes:
        raise OSError(28, "No space left on device", "tickets.csv")

    with monkeypatch.context() as patch:
        patch.setattr("smic_tui.sample.tables.tickets_csv", fail)
        with pytest.raises(SampleError, match=r"tickets.csv cannot be written: No space left"):
            ensure(tmp_path, now=NOW)
    assert read_marker(tmp_path) is None
    assert ensure(tmp_path, now=NOW)


def test_an_old_sample_is_better_than_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure(tmp_path, now=NOW)

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert not ensure(tmp_path, now=NOW + timedelta(days=2))
    with pytest.raises(SampleError, match="Permission denied"):
        ensure(tmp_path / "elsewhere", now=NOW)


def test_a_folder_with_something_else_is_not_touched(tmp_path: Path) -> None:
    own = tmp_path / "config.toml"
    own.write_text("mine", encoding="utf-8")
    with pytest.raises(SampleError, match=r"config.toml"):
        write(tmp_path, now=NOW)
    assert own.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_other_files_beside_a_sample_stay(tmp_path: Path) -> None:
    write(tmp_path, now=NOW)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    write(tmp_path, now=NOW + timedelta(hours=1))
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_sample_that_is_played_is_left_to_its_player(tmp_path: Path) -> None:
    write(tmp_path, now=NOW)
    with playing(tmp_path):
        assert not ensure(tmp_path, now=NOW + timedelta(days=2))
        with pytest.raises(SampleError, match="played"):
            write(tmp_path, now=NOW)
        with pytest.raises(SampleError, match="played"), playing(tmp_path):
            pass
    assert ensure(tmp_path, now=NOW + timedelta(days=2))


def test_who_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smic_tui.sample.folder._LOCK_WAIT", 0.1)
    with locked(tmp_path), pytest.raises(SampleError, match="another program"):
        ensure(tmp_path, now=NOW)


def test_a_moment_without_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        write(tmp_path, now=datetime(2026, 11, 24))


def test_nothing_heavy_is_imported_to_see_that_it_is_there(tmp_path: Path) -> None:
    write(tmp_path)
    code = (
        "import sys; from pathlib import Path; from smic_tui.sample.ensure import ensure;"
        f"assert not ensure(Path({str(tmp_path)!r}));"
        "print(sorted({'holidays', 'csv', 'textual', 'httpx'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert printed.stdout == b"[]\n"


def test_an_edited_configuration_stays(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert not write(folder, now=NOW).config_kept
    config = folder / "config.toml"
    assert not write(folder, now=NOW + FRESH).config_kept  # ours, and written by us
    edited = config.read_text() + "# my work of a morning\n"
    config.write_text(edited)
    for hours in (1, 2):
        assert write(folder, now=NOW + timedelta(hours=hours)).config_kept
        assert config.read_text() == edited
    assert "my work" not in (folder / "config.toml.new").read_text()
    config.unlink()
    assert not write(folder, now=NOW).config_kept
    assert config.exists()
