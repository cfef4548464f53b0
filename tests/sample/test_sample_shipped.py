"""The default configuration is found in a checkout and in an installed package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from smic_tui.config import shipped


def test_in_a_checkout_it_stands_beside_the_package() -> None:
    found = shipped.shipped_config()
    assert found.name == "config.toml"
    assert "sources" in tomllib.loads(found.read_text(encoding="utf-8"))


def test_installed_it_stands_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "smic_tui"
    package.mkdir()
    (package / "config.toml").touch()
    (tmp_path / "config.toml").touch()
    monkeypatch.setattr(shipped, "_PACKAGE", package)
    assert shipped.shipped_config() == package / "config.toml"
