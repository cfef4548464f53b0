"""What the person decided is never lost and never rebuilt."""

from __future__ import annotations

import errno
import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from smic_tui.cache import user_file
from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import FileOps, Signature
from smic_tui.cache.lock import FileLock
from smic_tui.config.login import login_name
from smic_tui.model.user_state import Note, PaneSeen, UserState
from tests.cache.cache_examples import NOW, acknowledgement

NOTE = Note(id="1", site="17300", by="duty", at=NOW, text="Clef à l'accueil")
SEEN = PaneSeen(pane="morning", due=NOW, dismissed=NOW, by="duty", listed={"17300": "down"})


def test_nothing_yet(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.user.load() == UserState()
    assert not (tmp_path / "cache").exists()


def test_everything_comes_back_in_another_program(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    assert user.acknowledge(acknowledgement("a"))
    assert user.add_note(NOTE)
    assert user.pane_seen(SEEN)
    assert user.save_filter("late", "state:late age>3d")
    found = Cache(tmp_path).user.load()
    assert found == user.load()
    assert found.acknowledgements == {"a": acknowledgement("a")}
    assert found.notes == {"1": NOTE}
    assert found.panes == {"morning": msgspec.structs.replace(SEEN, login=login_name())}
    assert found.filters == {"late": "state:late age>3d"}


def test_what_is_taken_back_is_gone(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    user.acknowledge(acknowledgement("a"))
    user.add_note(NOTE)
    user.save_filter("late", "x")
    assert user.unacknowledge("a")
    assert user.remove_note("1")
    assert user.remove_filter("late")
    assert user.unacknowledge("never there")
    assert Cache(tmp_path).user.load() == UserState()


def test_two_programs_do_not_overwrite_each_other(tmp_path: Path) -> None:
    caches = [Cache(tmp_path) for _ in range(4)]

    def work(number: int) -> None:
        for count in range(15):
            assert caches[number].user.acknowledge(acknowledgement(f"{number} {count}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Cache(tmp_path).user.load().acknowledgements) == 60


def test_another_programs_change_is_noticed(tmp_path: Path) -> None:
    mine, theirs = Cache(tmp_path).user, Cache(tmp_path).user
    mine.acknowledge(acknowledgement("a"))
    assert mine.load().acknowledgements.keys() == {"a"}
    assert not mine.changed()
    theirs.acknowledge(acknowledgement("b"))
    assert mine.changed()
    assert mine.load().acknowledgements.keys() == {"a", "b"}
    assert not mine.changed()


def test_a_state_that_was_handed_out_never_changes(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    user.acknowledge(acknowledgement("a"))
    before = user.load()
    user.acknowledge(acknowledgement("b"))
    assert before.acknowledgements.keys() == {"a"}
    with pytest.raises(TypeError):
        before.acknowledgements["c"] = acknowledgement("c")  # type: ignore[index]


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"notes": 3}', b"\xff\xfe", b"[" * 100_000])
def test_unreadable_the_generation_before_is_taken(spoilt: bytes, tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    user.acknowledge(acknowledgement("a"))
    user.acknowledge(acknowledgement("b"))
    user.path.write_bytes(spoilt)

    cache = Cache(tmp_path)
    assert cache.user.load().acknowledgements.keys() == {"a"}
    assert any("cannot be read" in notice for notice in cache.notices)
    assert cache.user.acknowledge(acknowledgement("c"))
    assert Cache(tmp_path).user.load().acknowledgements.keys() == {"a", "c"}
    (aside,) = tmp_path.glob("user.json.unreadable-*")
    assert aside.read_bytes() == spoilt
    assert any(aside.name in notice for notice in cache.notices)


def test_both_unreadable_nothing_is_deleted(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    user.acknowledge(acknowledgement("a"))
    user.acknowledge(acknowledgement("b"))
    user.path.write_bytes(b"one")
    user.path.with_name("user.json.previous").write_bytes(b"two")

    cache = Cache(tmp_path)
    assert cache.user.load() == UserState()
    assert len(cache.notices) == 2
    assert cache.user.acknowledge(acknowledgement("c"))
    assert {path.read_bytes() for path in tmp_path.glob("*.unreadable-*")} == {b"one", b"two"}
    assert any("Nothing was deleted" in notice for notice in cache.notices)


class Unanswering(FileOps):
    """The disk does not give this file."""

    silent: Path | None = None

    def read(self, path: Path) -> tuple[bytes, Signature]:
        if path == self.silent:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(path)


def test_a_file_that_cannot_be_read_now_is_not_replaced(tmp_path: Path) -> None:
    ops = Unanswering()
    cache = Cache(tmp_path, ops=ops)
    for name in ("a", "b"):
        assert cache.user.acknowledge(acknowledgement(name))
    before = cache.user.path.read_bytes()
    ops.silent = cache.user.path
    assert not cache.user.acknowledge(acknowledgement("c"))
    assert cache.user.path.read_bytes() == before
    assert cache.user.load().acknowledgements.keys() == {"a", "b", "c"}
    assert any("Input/output error" in notice for notice in cache.notices)
    ops.silent = None
    assert cache.user.flush()
    assert Cache(tmp_path).user.load().acknowledgements.keys() == {"a", "b", "c"}
    assert cache.notices == ()


def test_set_aside_files_are_never_overwritten(tmp_path: Path) -> None:
    for count in range(6):
        cache = Cache(tmp_path)
        cache.user.path.write_bytes(b"spoilt %d" % count)
        cache.user.acknowledge(acknowledgement(str(count)))
    assert len(list(tmp_path.glob("user.json.unreadable-*"))) == 6


def test_a_row_that_is_not_understood_stays_in_the_file(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    user.acknowledge(acknowledgement("a"))
    tables = json.loads(user.path.read_bytes())
    tables["acknowledgements"]["strange"] = {"since": "tomorrow"}
    tables["acknowledgements"]["naive"] = msgspec.to_builtins(acknowledgement("naive")) | {
        "at": "2026-11-24T07:30:00"
    }
    tables["rota"] = {"monday": {"who": "somebody"}}
    user.path.write_text(json.dumps(tables))

    cache = Cache(tmp_path)
    assert cache.user.load().acknowledgements.keys() == {"a"}
    assert any("strange" in notice for notice in cache.notices)
    assert cache.user.acknowledge(acknowledgement("b"))
    after = json.loads(user.path.read_bytes())
    assert after["acknowledgements"]["strange"] == {"since": "tomorrow"}
    assert "naive" in after["acknowledgements"]
    assert after["rota"] == tables["rota"]


def test_the_file_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    user.acknowledge(acknowledgement("a"))
    tables = json.loads(user.path.read_bytes())
    tables["_meta"]["file"]["schema"] = 99
    user.path.write_text(json.dumps(tables))
    before = user.path.read_bytes()

    cache = Cache(tmp_path)
    assert cache.user.load().acknowledgements.keys() == {"a"}
    assert not cache.user.acknowledge(acknowledgement("b"))
    assert cache.user.load().acknowledgements.keys() == {"a", "b"}
    assert any("99" in notice for notice in cache.notices)
    assert user.path.read_bytes() == before


def test_times_come_back_in_utc(tmp_path: Path) -> None:
    paris = timezone(timedelta(hours=1))
    local = datetime(2026, 11, 24, 8, 30, tzinfo=paris)
    user = Cache(tmp_path).user
    user.acknowledge(msgspec.structs.replace(acknowledgement("a"), until=local))
    until = Cache(tmp_path).user.load().acknowledgements["a"].until
    assert until == local
    assert until is not None
    assert until.tzinfo is UTC


def test_text_that_is_no_unicode_is_refused_and_spoils_nothing(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    with pytest.raises(ValueError, match="surrogate"):
        user.add_note(msgspec.structs.replace(NOTE, text="\ud800"))
    assert user.acknowledge(acknowledgement("a"))
    assert Cache(tmp_path).user.load().notes == {}


def test_a_lock_that_is_held_for_ever_keeps_the_change_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_file, "LOCK_TIMEOUT", 0.05)
    cache = Cache(tmp_path)
    assert cache.user.acknowledge(acknowledgement("a"))
    frozen = FileLock(tmp_path / "user.lock", cache.user._folder)
    with frozen.hold(0):
        assert not cache.user.acknowledge(acknowledgement("b"))
        assert cache.user.load().acknowledgements.keys() == {"a", "b"}
        assert Cache(tmp_path).user.load().acknowledgements.keys() == {"a"}
        assert cache.notices
    assert cache.user.flush()
    assert Cache(tmp_path).user.load().acknowledgements.keys() == {"a", "b"}
    assert cache.notices == ()


def test_what_one_dismisses_comes_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[str]] = {}
    for login, pane in (("tech03", "morning"), ("tech04", "evening")):
        monkeypatch.setenv("LOGNAME", login)
        user = Cache(tmp_path).user
        assert user.pane_seen(msgspec.structs.replace(SEEN, pane=pane))
        seen[login] = sorted(Cache(tmp_path).user.load().panes)
    assert seen == {"tech03": ["morning"], "tech04": ["evening"]}


def test_a_pane_dismissed_under_an_earlier_version_counts_for_everybody(tmp_path: Path) -> None:
    user = Cache(tmp_path).user
    assert user.pane_seen(SEEN)
    text = user.path.read_text()
    login = login_name()
    user.path.write_text(
        text.replace(f'"morning {login}"', '"morning"').replace(f'"login":"{login}"', '"login":""')
    )
    assert list(Cache(tmp_path).user.load().panes) == ["morning"]
    later = msgspec.structs.replace(SEEN, due=NOW + timedelta(days=1))
    assert Cache(tmp_path).user.pane_seen(later)
    assert Cache(tmp_path).user.load().panes["morning"].due == later.due
