"""What is believed, and what is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smic_tui.system import private_file as own_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o700)
    return folder


def test_what_was_written_is_read(folder: Path) -> None:
    path = folder / "new" / "file"
    assert own_file.write(path, b"one")
    assert own_file.write(path, b"two")
    assert own_file.read(path, 3) == b"two"
    assert [one.name for one in path.parent.iterdir()] == ["file"]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_too_long_is_not_read(folder: Path) -> None:
    assert own_file.write(folder / "file", b"1234")
    assert own_file.read(folder / "file", 3) is None


def test_nothing_there_is_nothing(folder: Path) -> None:
    assert own_file.read(folder / "file", 3) is None
    assert own_file.read(folder / "no" / "file", 3) is None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o660, 0o666])
def test_a_file_that_others_may_write(folder: Path, mode: int) -> None:
    path = folder / "file"
    assert own_file.write(path, b"x")
    path.chmod(mode)
    assert own_file.read(path, 9) is None
    path.chmod(0o644)
    assert own_file.read(path, 9) == b"x"


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write(folder: Path, mode: int) -> None:
    assert own_file.write(folder / "file", b"x")
    folder.chmod(mode)
    assert own_file.read(folder / "file", 9) is None


def test_a_shared_folder_and_its_group(folder: Path) -> None:
    folder.chmod(0o2770)
    path = folder / "file"
    assert own_file.write(path, b"x", shared=True)
    status = path.stat()
    assert (status.st_mode & 0o777, status.st_gid) == (0o660, folder.stat().st_gid)
    assert own_file.read(path, 9, shared=True) == b"x"
    assert own_file.read(path, 9) is None
    folder.chmod(0o2777)
    assert own_file.read(path, 9, shared=True) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else(folder: Path) -> None:
    path = folder / "file"
    assert own_file.write(path, b"x")
    os.chown(path, 65534, -1)
    assert own_file.read(path, 9, shared=True) is None
    os.chown(path, os.geteuid(), -1)
    assert own_file.read(path, 9) == b"x"
    os.chown(folder, 65534, -1)
    assert own_file.read(path, 9) is None


def test_what_is_no_plain_file(folder: Path) -> None:
    assert own_file.write(folder / "file", b"x")
    (folder / "link").symlink_to(folder / "file")
    os.mkfifo(folder / "pipe", 0o600)
    (folder / "folder").mkdir(mode=0o700)
    for name in ("link", "pipe", "folder"):
        assert own_file.read(folder / name, 9) is None, name


def test_where_nothing_can_be_written(folder: Path) -> None:
    (folder / "file").write_bytes(b"x")
    assert not own_file.write(folder / "file" / "below", b"y")
    (folder / "full").mkdir()
    assert not own_file.write(folder / "full", b"y")
    assert sorted(one.name for one in folder.iterdir()) == ["file", "full"]
