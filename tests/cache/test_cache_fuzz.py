"""Whatever a disk or somebody else makes of the files, the cache answers, and heals.

Damage that a checksum notices never becomes a fact; what stands in place of a file never
holds a command up; what a full memory prevents is not taken for damage.
"""

from __future__ import annotations

import json
import os
import random
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import FileOps, Signature
from smic_tui.cache.layout import Cursor
from smic_tui.cache.lock import Outcome
from smic_tui.records import Stream
from tests.cache.cache_examples import acknowledgement, alert, site, status

ROUNDS = int(os.environ.get("SMIC_TUI_FUZZ_ROUNDS", "150"))


def commit(cache: Cache, name: str) -> None:
    cache.source("register").commit(
        {Stream.SITES: {key: site(key, f"{name} {key}") for key in "1234"}},
        {},
        {Stream.SITES: Cursor(value=name, full_at=datetime.now(UTC))},
        status(),
    )
    cache.alerts.commit({"a": alert("a", name)})


def filled(folder: Path) -> None:
    """Two generations of everything."""
    cache = Cache(folder)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["register"])
    for name in ("Mairie", "École"):
        commit(cache, name)
        cache.user.acknowledge(acknowledgement(name))
    cache.close()


def names(cache: Cache) -> set[str]:
    rows = cache.source("register").load().of(Stream.SITES).values()
    return {row.name.split()[0] for row in rows}  # type: ignore[attr-defined]


def damaged(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    length = chance.randint(1, 40)
    match chance.randrange(7):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        case 2:
            return data[:at] + bytes(length) + data[at + length :]
        case 3:
            return data[:at] + data[at + length :]
        case 4:
            return data[:at] + data[at : at + length] + data[at:]
        case 5:
            return data[:at] + chance.randbytes(length) + data[at + length :]
        case _:
            return chance.randbytes(length)


def test_damage_never_becomes_a_fact(tmp_path: Path) -> None:
    chance = random.Random(20261130)
    filled(tmp_path)
    good = {path: path.read_bytes() for path in tmp_path.rglob("*.json*")}
    for number in range(ROUNDS):
        for path, data in good.items():
            path.write_bytes(damaged(data, chance) if chance.random() < 0.5 else data)
        reader = Cache(tmp_path)
        assert names(reader) in (set(), {"Mairie"}, {"École"}), number
        summaries = {entry.summary for entry in reader.alerts.load().values()}
        assert summaries in (set(), {"Mairie"}, {"École"}), number
        reader.user.load()
        writer = Cache(tmp_path)
        assert writer.lock.try_acquire() is Outcome.HELD
        writer.open(["register"])
        commit(writer, "Préfecture")
        assert writer.user.acknowledge(acknowledgement("new")), (number, writer.notices)
        writer.close()
        healed = Cache(tmp_path)
        assert names(healed) == {"Préfecture"}, number
        assert "new" in healed.user.load().acknowledgements
        for path in tmp_path.rglob("*.unreadable-*"):
            path.unlink()


def rewritten(change: Callable[[dict[str, Any]], None], path: Path) -> None:
    tables = json.loads(path.read_bytes())
    tables.pop("_seal", None)
    change(tables)
    path.write_text(json.dumps(tables))


def _naive_row(tables: dict[str, Any]) -> None:
    for table in tables.values():
        for row in table.values():
            for name, value in row.items():
                if isinstance(value, str) and value.endswith("Z") and value[:2] == "20":
                    row[name] = value[:-1]


def _huge(tables: dict[str, Any]) -> None:
    tables["_meta"]["status"]["took"] = float("inf")


def _deep(tables: dict[str, Any]) -> None:
    nested: list[Any] = []
    for _level in range(900):
        nested = [nested]
    tables["sites"] = {"1": nested}


@pytest.mark.parametrize("change", [_naive_row, _huge, _deep])
@pytest.mark.parametrize("previous_too", [False, True])
def test_what_does_not_validate_is_unreadable(
    change: Callable[[dict[str, Any]], None], previous_too: bool, tmp_path: Path
) -> None:
    filled(tmp_path)
    for path in [tmp_path / "sources/register.json", tmp_path / "alerts.json"]:
        for each in (path, path.with_name(path.name + ".previous"))[: 1 + previous_too]:
            if each.name.startswith("register") or change is _naive_row:
                rewritten(change, each)
    reader = Cache(tmp_path)
    assert names(reader) == (set() if previous_too else {"Mairie"})
    assert any("register.json" in notice for notice in reader.notices)
    writer = Cache(tmp_path)
    writer.lock.try_acquire()
    writer.open(["register"])
    commit(writer, "Préfecture")
    writer.close()
    assert names(Cache(tmp_path)) == {"Préfecture"}


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("plant", [_pipe, _device, _folder, _socket, _loop, _sparse])
@pytest.mark.parametrize(
    "name",
    [
        "sources/register.json",
        "sources/register.json.previous",
        "sources/register.changes.json",
        "alerts.json",
        "user.json",
        "user.json.previous",
        "writer.lock",
        "user.lock",
        "requests/ALL",
        "requests/register",
    ],
)
def test_nothing_that_stands_for_a_file_holds_anybody_up(
    name: str, plant: Callable[[Path], None], tmp_path: Path
) -> None:
    filled(tmp_path)
    path = tmp_path / name
    path.unlink(missing_ok=True)
    plant(path)
    began = time.monotonic()
    reader = Cache(tmp_path)
    reader.source("register").load()
    reader.alerts.load()
    reader.user.load()
    reader.lock.holder()
    writer = Cache(tmp_path)
    writer.lock.try_acquire()
    writer.open(["register"])
    commit(writer, "Préfecture")
    writer.user.acknowledge(acknowledgement("new"))
    writer.requests.take()
    writer.close()
    assert time.monotonic() - began < 2
    if name.startswith(("sources", "alerts")) and "changes" not in name:
        assert names(writer) == {"Préfecture"}


def test_a_full_memory_is_no_damage(tmp_path: Path) -> None:
    filled(tmp_path)

    class Short(FileOps):
        def read(self, path: Path) -> tuple[bytes, Signature]:
            raise MemoryError

    before = sorted(path.name for path in tmp_path.rglob("*"))
    reader = Cache(tmp_path, ops=Short())
    assert names(reader) == set()
    reader.user.load()
    writer = Cache(tmp_path, ops=Short())
    writer.lock.try_acquire()
    writer.open(["register"])
    writer.user.acknowledge(acknowledgement("new"))
    writer.lock.release()
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert names(Cache(tmp_path)) == {"École"}
    assert Cache(tmp_path).user.load().acknowledgements.keys() == {"Mairie", "École"}
