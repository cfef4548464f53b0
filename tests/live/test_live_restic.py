"""The restic kind on real repositories: what it reads, and that it leaves no trace."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.restic.adapter import ResticAdapter
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.configured import adapter, context, read

pytestmark = pytest.mark.live

PASSWORD = "sésame, ouvre-toi"


@pytest.fixture(scope="module")
def backups(tmp_path_factory: pytest.TempPathFactory) -> Backups:
    return Backups(tmp_path_factory.mktemp("restic"))


class Backups:
    """Real repositories: `good` has three runs of one host and one of another."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "src").mkdir()
        (base / "src" / "file").write_text("contents")
        self.restic("init", "-r", "good")
        self.restic("init", "-r", "empty")
        for host in ("mairie-a", "mairie-a", "mairie-a", "mairie-b"):
            self.restic("-r", "good", "backup", "src", "--host", host, "--tag", "nightly")

    def env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.base), "RESTIC_PASSWORD": PASSWORD}

    def restic(self, *args: str) -> str:
        done = subprocess.run(
            ["restic", *args],
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self.base,
            env=self.env(),
        )
        return done.stdout

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.base / "good", self.base / name))

    def source(self, *repositories: str | dict[str, Any], **settings: Any) -> ResticAdapter:
        listed = [
            {
                "site": "17300",
                "application": "compta",
                "password": {"env": "RIGHT"},
                "period": "1d",
                **({"repository": each, "name": each} if isinstance(each, str) else each),
            }
            for each in repositories
        ]
        at = context(self.base, lambda wanted: PASSWORD if wanted.env == "RIGHT" else "nonsense")
        return adapter(ResticAdapter, {"repositories": listed, **settings}, at)  # type: ignore[no-any-return]


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and change time of every file, and the change time of every folder."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (digest, path.stat().st_ctime_ns)
    return found


class TestKit(AdapterConformance):
    secrets = (PASSWORD,)

    @pytest.fixture(autouse=True)
    def _backups(self, backups: Backups) -> None:
        cls = type(self)
        cls.make = staticmethod(lambda tmp_path: backups.source("good"))  # type: ignore[method-assign]
        cls.make_unreachable = staticmethod(  # type: ignore[method-assign]
            lambda tmp_path: backups.source("missing")
        )


async def test_it_reads_what_is_there_and_leaves_no_trace(backups: Backups) -> None:
    before = fingerprint(backups.base / "good")
    began = datetime.now(UTC)
    found = await read(backups.source("good", "empty"), Stream.BACKUP_RUNS)
    assert fingerprint(backups.base / "good") == before
    assert not list((backups.base / "good" / "locks").iterdir())
    assert found.full
    assert not found.rejected
    assert len(found.rows) == 4
    for run in found.records:
        assert run.result is RunResult.OK
        assert 0 <= (began - run.started).total_seconds() < 120
    probe = await backups.source("good").probe()
    assert probe.version.startswith("restic 0.")
    assert probe.remarks == ()
    assert fingerprint(backups.base / "good") == before


async def test_filters_and_the_newest(backups: Backups) -> None:
    async def count(**filters: Any) -> int:
        newest = filters.pop("newest", 10)
        source = backups.source({"repository": "good", "name": "x", **filters}, newest=newest)
        return len((await read(source, Stream.BACKUP_RUNS)).rows)

    assert await count(hosts=["mairie-a"]) == 3
    assert await count(hosts=["mairie-a", "mairie-b"]) == 4
    assert await count(hosts=["nobody"]) == 0
    assert await count(paths=[str(backups.base / "src")]) == 4
    assert await count(paths=["/elsewhere"]) == 0
    assert await count(tags=["nightly"]) == 4
    assert await count(tags=["weekly"]) == 0
    assert await count(newest=2) == 2


async def test_filters_that_nothing_fits_are_remarked(backups: Backups) -> None:
    wrong = {"repository": "good", "name": "x", "hosts": ["mairie-z"]}
    right = {"repository": "good", "name": "y", "hosts": ["mairie-a"], "tags": ["nightly"]}
    (remark,) = (await backups.source(wrong, right).probe()).remarks
    assert remark.startswith("x: nothing in the repository fits hosts = mairie-z")


async def test_a_repository_of_borg_is_told(backups: Backups) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(backups.base), "BORG_PASSPHRASE": PASSWORD}
    init = ["borg", "init", "-e", "repokey", "of-borg"]
    await asyncio.to_thread(
        subprocess.run, init, check=True, capture_output=True, cwd=backups.base, env=env
    )
    with pytest.raises(BadAnswer, match="is a repository of borg, not of restic"):
        await read(backups.source("of-borg"), Stream.BACKUP_RUNS)


async def test_a_wrong_password_parks_the_source(backups: Backups) -> None:
    wrong = {"repository": "good", "name": "x", "password": {"env": "WRONG"}}
    with pytest.raises(AuthFailed, match="wrong password"):
        await read(backups.source(wrong), Stream.BACKUP_RUNS)


async def test_a_missing_repository_is_unavailable(backups: Backups) -> None:
    with pytest.raises(Unavailable, match="missing"):
        await read(backups.source("missing"), Stream.BACKUP_RUNS)
    assert not (backups.base / "missing").exists()


async def test_a_truncated_snapshot_is_told(backups: Backups) -> None:
    damaged = sorted((backups.copy("truncated") / "snapshots").iterdir())[0]
    damaged.chmod(0o600)
    os.truncate(damaged, 10)
    found = await read(backups.source("truncated"), Stream.BACKUP_RUNS)
    assert len(found.rows) == 3
    assert damaged.name[:8] in found.reasons["truncated"]


async def test_restic_s_own_cache_does_not_hide_a_truncated_snapshot(backups: Backups) -> None:
    """It would, were it used: the backup above has filled it."""
    damaged = sorted((backups.copy("hidden") / "snapshots").iterdir())[0]
    damaged.chmod(0o600)
    os.truncate(damaged, 10)
    home = {"environment": {"HOME": str(backups.base)}}
    listed = {"repository": "hidden", "name": "hidden", **home}
    cached = await read(backups.source(listed, cache=True), Stream.BACKUP_RUNS)
    assert (len(cached.rows), cached.rejected) == (4, [])
    plain = await read(backups.source(listed), Stream.BACKUP_RUNS)
    assert (len(plain.rows), len(plain.rejected)) == (3, 1)


async def test_a_damaged_repository_is_a_bad_answer(backups: Backups) -> None:
    config = backups.copy("damaged") / "config"
    config.chmod(0o600)
    os.truncate(config, 20)
    with pytest.raises(BadAnswer, match="config"):
        await read(backups.source("damaged"), Stream.BACKUP_RUNS)


@contextmanager
def a_backup_under_way(backups: Backups, repository: Path) -> Iterator[None]:
    """A backup that has taken its lock, halted while it waits for its data."""
    process = subprocess.Popen(
        ["restic", "-r", str(repository), "backup", "--stdin", "--host", "mairie-c"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=backups.base,
        env=backups.env(),
    )
    try:
        deadline = time.monotonic() + 20
        while not list((repository / "locks").iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGSTOP)
        yield
    finally:
        process.kill()
        process.communicate()


async def test_a_locked_repository_is_read_all_the_same(backups: Backups) -> None:
    """While a backup runs, and without waiting for it."""
    locked = backups.copy("locked")
    with a_backup_under_way(backups, locked):
        locks = fingerprint(locked / "locks")
        assert len(locks) == 2, "the backup holds its lock"
        found = await read(backups.source("locked"), Stream.BACKUP_RUNS)
        assert len(found.rows) == 4
        assert fingerprint(locked / "locks") == locks


async def test_a_snapshot_of_an_empty_folder_saved_nothing(backups: Backups) -> None:
    (backups.base / "nothing" / "in" / "it").mkdir(parents=True)
    backups.restic("init", "-r", "hollow")
    backups.restic("-r", "hollow", "backup", "src")
    backups.restic("-r", "hollow", "backup", "nothing")
    before = fingerprint(backups.base / "hollow")
    found = await read(backups.source("hollow"), Stream.BACKUP_RUNS)
    assert found.rejected == []
    newest, older = found.records
    assert newest.size == 0
    assert older.size != 0
    assert fingerprint(backups.base / "hollow") == before


async def test_snapshots_dated_ahead_push_out_none(backups: Backups) -> None:
    backups.copy("ahead")
    for day in range(10, 21):
        backups.restic("-r", "ahead", "backup", "src", "--time", f"2099-01-{day} 22:00:00")
    found = await read(backups.source("ahead", newest=10), Stream.BACKUP_RUNS)
    assert len(found.rows) == 4
    assert "11 runs are dated ahead" in found.reasons["ahead"]


async def test_a_password_that_a_command_tells(backups: Backups) -> None:
    own = {"repository": "good", "name": "good", "password": None}
    command = {"RESTIC_PASSWORD_COMMAND": f"printf %s '{PASSWORD}'"}
    found = await read(backups.source({**own, "environment": command}), Stream.BACKUP_RUNS)
    assert len(found.rows) == 4
    wrong = {"RESTIC_PASSWORD_COMMAND": "echo nonsense"}
    with pytest.raises(AuthFailed) as caught:
        await read(backups.source({**own, "environment": wrong}), Stream.BACKUP_RUNS)
    assert "environment.RESTIC_PASSWORD_COMMAND" in caught.value.hint


async def test_one_broken_among_good_ones(backups: Backups) -> None:
    found = await read(backups.source("good", "missing"), Stream.BACKUP_RUNS)
    assert found.unseen == {"missing"}
    assert found.rows["missing/unreadable"].result is RunResult.UNKNOWN
    assert len(found.rows) == 5


def command_lines(*words: bytes) -> set[bytes]:
    """The command lines on this machine that contain all the words."""
    found = set()
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = process.read_bytes()
            if all(word in line for word in words):
                found.add(line)
    return found


async def test_the_password_is_on_no_command_line(backups: Backups) -> None:
    reading = asyncio.create_task(read(backups.source("good"), Stream.BACKUP_RUNS))
    seen = set()
    while not reading.done():
        await asyncio.sleep(0.01)
        seen |= command_lines(b"restic", b"snapshots")
    await reading
    assert seen, "restic was seen at work"
    assert not any(PASSWORD.encode() in line for line in seen)
    assert not any(str(backups.base / "good").encode() in line for line in seen)
