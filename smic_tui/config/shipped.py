"""Where the default configuration lies."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def shipped_config() -> Path:
    """The default `config.toml`: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "config.toml"
    return inside if inside.exists() else _PACKAGE.parent / "config.toml"
