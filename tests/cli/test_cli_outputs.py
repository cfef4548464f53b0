"""Every command on every kind of output: no traceback, and the exit codes that are documented."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from smic_tui.cli.main import MODULES
from smic_tui.model.subjects import SUBJECTS
from tests.cli.program import ROOT, Program

# The command line, and the exit codes that it may end with.
Commands = list[tuple[list[str], set[int]]]

COMMANDS: Commands = [
    ([], {2}),
    (["--version"], {0}),
    (["--help"], {0}),
    *(([name, "--help"], {0}) for name in MODULES),
    *((["list", subject.name], {0}) for subject in SUBJECTS),
    (["list", "sites", "--json", "--limit", "3"], {0}),
    (["list", "sites", "--csv", "--limit", "3"], {0}),
    (["list", "sites", "--where", "lieu:\u201csaintes"], {0}),
    (["list", "sites", "--where", "été:x"], {2}),
    (["list", "dogs"], {2}),
    (["status"], {1}),
    (["status", "--json"], {1}),
    (["site", "Saint-Jean-d’Angély"], {0, 1}),
    (["site", "Saint-Jean-d’Angély", "--json"], {0, 1}),
    (["site", "■ nowhere \udcff"], {2}),
    (["doctor"], {0, 1}),
    (["doctor", "--json"], {0, 1}),
    *((["config", action], {0}) for action in ("check", "schema", "reference", "show")),
    (["config", "show", "--origin"], {0}),
    (["config", "check", "--config", "absent-\udcff-é.toml"], {2}),
    (["config", "check", "--config", "/dev/zero"], {2}),
    (["export", "-"], {0}),
    (["export", "exported"], {0}),
    (["outbox"], {0}),
    (["outbox", "--json"], {0}),
    (["ack", "nothing ▲"], {2}),
    (["unack", "nothing ▲"], {2}),
    (["act", "comment", "tickets", "absent", "é ■ \udcff"], {2}),
    *((["completion", shell], {0}) for shell in ("bash", "zsh", "fish")),
    (["sample", "another", "--seed", "3"], {0}),
    (["sync", "--publish", "somewhere"], {2}),
    (["sync", "absent"], {2}),
]

LATIN_9 = {"LC_ALL": "fr_FR.iso885915", "PYTHONIOENCODING": "iso8859-15"}
# The locale C as it is where Python is told not to better it.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ENVIRONMENTS = {
    "latin 9": LATIN_9,
    "ascii": ASCII,
    "C on a dumb terminal": {"LC_ALL": "C", "TERM": "dumb"},
}


class Outputs:
    """What the commands said and how they ended."""

    def __init__(self, folder: Path, commands: Commands) -> None:
        self._folder = folder
        self.commands = [arguments for arguments, _codes in commands]
        self.codes: list[int] = json.loads((folder / "codes.json").read_text())

    def out(self, *arguments: str) -> bytes:
        number = self.commands.index(list(arguments))
        return (self._folder / f"{number}.out").read_bytes()

    def err(self, number: int) -> bytes:
        return (self._folder / f"{number}.err").read_bytes()


def run_all(program: Program, folder: Path, mode: str, env: dict[str, str]) -> Outputs:
    """Run all commands in one environment, from a working folder of their own."""
    folder.mkdir()
    arguments = [arguments for arguments, _codes in COMMANDS]
    (folder / "commands.json").write_text(json.dumps(arguments))
    subprocess.run(
        [sys.executable, "-m", "tests.cli.many_commands", str(folder), mode],
        cwd=ROOT,
        env={**program.env, "SMIC_TUI_CACHE": "", **env},
        check=True,
        timeout=300,
    )
    return Outputs(folder, COMMANDS)


def assert_all_is_well(outputs: Outputs, *, also: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    for number, (arguments, codes) in enumerate(COMMANDS):
        told = outputs.err(number)
        assert b"Traceback" not in told, (arguments, told)
        assert b"fault of the program" not in told, (arguments, told)
        assert outputs.codes[number] in codes | also, (arguments, outputs.codes[number], told)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_command_in_every_locale(sampled: Program, tmp_path: Path, name: str) -> None:
    outputs = run_all(sampled, tmp_path / "out", "file", ENVIRONMENTS[name])
    assert_all_is_well(outputs)
    status = outputs.out("status")
    if name == "latin 9":
        # What the encoding has stays, what it lacks has marks of its own.
        assert b"# 46 en panne" in status
        assert "dégradé".encode("iso8859-15") in status
        assert b"? 26 inconnu" in status
        assert status.count(b"?") == 1
    elif name == "ascii":
        assert status.isascii()
        assert outputs.out("--help").isascii()
        assert b"# 46 down" in status
        assert b"! 60 degraded" in status
    else:
        assert "■ 46 down".encode() in status
    # Data for programs is UTF-8 whatever the locale.
    for data in (("export", "-"), ("list", "sites", "--json", "--limit", "3")):
        json.loads(outputs.out(*data).decode())
    assert outputs.out("config", "show").decode()
    assert outputs.out("completion", "bash").decode()


def test_a_reader_that_went_away_is_no_error(sampled: Program, tmp_path: Path) -> None:
    outputs = run_all(sampled, tmp_path / "out", "pipe", {})
    assert_all_is_well(outputs, also={0})
    assert all(b"pipe" not in outputs.err(n).lower() for n in range(len(COMMANDS)))


@pytest.mark.parametrize(
    ("command", "redirections", "codes"),
    [
        ("status", ">&-", {1}),
        ("list sites", ">&- 2>&-", {0}),
        ("list tickets", "<&- >&- 2>&-", {0}),
        ("--help", ">&-", {0}),
        ("export -", ">&-", {0}),
        ("list dogs", "2>&-", {2}),
        ("", "<&- >&-", {2}),
        ("list sites", ">/dev/full", {4}),
        ("--help", ">/dev/full", {4}),
        ("list sites --csv", ">/dev/full", {4}),
    ],
)
def test_streams_that_are_closed_or_full(
    sampled: Program, command: str, redirections: str, codes: set[int]
) -> None:
    line = f"{sys.executable} -m smic_tui {command} {redirections}"
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, env=sampled.env, cwd=sampled.home, check=False
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.returncode in codes, done.stderr


def test_the_configuration_asks_for_ascii(sampled: Program, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    text = (ROOT / "config.toml").read_text().replace("ascii = false", "ascii = true")
    config.write_text(text)
    options = ("--config", config, "--cache", tmp_path / "cache")
    sampled("sync", *options)
    for command in (("status",), ("list", "sites"), ("site", "Saint-Jean-d’Angély"), ("status",)):
        done = sampled(*command, *options, LANG="fr_FR.UTF-8")
        assert done.stdout.isascii()
        assert "Traceback" not in done.stderr
    # But not of data.
    assert "é" in sampled("list", "sites", "--csv", *options).stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a = " + "{b = " * 3000 + "1" + "}" * 3000, "nested too deeply"),
        (".".join("a" * 5000) + " = 1", "nested too deeply"),
        ("x = " + "9" * 5000, "too many digits"),
    ],
    ids=["lists", "tables", "dotted", "digits"],
)
def test_configurations_that_are_no_text_of_a_person(
    program: Program, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "c.toml").write_text(text)
    done = program("config", "check", "--config", tmp_path / "c.toml")
    assert done.returncode == 2
    assert words in done.stderr or "no such key" in done.stderr or "unknown key" in done.stderr


_NOBODY = """
import os, pwd, sys

def unknown(number):
    raise KeyError(number)

pwd.getpwuid = pwd.getpwnam = unknown
from smic_tui.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("status",), 4, "HOME"),
        (("--version",), 0, ""),
        (("config", "check", "--config", "~/c.toml"), 2, "HOME"),
        (("config", "check", "--config", "~nobody/c.toml"), 2, "~nobody/c.toml"),
        (("sync", "--config", "there.toml", "--cache", "cache"), 0, "no log"),
        (("status", "--config", "there.toml", "--cache", "cache"), 0, ""),
    ],
)
def test_an_account_without_a_name_and_a_home(
    tmp_path_factory: pytest.TempPathFactory, arguments: tuple[str, ...], code: int, word: str
) -> None:
    """A container runs the program under a number that no file knows."""
    folder = tmp_path_factory.getbasetemp()
    (folder / "sites.csv").write_text("Code;Nom\n17300;Marans\n")
    (folder / "there.toml").write_text(
        '[sources.m]\nkind = "csv"\n[sources.m.sites]\npath = "sites.csv"\n'
        'columns = { code = "Code", name = "Nom" }\n'
    )
    env = {name: os.environ[name] for name in ("PATH",)} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _NOBODY, *arguments],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    assert word in done.stderr
    assert not (folder / "~").exists()


def test_a_dumb_terminal_gets_a_sentence(sampled: Program) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            sampled.command(),
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={**sampled.env, "TERM": "dumb"},
            text=True,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert "place its cursor" in done.stderr
