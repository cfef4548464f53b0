"""Files that are replaced whole: what is left when a step fails, and what is never followed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from smic_tui.system import atomic_file
from smic_tui.system.file_steps import FileSteps


class Failing(FileSteps):
    """One of the steps fails; `seen` are the files that were made."""

    def __init__(self, at: str, error: int = errno.EIO) -> None:
        self.at, self.error = at, error
        self.seen: list[str] = []

    def _may_fail(self, step: str) -> None:
        if step == self.at:
            raise OSError(self.error, "as the test wants it")

    def create(self, path: Path, mode: int | None, group: int | None) -> int:
        self.seen.append(path.name)
        self._may_fail("create")
        return super().create(path, mode, group)

    def write(self, descriptor: int, data: bytes) -> None:
        super().write(descriptor, data[:1])
        self._may_fail("write")
        super().write(descriptor, data[1:])

    def sync(self, descriptor: int) -> None:
        self._may_fail("sync")
        super().sync(descriptor)

    def link(self, path: Path, other: Path) -> None:
        self._may_fail("link")
        super().link(path, other)

    def rename(self, path: Path, other: Path) -> None:
        self._may_fail("rename")
        super().rename(path, other)

    def sync_folder(self, folder: Path) -> None:
        self._may_fail("sync_folder")
        super().sync_folder(folder)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_content_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_file.replace(path, b"one")
    atomic_file.replace(path, b"two" * 100_000)
    assert path.read_bytes() == b"two" * 100_000
    assert names(tmp_path) == {"file"}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_permissions(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        atomic_file.replace(tmp_path / "private", b"")
        atomic_file.replace(tmp_path / "group", b"", mode=0o660)
        atomic_file.replace(tmp_path / "usual", b"", mode=None)
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("private", "group", "usual")] == [
        0o600,
        0o660,
        0o666 & ~umask,
    ]


@pytest.mark.parametrize("at", ["create", "write", "sync", "link", "rename"])
def test_a_step_that_fails_leaves_the_content_before(tmp_path: Path, at: str) -> None:
    path, previous = tmp_path / "file", tmp_path / "file.previous"
    atomic_file.replace(path, b"zero")
    atomic_file.replace(path, b"one", previous=previous)
    steps = Failing(at)
    with pytest.raises(OSError, match="as the test wants it"):
        atomic_file.replace(path, b"two", previous=previous, steps=steps)
    assert path.read_bytes() == b"one"
    assert names(tmp_path) <= {"file", "file.previous"}


def test_what_is_not_to_wait_for_the_disk_does_not(tmp_path: Path) -> None:
    for at in ("sync", "sync_folder"):
        with pytest.raises(OSError, match="as the test wants it"):
            atomic_file.replace(tmp_path / "file", b"x", steps=Failing(at))
        atomic_file.replace(tmp_path / "file", b"y", sync=False, steps=Failing(at))
        assert (tmp_path / "file").read_bytes() == b"y"


def test_the_content_before_keeps_a_name(tmp_path: Path) -> None:
    path, previous = tmp_path / "file", tmp_path / "before"
    atomic_file.replace(path, b"one", previous=previous)
    assert names(tmp_path) == {"file"}
    atomic_file.replace(path, b"two", previous=previous)
    atomic_file.replace(path, b"three", previous=previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"three", b"two")
    # As on a file system without hard links.
    atomic_file.replace(path, b"four", previous=previous, steps=Failing("link", errno.EPERM))
    assert (path.read_bytes(), previous.read_bytes()) == (b"four", b"three")


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "file"
    target.write_bytes(b"theirs")
    path.symlink_to(target)
    atomic_file.replace(path, b"ours")
    assert not path.is_symlink()
    assert (path.read_bytes(), target.read_bytes()) == (b"ours", b"theirs")


def test_a_file_that_was_planted_is_not_written_to(tmp_path: Path) -> None:
    """Nobody foresees the name; and where it exists all the same, it is not opened."""
    seen = Failing("never")
    for _ in range(20):
        atomic_file.replace(tmp_path / "file", b"x", steps=seen)
    assert len(set(seen.seen)) == 20
    (tmp_path / "planted").symlink_to(tmp_path / "theirs")
    with pytest.raises(FileExistsError):
        FileSteps().create(tmp_path / "planted", 0o600, None)
    assert not (tmp_path / "theirs").exists()


def test_reading_knows_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    data, status = atomic_file.read(path, 5)
    assert (data, status.st_size) == (b"12345", 5)
    with pytest.raises(OSError, match="too large"):
        atomic_file.read(path, 4)


def test_reading_waits_for_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="Not a regular file"):
            atomic_file.read(path)
    with pytest.raises(IsADirectoryError):
        atomic_file.read(tmp_path)
    with pytest.raises(FileNotFoundError):
        atomic_file.read(tmp_path / "none")


def test_links_are_followed_only_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert atomic_file.read(tmp_path / "link")[0] == b"x"
    with pytest.raises(OSError, match="symbolic links"):
        atomic_file.read(tmp_path / "link", follow_links=False)
