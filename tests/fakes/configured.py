"""Adapters made from settings as a configuration file has them, and what they read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from smic_tui.contract.adapter import Adapter, Context
from smic_tui.contract.secret import Secret
from smic_tui.testing.reading import Reading as Outcome
from smic_tui.testing.reading import read

__all__ = ["Outcome", "adapter", "context", "no_secret", "read"]


def no_secret(secret: Secret) -> str:
    raise AssertionError(f"nobody should ask for {secret}")


def context(
    folder: Path,
    secret: Callable[[Secret], str] = no_secret,
    timezone: str = "Europe/Paris",
) -> Context:
    return Context(source="test", folder=folder, timezone=timezone, secret=secret)


def adapter(cls: type[Adapter[Any]], settings: dict[str, Any], at: Context) -> Any:
    """An adapter with settings as they stand in a configuration file."""
    return cls(msgspec.convert(settings, cls.config_type), at)
