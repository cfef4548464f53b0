"""Where the program keeps things: the XDG folders, and what may replace them.

Five lines instead of a library, whose import would take a tenth of `smic-tui status`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_NAME = "smic-tui"


def _xdg(variable: str, default: str) -> Path:
    """A folder of the program's own; what is not absolute is ignored, as the standard says."""
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path(default).expanduser()) / _NAME


def user_config_file() -> Path:
    """The configuration of this user, whether or not it exists."""
    return _xdg("XDG_CONFIG_HOME", "~/.config") / "config.toml"


def sample_folder() -> Path:
    """Where the sample syndicate is written."""
    return _xdg("XDG_DATA_HOME", "~/.local/share") / "sample"


def user_cache() -> Path:
    """What this user's programs may keep for later."""
    return _xdg("XDG_CACHE_HOME", "~/.cache")


def log_file() -> Path:
    """The log of this user."""
    return _xdg("XDG_STATE_HOME", "~/.local/state") / "smic-tui.log"


def cache_folder(config: Path, shipped: bool, wanted: Path | None = None) -> Path:
    """The cache of one configuration: two configurations never share one.

    `wanted` (from the command line) or SMIC_TUI_CACHE is taken as it is.
    """
    if wanted is None and os.environ.get("SMIC_TUI_CACHE"):
        wanted = Path(os.environ["SMIC_TUI_CACHE"])
    if wanted is not None:
        return wanted.expanduser().absolute()
    if shipped:
        return user_cache() / "default"
    digest = hashlib.sha256(os.fsencode(config)).hexdigest()[:12]
    return user_cache() / f"{config.stem}-{digest}"
