"""The borg kind, on recorded answers of a real version."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.borg.adapter import BorgAdapter
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.adapters.repositories.programs import Player
from tests.fakes.configured import Outcome, adapter, context, read

PASSPHRASE = "sesame, open"


def repository(place: str, /, **settings: Any) -> dict[str, Any]:
    whole = {
        "site": "17300",
        "application": place,
        "repository": f"/srv/backup/{place}",
        "passphrase": {"env": "PASSPHRASE"},
        **settings,
    }
    return {name: value for name, value in whole.items() if value is not None}


@pytest.fixture
def player(tmp_path: Path) -> Player:
    return Player(tmp_path, "borg-1.2", "BORG_REPO")


def borg(player: Player, *repositories: dict[str, Any] | str, **settings: Any) -> BorgAdapter:
    listed = [repository(each) if isinstance(each, str) else each for each in repositories]
    whole = {"binary": str(player.binary), "repositories": listed, **settings}
    at = context(player.folder, lambda wanted: PASSPHRASE)
    return adapter(BorgAdapter, whole, at)  # type: ignore[no-any-return]


async def runs(source: BorgAdapter, cursor: str | None = None) -> Outcome:
    return await read(source, Stream.BACKUP_RUNS, cursor)


class TestKit(AdapterConformance):
    secrets = (PASSPHRASE,)

    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        return borg(Player(tmp_path, "borg-1.2", "BORG_REPO"), "good", "empty")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Adapter[Any]:
        return borg(Player(tmp_path, "borg-1.2", "BORG_REPO"), "missing", "no-ssh")


# -- how it is called -------------------------------------------------------------


async def test_it_neither_locks_nor_asks_and_tells_nobody_the_passphrase(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BORG_PASSCOMMAND", "echo another")
    monkeypatch.setenv("BORG_REPO", "/of/somebody/else")
    await runs(borg(player, repository("good", archives="mairie-*", remote_path="borg1"), newest=3))
    args, env = player.args("good"), player.env("good")
    assert args == [
        "--log-json",
        "list",
        "--bypass-lock",
        "--remote-path",
        "borg1",
        "--json",
        "--last",
        "3",
        "--glob-archives",
        "mairie-*",
    ]
    assert env["BORG_PASSPHRASE"] == PASSPHRASE
    assert env["BORG_REPO"] == "/srv/backup/good"
    assert env["TZ"] == "UTC"
    assert "BORG_PASSCOMMAND" not in env
    assert player.said("good", "stdin") == ""
    # What borg remembers of repositories, and where it asks when they moved, is left alone.
    assert not Path(env["BORG_SECURITY_DIR"]).parent.exists()
    assert env["BORG_SECURITY_DIR"].startswith(str(Path(env["BORG_CACHE_DIR"]).parent))
    assert env["BORG_RELOCATED_REPO_ACCESS_IS_OK"] == "yes"


async def test_a_passcommand_is_neither_overridden_nor_is_the_passphrase_blamed(
    player: Player,
) -> None:
    own = {"BORG_PASSCOMMAND": "cat /etc/borg"}
    await runs(borg(player, repository("good", passphrase=None, environment=own)))
    assert player.env("good")["BORG_PASSCOMMAND"] == "cat /etc/borg"
    assert "BORG_PASSPHRASE" not in player.env("good")
    wrong = repository("wrong-passphrase", passphrase=None, environment=own)
    with pytest.raises(AuthFailed) as caught:
        await runs(borg(player, wrong))
    assert "`environment.BORG_PASSCOMMAND`" in caught.value.hint


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"BORG_PASSCOMMAND": "x"}, "given twice: passphrase, environment.BORG_PASSCOMMAND"),
        ({"BORG_PASSPHRASE_FD": "5"}, "BORG_PASSPHRASE_FD is set by smic-tui; use `passphrase`"),
        ({"BORG_REPO": "/x"}, "BORG_REPO is set by smic-tui; use `repository`"),
    ],
)
def test_variables_that_contradict_the_settings(
    player: Player, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        borg(player, repository("good", environment=environment))


def archives(*named: tuple[str, str]) -> str:
    listed = [
        {"id": f"{number:02}" * 8, "name": name, "start": start}
        for number, (name, start) in enumerate(named)
    ]
    return json.dumps({"archives": listed, "encryption": {"mode": "repokey"}})


async def test_what_borg_leaves_while_it_works_is_no_backup(player: Player) -> None:
    player.answer(
        "working",
        0,
        archives(
            ("nuit", "2026-11-20T22:00:00"),
            ("nuit-2.checkpoint", "2026-11-21T22:00:00"),
            ("nuit-2.checkpoint.1", "2026-11-21T23:00:00"),
            ("nuit-2.checkpoint.12", "2026-11-21T23:30:00"),
            ("mon.checkpoint.du-soir", "2026-11-19T22:00:00"),
        ),
    )
    found = await runs(borg(player, "working"))
    assert [run.message for run in found.records] == ["nuit", "mon.checkpoint.du-soir"]
    assert "3 archives are checkpoints" in found.reasons["17300/working"]
    assert "--last" not in player.args("working"), "they had taken the places of others"


async def test_an_archive_of_folders_alone_saved_nothing(player: Player, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    here = repository("here", repository=str(tmp_path / "here"))
    # The name in BORG_REPO is that of the links to the repository.
    player.answer("repository", 0, archives(("nuit", "2026-11-20T22:00:00")))
    player.holds("repository", '{"type": "d", "path": "\\"type\\": \\"-\\""}\n')
    found = await runs(borg(player, here))
    assert [run.size for run in found.records] == [0]
    assert player.looked("repository")[-2:] == ["--json-lines", "::nuit"]
    player.holds("repository", '{"type": "d", "path": "x"}\n{"type": "l", "path": "x/y"}\n')
    assert [run.size for run in (await runs(borg(player, here))).records] == [None]


async def test_without_passphrase_it_gets_an_empty_one(player: Player) -> None:
    found = await runs(borg(player, repository("plain", passphrase=None)))
    assert found.full
    assert player.env("plain")["BORG_PASSPHRASE"] == ""


async def test_a_local_repository_is_read_through_links(player: Player, tmp_path: Path) -> None:
    """Borg would repair an index in place: it must not have the place."""
    real = tmp_path / "real"
    (real / "data").mkdir(parents=True)
    for name in ("config", "index.5", "lock.roster"):
        (real / name).write_text(name)
    player.script('ls -l "$BORG_REPO" >&2; echo "$BORG_REPO" >&2; exit 2')
    with pytest.raises(Unavailable) as caught:
        await runs(borg(player, repository("x", repository=str(real))))
    assert str(caught.value) == f"borg: {real}"
    player.script(
        f"""
        ls "$BORG_REPO" >{tmp_path}/names
        readlink "$BORG_REPO/data" >{tmp_path}/data
        rm "$BORG_REPO/index.5"; echo new >"$BORG_REPO/index.6"
        cat {player.folder}/good/stdout
        """
    )
    said = (await runs(borg(player, repository("x", repository=str(real))))).records
    assert len(said) == 3
    assert (tmp_path / "names").read_text().split() == ["config", "data", "index.5"]
    assert (tmp_path / "data").read_text().strip() == str(real / "data")
    assert sorted(path.name for path in real.iterdir()) == [
        "config",
        "data",
        "index.5",
        "lock.roster",
    ]


@pytest.mark.parametrize("address", ["ssh://nas/./x", "borg@nas:x", "nas:x"])
async def test_distant_addresses_are_passed_on(player: Player, address: str) -> None:
    player.script(f'echo "$BORG_REPO" >{player.folder}/address; cat {player.folder}/good/stdout')
    await runs(borg(player, repository("x", repository=address)))
    assert (player.folder / "address").read_text().strip() == address


@pytest.mark.parametrize("address", ["x", "./x", "file:///{}/x"])
async def test_paths_start_from_the_folder_of_the_configuration(
    player: Player, address: str
) -> None:
    player.script(f'echo "$BORG_REPO" >{player.folder}/address; cat {player.folder}/good/stdout')
    address = address.format(str(player.folder).removeprefix("/"))
    await runs(borg(player, repository("x", repository=address)))
    assert Path((player.folder / "address").read_text().strip()) == player.folder / "x"


# -- what it answers ---------------------------------------------------------------


async def test_archives_are_runs(player: Player) -> None:
    found = await runs(borg(player, repository("good", name="compta")))
    assert found.full
    # Two of them started within one second, which is all that borg tells.
    assert {run.message for run in found.records} == {"nightly-3", "nightly-2", "nightly-1"}
    newest = found.records[0]
    assert newest.started == max(run.started for run in found.records)
    assert newest.key.startswith("compta/")
    assert (newest.job, newest.site, newest.application) == ("compta", "17300", "good")
    assert newest.result is RunResult.OK
    assert newest.started.tzinfo is UTC


async def test_times_are_utc_and_may_say_so(player: Player) -> None:
    times = {"a": "2026-11-23T22:00:00.000000", "b": "2026-11-23T23:30:00.000000+01:00"}
    archives = [{"id": name, "name": name, "start": start} for name, start in times.items()]
    player.answer("x", 0, json.dumps({"archives": archives}))
    found = await runs(borg(player, "x"))
    assert found.rows["17300/x/a"].started == datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert found.rows["17300/x/b"].started == datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


async def test_an_archive_that_cannot_be_read_costs_only_itself(player: Player) -> None:
    archives = [
        {"id": "a", "name": "a", "start": "2026-11-23T22:00:00"},
        {"id": "b", "name": "b", "start": "yesterday"},
        {"id": "c"},
    ]
    warning = {"type": "log_message", "levelname": "WARNING", "message": "careful"}
    progress = {"type": "progress_percent", "message": "50 %"}
    stderr = "\n".join([json.dumps(warning), json.dumps(progress), "not JSON"])
    player.answer("x", 1, json.dumps({"archives": archives}), stderr)
    found = await runs(borg(player, "x"))
    assert list(found.rows) == ["17300/x/a"]
    reasons = list(found.reasons.values())
    assert reasons[:2] == ["careful", "not JSON"]
    assert len(reasons) == 4


async def test_an_unencrypted_repository_in_the_place_of_an_encrypted_one(player: Player) -> None:
    with pytest.raises(BadAnswer, match="not encrypted") as caught:
        await runs(borg(player, "plain"))
    assert "in its place" in caught.value.hint


@pytest.mark.parametrize(
    "answer", ["", "[", "[]", "hello", "{}", "[" * 50_000], ids=lambda answer: answer[:5]
)
async def test_what_is_not_the_list_of_archives(player: Player, answer: str) -> None:
    player.answer("odd", 0, answer)
    with pytest.raises(BadAnswer, match="something other than its list"):
        await runs(borg(player, "odd"))


# -- failures ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "error", "message"),
    [
        ("wrong-passphrase", AuthFailed, "is incorrect"),
        ("missing", Unavailable, "Repository /srv/backup/missing does not exist"),
        ("not-a-repository", BadAnswer, "is not a valid repository"),
        ("of-restic", BadAnswer, "file config of the repository is not one of Borg's"),
        ("of-restic-by-ssh", BadAnswer, "file config of the repository is not one of Borg's"),
        ("short-segment", BadAnswer, r"Segment entry data short read \[segment"),
        ("lost-segment", BadAnswer, r"FileNotFoundError: .* '/srv/backup/lost-segment/data"),
        ("no-ssh", Unavailable, r"Connection closed .* \(Remote: ssh: .*refused\)"),
    ],
)
async def test_failures(player: Player, case: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        await runs(borg(player, case))
    with pytest.raises(error, match=message):
        await borg(player, case).probe()


async def test_a_repository_of_restic_is_told(player: Player, tmp_path: Path) -> None:
    at = tmp_path / "of-restic"
    for name in ("data", "index", "keys", "locks", "snapshots"):
        (at / name).mkdir(parents=True)
    (at / "config").write_bytes(b"\xb0\x00")
    said = (player.folder / "of-restic" / "stderr").read_text()
    player.answer("repository", 2, "", said)  # the name that borg is given is that of the links
    with pytest.raises(BadAnswer) as caught:
        await runs(borg(player, repository("x", repository=str(at))))
    assert caught.value.message == f"{at} is a repository of restic, not of borg"
    assert 'kind = "restic"' in caught.value.hint


async def test_probe_tells_of_a_pattern_that_nothing_fits(player: Player) -> None:
    (remark,) = (await borg(player, repository("empty", archives="compta-*")).probe()).remarks
    assert "nothing in the repository fits archives = compta-*" in remark
    source = borg(player, repository("good", archives="nightly-*"), "empty")
    assert (await source.probe()).remarks == ()


async def test_a_refusal_by_ssh_parks_the_source(player: Player) -> None:
    said = [
        {"type": "log_message", "message": "Remote: jo@nas: Permission denied (publickey)."},
        {
            "type": "log_message",
            "levelname": "ERROR",
            "message": "Connection closed by remote host. Is borg working on the server?",
            "msgid": "ConnectionClosedWithHint",
        },
    ]
    player.answer("x", 2, "", "\n".join(map(json.dumps, said)))
    with pytest.raises(AuthFailed, match="publickey"):
        await runs(borg(player, "x"))


def what_borg_logs(message: str, msgid: str = "") -> str:
    entry = {"type": "log_message", "levelname": "ERROR", "message": message, "msgid": msgid}
    return json.dumps(entry)


TRACE = "Traceback (most recent call last):\n  File x, in open\n"
NO_RIGHT = "PermissionError: [Errno 13] Permission denied: '/srv/backup/x/config'"


@pytest.mark.parametrize(
    "said",
    [
        # As borg 1.2 writes it for a repository on this machine, and at the other end of ssh.
        [
            what_borg_logs("Local Exception", "Exception"),
            what_borg_logs(f"{TRACE}{NO_RIGHT}\n\nPlatform: Linux\n"),
        ],
        [what_borg_logs(f"{TRACE}\n{NO_RIGHT}\n", "PermissionError")],
    ],
    ids=["here", "by ssh"],
)
async def test_a_right_that_is_missing_parks_the_source(player: Player, said: list[str]) -> None:
    player.answer("x", 2, "", "\n".join(said))
    with pytest.raises(AuthFailed) as caught:
        await runs(borg(player, "x"))
    assert "right to read" in caught.value.hint


@pytest.mark.parametrize(
    "said",
    [
        what_borg_logs("Repository /srv/permission denied does not exist.", "X"),
        what_borg_logs("Remote: sh: 1: /opt/borg: Permission denied", "ConnectionClosed"),
        "sh: 1: hook: Permission denied",
    ],
)
async def test_words_in_what_it_says_are_no_reason(player: Player, said: str) -> None:
    player.answer("x", 2, "", said)
    with pytest.raises(Unavailable) as caught:
        await runs(borg(player, "x"))
    assert caught.value.hint == ""


@pytest.mark.parametrize("code", [126, 127])
async def test_a_program_that_cannot_be_run(player: Player, code: int) -> None:
    player.answer("x", code, "", "/usr/bin/borg: 1: ELF: Permission denied")
    source = borg(player, "x")
    for attempt in (runs(source), source.probe()):
        with pytest.raises(Unavailable, match=r"cannot be started: .*: ELF: Permission denied"):
            await attempt


async def test_a_failure_without_an_identifier(player: Player) -> None:
    player.answer("x", 2, "", "borg: error: unrecognized arguments: --bypass-lock\n")
    with pytest.raises(Unavailable, match="unrecognized arguments"):
        await runs(borg(player, "x"))
    player.answer("x", 2, "", "")
    with pytest.raises(Unavailable, match="exit status 2"):
        await runs(borg(player, "x"))


async def test_secrets_are_taken_out_of_what_it_says(player: Player) -> None:
    said = {"type": "log_message", "levelname": "ERROR", "msgid": "X", "message": PASSPHRASE}
    player.answer("x", 2, "", json.dumps(said))
    with pytest.raises(Unavailable) as caught:
        await runs(borg(player, "x"))
    assert str(caught.value) == "borg: ***"


async def test_a_missing_program_names_its_package(player: Player) -> None:
    with pytest.raises(Unavailable, match="no-such-borg is not installed") as caught:
        await runs(borg(player, "good", binary="no-such-borg"))
    assert "package borgbackup" in caught.value.hint


async def test_one_broken_repository_does_not_blind_the_others(player: Player) -> None:
    found = await runs(borg(player, "good", "missing", "wrong-passphrase"))
    assert sum(run.result is RunResult.OK for run in found.records) == 3
    assert set(found.reasons) == {"17300/missing", "17300/wrong-passphrase"}
    assert found.unseen == {"17300/missing", "17300/wrong-passphrase"}
    assert found.rows["17300/missing/unreadable"].result is RunResult.UNKNOWN
