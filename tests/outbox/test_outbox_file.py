"""The outbox in the person's file: several programs, full disks, rows of other versions."""

from __future__ import annotations

import errno
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from smic_tui.cache.cache import Cache
from smic_tui.cache.file_ops import FileOps
from smic_tui.contract.actions import Action
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.outbox import box
from tests.outbox.outbox_desk import action, ticket

SEEN = ticket("1", source="desk")


def entries(folder: Path) -> list[Entry]:
    return box.in_order(Cache(folder).user.load().outbox.values())


def add(cache: Cache, wanted: Action | None = None) -> Action:
    wanted = wanted or action()
    assert cache.user.change_outbox(box.add(wanted, "desk", SEEN))
    return wanted


def test_an_entry_comes_back_whole(tmp_path: Path) -> None:
    wanted = action(until=datetime.now(UTC) + timedelta(hours=1))
    cache = Cache(tmp_path)
    add(cache, wanted)
    (entry,) = entries(tmp_path)
    assert (entry.action, entry.seen_record, entry.number) == (wanted, SEEN, 1)
    assert cache.user.load().outbox == {wanted.id: entry}


def test_numbers_are_given_under_the_lock(tmp_path: Path) -> None:
    wishes = [[action() for _wish in range(8)] for _program in range(4)]

    def work(mine: list[Action]) -> None:
        cache = Cache(tmp_path)
        for wanted in mine:
            add(cache, wanted)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = entries(tmp_path)
    assert [entry.number for entry in found] == list(range(1, 33))
    for mine in wishes:
        order = [entry.id for entry in found if entry.id in {one.id for one in mine}]
        assert order == [one.id for one in mine]


def test_who_withdraws_and_who_sends_cannot_both_be_right(tmp_path: Path) -> None:
    here, there = Cache(tmp_path).user, Cache(tmp_path).user
    wanted = add(Cache(tmp_path))
    looked_at = there.load().outbox[wanted.id]
    assert here.change_outbox(box.withdraw(wanted.id))
    assert there.change_outbox(box.begin(looked_at, "0", SEEN))
    assert there.load().outbox[wanted.id].state is EntryState.WITHDRAWN
    other = add(Cache(tmp_path))
    assert there.change_outbox(box.begin(there.load().outbox[other.id], "0", SEEN))
    assert here.change_outbox(box.withdraw(other.id))
    assert here.load().outbox[other.id].state is EntryState.SENDING


def test_two_senders_cannot_begin_the_same(tmp_path: Path) -> None:
    here, there = Cache(tmp_path).user, Cache(tmp_path).user
    wanted = add(Cache(tmp_path))
    first, second = here.load().outbox[wanted.id], there.load().outbox[wanted.id]
    assert here.change_outbox(box.begin(first, "1", SEEN))
    assert there.change_outbox(box.begin(second, "2", SEEN))
    entry = here.load().outbox[wanted.id]
    assert (entry.attempts, entry.action.baseline) == (1, "1")


def test_what_cannot_be_written_is_not_there(tmp_path: Path) -> None:
    class Full(FileOps):
        def write(self, descriptor: int, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    full = Cache(tmp_path, ops=Full())
    heard: list[str] = []
    with full.user.listening(lambda: heard.append("changed")):
        assert not full.user.change_outbox(box.add(action(), "desk", SEEN))
    assert heard == []
    assert full.user.state.outbox == {}
    assert full.user.load().outbox == {}
    assert any("No space left" in notice for notice in full.notices)
    assert entries(tmp_path) == []


def test_a_listener_hears_of_a_change_once_it_is_on_the_disk(tmp_path: Path) -> None:
    here, there = Cache(tmp_path).user, Cache(tmp_path).user
    heard: list[set[str]] = []

    def changed() -> None:
        heard.append({entry.id for entry in entries(tmp_path)})

    own, others = action(), action()
    with here.listening(changed):
        assert here.change_outbox(box.add(own, "desk", SEEN))
        assert heard == [{own.id}]
        assert here.state.outbox.keys() == {own.id}
        assert there.change_outbox(box.add(others, "desk", SEEN))
        assert len(heard) == 1
        here.load()
        here.load()
        assert heard == [{own.id}, {own.id, others.id}]
        assert here.state.outbox.keys() == {own.id, others.id}
    assert here.change_outbox(box.withdraw(own.id))
    assert len(heard) == 2


def test_adding_twice_is_adding_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    wanted = add(cache)
    add(cache, wanted)
    assert len(entries(tmp_path)) == 1


def test_what_is_over_is_cleared_after_some_days(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    old, refused, open_one = add(cache), add(cache), add(cache)
    long_ago = datetime.now(UTC) - timedelta(days=5)

    def age(outbox: box.Entries) -> box.Changes:
        return {
            old.id: replace(outbox[old.id], state=EntryState.CONFIRMED, changed=long_ago),
            refused.id: replace(outbox[refused.id], state=EntryState.REFUSED, changed=long_ago),
            open_one.id: replace(outbox[open_one.id], changed=long_ago),
        }

    assert cache.user.change_outbox(age)
    new = add(cache)
    assert [entry.id for entry in entries(tmp_path)] == [refused.id, open_one.id, new.id]


@pytest.mark.parametrize(
    "strange",
    [
        {"number": "x"},
        {"seen": {"no": "ticket"}},
        {"state": "teleported"},
        {"changed": "2026-11-24T10:00:00"},
    ],
)
def test_a_row_that_means_nothing_stays_as_it_is(
    tmp_path: Path, strange: dict[str, object]
) -> None:
    cache = Cache(tmp_path)
    odd, fine = add(cache), add(cache)
    file = tmp_path / "user.json"
    data = json.loads(file.read_text())
    data["outbox"][odd.id] |= strange
    file.write_text(json.dumps(data))
    again = Cache(tmp_path)
    assert list(again.user.load().outbox) == [fine.id]
    assert any(odd.id in notice for notice in again.notices)
    assert again.user.change_outbox(box.withdraw(fine.id))
    kept = json.loads(file.read_text())["outbox"][odd.id]
    assert kept == data["outbox"][odd.id]


def test_times_without_a_zone_are_no_entry() -> None:
    wanted = msgspec.to_builtins(
        Entry(
            number=1,
            action=action(),
            shown="desk",
            seen=msgspec.to_builtins(SEEN),
            changed=datetime.now(UTC),
        )
    )
    wanted["action"]["at"] = "2026-11-24T10:00:00"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wanted, Entry)
