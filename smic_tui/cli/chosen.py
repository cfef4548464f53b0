"""The keys of the configuration and the cache folder that the command line's options choose."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from smic_tui.config import folders
from smic_tui.config.chosen import Chosen
from smic_tui.config.errors import KeyPath


def overrides(options: Namespace) -> dict[KeyPath, tuple[Any, str]]:
    """Returns the keys of the configuration that options replace: (value, the option)."""
    return {
        ("display", name): (getattr(options, name), f"--{name}")
        for name in ("language", "timezone")
        if getattr(options, name) is not None
    }


def cache_folder(options: Namespace, chosen: Chosen) -> Path:
    """Returns the cache folder of this configuration."""
    return folders.cache_folder(chosen.path, chosen.shipped, options.cache)
