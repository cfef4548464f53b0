"""The configuration that the options of a command line choose."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.config import folders
from smic_tui.config.errors import ConfigError, KeyPath
from smic_tui.config.load import Loaded
from smic_tui.i18n import ngettext
from smic_tui.sample.folder import SampleError
from smic_tui.wiring import load_settings


def open_settings(options: Namespace, *, write_sample: bool = True) -> Loaded:
    """Load it; all its problems are one `CommandError`."""
    try:
        return load_settings(options.config, overrides(options), write_sample=write_sample)
    except ConfigError as error:
        count = len(error.problems)
        head = ngettext(
            "{n} problem in the configuration", "{n} problems in the configuration", count
        ).format(n=count)
        raise CommandError(Exit.USAGE, f"{head}\n{error}") from None
    except SampleError as error:
        raise CommandError(Exit.OUTPUT, str(error)) from None


def overrides(options: Namespace) -> dict[KeyPath, tuple[Any, str]]:
    """The keys of the configuration that options replace."""
    return {
        ("display", name): (getattr(options, name), f"--{name}")
        for name in ("language", "timezone")
        if getattr(options, name) is not None
    }


def cache_folder(options: Namespace, loaded: Loaded) -> Path:
    """Where the cache of this configuration is."""
    return folders.cache_folder(loaded.path, loaded.chosen.shipped, options.cache)
