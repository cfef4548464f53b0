"""Locks, requests and permissions: several programs and people on one cache."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.records import Stream
from tests.cache.cache_examples import acknowledgement, site, status

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys, time
from pathlib import Path
from smic_tui.cache.cache import Cache
cache = Cache(Path(sys.argv[1]))
print(cache.lock.try_acquire().value, flush=True)
time.sleep(60)
"""


def holder_process(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    one, two = Cache(tmp_path), Cache(tmp_path)
    assert one.lock.holder() is None
    assert one.lock.try_acquire() is Outcome.HELD
    assert one.lock.try_acquire() is Outcome.HELD
    assert two.lock.try_acquire() is Outcome.BUSY
    holder = two.lock.holder()
    assert holder is not None
    assert holder.pid == os.getpid()
    assert f"pid {os.getpid()}" in str(holder)
    one.close()
    assert two.lock.holder() is None
    assert two.lock.try_acquire() is Outcome.HELD
    two.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_the_lock_falls_free_however_the_holder_dies(how: int, tmp_path: Path) -> None:
    process = holder_process(tmp_path)
    try:
        cache = Cache(tmp_path)
        assert cache.lock.try_acquire() is Outcome.BUSY
        holder = cache.lock.holder()
        assert holder is not None
        assert holder.pid == process.pid
    finally:
        process.send_signal(how)
        process.communicate(timeout=10)
    assert cache.lock.holder() is None
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.close()


def test_a_frozen_holder_keeps_the_lock_and_can_be_named(tmp_path: Path) -> None:
    process = holder_process(tmp_path)
    try:
        process.send_signal(signal.SIGSTOP)
        cache = Cache(tmp_path)
        assert cache.lock.try_acquire() is Outcome.BUSY
        assert f"pid {process.pid}" in str(cache.lock.holder())
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_a_beat_is_seen_by_others(tmp_path: Path) -> None:
    one, two = Cache(tmp_path), Cache(tmp_path)
    one.lock.try_acquire()
    before = two.lock.pulse()
    time.sleep(0.01)
    assert one.lock.beat()
    assert two.lock.pulse() != before
    one.close()
    assert not one.lock.beat()


def test_a_writer_whose_folder_was_deleted_gives_way(tmp_path: Path) -> None:
    one, two = Cache(tmp_path), Cache(tmp_path)
    one.lock.try_acquire()
    (tmp_path / "writer.lock").unlink()
    assert two.lock.try_acquire() is Outcome.HELD
    assert not one.lock.beat()
    assert one.lock.try_acquire() is Outcome.BUSY
    two.close()


def test_rubbish_in_the_lock_file_is_no_hindrance(tmp_path: Path) -> None:
    one, two = Cache(tmp_path), Cache(tmp_path)
    one.lock.try_acquire()
    (tmp_path / "writer.lock").write_bytes(b"\xff\x1b[31m{")
    assert str(two.lock.holder()) == "?"
    one.close()
    assert two.lock.try_acquire() is Outcome.HELD
    two.close()


# Requests


def test_requests_are_taken_once(tmp_path: Path) -> None:
    reader, writer = Cache(tmp_path), Cache(tmp_path)
    assert writer.requests.take() == set()
    reader.requests.ask("Été/../1")
    reader.requests.ask("desk")
    reader.requests.ask("desk")
    reader.requests.ask(None)
    assert writer.requests.take() == {"Été/../1", "desk", None}
    assert writer.requests.take() == set()
    assert list((tmp_path / "requests").iterdir()) == []


def test_rubbish_among_the_requests_is_swept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.requests.ask("desk")
    (tmp_path / "requests" / "x").write_bytes(b"\xff\xff")
    (tmp_path / "requests" / "y").write_bytes(b"z" * 100_000)
    taken = cache.requests.take()
    assert "desk" in taken
    assert all(name is None or len(name) <= 1000 for name in taken)
    assert list((tmp_path / "requests").iterdir()) == []


# Permissions


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


def fill(folder: Path) -> None:
    cache = Cache(folder)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["register"])
    for name in ("a", "b"):
        cache.source("register").commit({Stream.SITES: {"1": site("1", name)}}, {}, {}, status())
        cache.user.acknowledge(acknowledgement(name))
    cache.requests.ask("register")
    assert cache.notices == ()
    cache.close()


@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
def test_a_cache_is_private(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        fill(tmp_path / "cache")
    finally:
        os.umask(before)
    for name, mode in modes(tmp_path / "cache").items():
        assert mode == (0o700 if "." not in name or name == "." else 0o600) or (
            name == "requests/register" and mode == 0o600
        ), name


@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
def test_a_folder_that_its_group_may_write_is_shared(umask: int, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    # Root can give it to any group, others only to one of their own.
    group = 4242 if os.getuid() == 0 else os.getgroups()[-1] if os.getgroups() else os.getgid()
    os.chown(folder, -1, group)
    folder.chmod(0o2770)
    before = os.umask(umask)
    try:
        fill(folder)
    finally:
        os.umask(before)
    for name, mode in modes(folder).items():
        path = folder / name
        assert path.stat().st_gid == group, name
        assert mode == (0o2770 if path.is_dir() else 0o660), name


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be somebody else")
def test_two_people_of_one_group_share_a_cache(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    os.chown(folder, 0, 4242)
    folder.chmod(0o2770)
    for parent in folder.parents:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)
    for user in (1001, 1002, 1001):
        person = os.fork()
        if person == 0:
            code = 1
            try:
                os.setgroups([4242])
                os.setgid(user)
                os.setuid(user)
                os.umask(0o077)
                cache = Cache(folder)
                assert cache.lock.try_acquire() is Outcome.HELD
                cache.open(["register"])
                name = f"{user}"
                assert cache.source("register").commit(
                    {Stream.SITES: {name: site(name)}}, {}, {}, status()
                )
                assert cache.user.acknowledge(acknowledgement(name))
                assert cache.notices == ()
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(person, 0)[1] == 0
    cache = Cache(folder)
    assert cache.source("register").load().of(Stream.SITES).keys() == {"1001", "1002"}
    assert cache.user.load().acknowledgements.keys() == {"1001", "1002"}


def test_a_folder_that_everybody_may_write_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    cache = Cache(folder)
    cache.lock.try_acquire()
    assert any("chmod o-w" in notice for notice in cache.notices)
    cache.close()
