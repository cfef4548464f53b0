"""A configuration that was found good is not examined again, and no other is spared."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from smic_tui.collecting import registry
from smic_tui.config import digest as digests
from smic_tui.config import known_good
from smic_tui.config.digest import settings_digest
from smic_tui.config.errors import ConfigError
from smic_tui.config.load import Loaded, load
from smic_tui.contract.secret import Secret
from smic_tui.wiring import load_settings
from tests.config.a_kind import SOURCE, FilesConfig, Kinds, check_filter

CSV = """\
[sources.sites]
kind = "csv"
refresh = "1h"
[sources.sites.sites]
path = "sites.csv"
[sources.sites.sites.columns]
code = "code"
name = "name"
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def believing(file: Path, good: bool = True) -> Loaded:
    return load(file, kinds=Kinds(), check_filter=check_filter, is_known_good=lambda _digest: good)


def test_what_is_believed_is_what_was_examined(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(SOURCE + 'refresh = "1h"\ntoken = { env = "TOKEN" }\n[display]\nascii = true\n')
    examined, believed = believing(file, good=False), believing(file)
    assert (examined.examined, believed.examined) == (True, False)
    source = believed.settings.sources["a"]
    assert isinstance(source.options, dict)
    with patch.object(registry, "find", Kinds().find):
        assert registry.with_options(source) == examined.settings.sources["a"]
    assert examined.settings.sources["a"].options == FilesConfig(
        path="x", token=Secret(env="TOKEN")
    )
    assert believed.settings.display == examined.settings.display
    assert believed.digest == examined.digest


@pytest.mark.parametrize(
    "text", ["sources = 3", "[sources]\na = 1", "[display]\nascii = 7", "[nonsense]\n", "[[panes]]"]
)
def test_what_cannot_be_good_is_told_all_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ConfigError):
        believing(tmp_path / "config.toml")


def test_the_second_time_nothing_is_examined(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CSV)
    assert load_settings(file, examine=False).examined
    again = load_settings(file, examine=False)
    assert not again.examined
    assert again.settings.sources["sites"].refresh == "1h"
    assert load_settings(file).examined
    file.write_text(CSV.replace("1h", "2h"))
    assert load_settings(file, examine=False).examined
    assert load_settings(file, {("display", "timezone"): ("UTC", "")}, examine=False).examined
    file.write_text(CSV.replace("path", "pat"))
    with pytest.raises(ConfigError):
        load_settings(file, examine=False)


def test_kinds_of_other_packages_are_examined_each_time(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CSV)
    with patch.object(registry, "is_ours", return_value=False):
        assert load_settings(file, examine=False).examined
    assert load_settings(file, examine=False).examined


def test_another_program_believes_nothing(tmp_path: Path) -> None:
    before = settings_digest("text", {})
    assert before == settings_digest("text", {("display", "language"): ("fr", "--language")})
    assert before != settings_digest("text", {("display", "timezone"): ("UTC", "--timezone")})
    with patch.object(digests, "__version__", "99"):
        assert settings_digest("text", {}) != before
    with patch.object(digests, "_code", return_value="another.py:1:2"):
        assert settings_digest("text", {}) != before


def test_the_newest_are_remembered() -> None:
    marks = [f"{number:064x}" for number in range(known_good.KEPT + 5)]
    for mark in marks:
        known_good.remember(mark)
    assert not known_good.is_known_good(marks[0])
    assert all(map(known_good.is_known_good, marks[5:]))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\0" * 65, b"x" * 100_000])
def test_a_strange_file_says_nothing(content: bytes) -> None:
    mark = f"{7:064x}"
    known_good.remember(mark)
    known_good.file().write_bytes(known_good.file().read_bytes() + b"!" + content)
    assert not known_good.is_known_good(mark)
    known_good.remember(mark)
    assert known_good.is_known_good(mark)
