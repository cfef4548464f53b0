"""Full and read-only disks: a clear message, on from memory, back by itself."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import FileOps
from smic_tui.cache.lock import Outcome
from smic_tui.config.schema import Settings, Source
from smic_tui.records import Stream
from tests.cache.cache_examples import acknowledgement, alert, site, status

SETTINGS = Settings(sources={"register": Source(name="register", kind="csv")})


class FailingOps(FileOps):
    """Writing to the disk fails while `error` is set; `at` says in which operation."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.error: int | None = None

    def _may_fail(self, operation: str) -> None:
        if self.error is not None and operation == self.at:
            raise OSError(self.error, "as the test wants it")

    def create(self, path: Path, mode: int | None, group: int | None) -> int:
        self._may_fail("create")
        return super().create(path, mode, group)

    def write(self, descriptor: int, data: bytes) -> None:
        if self.error is not None and self.at == "write":
            super().write(descriptor, data[: len(data) // 2])
        self._may_fail("write")
        super().write(descriptor, data)

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


def writer(folder: Path, ops: FileOps | None = None) -> Cache:
    cache = Cache(folder, ops=ops)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["register"])
    return cache


def commit(cache: Cache, name: str) -> bool:
    return cache.source("register").commit({Stream.SITES: {"1": site("1", name)}}, {}, {}, status())


def names(cache: Cache) -> list[object]:
    (source,) = cache.snapshot(SETTINGS).sources
    return [getattr(row, "name", None) for row in source.of(Stream.SITES).values()]


def on_disk(folder: Path) -> Cache:
    """What a program that starts now finds."""
    return Cache(folder)


OPERATIONS = ["create", "write", "sync", "link", "rename", "sync_folder"]
ERRORS = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO]


@pytest.mark.parametrize("at", OPERATIONS)
@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_any_failing_operation_is_survived(at: str, error: int, tmp_path: Path) -> None:
    folder, ops = tmp_path / "cache", FailingOps(at)
    cache = writer(folder, ops)
    assert commit(cache, "before")
    assert cache.user.acknowledge(acknowledgement("before"))
    assert cache.alerts.commit({"a": alert("a")})

    ops.error = error
    assert not commit(cache, "meanwhile")
    assert not cache.user.acknowledge(acknowledgement("meanwhile"))
    assert not cache.alerts.commit({"b": alert("b")})
    assert names(cache) == ["meanwhile"]
    assert cache.user.load().acknowledgements.keys() == {"before", "meanwhile"}
    assert cache.alerts.load().keys() == {"b"}
    assert len(cache.notices) == 1
    assert str(folder) in cache.notices[0]
    assert "from memory" in cache.notices[0]
    if at != "sync_folder":
        # The new content is in place there, only nobody can be sure of it.
        assert names(on_disk(folder)) == ["before"]
        assert on_disk(folder).user.load().acknowledgements.keys() == {"before"}
    assert not list(folder.rglob("*.tmp-*"))

    ops.error = None
    assert cache.flush()
    assert not cache.notices
    assert names(on_disk(folder)) == ["meanwhile"]
    assert on_disk(folder).user.load().acknowledgements.keys() == {"before", "meanwhile"}
    assert on_disk(folder).alerts.load().keys() == {"b"}
    cache.close()


def test_a_later_success_writes_what_failed_before(tmp_path: Path) -> None:
    ops = FailingOps("write")
    cache = writer(tmp_path, ops)
    ops.error = errno.ENOSPC
    assert not cache.user.acknowledge(acknowledgement("first"))
    assert not cache.user.save_filter("mine", "owner:me")
    ops.error = None
    assert cache.user.unacknowledge("other")
    found = on_disk(tmp_path).user.load()
    assert found.acknowledgements.keys() == {"first"}
    assert found.filters == {"mine": "owner:me"}
    cache.close()


def test_another_programs_change_does_not_hide_what_could_not_be_written(tmp_path: Path) -> None:
    ops = FailingOps("write")
    cache = Cache(tmp_path, ops=ops)
    ops.error = errno.ENOSPC
    assert not cache.user.acknowledge(acknowledgement("mine"))
    assert Cache(tmp_path).user.acknowledge(acknowledgement("theirs"))
    assert cache.user.load().acknowledgements.keys() == {"mine", "theirs"}


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "Free some space"),
        (errno.EROFS, "--cache"),
        (errno.EACCES, "--cache"),
        (errno.EIO, "tries again"),
    ],
)
def test_the_notice_says_what_to_do(error: int, advice: str, tmp_path: Path) -> None:
    ops = FailingOps("create")
    cache = writer(tmp_path, ops)
    ops.error = error
    commit(cache, "x")
    (notice,) = cache.notices
    assert advice in notice
    cache.close()


def test_without_hard_links_the_generation_before_is_kept_all_the_same(tmp_path: Path) -> None:
    ops = FailingOps("link")
    cache = writer(tmp_path, ops)
    ops.error = errno.EPERM
    assert commit(cache, "one")
    assert commit(cache, "two")
    cache.close()
    path = cache.source("register").path
    path.write_bytes(b"{")
    assert names(on_disk(tmp_path)) == ["one"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("mounting is not permitted here")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


def remount(mount: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(mount)], check=True)


def fill(mount: Path) -> Path:
    ballast = mount / "ballast"
    with pytest.raises(OSError, match="No space left on device"):
        ballast.write_bytes(bytes(2**21))
    assert ballast.stat().st_size > 2**18
    return ballast


def test_a_really_full_disk(small_disk: Path) -> None:
    folder = small_disk / "cache"
    cache = writer(folder)
    assert commit(cache, "before")
    ballast = fill(small_disk)
    big = {str(key): site(str(key), "x" * 500) for key in range(500)}
    assert not cache.source("register").commit({Stream.SITES: big}, {}, {}, status())
    assert not cache.user.acknowledge(acknowledgement("meanwhile"))
    assert len(names(cache)) == 500
    assert "no room" in cache.notices[0]
    assert names(on_disk(folder)) == ["before"]
    ballast.unlink()
    assert cache.flush()
    assert not cache.notices
    assert len(names(on_disk(folder))) == 500
    assert on_disk(folder).user.load().acknowledgements.keys() == {"meanwhile"}
    cache.close()


def test_a_disk_that_is_full_from_the_start(small_disk: Path) -> None:
    ballast = fill(small_disk)
    # Not even a folder can be made when every page is taken.
    cache = Cache(small_disk / "a" / "cache")
    outcome = cache.lock.try_acquire()
    cache.open(["register"])
    assert not commit(cache, "in memory")
    assert not cache.user.acknowledge(acknowledgement("in memory"))
    assert names(cache) == ["in memory"]
    assert any("no room" in notice for notice in cache.notices)
    ballast.unlink()
    if outcome is Outcome.IMPOSSIBLE:
        assert cache.lock.try_acquire() is Outcome.HELD
    assert cache.flush()
    assert names(on_disk(small_disk / "a" / "cache")) == ["in memory"]
    cache.close()


def test_a_really_read_only_folder(small_disk: Path) -> None:
    folder = small_disk / "cache"
    first = writer(folder)
    assert commit(first, "before")
    assert first.user.acknowledge(acknowledgement("before"))
    first.close()
    remount(small_disk, "ro")

    cache = Cache(folder)
    assert cache.lock.try_acquire() is Outcome.IMPOSSIBLE
    assert cache.lock.error is not None
    assert cache.lock.error.errno == errno.EROFS
    cache.open(["register"])
    assert names(cache) == ["before"]
    assert not commit(cache, "in memory")
    assert not cache.user.acknowledge(acknowledgement("in memory"))
    assert names(cache) == ["in memory"]
    assert cache.user.load().acknowledgements.keys() == {"before", "in memory"}
    assert any("cannot be written" in notice for notice in cache.notices)

    remount(small_disk, "rw")
    assert cache.lock.try_acquire() is Outcome.HELD
    assert cache.flush()
    assert names(on_disk(folder)) == ["in memory"]
    assert on_disk(folder).user.load().acknowledgements.keys() == {"before", "in memory"}
    assert cache.notices == ()
    cache.close()


def test_a_writer_is_seen_from_a_folder_that_cannot_be_written(small_disk: Path) -> None:
    folder = small_disk / "cache"
    cache = writer(folder)
    # A second, read-only way into the same folder, as for a user without the right to write.
    window = small_disk.parent / "window"
    window.mkdir()
    subprocess.run(["mount", "--bind", str(small_disk), str(window)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(window)], check=True)
        reader = Cache(window / "cache")
        assert reader.lock.try_acquire() is Outcome.BUSY
        assert commit(cache, "fresh")
        assert names(reader) == ["fresh"]
        cache.close()
        assert reader.lock.try_acquire() is Outcome.IMPOSSIBLE
    finally:
        subprocess.run(["umount", "--lazy", str(window)], check=True)
