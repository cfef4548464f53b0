"""Commands that show facts, on the sample."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import ROOT, Program


def counted(program: Program) -> Any:
    """What an independent script counts in the files of the sample."""
    script = ROOT / "tests" / "sample" / "count_sample.py"
    folder = program.home / ".local/share/smic-tui/sample"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_status_says_what_a_script_counts(sampled: Program) -> None:
    for _attempt in range(3):
        before, said, after = counted(sampled), sampled.json("status", "--json"), counted(sampled)
        if before == after:  # no backup became late meanwhile
            break
    assert said.keys() == {"sites", "backups", "tickets", "requests", "alerts", "sources"}
    for subject, counts in after.items():
        assert counts.items() <= said[subject].items(), subject
    assert said["tickets"].keys() == {"open", "mine", "overdue"}
    assert said["alerts"]["firing"] > 0
    for source in said["sources"]:
        assert source.keys() == {"name", "kind", "state", "age_s", "rows"}
        assert source["state"] == "ok"
        assert source["rows"] > 0


def test_status_in_words(sampled: Program) -> None:
    done = sampled("status", "--language", "fr")
    assert done.returncode == 1  # the sample always has something that needs attention
    assert "en panne" in done.stdout
    assert done.stderr == ""


def test_a_source_that_fails_comes_before_attention(sampled: Program, tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    assert sampled("sample", folder).returncode == 0
    config = folder / "config.toml"
    (folder / "tickets.csv").unlink()
    done = sampled("--config", config, "status")
    assert done.returncode == 3
    assert "tickets.csv" in done.stderr
    assert sampled("--config", config, "list", "sites", "--limit", "1").returncode == 0
    assert sampled("--config", config, "sync", "sites").returncode == 2
    assert sampled("--config", config, "sync", "tickets").returncode == 3
    assert sampled("--config", config, "sync", "members").returncode == 0
    doctor = sampled("--config", config, "doctor", "--json")
    assert doctor.returncode == 3
    states = {one["name"]: one for one in json.loads(doctor.stdout)["sources"]}
    assert states["members"]["state"] == "ok"
    assert states["tickets"]["state"] != "ok"
    assert "tickets.csv" in states["tickets"]["error"]


@pytest.mark.parametrize(
    "subject", ["sites", "backups", "tickets", "requests", "alerts", "sources"]
)
def test_every_list_in_every_form(sampled: Program, subject: str) -> None:
    objects: list[dict[str, object]] = sampled.json("list", subject, "--json")
    after: list[dict[str, object]] = []
    while [one["key"] for one in objects] != [one["key"] for one in after]:
        # Between two commands the clock may change what comes first.
        objects = after or objects
        rows = list(csv.DictReader(io.StringIO(sampled("list", subject, "--csv").stdout)))
        lines = sampled("list", subject).stdout.splitlines()
        after = sampled.json("list", subject, "--json")
    assert len(objects) == len(rows) == len(lines) - 1 > 0
    assert [one["key"] for one in objects] == [row["key"] for row in rows]
    assert objects[0].keys() == rows[0].keys()


def test_where_sort_and_limit(sampled: Program) -> None:
    down = sampled.json("list", "sites", "--where", "state:down", "--json")
    assert len(down) == sampled.json("status", "--json")["sites"]["down"]
    assert {site["state"] for site in down} == {"down"}
    by_name = sampled.json("list", "sites", "--json", "--sort", "name", "--limit", "20")
    names = [site["name"] for site in by_name]
    assert len(names) == 20
    backwards = sampled.json("list", "sites", "--json", "--sort=-name", "--limit", "20")
    assert backwards[0]["name"] > names[-1]
    none = sampled("list", "sites", "--where", "code:nowhere", "--json")
    assert (none.returncode, json.loads(none.stdout)) == (0, [])
    people = sampled.json("list", "sites", "--json", "--sort=-population")
    known = [site["population"] for site in people if site["population"] is not None]
    assert known == sorted(known, reverse=True)
    assert [site["population"] for site in people[: len(known)]] == known


def test_a_filter_that_is_wrong_is_pointed_at(sampled: Program) -> None:
    done = sampled("list", "tickets", "--where", "is:open prioritey:1")
    assert (done.returncode, done.stdout) == (2, "")
    message, text, mark = done.stderr.splitlines()
    assert "priority" in message
    assert text[mark.index("^") :] == "prioritey:1"
    done = sampled("list", "tickets", "--sort", "prioritey")
    assert done.returncode == 2
    assert "priority" in done.stderr


def test_site(sampled: Program) -> None:
    worst = sampled.json("list", "sites", "--json", "--limit", "1")[0]
    done = sampled("site", worst["code"])
    assert done.returncode == 1
    assert worst["name"] in done.stdout
    as_object = sampled.json("site", worst["name"], "--json")
    assert as_object["site"]["code"] == worst["code"]
    assert as_object["state"] == worst["state"]
    missing = sampled("site", "Mairie de Nulle-Part")
    assert missing.returncode == 2
    assert "did you mean" in sampled("site", worst["name"] + "x").stderr


def test_export(sampled: Program, tmp_path: Path) -> None:
    everything = json.loads(sampled("export", "-").stdout)
    assert len(everything["sites"]) == 712
    folder = tmp_path / "csv"
    assert sampled("export", folder, "--csv").returncode == 0
    for stream in ("sites", "health", "backup_jobs", "backup_runs", "tickets", "requests"):
        with (folder / f"{stream}.csv").open(newline="") as file:
            assert len(list(csv.reader(file))) == len(everything[stream]) + 1
    assert sampled("export", tmp_path / "all.json").returncode == 0
    written = json.loads((tmp_path / "all.json").read_text())
    assert written["tickets"] == everything["tickets"]
    assert sampled("export", tmp_path / "all.json", "--csv").returncode == 2
    in_the_way = sampled("export", tmp_path / "all.json" / "folder")
    assert in_the_way.returncode == 4
    assert "all.json" in in_the_way.stderr


def test_doctor(sampled: Program) -> None:
    done = sampled("doctor")
    assert done.returncode == 1  # the sample has rows that are set aside
    for name in ("members", "monitoring", "tickets"):
        assert name in done.stdout
    one = sampled.json("doctor", "monitoring", "--json")["sources"]
    assert [source["name"] for source in one] == ["monitoring"]
    assert sampled("doctor", "monitorin").returncode == 2


def test_a_reader_that_goes_away_is_no_error(sampled: Program) -> None:
    process = subprocess.Popen(
        sampled.command("list", "tickets"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=sampled.env,
        cwd=sampled.home,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


def test_a_full_output_is_told(sampled: Program) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            sampled.command("list", "tickets"),
            stdout=full,
            stderr=subprocess.PIPE,
            env=sampled.env,
            cwd=sampled.home,
            check=False,
        )
    assert done.returncode == 4
    assert b"No space left" in done.stderr


def in_a_terminal(program: Program, *arguments: str, **env: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        program.command(*arguments),
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**program.env, "TERM": "xterm", **env},
        cwd=program.home,
    )
    os.close(theirs)

    def chunks() -> Iterator[bytes]:
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # EIO: the other side is closed
                return
            if not data:
                return
            yield data

    text = b"".join(chunks()).decode()
    os.close(ours)
    process.wait(60)
    return text


def test_colour_only_where_it_is_wanted(sampled: Program) -> None:
    coloured = in_a_terminal(sampled, "status")
    assert "\x1b[" in coloured
    assert "\x1b" not in in_a_terminal(sampled, "status", NO_COLOR="1")
    assert "\x1b" not in in_a_terminal(sampled, "status", TERM="dumb")
    assert "\x1b" not in sampled("status").stdout
    for line in in_a_terminal(sampled, "list", "backups", NO_COLOR="1").splitlines():
        assert len(line) <= 80


def test_the_cache_is_enough(sampled: Program, program: Program) -> None:
    cold = program.json("status", "--cached", "--json")
    assert cold["sites"]["total"] == 0
    assert {source["state"] for source in cold["sources"]} == {"never"}
    before = sampled.json("status", "--json")["sources"]
    assert all(source["age_s"] is not None for source in before)


def test_sync_reads_what_is_due(sampled: Program) -> None:
    assert sampled("status", "--sync").returncode in (1, 3)


def test_time(sampled: Program) -> None:
    alert = sampled.json("list", "alerts", "--json", "--limit", "1")[0]
    moment = datetime.fromisoformat(alert["since"])
    assert moment.tzinfo is not None
    assert moment <= datetime.now(UTC)
