"""The restic kind, on recorded answers of real versions."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from msgspec.structs import replace

from adapters.restic.adapter import ResticAdapter
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.records import BackupJob, RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.adapters.repositories.programs import Player
from tests.fakes.configured import Outcome, adapter, context, read

PASSWORD = "sesame, open"


def repository(place: str, /, **settings: Any) -> dict[str, Any]:
    return {
        "site": "17300",
        "application": place,
        "repository": f"/srv/backup/{place}",
        "password": {"env": "PASSWORD"},
        **settings,
    }


def secret(wanted: Secret) -> str:
    return {"PASSWORD": PASSWORD, "ADDRESS": "rest:https://jo:pw@nas/x"}.get(wanted.env, "other")


@pytest.fixture
def player(tmp_path: Path) -> Player:
    return Player(tmp_path, "restic-0.14", "RESTIC_REPOSITORY")


def restic(player: Player, *repositories: dict[str, Any] | str, **settings: Any) -> ResticAdapter:
    listed = [repository(each) if isinstance(each, str) else each for each in repositories]
    whole = {"binary": str(player.binary), "repositories": listed, **settings}
    return adapter(ResticAdapter, whole, context(player.folder, secret))  # type: ignore[no-any-return]


async def runs(source: ResticAdapter, cursor: str | None = None) -> Outcome:
    return await read(source, Stream.BACKUP_RUNS, cursor)


class TestKit(AdapterConformance):
    secrets = (PASSWORD,)

    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        player = Player(tmp_path, "restic-0.14", "RESTIC_REPOSITORY")
        return restic(player, "good", "empty", "truncated")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Adapter[Any]:
        player = Player(tmp_path, "restic-0.14", "RESTIC_REPOSITORY")
        return restic(player, "missing", "refused")


class TestKitWithABrokenRepository(AdapterConformance):
    secrets = (PASSWORD,)

    # It cannot say that it read everything: one repository may have more.
    test_first_reading_is_full = None  # type: ignore[assignment]

    @pytest.fixture(autouse=True)
    def _stopped_clock(self) -> Any:
        with time_machine.travel(1.8e9, tick=False):
            yield

    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        player = Player(tmp_path, "restic-0.14", "RESTIC_REPOSITORY")
        return restic(player, "good", "missing")

    make_unreachable = staticmethod(TestKit.make_unreachable)


# -- the plan -------------------------------------------------------------------


async def test_the_plan_comes_from_the_settings(player: Player) -> None:
    plan = {
        "name": "compta-nuit",
        "period": "1d",
        "grace": "2h",
        "closed": ["sunday", "saturday"],
        "holidays": True,
        "url": "https://sauvegardes/compta",
    }
    found = await read(
        restic(player, repository("compta", **plan), repository("paie", calendar="0 22 * * 1-5")),
        Stream.BACKUP_JOBS,
    )
    assert found.full
    assert found.rows["compta-nuit"] == BackupJob(
        key="compta-nuit",
        site="17300",
        application="compta",
        protocol="restic",
        period=86400,
        grace=7200,
        closed=(5, 6),
        holidays=True,
        url="https://sauvegardes/compta",
    )
    assert found.rows["17300/paie"].calendar == "0 22 * * 1-5"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"calendar": "tous les soirs"}, 'calendar: "tous les soirs" is not a calendar'),
        ({"period": "1 an"}, "regex"),
        ({"closed": ["samedi"]}, "Invalid enum value 'samedi'"),
        ({"repository": "rest:https://u:p@nas/x"}, "must come from a secret"),
        ({"repository": ""}, "must not be empty"),
        ({"password": "sesame"}, "Expected `object | null`, got `str`"),
        ({"password": None}, "a password is needed: `password`, or in `environment` one of"),
        (
            {"environment": {"RESTIC_PASSWORD_COMMAND": "pass x"}},
            "given twice: password, environment.RESTIC_PASSWORD_COMMAND; keep one",
        ),
        (
            {"secret_environment": {"RESTIC_PASSWORD_FILE": {"env": "X"}}},
            "given twice: password, environment.RESTIC_PASSWORD_FILE",
        ),
        (
            {"environment": {"RESTIC_REPOSITORY_FILE": "/x"}},
            "RESTIC_REPOSITORY_FILE is set by smic-tui; use `repository`",
        ),
        ({"retention": "1d"}, "unknown field `retention`"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    whole = {"repositories": [repository("a", **settings)]}
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(whole, ResticAdapter.config_type)


def test_two_jobs_of_one_name_are_refused() -> None:
    whole = {"repositories": [repository("a"), repository("a")]}
    with pytest.raises(msgspec.ValidationError, match='two are called "17300/a"'):
        msgspec.convert(whole, ResticAdapter.config_type)
    with pytest.raises(msgspec.ValidationError, match="repositories is empty"):
        msgspec.convert({"repositories": []}, ResticAdapter.config_type)


# -- how it is called -------------------------------------------------------------


async def test_it_neither_locks_nor_asks_and_tells_nobody_the_password(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTIC_PASSWORD_COMMAND", "echo another")
    monkeypatch.setenv("REDMINE_TOKEN", "of another source")
    extra = repository(
        "good",
        hosts=["mairie-a"],
        paths=["/srv/data"],
        tags=["nightly"],
        environment={"RESTIC_PROGRESS_FPS": "0"},
        secret_environment={"AWS_SECRET_ACCESS_KEY": {"env": "AWS"}},
    )
    await runs(restic(player, extra, newest=3))
    args, env = player.args("good"), player.env("good")
    assert args == [
        "--no-lock",
        "snapshots",
        "--no-cache",
        "--json",
        "--latest=3",
        "--host=mairie-a",
        "--path=/srv/data",
        "--tag=nightly",
    ]
    assert env["RESTIC_PASSWORD"] == PASSWORD
    assert env["RESTIC_REPOSITORY"] == "/srv/backup/good"
    assert env["AWS_SECRET_ACCESS_KEY"] == "other"
    assert env["RESTIC_PROGRESS_FPS"] == "0"
    assert "RESTIC_PASSWORD_COMMAND" not in env
    assert "REDMINE_TOKEN" not in env
    assert player.said("good", "stdin") == ""
    assert int(player.said("good", "nice")) >= 10


async def test_addresses(player: Player, tmp_path: Path) -> None:
    await runs(restic(player, repository("good", repository="good")))
    assert player.env("good")["RESTIC_REPOSITORY"] == str(player.folder / "good")
    player.answer("x", 0, "[]")
    await runs(restic(player, repository("x", repository="sftp:nas:/x")))
    assert player.env("x")["RESTIC_REPOSITORY"] == "sftp:nas:/x"
    await runs(restic(player, repository("x", repository={"env": "ADDRESS"})))
    assert player.env("x")["RESTIC_REPOSITORY"] == "rest:https://jo:pw@nas/x"


async def test_the_cache_can_be_used(player: Player) -> None:
    await runs(restic(player, "good", cache=True))
    assert "--no-cache" not in player.args("good")


# -- what it answers ---------------------------------------------------------------


async def test_snapshots_are_runs(player: Player) -> None:
    found = await runs(restic(player, repository("good", name="compta")))
    assert found.full
    assert len(found.rows) == 3
    newest = found.records[0]
    assert newest.key.startswith("compta/")
    assert newest.job == "compta"
    assert (newest.site, newest.application, newest.result) == ("17300", "good", RunResult.OK)
    assert newest.started.tzinfo is UTC
    assert newest.started == max(run.started for run in found.records)
    assert not found.rejected


async def test_only_the_newest_runs_are_given(player: Player) -> None:
    everything = await runs(restic(player, "good"))
    newest = await runs(restic(player, "good", newest=1))
    assert newest.records == everything.records[:1]


async def test_newer_versions_tell_end_and_size(tmp_path: Path) -> None:
    player = Player(tmp_path, "restic-0.17-documented", "RESTIC_REPOSITORY")
    (run,) = (await runs(restic(player, "good"))).records
    assert run.started == datetime(2026, 11, 23, 21, 0, 0, 500_000, UTC)
    assert run.ended == datetime(2026, 11, 23, 21, 10, tzinfo=UTC)
    assert run.size == 5_000_000


async def test_a_truncated_snapshot_is_not_missed_silently(player: Player) -> None:
    found = await runs(restic(player, "truncated"))
    assert len(found.rows) == 2
    assert "could not load snapshot" in found.reasons["17300/truncated"]


async def test_a_snapshot_that_cannot_be_read_costs_only_itself(player: Player) -> None:
    good = '{"time":"2026-11-23T22:00:00Z","id":"aa"}'
    player.answer("odd", 0, f'[{good},{{"time":"yesterday","id":"bb"}},{{"id":"cc"}}]', "careful\n")
    found = await runs(restic(player, "odd"))
    assert list(found.rows) == ["17300/odd/aa"]
    assert list(found.reasons) == ["17300/odd", "17300/odd (2)", "17300/odd (3)"]


@pytest.mark.parametrize(
    "answer",
    ["", "[", "{}", "hello", '{"a":1}', "[" * 50_000],
    ids=["empty", "cut off", "object", "text", "other", "deep"],
)
async def test_what_is_not_the_list_of_snapshots(player: Player, answer: str) -> None:
    player.answer("odd", 0, answer)
    with pytest.raises(BadAnswer, match="something other than its list"):
        await runs(restic(player, "odd"))


@pytest.mark.parametrize("answer", ["null\n", "[]"])
async def test_a_repository_without_snapshots(player: Player, answer: str) -> None:
    player.answer("new", 0, answer)
    found = await runs(restic(player, "new"))
    assert (found.rows, found.full) == ({}, True)


# -- failures ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "error", "message"),
    [
        ("wrong-password", AuthFailed, "wrong password or no key found"),
        ("no-password", AuthFailed, "empty password"),
        ("keyless", AuthFailed, "wrong password or no key found"),
        ("missing", Unavailable, "unable to open config file: stat /srv/backup/missing"),
        ("refused", Unavailable, "connection refused"),
        ("no-ssh", Unavailable, r"\(subprocess ssh: ssh: connect to host .*refused\)"),
        ("broken-config", BadAnswer, "config cannot be loaded"),
    ],
)
async def test_failures_before_0_17(
    player: Player, case: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        await runs(restic(player, case))
    with pytest.raises(error, match=message):
        await restic(player, case).probe()


@pytest.mark.parametrize(
    ("case", "error", "message"),
    [
        ("wrong-password", AuthFailed, "no key could be opened"),
        ("missing", Unavailable, "repository does not exist"),
        ("locked", Unavailable, "already locked"),
    ],
)
async def test_failures_since_0_17(
    tmp_path: Path, case: str, error: type[Exception], message: str
) -> None:
    player = Player(tmp_path, "restic-0.17-documented", "RESTIC_REPOSITORY")
    with pytest.raises(error, match=message):
        await runs(restic(player, case))


async def test_snapshots_that_cannot_be_listed_are_no_empty_list(player: Player) -> None:
    """As restic 0.14 answers where the folder of the snapshots may not be read."""
    said = (
        "List(snapshot) returned error, retrying after 15s: open r/snapshots: permission denied\n"
        "could not load snapshots: open r/snapshots: permission denied\n"
    )
    player.answer("closed", 0, "[]\n", said)
    with pytest.raises(AuthFailed, match="could not load snapshots") as caught:
        await runs(restic(player, "closed"))
    assert "right to read" in caught.value.hint
    found = await runs(restic(player, "good", "closed"))
    assert found.rows["17300/closed/unreadable"].result is RunResult.UNKNOWN


async def test_what_it_tried_again_and_then_read_is_no_complaint(player: Player) -> None:
    said = "Load(<snapshot/a7>, 0, 0) returned error, retrying after 552ms: open x: timeout\n"
    player.answer("shaky", 0, '[{"time":"2026-11-22T22:00:00Z","id":"aa"}]', said)
    found = await runs(restic(player, "shaky"))
    assert (len(found.rows), found.rejected) == (1, [])


async def test_the_password_of_the_environment_is_used_and_blamed(player: Player) -> None:
    for variable in ("RESTIC_PASSWORD_COMMAND", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD"):
        own = repository("good", password=None, environment={variable: "of the house"})
        assert (await runs(restic(player, own))).rows
        assert player.env("good")[variable] == "of the house"
        assert ("RESTIC_PASSWORD" in player.env("good")) is (variable == "RESTIC_PASSWORD")
        wrong = repository("wrong-password", password=None, environment={variable: "x"})
        with pytest.raises(AuthFailed) as caught:
            await runs(restic(player, wrong))
        assert f"`environment.{variable}`" in caught.value.hint


async def test_runs_dated_ahead_push_out_none(player: Player) -> None:
    year = [{"time": f"2099-01-{day:02}T22:00:00Z", "id": f"f{day}"} for day in range(1, 12)]
    past = [{"time": f"2026-11-{day:02}T22:00:00Z", "id": f"p{day}"} for day in range(1, 12)]
    player.answer("ahead", 0, json.dumps([*year, *past]))
    found = await runs(restic(player, "ahead", newest=10))
    assert set(found.rows) == {f"17300/ahead/p{day}" for day in range(2, 12)}
    assert "11 runs are dated ahead" in found.reasons["17300/ahead"]
    # Those that take the places of others are asked for once more, without a number.
    assert not [each for each in player.args("ahead") if each.startswith("--latest")]


EMPTY = '{"struct_type":"snapshot"}\n{"name":"\\"type\\":\\"file\\"","type":"dir"}\n'


async def test_a_snapshot_of_folders_alone_saved_nothing(player: Player, tmp_path: Path) -> None:
    old = '{"time":"2026-11-21T22:00:00Z","id":"aa"}'
    new = '{"time":"2026-11-22T22:00:00Z","id":"bb"}'
    (tmp_path / "here").mkdir()
    here = repository("here", repository=str(tmp_path / "here"))
    player.answer("here", 0, f"[{old},{new}]")
    player.holds("here", EMPTY)
    found = await runs(restic(player, here))
    assert [run.size for run in found.records] == [0, None]
    assert player.looked("here") == ["--no-lock", "ls", "--no-cache", "--json", "bb"]
    # Each is looked into once.
    again = await runs(restic(player, here), found.cursor)
    assert [run.size for run in again.records] == [0, None]
    assert player.looked("here").count("ls") == 1
    newer = '{"time":"2026-11-23T22:00:00Z","id":"cc"}'
    player.answer("here", 0, f"[{old},{new},{newer}]")
    player.holds("here", EMPTY + '{"name":"f","type":"file"}\n')
    third = await runs(restic(player, here), again.cursor)
    assert [run.size for run in third.records] == [None, 0, None]
    # What is no list of files says nothing.
    player.holds("here", "")
    odd = await runs(restic(player, here))
    assert {run.size for run in odd.records} == {None}
    assert "what the newest backup holds cannot be told" in odd.reasons["17300/here"]


async def test_where_it_is_not_wanted_nothing_is_looked_into(
    player: Player, tmp_path: Path
) -> None:
    there = repository("there", repository="rest:https://nas/there")
    player.answer("there", 0, '[{"time":"2026-11-22T22:00:00Z","id":"bb"}]')
    player.holds("there", EMPTY)
    assert [run.size for run in (await runs(restic(player, there))).records] == [None]
    assert player.looked("there") == []
    found = await runs(restic(player, there, look_inside="all"))
    assert [run.size for run in found.records] == [0]
    (tmp_path / "here").mkdir()
    here = repository("here", repository=str(tmp_path / "here"))
    player.answer("here", 0, '[{"time":"2026-11-22T22:00:00Z","id":"bb"}]')
    await runs(restic(player, here, look_inside="none"))
    assert player.looked("here") == []


async def test_newer_versions_record_that_there_was_nothing(player: Player) -> None:
    empty = {"total_files_processed": 0, "total_bytes_processed": 0}
    folders = {"total_files_processed": 0, "total_bytes_processed": 4096}
    some = {"total_files_processed": 2, "total_bytes_processed": 7}
    listed = [
        {"time": f"2026-11-2{at}T22:00:00Z", "id": f"a{at}", "summary": summary}
        for at, summary in enumerate((empty, folders, some))
    ]
    player.answer("new", 0, json.dumps(listed))
    assert [run.size for run in (await runs(restic(player, "new"))).records] == [7, 0, 0]
    assert player.looked("new") == []


async def test_a_repository_that_may_not_be_read(player: Player) -> None:
    said = "Fatal: unable to open repository at /x: ReadDir: open /x/keys: permission denied\n"
    player.answer("closed", 1, "", said)
    with pytest.raises(AuthFailed, match="permission denied") as caught:
        await runs(restic(player, "closed"))
    assert "right to read" in caught.value.hint


async def test_a_program_that_dies_without_a_word(player: Player) -> None:
    player.script("kill -9 $$")
    with pytest.raises(Unavailable, match="exit status -9"):
        await runs(restic(player, "good"))


async def test_a_missing_program_names_its_package(player: Player) -> None:
    with pytest.raises(Unavailable, match="no-such-restic is not installed") as caught:
        await runs(restic(player, "good", binary="no-such-restic"))
    assert "package restic" in caught.value.hint
    with pytest.raises(Unavailable):
        await restic(player, "good", binary="no-such-restic").probe()


async def test_a_file_that_is_no_program(player: Player) -> None:
    player.binary.write_bytes(b"\x7fELF nonsense")
    with pytest.raises(Unavailable, match="restic"):
        await runs(restic(player, "good"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (126, "/bin/sh: 1: /usr/bin/restic: Permission denied"),
        (126, "nice: '/usr/bin/restic': Permission denied"),
        (126, ""),
        (127, "nice: '/usr/bin/restic': No such file or directory"),
        (127, "restic: 1: ELF: not found"),
    ],
)
async def test_a_program_that_cannot_be_run(player: Player, code: int, said: str) -> None:
    """The shell, or `nice`, says so, and not restic: it is no refusal by the repository."""
    player.answer("good", code, "", said)
    source = restic(player, "good")
    for attempt in (runs(source), source.probe()):
        with pytest.raises(Unavailable) as caught:
            await attempt
        message = caught.value.message
        assert f"{player.binary} cannot be started: {said or f'exit status {code}'}" == message
    player.script(f"echo '{said.replace(chr(39), '')}' >&2; exit {code}")
    with pytest.raises(Unavailable, match="cannot be started"):
        await restic(player, "good").version()


@pytest.mark.parametrize(
    "said",
    [
        "sh: 1: /srv/backup/hook: Permission denied",
        "Fatal: Head https://nas/permission denied/config: connection reset",
        "Fatal: unable to create lock: wrong password or no key found in the road",
        "Fatal: unable to open cache: /tmp/invalid data/x",
        "wrong password or no key found",
    ],
)
async def test_words_in_what_it_says_are_no_reason(player: Player, said: str) -> None:
    """A path, a host or another program may say anything: only restic's whole messages count."""
    player.answer("odd", 1, "", f"{said}\n")
    with pytest.raises(Unavailable) as caught:
        await runs(restic(player, "odd"))
    assert caught.value.hint == ""


@pytest.mark.parametrize(
    "said",
    [
        "Fatal: unable to open repository at /x: ReadDir: open /x/keys: permission denied",
        "Fatal: unable to open config file: stat /x/config: permission denied",
        "Fatal: open /x/keys/67e8: permission denied",
        'Fatal: unable to open config file: Lstat: sftp: "Permission denied" '
        "(SSH_FX_PERMISSION_DENIED)",
        "subprocess ssh: jo@nas: Permission denied (publickey,password).\n"
        "Fatal: unable to open repository at sftp:jo@nas:/x: "
        "unable to start the sftp session, error: EOF",
    ],
)
async def test_a_right_that_is_missing_parks_the_source(player: Player, said: str) -> None:
    player.answer("closed", 1, "", f"{said}\n")
    with pytest.raises(AuthFailed) as caught:
        await runs(restic(player, "closed"))
    assert "right to read" in caught.value.hint


async def test_secrets_are_taken_out_of_what_it_says(player: Player) -> None:
    said = f"Fatal: cannot open rest:https://jo:pw@nas/x with {PASSWORD}\n"
    player.answer("x", 1, "", said)
    source = restic(player, repository("x", repository={"env": "ADDRESS"}))
    with pytest.raises(Unavailable) as caught:
        await runs(source)
    assert caught.value.message == "restic: cannot open *** with ***"
    player.answer("x", 0, "[]", said)
    assert (await runs(source)).reasons == {"17300/x": "Fatal: cannot open *** with ***"}
    player.answer("x", 0, "[]", "user jo:pw, password pw\n")
    assert (await runs(source)).reasons == {"17300/x": "user ***, password ***"}


async def test_a_password_that_is_a_common_word_does_not_hide_the_reason(player: Player) -> None:
    whole = {"binary": str(player.binary), "repositories": [repository("wrong-password")]}
    source = adapter(ResticAdapter, whole, context(player.folder, lambda wanted: "wrong"))
    with pytest.raises(AuthFailed):
        await runs(source)


# -- one broken repository among good ones ---------------------------------------------


async def test_one_broken_repository_does_not_blind_the_others(player: Player) -> None:
    before = datetime.now(UTC)
    found = await runs(restic(player, "good", "missing", "wrong-password", "truncated"))
    assert sum(run.result is RunResult.OK for run in found.records) == 5
    assert "nothing can be opened" in found.reasons["17300/missing"]
    assert "password" in found.reasons["17300/wrong-password"]
    assert found.full
    assert found.unseen == {"17300/missing", "17300/wrong-password"}, "their runs must be kept"
    marker = found.rows["17300/missing/unreadable"]
    assert marker.result is RunResult.UNKNOWN
    assert marker.job == "17300/missing"
    assert (before - marker.started).total_seconds() < 1
    assert "unable to open config file" in marker.message


async def test_what_is_gone_from_the_good_ones_is_deleted_all_the_same(player: Player) -> None:
    old = '{"time":"2026-11-22T22:00:00Z","id":"aa"}'
    new = '{"time":"2026-11-23T22:00:00Z","id":"bb"}'
    player.answer("a", 0, f"[{old}]")
    player.answer("b", 0, f"[{old}]")
    source = restic(player, "a", "b")
    first = await runs(source)
    player.answer("a", 0, f"[{new}]")
    player.answer("b", 1, "", "Fatal: unable to open config file\n")
    second = await runs(restic(player, "a", "b"), first.cursor)
    assert set(second.applied_to(first.rows)) == {
        "17300/a/bb",
        "17300/b/aa",
        "17300/b/unreadable",
    }
    # Also at a full reading, and as often as it is.
    anew = await runs(restic(player, "a", "b"))
    assert anew.applied_to(first.rows).keys() == second.applied_to(first.rows).keys()
    third = await runs(restic(player, "a", "b"), second.cursor)
    marker = "17300/b/unreadable"
    assert third.rows[marker].started == second.rows[marker].started
    # It can be read again, and another one cannot.
    player.answer("a", 1, "", "Fatal: unable to open config file\n")
    player.answer("b", 0, f"[{new}]")
    fourth = await runs(restic(player, "a", "b"), third.cursor)
    known = second.applied_to(first.rows)
    assert set(fourth.applied_to(known)) == {
        "17300/a/bb",
        "17300/a/unreadable",
        "17300/b/bb",
    }
    player.answer("a", 0, f"[{new}]")
    fifth = await runs(restic(player, "a", "b"), fourth.cursor)
    assert fifth.full
    assert not fifth.unseen
    assert set(fifth.rows) == {"17300/a/bb", "17300/b/bb"}


async def test_a_job_that_is_no_longer_configured_is_deleted_too(player: Player) -> None:
    first = await runs(restic(player, "good", "truncated"))
    second = await runs(restic(player, "good", "missing"), first.cursor)
    gone = {key for key in first.rows if key.startswith("17300/truncated/")}
    assert gone
    assert not second.applied_to(first.rows).keys() & gone
    # Also while another cannot be read, and when nothing is known of it any more.
    anew = await runs(restic(player, "good", "missing"))
    assert not anew.applied_to(first.rows).keys() & gone


async def test_all_broken_is_one_error(player: Player) -> None:
    with pytest.raises(AuthFailed, match="none of 2 repositories can be read; 17300/wrong-pass"):
        await runs(restic(player, "wrong-password", "keyless"))
    with pytest.raises(Unavailable, match="none of 2"):
        await runs(restic(player, "missing", "wrong-password"))
    player.answer("odd", 0, "nonsense")
    with pytest.raises(BadAnswer, match="none of 2"):
        await runs(restic(player, "broken-config", "odd"))


async def test_probe_tells_which_are_broken(player: Player) -> None:
    probe = await restic(player, "good", "missing", "truncated").probe()
    assert probe.version == "restic 9.9.9"
    assert [remark.split(":")[0] for remark in probe.remarks] == [
        "17300/missing",
        "17300/truncated",
    ]


async def test_probe_tells_of_filters_that_nothing_fits(player: Player) -> None:
    """A job that never ran may be a name that was misspelt."""
    filters = {"hosts": ["mairie-a", "mairie-z"], "tags": ["nightly"]}
    (remark,) = (await restic(player, repository("empty", **filters), "good").probe()).remarks
    assert remark == (
        "17300/empty: nothing in the repository fits hosts = mairie-a, mairie-z, tags = nightly: "
        "the job has no run"
    )
    assert (await restic(player, repository("good", **filters), "empty").probe()).remarks == ()


async def test_a_repository_of_borg_is_told(player: Player, tmp_path: Path) -> None:
    """restic itself says that the password is wrong."""
    at = tmp_path / "wrong-password"
    at.mkdir()
    (at / "config").write_text("[repository]\nversion = 1\n")
    there = repository("x", repository=str(at))
    with pytest.raises(BadAnswer) as caught:
        await runs(restic(player, there))
    assert caught.value.message == f"{at} is a repository of borg, not of restic"
    assert 'kind = "borg"' in caught.value.hint
    (at / "config").write_text("something else")
    with pytest.raises(AuthFailed, match="wrong password"):
        await runs(restic(player, there))


async def test_a_secret_that_cannot_be_had_is_that_repository_s_failure(player: Player) -> None:
    def ask(wanted: Secret) -> str:
        if wanted.env == "NONE":
            raise AuthFailed("NONE is not set")
        return PASSWORD

    other = repository("empty", password={"env": "NONE"})
    whole = {"binary": str(player.binary), "repositories": [repository("good"), other]}
    found = await runs(adapter(ResticAdapter, whole, context(player.folder, ask)))
    assert found.reasons == {"17300/empty": "NONE is not set"}


# -- time and processes ------------------------------------------------------------------


async def test_so_many_run_at_once_and_no_more(player: Player) -> None:
    log = player.folder / "log"
    # Each stays until three have come, and a little longer, lest a fourth be missed.
    player.script(
        f"""
        echo + >>{log}
        while [ "$(grep -c + {log})" -lt 3 ]; do sleep 0.02; done
        sleep 0.2
        echo - >>{log}
        printf "[]"
        """
    )
    await runs(restic(player, *"abcdef", parallel=3))
    running = [0]
    for line in log.read_text().split():
        running.append(running[-1] + (1 if line == "+" else -1))
    assert max(running) == 3


async def test_silent_ones_take_no_other_along(player: Player) -> None:
    player.script(
        f"""
        case "$RESTIC_REPOSITORY" in
        *silent*) sleep 61 & echo $! >>{player.folder}/pids; wait;;
        esac
        printf "[]"
        """
    )
    silent = [f"silent-{number}" for number in range(5)]
    source = restic(player, *silent, "good", timeout="20s")
    source.context = replace(source.context, deadline=6.0)
    found = await runs(source)
    assert set(found.reasons) == {f"17300/{name}" for name in silent}
    assert all("within 5.4 seconds" in reason for reason in found.reasons.values())
    assert found.unseen == {f"17300/{name}" for name in silent}
    assert all(ends(int(pid)) for pid in (player.folder / "pids").read_text().split())
    # They are last the next time.
    (player.folder / "pids").unlink()
    source.config = replace(source.config, parallel=1)
    again = await runs(source, found.cursor)
    assert "17300/good" not in again.unseen


async def test_what_does_not_end_says_what_it_complained_of(player: Player) -> None:
    player.script("echo 'List(snapshot) returned error: x: permission denied' >&2\nsleep 61")
    with pytest.raises(Unavailable, match=r"within 0.5 seconds — List.*permission denied"):
        await runs(restic(player, "closed", timeout="0.5s"))


async def test_a_slow_one_is_ended_and_the_others_are_read(player: Player) -> None:
    player.script(
        f"""
        case "$RESTIC_REPOSITORY" in
        *slow) sleep 61 & echo $! >{player.folder}/pid; wait;;
        esac
        printf "[]"
        """
    )
    found = await runs(restic(player, "slow", "quick", timeout="0.5s"))
    assert "did not end within 0.5 seconds" in found.reasons["17300/slow"]
    assert ends(int((player.folder / "pid").read_text()))


async def test_a_cancelled_reading_ends_what_it_started(player: Player) -> None:
    pid = player.folder / "pid"
    player.script(f"sleep 61 &\necho $! >{pid}\nwait")
    reading = asyncio.create_task(runs(restic(player, "good")))
    for _moment in range(500):
        await asyncio.sleep(0.01)
        if pid.exists() and pid.read_text().strip():
            break
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert ends(int(pid.read_text()))


async def test_endless_output_is_cut_off(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.repositories.adapter._OUTPUT_LIMIT", 200_000)
    player.script("yes")
    with pytest.raises(BadAnswer, match="more than 200000 bytes"):
        await runs(restic(player, "good"))


async def test_a_helper_that_stays_behind_does_not_hold_up_the_reading(player: Player) -> None:
    """ssh with ControlPersist goes on in a session of its own, with the pipes in its hands."""
    pid = player.folder / "pid"
    player.script(f"setsid sleep 61 &\necho $! >{pid}\nprintf '[]'")
    try:
        async with asyncio.timeout(30):
            assert (await runs(restic(player, "good"))).full
    finally:
        os.kill(int(pid.read_text()), 9)


def ends(pid: int) -> bool:
    """Whether a process that was killed is gone; dying takes a moment on a busy machine."""
    give_up = time.monotonic() + 60
    while alive(pid) and time.monotonic() < give_up:
        time.sleep(0.02)
    return not alive(pid)


def alive(pid: int) -> bool:
    """Whether a process runs; one that is only waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
