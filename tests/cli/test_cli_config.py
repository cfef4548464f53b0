"""smic-tui config."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from smic_tui.collecting import registry
from smic_tui.collecting.own_kinds import own_kinds
from smic_tui.config.reference import reference
from tests.cli.program import ROOT, Program

BROKEN = """\
[display]
timezone = "Europe/Pari"
[sources.helpdesk]
kind = "redmien"
[[alerts]]
name = "down"
on = "sites"
where = "stat:down"
"""


def write(program: Program, text: str, name: str = "config.toml") -> Path:
    file = program.home / name
    file.write_text(text)
    return file


def test_the_shipped_configuration_has_no_problem(program: Program) -> None:
    done = program("config", "check")
    assert done.returncode == 0, done.stderr
    assert "no problem found" in done.stderr
    assert list(program.home.iterdir()) == []  # looking changes nothing


def test_every_problem_with_its_line(program: Program) -> None:
    file = write(program, BROKEN)
    for command in (("config", "check"), ("status",), ("list", "sites"), ("sync",)):
        done = program("--config", file, *command)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.splitlines() == [
            "smic-tui: 1 problem in the configuration",
            f"{file}:4: sources.helpdesk.kind: no such kind of source, "
            'found "redmien"; did you mean "redmine"?',
        ]
    write(program, BROKEN.replace("redmien", "csv"))
    told = program("--config", file, "config", "check").stderr
    assert f"{file}:3: sources.helpdesk: " in told
    write(
        program,
        BROKEN.replace("kind", "enabled = false\nkind")
        .replace("[sources.helpdesk]\n", "")
        .replace('enabled = false\nkind = "redmien"\n', ""),
    )
    told = program("--config", file, "config", "check").stderr
    assert f"{file}:2: display.timezone: " in told
    assert f"{file}:6: alerts[1].where: column 1: " in told
    assert "state" in told


def test_problems_in_french(program: Program) -> None:
    file = write(program, BROKEN)
    done = program("--language", "fr", "--config", file, "config", "check")
    assert done.returncode == 2
    assert "vouliez-vous dire" in done.stderr


def test_which_configuration_is_read(program: Program) -> None:
    chosen = write(program, '[display]\ntimezone = "Europe/Rome"\n')
    done = program("config", "show", "--origin", SMIC_TUI_CONFIG=str(chosen))
    assert f"# {chosen} (SMIC_TUI_CONFIG)" in done.stdout
    assert f'timezone = "Europe/Rome"  # {chosen}:2' in done.stdout
    assert 'language = "auto"  # default' in done.stdout
    done = program("config", "show", "--origin", "--timezone", "UTC", "--config", chosen)
    assert 'timezone = "UTC"  # --timezone' in done.stdout


def test_show_is_a_configuration_again(program: Program) -> None:
    shown = program("config", "show").stdout
    again = write(program, shown, "again.toml")
    assert program("--config", again, "config", "check", "--no-files").returncode == 0
    assert tomllib.loads(program("--config", again, "config", "show").stdout) == (
        tomllib.loads(shown)
    )


def test_schema(program: Program) -> None:
    schema = json.loads(program("config", "schema").stdout)
    kinds = {
        entry["$ref"] for entry in schema["properties"]["sources"]["additionalProperties"]["oneOf"]
    }
    assert {f"#/$defs/source:{kind}" for kind in own_kinds()} <= kinds


def test_a_home_that_cannot_be_written(program: Program) -> None:
    (program.home / ".local").write_text("in the way")
    done = program("status")
    assert done.returncode == 4
    assert str(program.home / ".local") in done.stderr


@pytest.mark.parametrize("page", ["configuration.md"])
def test_the_reference_page_is_up_to_date(page: str, program: Program) -> None:
    made = program("--language", "en", "config", "reference").stdout
    assert made == (ROOT / "docs" / page).read_text(), "make docs"


def test_every_key_has_a_description() -> None:
    rows = [line.split(" | ") for line in reference(registry).splitlines() if line[:3] == "| `"]
    assert len(rows) > 50
    assert [row[0] for row in rows if not row[1].strip()] == []


def test_check_looks_into_the_files(program: Program) -> None:
    (program.home / "sites.csv").write_text("code;name\n17001;Mairie\n")
    table = '[sources.a]\nkind = "csv"\n[sources.a.sites]\npath = "{}"\n'
    columns = 'columns = { key = "code", code = "code", name = "name" }\n'
    file = write(program, table.format("sites.csv") + columns)
    assert program("config", "check", "--config", file).returncode == 0
    file = write(program, table.format("other.csv") + columns)
    done = program("config", "check", "--config", file)
    assert done.returncode == 2
    assert f"{file}:1: sources.a" in done.stderr
    assert "other.csv does not exist" in done.stderr
    assert program("config", "check", "--no-files", "--config", file).returncode == 0
    file = write(program, table.format("sites.csv") + columns.replace('"name"', '"label"'))
    done = program("config", "check", "--config", file)
    assert done.returncode == 2
    assert "label" in done.stderr
    os.mkfifo(program.home / "pipe.csv")
    file = write(program, table.format("pipe.csv") + columns)
    assert program("config", "check", "--config", file).returncode == 2


def test_the_copy_of_a_samples_configuration_reads_it_from_anywhere(program: Program) -> None:
    folder = program.home / 'a "quoted" folder'
    assert program("sample", folder).returncode == 0
    copy = program.home / "elsewhere.toml"
    copy.write_text((folder / "config.toml").read_text())
    done = program("config", "check", "--config", copy)
    assert done.returncode == 0, done.stderr
    edited = (folder / "config.toml").read_text() + "# mine\n"
    (folder / "config.toml").write_text(edited)
    done = program("sample", folder)
    assert done.returncode == 0
    assert "config.toml was edited and stays" in done.stderr
    assert (folder / "config.toml").read_text() == edited
