"""The journal kind: what scripts write, and all that happens to files that grow."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from adapters.journal import files
from adapters.journal.adapter import JournalAdapter
from adapters.journal.lines import LineError, read_line
from adapters.journal.options import JournalOptions
from adapters.shared.files import opened
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import RunResult, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.configured import adapter, context, read

RUNS, JOBS = Stream.BACKUP_RUNS, Stream.BACKUP_JOBS
DOC = Path(__file__).parents[3] / "docs" / "sources" / "journal.md"


def source(folder: Path, path: str = "journal.jsonl", **settings: Any) -> JournalAdapter:
    return adapter(JournalAdapter, {"path": path, **settings}, context(folder))  # type: ignore[no-any-return]


def line(number: int = 0, **fields: Any) -> str:
    day = {"site": "17300", "application": "compta", "started": 1_790_000_000 + 86_400 * number}
    return json.dumps({**day, "result": 0, **fields}) + "\n"


def write(path: Path, *lines: str, mode: str = "a") -> None:
    with path.open(mode) as file:
        file.write("".join(lines))


class TestKit(AdapterConformance):
    @staticmethod
    def make(tmp_path: Path) -> JournalAdapter:
        folder = tmp_path / "good"
        if not folder.exists():
            folder.mkdir()
            for site in range(40):
                write(folder / f"{site}.jsonl", *(line(n, site=str(site)) for n in range(50)))
            write(folder / "0.jsonl", "no JSON\n", line(51, site="0"))
        return source(tmp_path, "good")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> JournalAdapter:
        return source(tmp_path, "gone")


# -- the line ------------------------------------------------------------------


def test_the_shell_of_the_documentation_works_as_it_stands(tmp_path: Path) -> None:
    (snippet,) = re.findall(r"^```sh\n(.*?)^```", DOC.read_text(), re.DOTALL | re.MULTILINE)
    assert len(snippet.splitlines()) == 2
    before = datetime.now(UTC).replace(microsecond=0)
    (tmp_path / "compta").mkdir()
    subprocess.run(["sh", "-c", snippet], cwd=tmp_path, check=True)
    (tmp_path / "compta").rmdir()  # now it fails
    time.sleep(1.1)  # runs are told apart by the second
    subprocess.run(["sh", "-c", snippet], cwd=tmp_path, check=True, capture_output=True)
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines()
    first, second = (read_line(each, "Europe/Paris").run for each in lines)
    assert (first.result, second.result) == (RunResult.OK, RunResult.FAILED)
    for run in (first, second):
        assert run.ended is not None
        assert before <= run.started <= run.ended <= datetime.now(UTC)


def test_everything_that_a_line_can_say() -> None:
    entry = read_line(
        b'{"site":" 17300 ","application":"compta","started":"24/11/2026 02:00","job":"nuit",'
        b'"ended":1795485600,"result":"\xc3\x89chec","size":"1,2 Go","message":"disque plein",'
        b'"protocol":"rsync","period":"1 j","grace":"4h","closed":["samedi","sun"],'
        b'"holidays":"oui","url":"https://nas.example/","perod":1}',
        "Europe/Paris",
    )
    run, job = entry.run, entry.job
    assert run.key == "nuit/2026-11-24T01:00:00Z"
    assert (run.job, run.site, run.application) == ("nuit", "17300", "compta")
    assert run.ended == datetime.fromtimestamp(1795485600, UTC)
    assert (run.result, run.size, run.message) == (RunResult.FAILED, 1_200_000_000, "disque plein")
    assert (job.period, job.grace, job.closed, job.holidays) == (86400, 14400, (5, 6), True)
    assert (job.protocol, job.url) == ("rsync", "https://nas.example/")
    assert entry.unknown == ("perod",)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (0, RunResult.OK),
        (23, RunResult.FAILED),
        ("0", RunResult.OK),
        ("1", RunResult.FAILED),
        (True, RunResult.OK),
        ("OK", RunResult.OK),
        ("Warning", RunResult.WARNING),
        ("error", RunResult.FAILED),
        ("en cours", RunResult.RUNNING),
    ],
)
def test_results(said: object, meant: RunResult) -> None:
    assert read_line(line(result=said).encode(), "UTC").run.result is meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (0, RunResult.OK),
        (3, RunResult.OK),
        ("7", RunResult.OK),
        (24, RunResult.WARNING),
        ("24", RunResult.WARNING),
        (8, RunResult.FAILED),
        (-1, RunResult.FAILED),
        ("-1073741510", RunResult.FAILED),
        (3221225786, RunResult.FAILED),
        (True, RunResult.OK),
        ("failed", RunResult.FAILED),
    ],
)
def test_exit_statuses_mean_what_the_configuration_says(said: object, meant: RunResult) -> None:
    codes = JournalOptions(path="x", ok_codes=(1, 3, 7), warning_codes=(24,)).codes()
    assert read_line(line(result=said).encode(), "UTC", codes).run.result is meant


async def test_a_plan_has_exit_statuses_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text(
        "".join(
            line(application=name, result=code) + "\n"
            for name in ("rsync", "robocopy", "autre")
            for code in ([24] if name != "robocopy" else [3])
        )
    )
    plans = [
        {"site": "17300", "application": "rsync", "warning_codes": [24], "ok_codes": []},
        {"site": "17300", "application": "robocopy", "ok_codes": [1, 2, 3]},
    ]
    found = await read(source(tmp_path, plans=plans, ok_codes=[24]), Stream.BACKUP_RUNS)
    assert {run.application: run.result for run in found.records} == {
        "rsync": RunResult.WARNING,
        "robocopy": RunResult.OK,
        "autre": RunResult.OK,
    }
    # Other codes in the configuration judge all lines anew.
    again = await read(source(tmp_path, plans=plans), Stream.BACKUP_RUNS, found.cursor)
    assert again.full
    assert [run.result for run in again.records].count(RunResult.FAILED) == 1


def test_the_level_of_a_run() -> None:
    for level, changes in (("full", False), ("Complète", False), ("incrémentielle", True)):
        found = read_line(line(level=level, size=0).encode(), "UTC").run
        assert (found.changes_only, found.size) == (changes, 0)
    with pytest.raises(LineError, match="one of full, incremental, differential"):
        read_line(line(level="weekly").encode(), "UTC")


@pytest.mark.parametrize("started", [1_790_000_000, "1790000000", 1_790_000_000_000, 1.79e9])
def test_seconds_and_milliseconds(started: object) -> None:
    assert read_line(line(started=started).encode(), "UTC").run.started.year == 2026


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON: "),
        ("[1]", "not a JSON object"),
        (line(site=""), "`site` is missing"),
        (line(started=None), "`started` is missing"),
        (line(started="hier"), '`started`: "hier" is not a date'),
        (line(started=1e300), "`started`: "),
        (line(result="peut-être"), '`result`: "peut-être" is not one of ok'),
        (line(size="beaucoup"), '`size`: "beaucoup" is not a size'),
        (line(calendar="souvent"), "`calendar`: "),
        (line(site=["a"]), "`site`: "),
    ],
)
def test_lines_that_do_not_fit_say_what_was_expected(text: str, reason: str) -> None:
    with pytest.raises(LineError, match=re.escape(reason)):
        read_line(text.encode(), "Europe/Paris")


@given(
    st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(["site", "application", "started", "ended", "result", "size", "closed"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    ).map(lambda fields: json.dumps(fields).encode())
)
def test_nothing_else_than_a_line_error_comes_of_a_line(data: bytes) -> None:
    try:
        entry = read_line(data, "Europe/Paris")
    except LineError:
        return
    assert entry.run.started.tzinfo is UTC


# -- files that grow -------------------------------------------------------------


async def test_only_what_was_added_is_read(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, *map(line, range(300)))
    first = await read(source(tmp_path), RUNS)
    assert (len(first.rows), first.full) == (300, True)
    write(journal, line(300))
    second = await read(source(tmp_path), RUNS, first.cursor)
    assert (len(second.rows), second.full) == (1, False)
    third = await read(source(tmp_path), RUNS, second.cursor)
    assert not third.records


async def test_a_file_that_did_not_change_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "journal.jsonl", line())
    with time_machine.travel(time.time() + 60):
        runs = await read(source(tmp_path), RUNS)
        jobs = await read(source(tmp_path), JOBS)
        monkeypatch.setattr(Path, "open", None)
        for stream, known in ((RUNS, runs), (JOBS, jobs)):
            again = await read(source(tmp_path), stream, known.cursor)
            assert (again.records, again.full, again.cursor) == ([], False, known.cursor)


async def test_a_truncated_last_line_waits_for_its_end(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, line(1), line(2)[:40])
    first = await read(source(tmp_path), RUNS)
    assert len(first.rows) == 1
    assert not first.rejected
    write(journal, line(2)[40:], line(3))
    second = await read(source(tmp_path), RUNS, first.cursor)
    assert len(second.rows) == 2


async def test_a_last_line_without_end_is_told_when_it_is_abandoned(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", line(1), line(2)[:40])
    with time_machine.travel(time.time() + 120):
        found = await read(source(tmp_path), RUNS)
        assert len(found.rows) == 1
        (where,) = found.reasons
        assert where.endswith("journal.jsonl:2")
        assert "no end" in found.reasons[where]
        again = await read(source(tmp_path), RUNS, found.cursor)
        assert again.reasons == found.reasons
    write(tmp_path / "journal.jsonl", line(2)[40:])
    mended = await read(source(tmp_path), RUNS, again.cursor)
    assert (len(mended.rows), len(mended.rejected)) == (1, 1)
    with time_machine.travel(time.time() + 120):
        full = await read(source(tmp_path), RUNS)
    assert (len(full.rows), full.rejected) == (2, [])


async def test_a_dropped_file_needs_no_line_break(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    write(tmp_path / "drop" / "a.json", line(1).strip())
    first = await read(source(tmp_path, "drop"), RUNS)
    write(tmp_path / "drop" / "b.json", line(2).strip())
    write(tmp_path / "drop" / ".c.json", line(3))
    write(tmp_path / "drop" / "note.txt", "not a line\n")
    second = await read(source(tmp_path, "drop"), RUNS, first.cursor)
    assert {*first.rows, *second.rows} == {*(await read(source(tmp_path, "drop"), RUNS)).rows}
    assert len({*first.rows, *second.rows}) == 2


@pytest.mark.parametrize("suffix", [".1", "-20261124"])
async def test_a_file_rotated_by_renaming_is_read_to_its_end(tmp_path: Path, suffix: str) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, line(1))
    first = await read(source(tmp_path), RUNS)
    write(journal, line(2))  # after our reading, before the rotation
    journal.rename(tmp_path / f"journal.jsonl{suffix}")
    write(journal, line(3))
    write(tmp_path / "journal.jsonl.2.gz", "compressed")
    write(tmp_path / "journal.jsonl.old", "another's")
    second = await read(source(tmp_path), RUNS, first.cursor)
    assert (len(second.rows), second.rejected) == (2, [])
    assert len((await read(source(tmp_path), RUNS)).rows) == 3


async def test_a_file_rotated_by_copying_is_read_anew(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, line(1))
    first = await read(source(tmp_path), RUNS)
    shutil.copy(journal, tmp_path / "journal.jsonl.1")
    os.truncate(journal, 0)
    # It is longer now than what was read of it, and still another.
    write(journal, line(7), line(8), line(9))
    second = await read(source(tmp_path), RUNS, first.cursor)
    assert len({*second.rows} - {*first.rows}) == 3
    full = await read(source(tmp_path), RUNS)
    assert len(full.records) == len(full.rows) == 4


async def test_lines_that_are_gone_go_with_a_full_reading(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl.1", line(1))
    write(tmp_path / "journal.jsonl", line(2))
    first = await read(source(tmp_path), RUNS)
    (tmp_path / "journal.jsonl.1").unlink()
    assert not (await read(source(tmp_path), RUNS, first.cursor)).full
    full = await read(source(tmp_path), RUNS)
    assert full.full
    assert len(full.rows) == 1


async def test_bad_lines_are_set_aside_with_their_place_and_stay_told(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, line(1), "rsync: connection unexpectedly closed\n", line(2), "\n", line(3))
    first = await read(source(tmp_path), RUNS)
    assert len(first.rows) == 3
    assert list(first.reasons) == [f"{journal}:2"]
    write(journal, line(4), "{}\n")
    second = await read(source(tmp_path), RUNS, first.cursor)
    assert list(second.reasons) == [f"{journal}:2", f"{journal}:7"]


async def test_more_bad_lines_than_a_cursor_can_carry_stay_told_too(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", line(1), "bad\n" * 150)
    first = await read(source(tmp_path), RUNS)
    assert len(first.cursor or "") < 1000
    assert len((await read(source(tmp_path), RUNS, first.cursor)).rejected) == 150


async def test_a_line_without_bounds_does_not_fill_the_memory(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, line(1), "x" * 3_000_000 + "\n", line(2))
    found = await read(source(tmp_path), RUNS)
    assert len(found.rows) == 2
    assert list(found.reasons) == [f"{journal}:2"]
    write(journal, line(3))
    assert len((await read(source(tmp_path), RUNS, found.cursor)).rows) == 1


async def test_the_end_of_a_run_replaces_its_beginning(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, line(1, result="running"))
    first = await read(source(tmp_path), RUNS)
    (run,) = first.records
    assert run.result is RunResult.RUNNING
    write(journal, line(1, result=0, ended=1_790_090_000))
    (ended,) = (await read(source(tmp_path), RUNS, first.cursor)).records
    assert ended.key == run.key
    assert ended.result is RunResult.OK
    # Copied by the rotation before the end was written.
    write(tmp_path / "journal.jsonl.1", line(1, result="running"))
    (full,) = (await read(source(tmp_path), RUNS)).records
    assert full.result is RunResult.OK


# -- plans -----------------------------------------------------------------------


async def test_the_newest_line_with_a_plan_tells_it_and_the_configuration_wins(
    tmp_path: Path,
) -> None:
    journal = tmp_path / "journal.jsonl"
    write(journal, line(1, period="1d"), line(3), line(2, period="2d", protocol="rsync"))
    write(journal, line(1, application="mail", period="1d", protocol="imap"))
    plan = {"site": "17300", "application": "mail", "calendar": "30 21 * * 1-5", "grace": "4h"}
    never = {"site": "17299", "application": "paie", "period": "7d", "protocol": "sftp"}
    made = source(tmp_path, plans=[plan, never])
    found = await read(made, JOBS)
    assert found.full
    by_key = found.rows
    assert by_key["17300/compta"].period == 2 * 86400
    assert by_key["17300/mail"].calendar == "30 21 * * 1-5"
    assert (by_key["17300/mail"].period, by_key["17300/mail"].protocol) == (None, "imap")
    assert (by_key["17299/paie"].period, by_key["17299/paie"].protocol) == (604800, "sftp")
    assert (await read(made, JOBS, found.cursor)).records == []
    # The next lines change it, in the same program and in one that starts anew.
    write(journal, line(4, period="3d"))
    for continued in (made, source(tmp_path, plans=[plan, never])):
        again = await read(continued, JOBS, found.cursor)
        assert again.rows["17300/compta"].period == 3 * 86400
        assert len(again.rows) == 3


async def test_other_settings_lead_to_a_full_reading(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", line(1))
    first = await read(source(tmp_path), RUNS)
    assert (await read(source(tmp_path, timezone="UTC"), RUNS, first.cursor)).full


# -- what can go wrong -----------------------------------------------------------


async def test_what_is_missing_is_not_taken_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, words in (("gone", "does not exist"), ("empty", "no journal in")):
        with pytest.raises(Unavailable, match=words):
            await read(source(tmp_path, path), RUNS)


async def test_a_journal_in_which_nothing_fits_keeps_what_is_known(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", "date;site;result\n")
    with pytest.raises(BadAnswer, match=r"no line of .* can be read; .*jsonl:1: not JSON"):
        await read(source(tmp_path), RUNS)


async def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", line(1))
    (tmp_path / "journal.jsonl").chmod(0)
    if os.access(tmp_path / "journal.jsonl", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(AuthFailed):
        await read(source(tmp_path), RUNS)


async def test_one_file_that_cannot_be_read_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.jsonl", line(1, site="a"))
    write(tmp_path / "b.jsonl", line(1, site="b"))
    first = await read(source(tmp_path, "."), RUNS)

    def refuse(path: Path) -> int:
        if path.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        return opened(path)

    monkeypatch.setattr(files, "opened", refuse)
    found = await read(source(tmp_path, "."), RUNS)
    assert not found.full
    assert list(found.rows) == ["b/compta/2026-09-22T14:13:20Z"]
    assert "may not be read" in next(iter(found.reasons.values()))
    monkeypatch.undo()
    assert len((await read(source(tmp_path, "."), RUNS, first.cursor)).rows) == 0
    assert len((await read(source(tmp_path, "."), RUNS, found.cursor)).rows) == 1


async def test_probe_tells_what_a_person_should_know(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", line(1, perod="1d"), "bad\n")
    plan = {"site": "17299", "application": "paie", "period": "7d"}
    probe = await source(tmp_path, plans=[plan]).probe()
    assert probe.notes == ("2 lines in 1 file", "read as UTF-8")
    remarks = probe.remarks
    assert remarks[0] == "keys that are not known: perod"
    assert remarks[1].startswith(f"{tmp_path / 'journal.jsonl'}:2: not JSON")
    assert remarks[2] == "planned, but no line names them: 17299/paie"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"path": ""}, "path"),
        ({"path": "a\0b"}, "NUL"),
        ({"path": "a", "files": []}, "files is empty"),
        ({"path": "a", "timezone": "Paris"}, "IANA"),
        ({"path": "a", "plans": [{"site": "", "application": "b"}]}, "must not be empty"),
        ({"path": "a", "ok_codes": [1], "warning_codes": [1]}, "1 is a success already"),
        (
            {"path": "a", "plans": [{"site": "a", "application": "b", "warning_codes": [0]}]},
            "0 is a success already",
        ),
        ({"path": "a", "plans": [{"site": "a", "application": "b"}] * 2}, "two are called"),
        ({"path": "a", "plans": [{"site": "a", "application": "b", "calendar": "x"}]}, "cron"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(settings, JournalOptions)


# -- what Windows writes -------------------------------------------------------

ACCENTED = '{"site":"17300","application":"comptabilité","started":%d,"result":0}'


def accented(number: int = 0) -> str:
    return ACCENTED % (1_790_000_000 + 86_400 * number)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "cp850"])
async def test_one_job_whatever_its_lines_are_written_in(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(f"{accented(0)}\r\n{accented(1)}\r\n".encode(encoding))
    plan = {"site": "17300", "application": "comptabilité", "period": "1d"}
    journal = source(tmp_path, plans=[plan])
    first = await read(journal, RUNS)
    assert len(first.rows) == 2
    assert {run.application for run in first.rows.values()} == {"comptabilité"}
    assert list((await read(journal, JOBS)).rows) == ["17300/comptabilité"]
    assert not first.rejected
    # Later lines come in another encoding, as another program appends them.
    with path.open("ab") as file:
        file.write(f"{accented(2)}\r\n".encode("utf-16-le"))
        file.write(f"{accented(3)}\n".encode())
        file.write(f"{accented(4)}\r\n".encode("cp1252"))
    more = await read(journal, RUNS, first.cursor)
    assert len(more.rows) == 3
    assert not more.rejected
    assert {run.application for run in more.rows.values()} == {"comptabilité"}


async def test_utf16_appended_line_by_line_is_read_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, line(0))
    cursor, seen = None, 0
    for number in range(1, 4):
        with path.open("ab") as file:
            file.write(f"{accented(number)}\r\n".encode("utf-16-le"))
        found = await read(source(tmp_path), RUNS, cursor)
        cursor, seen = found.cursor, seen + len(found.rows)
        assert not found.rejected
    assert seen == 4
    assert "UTF-16" in (await source(tmp_path).probe()).notes[-1]


async def test_a_folder_of_files_of_one_line_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    for number in range(3):
        (tmp_path / "drop" / f"run{number}.json").write_bytes(accented(number).encode("utf-8-sig"))
    found = await read(source(tmp_path, "drop"), RUNS)
    assert len(found.rows) == 3


async def test_the_encoding_of_the_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(f"{accented()}\n".encode("cp437"))
    found = await read(source(tmp_path, encoding="cp437"), RUNS)
    assert {run.application for run in found.rows.values()} == {"comptabilité"}
    notes = (await source(tmp_path, encoding="cp437").probe()).notes
    assert notes[-1] == "read as CP437"


async def test_letters_and_accents_apart_are_the_same_job(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl", accented().replace("é", "e\u0301"))
    plan = {"site": "17300", "application": "comptabilité", "period": "1d"}
    assert list((await read(source(tmp_path, plans=[plan]), JOBS)).rows) == ["17300/comptabilité"]
