"""The borg kind on real repositories: what it reads, and that it leaves no trace."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.borg.adapter import BorgAdapter
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.configured import adapter, context, read

pytestmark = pytest.mark.live

PASSPHRASE = "sésame, ouvre-toi"


@pytest.fixture(scope="module")
def backups(tmp_path_factory: pytest.TempPathFactory) -> Backups:
    return Backups(tmp_path_factory.mktemp("borg"))


class Backups:
    """Real repositories: `good` has three archives called nightly-… and one called weekly."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "src").mkdir()
        (base / "home").mkdir()
        (base / "src" / "file").write_text("contents")
        self.borg("init", "-e", "repokey", "good")
        self.borg("init", "-e", "repokey", "empty")
        self.borg("init", "-e", "none", "plain")
        for name in ("nightly-1", "nightly-2", "nightly-3", "weekly"):
            self.borg("create", f"good::{name}", "src")
            time.sleep(1)  # borg tells times in seconds

    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base / "home"),
            "BORG_PASSPHRASE": PASSPHRASE,
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "TZ": "Pacific/Kiritimati",
        }

    def borg(self, *args: str) -> str:
        done = subprocess.run(
            ["borg", *args],
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self.base,
            env=self.env(),
        )
        return done.stdout

    def copy(self, name: str, of: str = "good") -> Path:
        return Path(shutil.copytree(self.base / of, self.base / name))

    def segments(self, repository: Path) -> list[Path]:
        return sorted((repository / "data" / "0").iterdir(), key=lambda each: int(each.name))

    def source(self, *repositories: str | dict[str, Any], **settings: Any) -> BorgAdapter:
        listed = [
            {
                "site": "17300",
                "application": "compta",
                "passphrase": {"env": "RIGHT"},
                **({"repository": each, "name": each} if isinstance(each, str) else each),
            }
            for each in repositories
        ]
        at = context(self.base, lambda wanted: PASSPHRASE if wanted.env == "RIGHT" else "nonsense")
        return adapter(BorgAdapter, {"repositories": listed, **settings}, at)  # type: ignore[no-any-return]


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and change time of every file, and the change time of every folder."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (digest, path.stat().st_ctime_ns)
    return found


class TestKit(AdapterConformance):
    secrets = (PASSPHRASE,)

    @pytest.fixture(autouse=True)
    def _backups(self, backups: Backups) -> None:
        cls = type(self)
        cls.make = staticmethod(lambda tmp_path: backups.source("good"))  # type: ignore[method-assign]
        cls.make_unreachable = staticmethod(  # type: ignore[method-assign]
            lambda tmp_path: backups.source("missing")
        )


async def test_it_reads_what_is_there_and_leaves_no_trace(
    backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(backups.base / "home"))
    before = fingerprint(backups.base / "good"), fingerprint(backups.base / "home")
    found = await read(backups.source("good", "empty"), Stream.BACKUP_RUNS)
    now = datetime.now(UTC)
    probe = await backups.source("good").probe()
    assert (fingerprint(backups.base / "good"), fingerprint(backups.base / "home")) == before
    assert probe.version.startswith("borg 1.")
    assert probe.remarks == ()
    assert found.full
    assert not found.rejected
    assert [run.message for run in found.records] == [
        "weekly",
        "nightly-3",
        "nightly-2",
        "nightly-1",
    ]
    for run in found.records:
        assert run.result is RunResult.OK
        assert 0 <= (now - run.started).total_seconds() < 120, "borg's times are local"


async def test_patterns_and_the_newest(backups: Backups) -> None:
    async def names(**filters: Any) -> list[str]:
        newest = filters.pop("newest", 10)
        source = backups.source({"repository": "good", "name": "x", **filters}, newest=newest)
        return [run.message for run in (await read(source, Stream.BACKUP_RUNS)).records]

    assert await names(archives="nightly-*") == ["nightly-3", "nightly-2", "nightly-1"]
    assert await names(archives="nightly-*", newest=1) == ["nightly-3"]
    assert await names(archives="no such") == []


async def test_a_pattern_that_nothing_fits_is_remarked(backups: Backups) -> None:
    wrong = {"repository": "good", "name": "x", "archives": "compta-*"}
    right = {"repository": "good", "name": "y", "archives": "nightly-*"}
    (remark,) = (await backups.source(wrong, right).probe()).remarks
    assert remark.startswith("x: nothing in the repository fits archives = compta-*")


async def test_a_repository_of_restic_is_told(backups: Backups) -> None:
    """By its layout where it is on this machine; by what borg stumbles over elsewhere."""
    env = {"PATH": os.environ["PATH"], "HOME": str(backups.base), "RESTIC_PASSWORD": PASSPHRASE}
    init = ["restic", "init", "-r", "of-restic"]
    await asyncio.to_thread(
        subprocess.run, init, check=True, capture_output=True, cwd=backups.base, env=env
    )
    with pytest.raises(BadAnswer, match="is a repository of restic, not of borg"):
        await read(backups.source("of-restic"), Stream.BACKUP_RUNS)
    server = backups.base / "ssh"
    server.write_text("#!/bin/sh\nexec borg serve\n")
    server.chmod(0o755)
    distant = {
        "repository": f"ssh://nas{backups.base}/of-restic",
        "name": "x",
        "environment": {"BORG_RSH": str(server)},
    }
    with pytest.raises(BadAnswer, match="not one of Borg's"):
        await read(backups.source(distant), Stream.BACKUP_RUNS)


async def test_a_wrong_passphrase_parks_the_source(backups: Backups) -> None:
    wrong = {"repository": "good", "name": "x", "passphrase": {"env": "WRONG"}}
    with pytest.raises(AuthFailed, match="incorrect"):
        await read(backups.source(wrong), Stream.BACKUP_RUNS)


async def test_a_missing_repository_is_unavailable(backups: Backups) -> None:
    with pytest.raises(Unavailable, match="does not exist") as caught:
        await read(backups.source("missing"), Stream.BACKUP_RUNS)
    assert str(backups.base / "missing") in str(caught.value)
    assert not (backups.base / "missing").exists()


async def test_unencrypted_repositories(backups: Backups) -> None:
    plain = {"repository": "plain", "name": "x"}
    with pytest.raises(BadAnswer, match="not encrypted"):
        await read(backups.source(plain), Stream.BACKUP_RUNS)
    listed = [{"site": "17300", "application": "compta", **plain}]
    source = adapter(BorgAdapter, {"repositories": listed}, context(backups.base))
    assert (await read(source, Stream.BACKUP_RUNS)).full


async def test_a_repository_that_moved_is_read_without_a_question(backups: Backups) -> None:
    backups.copy("moved")
    assert len((await read(backups.source("moved"), Stream.BACKUP_RUNS)).rows) == 4


async def test_a_damaged_repository_is_a_bad_answer(backups: Backups) -> None:
    os.truncate(backups.segments(backups.copy("short"))[-2], 100)
    backups.segments(backups.copy("lost"))[-2].unlink()
    for name in ("short", "lost"):
        before = fingerprint(backups.base / name)
        with pytest.raises(BadAnswer) as caught:
            await read(backups.source(name), Stream.BACKUP_RUNS)
        assert "borg check" in caught.value.hint
        assert fingerprint(backups.base / name) == before


async def test_an_index_that_does_not_fit_is_not_repaired(backups: Backups) -> None:
    """Borg alone would write a new one, although it is only asked for a list."""
    rolled_back = backups.copy("rolled-back")
    os.truncate(backups.segments(rolled_back)[-1], 1)
    lost = backups.copy("index-lost")
    for part in ("index.*", "hints.*", "integrity.*"):
        next(iter(lost.glob(part))).unlink()
    for folder, count in ((rolled_back, 3), (lost, 4)):
        before = fingerprint(folder)
        found = await read(backups.source(folder.name), Stream.BACKUP_RUNS)
        assert len(found.rows) == count
        assert fingerprint(folder) == before
    backups.borg("--bypass-lock", "list", "index-lost")
    assert list(lost.glob("index.*")), "so that this test would notice"


@contextmanager
def a_backup_under_way(backups: Backups, repository: Path) -> Iterator[None]:
    """A backup that has taken its lock, halted while it waits for its data."""
    process = subprocess.Popen(
        ["borg", "create", f"{repository}::running", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=backups.base,
        env=backups.env(),
    )
    try:
        deadline = time.monotonic() + 20
        while not (repository / "lock.exclusive").exists() and time.monotonic() < deadline:
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
        before = fingerprint(locked)
        assert str(locked / "lock.exclusive") in before, "the backup holds its lock"
        found = await read(backups.source("locked"), Stream.BACKUP_RUNS)
        assert len(found.rows) == 4
        assert fingerprint(locked) == before


async def test_an_archive_of_an_empty_folder_saved_nothing(backups: Backups) -> None:
    (backups.base / "nothing" / "in" / "it").mkdir(parents=True)
    backups.borg("init", "-e", "repokey", "hollow")
    backups.borg("create", "hollow::full", "src")
    await asyncio.sleep(1)  # borg tells times in seconds
    backups.borg("create", "hollow::nothing", "nothing")
    before = fingerprint(backups.base / "hollow")
    found = await read(backups.source("hollow"), Stream.BACKUP_RUNS)
    assert found.rejected == []
    assert [(run.message, run.size) for run in found.records] == [("nothing", 0), ("full", None)]
    assert fingerprint(backups.base / "hollow") == before


async def test_a_passphrase_that_a_command_tells(backups: Backups) -> None:
    own = {"repository": "good", "name": "good", "passphrase": None}
    command = {"BORG_PASSCOMMAND": f"printf %s '{PASSPHRASE}'"}
    found = await read(backups.source({**own, "environment": command}), Stream.BACKUP_RUNS)
    assert len(found.rows) == 4
    wrong = {"BORG_PASSCOMMAND": "echo nonsense"}
    with pytest.raises(AuthFailed) as caught:
        await read(backups.source({**own, "environment": wrong}), Stream.BACKUP_RUNS)
    assert "environment.BORG_PASSCOMMAND" in caught.value.hint


async def test_one_broken_among_good_ones(backups: Backups) -> None:
    found = await read(backups.source("good", "missing"), Stream.BACKUP_RUNS)
    assert found.unseen == {"missing"}
    assert found.rows["missing/unreadable"].result is RunResult.UNKNOWN
    assert len(found.rows) == 5
