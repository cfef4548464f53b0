"""Arguments, help, languages and exit codes of usage."""

from __future__ import annotations

import pytest

import smic_tui
from smic_tui import i18n
from smic_tui.cli.main import MODULES
from smic_tui.cli.parser import build_parser
from tests.cli.program import Program


def test_version(program: Program) -> None:
    done = program("--version")
    assert (done.returncode, done.stdout) == (0, f"smic-tui {smic_tui.__version__}\n")


def test_help_in_both_languages(program: Program) -> None:
    english, french = program("--help"), program("--help", LANG="fr_FR.UTF-8")
    assert english.returncode == french.returncode == 0
    assert "Without a command, the dashboard opens." in " ".join(english.stdout.split())
    assert "tableau de bord" in french.stdout
    assert "utilisation" in french.stdout
    assert program("--help", "--language", "fr").stdout == french.stdout
    assert program("--language=en", "--help", LANG="fr_FR.UTF-8").stdout == english.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nonsense",), "nonsense"),
        (("list",), "subject"),
        (("list", "dogs"), "dogs"),
        (("list", "sites", "--limit", "many"), "many"),
        (("list", "sites", "--limit", "-1"), "-1"),
        (("list", "sites", "--json", "--csv"), "--csv"),
        (("status", "--sync", "--cached"), "--cached"),
        (("config",), "ACTION"),
        (("--language", "de", "status"), "de"),
    ],
)
def test_wrong_usage_is_told(program: Program, arguments: tuple[str, ...], word: str) -> None:
    done = program(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert word in done.stderr


def test_the_dashboard_needs_a_terminal(program: Program) -> None:
    for arguments in ((), ("dashboard",)):
        done = program(*arguments)
        assert done.returncode == 2
        assert "needs a terminal" in done.stderr


def test_common_options_stand_before_or_after_the_command() -> None:
    parser = build_parser()
    before = parser.parse_args(["--cache", "a", "-v", "status"])
    after = parser.parse_args(["status", "--cache", "a", "-v"])
    assert vars(before) == vars(after)
    assert before.verbose is True
    assert parser.parse_args(["status"]).verbose is False


def test_every_command_has_its_module() -> None:
    i18n.use("en")
    parser = build_parser()
    (commands,) = (action.choices for action in parser._actions if isinstance(action.choices, dict))
    assert set(commands) == set(MODULES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(program: Program, shell: str) -> None:
    done = program("completion", shell)
    assert done.returncode == 0
    assert "requests" in done.stdout
    assert "--where" in done.stdout or "where" in done.stdout
