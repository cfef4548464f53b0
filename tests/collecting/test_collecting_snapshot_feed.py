"""Where there are many rows nobody waits for the alert rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smic_tui.cache.cache import Cache
from smic_tui.cache.lock import Outcome
from smic_tui.collecting import snapshot_feed as publisher_module
from smic_tui.collecting.off_loop import OffLoop
from smic_tui.collecting.snapshot_feed import SnapshotFeed
from smic_tui.config.schema import Settings
from smic_tui.model.alert_store import AlertEntry, AlertStore
from smic_tui.model.snapshot import Snapshot

ENTRY = AlertEntry(
    fingerprint="down/x",
    rule="down",
    subject="sites",
    source="register",
    key="x",
    site="register/x",
    summary="down",
    since=datetime(2026, 11, 24, tzinfo=UTC),
    digest="",
)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path)
    assert cache.lock.try_acquire() is Outcome.HELD
    cache.open(())
    yield cache
    cache.close()


@pytest.mark.parametrize("large", [True, False])
async def test_a_large_picture_goes_out_before_its_alerts(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    monkeypatch.setattr(publisher_module, "LARGE", 0 if large else 1)
    seen: list[Snapshot] = []
    known: list[int] = []

    def evaluate(_snapshot: Snapshot) -> AlertStore:
        known.append(len(seen))
        return {ENTRY.fingerprint: ENTRY}

    off = OffLoop()
    publisher = SnapshotFeed(Settings(), cache, off, on_change=seen.append, evaluate=evaluate)
    publisher.writing = True
    found = await publisher.publish()
    assert dict(found.alerts) == {ENTRY.fingerprint: ENTRY}
    assert known == [int(large)]
    assert [len(snapshot.alerts) for snapshot in seen] == ([0, 1] if large else [1])
    await publisher.publish()
    assert len(seen) == (3 if large else 2)
    assert publisher.last is not None
    assert dict(publisher.last.alerts) == {ENTRY.fingerprint: ENTRY}
    off.close()
