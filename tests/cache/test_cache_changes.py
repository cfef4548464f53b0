"""A large source's file: a commit writes the changes beside it, and seldom everything.

The crash tests of the whole file hold for the pair of files too.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smic_tui.cache import source_file
from smic_tui.cache.cache import Cache
from smic_tui.cache.layout import Cursor
from smic_tui.cache.lock import Outcome
from smic_tui.model.snapshot import SourceContents
from smic_tui.records import Stream
from tests.cache.cache_examples import NOW, site, status
from tests.cache.cache_simulated_disk import SimulatedDisk
from tests.cache.test_cache_crash import SourceSubject, interrupted, look, run, states_of

STEPS = range(1, 7)


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file is large; three or four commits of the crash tests are one edition."""
    monkeypatch.setattr(source_file, "LARGE", 0)
    monkeypatch.setattr(source_file, "FEW", 1.9)


def writer(folder: Path) -> Cache:
    cache = Cache(folder)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["register"])
    return cache


def commit(cache: Cache, name: str, *keys: str, gone: tuple[str, ...] = ()) -> None:
    rows = {Stream.SITES: {key: site(key, name) for key in keys}}
    cursors = {Stream.SITES: Cursor(value=name, full_at=NOW)}
    assert cache.source("register").commit(rows, {Stream.SITES: gone}, cursors, status(error=name))


def test_both_kinds_of_write_happen_in_the_crash_tests(tmp_path: Path) -> None:
    disk = SimulatedDisk()
    run(tmp_path, disk, SourceSubject(), STEPS)
    written = [line.split()[-1] for line in disk.log if line.startswith("rename")]
    assert written[0] == "register.json"
    assert 1 <= written[1:].count("register.json") <= 3
    assert written.count("register.changes.json") >= 2


def test_any_crash_leaves_old_or_new_and_all_that_was_confirmed(tmp_path: Path) -> None:
    subject = SourceSubject()
    states = states_of(tmp_path, subject, STEPS)
    assert len({repr(state) for state in states}) == len(states)
    checked = 0
    for what, confirmed, disk in interrupted(tmp_path, SimulatedDisk, subject, STEPS):
        assert look(tmp_path, disk, subject) in states[confirmed : confirmed + 2], what
        checked += 1
    assert checked > 100


def test_a_small_change_leaves_the_large_file_alone(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "old", *map(str, range(100)))
    large, changes = cache.source("register").paths
    before = large.read_bytes()
    commit(cache, "new", "7", gone=("8",))
    assert large.read_bytes() == before
    assert changes.stat().st_size < len(before) / 10
    commit(cache, "newer", "9")
    seen = Cache(tmp_path).source("register").load()
    assert seen == cache.source("register").contents
    assert seen.of(Stream.SITES)["7"] == site("7", "new")
    assert "8" not in seen.of(Stream.SITES)
    cache.close()
    again = writer(tmp_path)
    assert again.source("register").contents == seen
    assert again.source("register").cursors[Stream.SITES].value == "newer"
    again.close()


def test_many_changes_are_a_new_edition(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "old", "1", "2")
    large, changes = cache.source("register").paths
    commit(cache, "new", "1", "2")
    assert changes.exists()
    before = large.read_bytes()
    commit(cache, "newer", "3", "4", "5", "6", "7", "8", "9", "1", gone=("2", *"abcdefgh"))
    commit(cache, "newest", *"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz1234567890")
    commit(cache, "last", *"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz1234567890")
    for name in "pqrs":
        commit(cache, name, *map(str, range(100, 220)))
    assert large.read_bytes() != before
    assert Cache(tmp_path).source("register").load() == cache.source("register").contents
    cache.close()


def test_broken_changes_leave_the_edition(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "old", "1")
    commit(cache, "new", "1")
    cache.close()
    cache.source("register").paths[1].write_bytes(b'{"_meta":')
    reader = Cache(tmp_path)
    assert reader.source("register").load().of(Stream.SITES)["1"] == site("1", "old")
    assert any("changes.json" in notice for notice in reader.notices)
    again = writer(tmp_path)
    commit(again, "newer", "2")
    assert Cache(tmp_path).source("register").load() == again.source("register").contents
    again.close()


def test_a_reader_sees_each_commit_and_keeps_equal_rows(tmp_path: Path) -> None:
    cache, reader = writer(tmp_path), Cache(tmp_path)
    commit(cache, "old", *map(str, range(50)))
    first = reader.source("register").load()
    commit(cache, "new", "3")
    second = reader.source("register").load()
    assert second == cache.source("register").contents
    for key, row in second.of(Stream.SITES).items():
        assert (row is first.of(Stream.SITES)[key]) is (key != "3")
    cache.close()


Change = tuple[frozenset[str], frozenset[str], bool]
CHANGES = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from("abcdef"), max_size=4),
        st.frozensets(st.sampled_from("abcdef"), max_size=3),
        st.booleans(),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(CHANGES)
def test_any_commits_and_restarts_equal_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Change]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    cache, wanted = writer(folder), dict[str, object]()
    numbers = itertools.count()
    for new, gone, restart in changes:
        name = f"version {next(numbers)}"
        commit(cache, name, *new, gone=tuple(gone))
        for key in gone:
            wanted.pop(key, None)
        wanted.update({key: site(key, name) for key in new})
        assert dict(Cache(folder).source("register").load().of(Stream.SITES)) == wanted
        if restart:
            cache.close()
            cache = writer(folder)
        assert dict(cache.source("register").contents.of(Stream.SITES)) == wanted
    cache.close()


def differing(before: SourceContents, after: SourceContents) -> set[str]:
    was, now = before.of(Stream.SITES), after.of(Stream.SITES)
    return {key for key in was.keys() | now.keys() if was.get(key) is not now.get(key)}


@settings(deadline=None, max_examples=20)
@given(CHANGES, st.sets(st.integers(0, 11)))
def test_what_may_have_changed_is_told_and_nothing_less(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Change], looks: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    cache, reader = writer(folder), Cache(folder)
    commit(cache, "first", *"abc")
    writes, reads = [cache.source("register").contents], [reader.source("register").load()]
    followed = 0
    for number, (new, gone, _restart) in enumerate(changes):
        commit(cache, f"version {number}", *new, gone=tuple(gone))
        writes.append(cache.source("register").contents)
        if number in looks:
            reads.append(reader.source("register").load())
            assert reads[-1].of(Stream.SITES) == writes[-1].of(Stream.SITES)
        for seen in (writes, reads):
            for earlier in seen[:-1]:
                told = seen[-1].changed_since(earlier)
                if told is not None:
                    followed += 1
                    assert differing(earlier, seen[-1]) <= set(told.get(Stream.SITES, ()))
    if any(new for new, _gone, _restart in changes[:1]):
        assert followed
    cache.close()
