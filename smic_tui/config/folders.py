"""Where the program keeps things: the XDG folders, and what may replace them."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs.unix import Unix

_XDG = Unix("smic-tui", appauthor=False)


def user_config_file() -> Path:
    """The configuration of this user, whether or not it exists."""
    return _XDG.user_config_path / "config.toml"


def sample_folder() -> Path:
    """Where the sample syndicate is written."""
    return _XDG.user_data_path / "sample"


def user_cache() -> Path:
    """What this user's programs may keep for later."""
    return _XDG.user_cache_path


def log_file() -> Path:
    """The log of this user."""
    return _XDG.user_state_path / "smic-tui.log"


def cache_folder(config: Path, shipped: bool, wanted: Path | None = None) -> Path:
    """The cache of one configuration: two configurations never share one.

    `wanted` (from the command line) or SMIC_TUI_CACHE is taken as it is.
    """
    if wanted is None and os.environ.get("SMIC_TUI_CACHE"):
        wanted = Path(os.environ["SMIC_TUI_CACHE"])
    if wanted is not None:
        return wanted.expanduser().absolute()
    if shipped:
        return _XDG.user_cache_path / "default"
    import hashlib

    digest = hashlib.sha256(os.fsencode(config)).hexdigest()[:12]
    return _XDG.user_cache_path / f"{config.stem}-{digest}"
