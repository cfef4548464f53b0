"""status from the kept counts say what status from the facts says, or is not used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smic_tui import i18n
from smic_tui.cache.cache import Cache
from smic_tui.cli import kept_counts as quick
from smic_tui.cli.main import run
from smic_tui.model.user_state import Acknowledgement
from smic_tui.startup.status_counts import NAME, StatusCountsFile
from tests.cli.program import Program

Said = tuple[int, str]


class Here:
    """Commands run in this process, on a sample that stays fresh for three days."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.toml"
        self.cache = folder / "cache"
        self.file = self.cache / NAME

    def __call__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> Said:
        capsys.readouterr()
        code = run(["--config", str(self.config), "--cache", str(self.cache), *arguments])
        captured = capsys.readouterr()
        assert captured.err == ""
        return code, captured.out

    def from_facts(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> Said:
        """What is said when nothing is kept; what is kept stays as it is."""
        with (
            patch.object(quick, "kept", return_value=None),
            patch("smic_tui.startup.status_counts.store"),
        ):
            return self(capsys, *arguments)

    def from_counts(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> Said | None:
        """What is said without a look at the facts; None where it needs one."""
        with patch("smic_tui.cli.situation.read", side_effect=LookedAtFacts):
            try:
                return self(capsys, *arguments)
            except LookedAtFacts:
                return None

    @property
    def kept(self) -> StatusCountsFile:
        return msgspec.json.decode(self.file.read_bytes(), type=StatusCountsFile)


def at_one_moment() -> time_machine.travel:
    """Two answers are compared: nothing becomes late between them."""
    return time_machine.travel(datetime.now(UTC), tick=False)


class LookedAtFacts(BaseException):
    """The counts were not enough."""


def fewer_backups(folder: Path) -> None:
    """Every eighth, to be read and assessed in a moment."""
    head, *jobs = (folder / "backup_plan.csv").read_text().splitlines(keepends=True)
    (folder / "backup_plan.csv").write_text("".join([head, *jobs[::8]]))
    keys = {job.split(";")[0] for job in jobs[::8]}
    journal = folder / "backup_journal.jsonl"
    runs = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(run for run in runs if json.loads(run).get("travail") in keys))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    program = Program(tmp_path_factory.mktemp("kept"))
    folder = program.home / "sample"
    assert program("sample", folder).returncode == 0
    found = Here(folder)
    text = re.sub(r'(?m)^stale_after = ".*"\n', "", found.config.read_text())
    found.config.write_text(re.sub(r"(?m)^(refresh = .*)$", r'\1\nstale_after = "3d"', text))
    fewer_backups(folder)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (("HOME", str(program.home)), ("LANG", "C.UTF-8"), ("LANGUAGE", "en")):
            patched.setenv(name, value)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LC_ALL", "LC_MESSAGES", "NO_COLOR"):
            patched.delenv(name, raising=False)
        with patch("smic_tui.cli.log.start"):
            assert run(["--config", str(found.config), "--cache", str(found.cache), "sync"]) == 0
        yield found
    i18n.use("en")


@pytest.fixture(autouse=True)
def as_it_was(here: Here) -> Iterator[None]:
    """Each test finds what the program that collected has kept."""
    before = here.file.read_bytes()
    yield
    here.file.unlink(missing_ok=True)
    here.file.write_bytes(before)
    here.file.chmod(0o600)


def test_who_collects_keeps_the_counts(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    assert here.kept.forecast.until - here.kept.made > timedelta(minutes=10)
    assert here.from_counts(capsys, "status") is not None
    assert here.from_counts(capsys, "status", "--json") is not None
    assert here.from_counts(capsys, "status", "--sync") is None


@given(st.integers(0, 50), st.sampled_from([-1e-6, 0.0, 1e-6, 30.0]), st.sampled_from(["fr", "en"]))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_at_every_moment_it_says_the_same(
    here: Here, capsys: pytest.CaptureFixture[str], number: int, off: float, language: str
) -> None:
    forecast = here.kept.forecast
    turns = sorted({turn[0] for turn in forecast.backups} | {forecast.until})
    moment = turns[number % len(turns)] + timedelta(seconds=off)
    with time_machine.travel(moment, tick=False):
        for arguments in (("status", "--json"), ("status", "--language", language)):
            said = here.from_counts(capsys, *arguments)
            assert (said is not None) is (moment < forecast.until)
            assert said is None or said == here.from_facts(capsys, *arguments)


def test_the_forecast_has_something_to_tell(here: Here) -> None:
    assert len(here.kept.forecast.backups) > 5


def copied(path: Path) -> None:
    """The same content in another file, as a writer leaves it."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data + b" ")


CHANGES: dict[str, Callable[[Here], object]] = {
    "a source": lambda here: copied(here.cache / "sources" / "tickets.json"),
    "changes of a source": lambda here: copied_new(here.cache / "sources/tickets.changes.json"),
    "the alerts": lambda here: copied(here.cache / "alerts.json"),
}


def copied_new(path: Path) -> None:
    path.write_bytes(b"{}")


@pytest.mark.parametrize("what", CHANGES)
def test_after_a_change_the_facts_are_looked_at(
    here: Here, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    here(capsys, "status")
    assert here.from_counts(capsys, "status") is not None
    CHANGES[what](here)
    assert here.from_counts(capsys, "status") is None
    (here.cache / "sources/tickets.changes.json").unlink(missing_ok=True)
    with at_one_moment():
        assert here(capsys, "status") == here.from_facts(capsys, "status")
    assert here.from_counts(capsys, "status") is not None


def test_after_an_acknowledgement(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    def firing(said: Said | None) -> Any:
        assert said is not None
        return json.loads(said[1])["alerts"]["firing"]

    here(capsys, "status")
    before = firing(here.from_counts(capsys, "status", "--json"))
    alerts = json.loads(here(capsys, "list", "alerts", "--json")[1])
    cache, now = Cache(here.cache), datetime.now(UTC)
    try:
        ends = Acknowledgement(
            fingerprint=alerts[0]["key"], by="duty", at=now, until=now + timedelta(minutes=4)
        )
        assert cache.user.acknowledge(ends)
        assert here.from_counts(capsys, "status") is None
        here(capsys, "status")
        assert firing(here.from_counts(capsys, "status", "--json")) == before - 1
        with time_machine.travel(now + timedelta(minutes=4), tick=False):
            assert firing(here.from_counts(capsys, "status", "--json")) == before
            assert firing(here.from_facts(capsys, "status", "--json")) == before
    finally:
        assert cache.user.unacknowledge(alerts[0]["key"])


def test_with_another_configuration(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here(capsys, "status")
    text = here.config.read_text()
    try:
        here.config.write_text(text.replace("Technicien Exemple 03", "Technicien Exemple 04"))
        assert here.from_counts(capsys, "status") is None
    finally:
        here.config.write_text(text)
    assert here.from_counts(capsys, "status", "--timezone", "UTC") is None
    assert here.from_counts(capsys, "status", "--language", "fr") is not None


def test_a_clock_that_was_set_back(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here(capsys, "status")
    with time_machine.travel(here.kept.made - timedelta(seconds=1), tick=False):
        assert here.from_counts(capsys, "status") is None


def test_the_language_of_one_command_is_not_kept(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    here.file.unlink()
    french = here(capsys, "status", "--language", "fr")
    with at_one_moment():
        english = here.from_counts(capsys, "status")
        assert english == here.from_facts(capsys, "status") != french


def changed(**changes: Any) -> Callable[[dict[str, Any]], bytes]:
    return lambda kept: json.dumps({**kept, **changes}).encode()


def named(name: str) -> Callable[[dict[str, Any]], bytes]:
    def change(kept: dict[str, Any]) -> bytes:
        kept["tally"]["sources"][0]["name"] = name
        return json.dumps(kept).encode()

    return change


HOSTILE: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "nothing": lambda kept: b"",
    "torn": lambda kept: json.dumps(kept).encode()[:-20],
    "zeros": lambda kept: b"\0" * 4096,
    "deep": lambda kept: b"[" * 100_000,
    "another layout": changed(schema=3),
    "more than there is": changed(more=1),
    "a time without a zone": changed(made="2020-01-01T00:00:00"),
    "an escape sequence": named("\x1b]52;c;AAAA\x07"),
    "a change of direction": named("a\u202eb"),
    "half a character": named("\ud800"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_strange_file_is_not_believed(
    here: Here, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    here(capsys, "status")
    here.file.write_bytes(HOSTILE[what](json.loads(here.file.read_bytes())))
    here.file.chmod(0o600)
    assert here.from_counts(capsys, "status") is None
    with at_one_moment():
        assert here(capsys, "status") == here.from_facts(capsys, "status")
    assert here.from_counts(capsys, "status") is not None


def test_what_changes_while_it_is_looked_at_is_not_kept(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    here.file.unlink()
    signatures = Cache.signatures

    def changing(self: Cache, settings: Any) -> Any:
        found = signatures(self, settings)
        copied(self.folder / "sources" / "tickets.json")
        return found

    with patch.object(Cache, "signatures", changing):
        here(capsys, "status")
    assert not here.file.exists()


def test_a_cache_that_cannot_be_written(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here.file.unlink()
    here.file.mkdir()
    try:
        with at_one_moment():
            assert here(capsys, "status") == here.from_facts(capsys, "status")
    finally:
        here.file.rmdir()
    assert not list(here.cache.glob(f"{NAME}.tmp*"))
