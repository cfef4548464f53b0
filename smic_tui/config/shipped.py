"""The place of the default configuration."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def shipped_config() -> Path:
    """Returns the path of the default `config.toml`.

    It is inside an installed package, and beside the package in a checkout.
    """
    inside = _PACKAGE / "config.toml"
    return inside if inside.exists() else _PACKAGE.parent / "config.toml"
