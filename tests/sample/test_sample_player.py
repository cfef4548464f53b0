"""A played sample keeps changing, stays whole, and the adapters see what changed."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from smic_tui.model.states import BackupState, SiteState
from smic_tui.sample import folder as files
from smic_tui.sample.chance import chance
from smic_tui.sample.moves.backups import BackupMover
from smic_tui.sample.moves.change import Change
from smic_tui.sample.moves.monitoring import MonitoringMover
from smic_tui.sample.player import Player, play
from smic_tui.sample.syndicate import compose
from smic_tui.sample.tables import BAD_ROWS
from smic_tui.sample.writer import write
from tests.sample.sample_reading import assess_sample, read_sample

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


async def test_what_happens_is_seen_by_the_adapters(tmp_path: Path) -> None:
    write(tmp_path, now=NOW)
    before = await assess_sample(tmp_path, NOW)
    player = Player(compose(17, NOW), tmp_path)
    now = NOW
    changes: list[Change] = []
    for _ in range(120):
        now += timedelta(seconds=20)
        changes.append(player.step(now))
    settings, snapshot = await read_sample(tmp_path, now)
    assert sum(one.status.rejected_count for one in snapshot.sources) == BAD_ROWS
    after = await assess_sample(tmp_path, now)

    happened = Counter(change.file for change in changes)
    assert set(happened) == {files.TICKETS, files.JOURNAL, files.MONITORING, files.REQUESTS}
    assert len(after.tickets) > len(before.tickets)
    old = {fact.key: fact.ticket.status for fact in before.tickets}
    assert any(
        old.get(fact.key, fact.ticket.status) != fact.ticket.status for fact in after.tickets
    )
    runs = {run.key for fact in before.backups for run in fact.runs}
    new = [run for fact in after.backups for run in fact.runs if run.key not in runs]
    assert {str(run.result) for run in new} >= {"ok", "running"}
    assert all(NOW <= run.started <= now for run in new)
    stages = {fact.key: fact.request.stage for fact in before.requests}
    assert any(
        stages.get(fact.key, fact.request.stage) != fact.request.stage for fact in after.requests
    )
    down = [{s.key for s in one.sites if s.state is SiteState.DOWN} for one in (before, after)]
    assert down[0] != down[1]
    assert settings.sources


async def test_a_backup_fails_and_another_recovers(tmp_path: Path) -> None:
    write(tmp_path, now=NOW)
    room = BackupMover(compose(17, NOW), tmp_path, chance("test"))
    now, texts = NOW, []
    for _ in range(250):
        now += timedelta(seconds=20)
        if change := room.move(now):
            texts.append(change.text)
    assert any("échec" in text for text in texts)
    assert any("réussi" in text for text in texts)
    lines = (tmp_path / files.JOURNAL).read_text(encoding="utf-8").splitlines()
    keys = [json.loads(line)["id"] for line in lines]
    assert len(keys) == len(set(keys))
    before: dict[str, BackupState] = {}
    after: dict[str, BackupState] = {}
    folder = tmp_path / "before"
    write(folder, now=NOW)
    for where, at, into in ((folder, NOW, before), (tmp_path, now, after)):
        into.update({fact.key: fact.state for fact in (await assess_sample(where, at)).backups})
    assert any(before[key] == "failed" and after[key] == "fresh" for key in before)
    assert any(before[key] == "fresh" and after[key] == "failed" for key in before)


async def test_a_site_goes_down_and_comes_back_and_the_supplier_recovers(tmp_path: Path) -> None:
    made = compose(17, NOW)
    write(tmp_path, now=NOW)
    watch = MonitoringMover(made, tmp_path, chance("test"))
    now, counts = NOW, []
    for _ in range(90):
        now += timedelta(minutes=1)
        watch.move(now)
        objects = json.loads((tmp_path / files.MONITORING).read_bytes())["objets"]
        hosts = [one for one in objects if one["service"] is None]
        assert len(hosts) == 712 - 26
        assert all(one["depuis"] <= one["verifie"] <= now.timestamp() for one in objects)
        counts.append(sum(one["etat"] == "DOWN" for one in hosts))
    steps = {later - earlier for earlier, later in pairwise(counts)}
    assert steps >= {1, -1, -40}
    assert steps <= {1, -1, 40, -40}


def test_it_plays_until_it_is_told_to_stop(tmp_path: Path) -> None:
    stop, changes = threading.Event(), []

    def see(change: Change) -> None:
        changes.append(change)
        if len(changes) == 12:
            stop.set()

    thread = threading.Thread(
        target=play, args=(tmp_path,), kwargs={"stop": stop, "speed": 10_000, "on_change": see}
    )
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert len(changes) == 12
    assert all(change.at <= datetime.now(UTC) for change in changes)
    assert not files.is_playing(tmp_path)


def test_readers_never_meet_half_a_file(tmp_path: Path) -> None:
    stop = threading.Event()
    write(tmp_path)
    thread = threading.Thread(target=play, args=(tmp_path,), kwargs={"stop": stop, "speed": 10_000})
    thread.start()
    try:
        for _ in range(60):
            json.loads((tmp_path / files.MONITORING).read_bytes())
            json.loads((tmp_path / files.REQUESTS).read_bytes())
            assert (tmp_path / files.TICKETS).read_bytes().endswith(b"\r\n")
            assert (tmp_path / files.JOURNAL).read_bytes().endswith(b"}\n")
    finally:
        stop.set()
        thread.join(timeout=30)


def test_speed_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="positive"):
        play(tmp_path, stop=threading.Event(), speed=0)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    def fill(change: Change) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / change.file))

    with pytest.raises(files.SampleError, match=r"cannot be written: No space left"):
        play(tmp_path, stop=threading.Event(), speed=10_000, on_change=fill)
    assert not files.is_playing(tmp_path)
