"""One file per source: names, layout, generations, readers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tinydb
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.cache.cache import Cache, stale_after
from smic_tui.cache.keyed import KeyedDB
from smic_tui.cache.layout import Cursor, file_stem
from smic_tui.cache.lock import Outcome
from smic_tui.config.schema import Settings, Source
from smic_tui.contract.status import SourceState
from smic_tui.records import Stream
from tests.cache.cache_examples import NOW, alert, site, status, ticket

REGISTER = Source(name="register", kind="csv", refresh="10m")
SETTINGS = Settings(sources={"register": REGISTER})


def writer(folder: Path) -> Cache:
    cache = Cache(folder)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(["register"])
    return cache


def commit(cache: Cache, *keys: str, name: str = "Mairie") -> None:
    assert cache.source("register").commit(
        {Stream.SITES: {key: site(key, name) for key in keys}},
        {},
        {Stream.SITES: Cursor(value=name)},
        status(),
    )


def keys(cache: Cache) -> set[str]:
    (contents,) = cache.snapshot(SETTINGS).sources
    return set(contents.of(Stream.SITES))


# Names


@given(st.text(max_size=80), st.text(max_size=80))
def test_every_source_has_a_file_of_its_own_inside_the_folder(one: str, other: str) -> None:
    stems = {file_stem(one), file_stem(other)}
    assert len(stems) == (1 if one == other else 2)
    for stem in stems:
        assert Path(stem).name == stem
        assert not stem.startswith(("-", "/"))
        assert len(stem) < 80
        assert stem.isascii()


@pytest.mark.parametrize("name", ["../../etc/passwd", "", ".", "Ç’est l'été", "a\0b", "CON", "x/y"])
def test_any_name_works(name: str, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.lock.try_acquire()
    cache.open([name])
    assert cache.source(name).commit({Stream.SITES: {"1": site("1")}}, {}, {}, status(name))
    cache.close()
    (file,) = (tmp_path / "cache" / "sources").iterdir()
    assert file == cache.source(name).path
    assert Cache(tmp_path / "cache").source(name).load().status.rows == 1


# Layout


def test_the_file_is_a_tinydb_file_with_natural_keys(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "17300", "école/2")
    cache.close()
    with tinydb.TinyDB(cache.source("register").path, access_mode="r", encoding="utf-8") as db:
        assert db.tables() == {"sites", "_meta", "_seal"}
        tables = db.storage.read()
    assert tables is not None
    assert tables["sites"].keys() == {"17300", "école/2"}
    assert tables["sites"]["17300"]["name"] == "Mairie"
    assert tables["_meta"]["file"] == {"schema": 1, "source": "register"}
    assert tables["_meta"]["cursors"]["sites"]["value"] == "Mairie"


def test_tables_hand_out_copies(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    storage = cache.source("register")._file._storage
    assert storage is not None
    table = KeyedDB(storage).keyed("sites")
    query = tinydb.where("code") == "1"
    for found in (table.get(query), table.search(query)[0], table.all()[0], table.search(query)[0]):
        assert isinstance(found, dict)
        assert found["contacts"] == ()
        found["equipment"] = ["changed"]
        found["name"] = "changed"
    commit(cache, "2")
    cache.close()
    text = cache.source("register").path.read_text()
    assert "changed" not in text
    assert len(table) == 2


def test_a_bulk_change_is_one_write(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    inodes = set()
    for count in range(3):
        commit(cache, *map(str, range(2000)), name=str(count))
        inodes.add(cache.source("register").path.stat().st_ino)
        names = sorted(path.name for path in (tmp_path / "sources").iterdir())
        assert names == ["register.json", "register.json.previous"][: min(count + 1, 2)]
    previous = json.loads((tmp_path / "sources/register.json.previous").read_bytes())
    assert previous["sites"]["7"]["name"] == "1"
    cache.close()


def test_an_older_cursor_of_another_stream_stays(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    file = cache.source("register")
    file.commit({}, {}, {Stream.SITES: Cursor(value="s")}, status())
    file.commit({}, {}, {Stream.TICKETS: Cursor(value="t")}, status())
    cache.close()
    fresh = Cache(tmp_path).source("register")
    fresh.load()
    assert {stream: cursor.value for stream, cursor in fresh.cursors.items()} == {
        Stream.SITES: "s",
        Stream.TICKETS: "t",
    }


def test_rows_that_cannot_be_written_change_nothing(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    with pytest.raises(ValueError, match="surrogates"):
        commit(cache, "2", name="\ud800")
    assert keys(cache) == {"1"}
    commit(cache, "3")
    cache.close()
    assert keys(Cache(tmp_path)) == {"1", "3"}


def test_a_snapshot_is_not_changed_by_later_commits(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    before = cache.snapshot(SETTINGS)
    commit(cache, "2")
    assert set(before.sources[0].of(Stream.SITES)) == {"1"}
    with pytest.raises(TypeError):
        before.sources[0].rows[Stream.SITES]["3"] = site("3")  # type: ignore[index]
    cache.close()


# Unreadable files

SPOILT = [
    b"",
    b"{",
    b"not json",
    b"\0" * 4096,
    b"[" * 100_000,
    b'{"_meta": {"file": {"schema": 1, "source": "register"}}}',
    b'{"sites": {"1": {"name": 3}}, "_meta": {"file": {"schema": 1}}}',
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("spoilt", SPOILT)
def test_unreadable_the_generation_before_is_taken(spoilt: bytes, tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    commit(cache, "2")
    cache.close()
    path = cache.source("register").path
    path.write_bytes(spoilt)

    reader = Cache(tmp_path)
    assert keys(reader) == {"1"}
    assert len(reader.notices) == 1
    assert path.read_bytes() == spoilt, "a reader sets nothing aside"

    heir = writer(tmp_path)
    assert keys(heir) == {"1"}
    (aside,) = (tmp_path / "sources").glob("*.unreadable-*")
    assert aside.read_bytes() == spoilt
    assert any(aside.name in notice for notice in heir.notices)
    commit(heir, "3")
    heir.close()
    assert keys(Cache(tmp_path)) == {"1", "3"}
    assert keys(reader) == {"1", "3"}
    assert not reader.notices


@pytest.mark.parametrize("spoilt", SPOILT)
def test_both_unreadable_it_is_rebuilt(spoilt: bytes, tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    commit(cache, "2")
    cache.close()
    path = cache.source("register").path
    for generation in (path, path.with_name("register.json.previous")):
        generation.write_bytes(spoilt)

    reader = Cache(tmp_path)
    assert keys(reader) == set()
    heir = writer(tmp_path)
    assert keys(heir) == set()
    assert heir.source("register").cursors == {}
    assert any("rebuilt" in notice for notice in heir.notices)
    commit(heir, "3")
    heir.close()
    assert keys(Cache(tmp_path)) == {"3"}


def test_a_file_of_another_version_is_set_aside_and_says_so(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    cache.close()
    path = cache.source("register").path
    tables = json.loads(path.read_bytes())
    tables["_meta"]["file"]["schema"] = 2
    path.write_text(json.dumps(tables))
    heir = writer(tmp_path)
    assert keys(heir) == set()
    assert any("layout 2" in notice for notice in heir.notices)
    heir.close()


def test_a_file_of_another_source_is_not_taken_for_ours(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    cache.close()
    other = cache.source("other").path
    other.write_bytes(cache.source("register").path.read_bytes())
    assert Cache(tmp_path).source("other").load().rows == {}


def test_only_few_unreadable_files_are_kept(tmp_path: Path) -> None:
    for count in range(6):
        cache = writer(tmp_path)
        commit(cache, "1")
        cache.close()
        cache.source("register").path.write_bytes(b"spoilt %d" % count)
    writer(tmp_path).close()
    aside = (tmp_path / "sources").glob("*.unreadable-*")
    assert sorted(path.read_bytes() for path in aside) == [b"spoilt %d" % n for n in (3, 4, 5)]


def test_alerts_are_rebuilt_when_unreadable(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    assert cache.alerts.commit({"a": alert("a")})
    assert cache.alerts.commit({"b": alert("b")})
    cache.close()
    assert Cache(tmp_path).alerts.load() == {"b": alert("b")}
    for path in tmp_path.glob("alerts.json*"):
        path.write_bytes(b"?")
    heir = writer(tmp_path)
    assert heir.alerts.load() == {}
    assert len(heir.notices) == 2
    heir.close()


def test_the_same_alerts_are_not_written_again(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    cache.alerts.commit({"a": alert("a")})
    before = cache.alerts.path.stat().st_ino
    assert cache.alerts.commit({"a": alert("a")})
    assert cache.alerts.path.stat().st_ino == before
    cache.close()


# Snapshots


def test_the_snapshot_follows_the_configuration(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    cache.close()
    settings = Settings(
        sources={
            "new": Source(name="new", kind="redmine"),
            "register": Source(name="register", kind="json", stale_after="2h"),
            "off": Source(name="off", kind="csv", enabled=False),
        }
    )
    new, register = Cache(tmp_path).snapshot(settings).sources
    assert (new.status.name, new.status.kind, new.status.state) == (
        "new",
        "redmine",
        SourceState.NEVER,
    )
    assert (register.status.kind, register.status.stale_after) == ("json", 7200.0)
    assert register.status.rows == 1


def test_a_source_that_is_no_longer_configured_keeps_its_file(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    commit(cache, "1")
    cache.close()
    assert Cache(tmp_path).snapshot(Settings()).sources == ()
    assert keys(Cache(tmp_path)) == {"1"}


def test_stale_after_is_three_times_refresh_unless_set() -> None:
    assert stale_after(REGISTER) == 1800.0


def test_a_time_from_a_wrong_clock_does_not_make_a_fact_fresh(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    now = datetime.now(UTC)
    cache.source("register").commit({}, {}, {}, status(last_good=now + timedelta(days=400)))
    (contents,) = cache.snapshot(SETTINGS).sources
    assert contents.status.last_good is None
    assert contents.status.is_stale(now)
    cache.close()


def test_a_reader_sees_each_commit_and_reads_nothing_twice(tmp_path: Path) -> None:
    cache, reader = writer(tmp_path), Cache(tmp_path)
    follower = reader.watcher(SETTINGS)
    assert not follower.changed()
    commit(cache, "1")
    assert follower.changed()
    assert not follower.changed()
    first = reader.source("register").load()
    assert reader.source("register").load() is first
    cache.alerts.commit({"a": alert("a")})
    assert follower.changed()
    assert reader.snapshot(SETTINGS).alerts == {"a": alert("a")}
    cache.close()


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "a" / "cache")
    assert cache.snapshot(SETTINGS).sources[0].status.state is SourceState.NEVER
    assert cache.notices == ()
    assert list(tmp_path.iterdir()) == []


def test_only_the_writer_writes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.open(["register"])
    assert not cache.source("register").commit({Stream.SITES: {"1": site("1")}}, {}, {}, status())
    assert keys(cache) == {"1"}
    assert not list(tmp_path.rglob("*.json"))


def test_rows_of_all_streams_come_back(tmp_path: Path) -> None:
    cache = writer(tmp_path)
    cache.source("register").commit(
        {Stream.SITES: {"1": site("1")}, Stream.TICKETS: {"1": ticket("1", due=NOW)}},
        {},
        {},
        status(),
    )
    cache.close()
    contents = Cache(tmp_path).source("register").load()
    assert contents.of(Stream.SITES) == {"1": site("1")}
    assert contents.of(Stream.TICKETS) == {"1": ticket("1", due=NOW)}
    assert contents.of(Stream.HEALTH) == {}


def test_large_tables_come_back_and_are_checked_row_by_row(tmp_path: Path) -> None:
    rows = {str(key): site(str(key), "é" * 300) for key in range(5000)}
    cache = writer(tmp_path)
    cache.source("register").commit({Stream.SITES: rows}, {}, {}, status())
    cache.close()
    path = cache.source("register").path
    assert path.stat().st_size > 2_000_000
    assert Cache(tmp_path).source("register").load().of(Stream.SITES) == rows
    path.write_bytes(path.read_bytes().replace(b'"code":"4711"', b'"code":4711.5'))
    reader = Cache(tmp_path)
    assert keys(reader) == set()
    assert reader.notices
