"""The folders of the program: those of the XDG standard, and the options that replace them.

No library is used for this: its import would take a tenth of `smic-tui status`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from smic_tui.i18n import _

_NAME = "smic-tui"


def _xdg(variable: str, default: str) -> Path:
    """Returns the program's folder below that of the variable, or below `default`.

    As the XDG standard says, a variable that holds no absolute path is ignored. Raises `OSError`
    when there is no home folder.
    """
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else home_path(default, variable).absolute()) / _NAME


def home_path(text: str, variable: str = "") -> Path:
    """Returns a path whose `~` or `~NAME` is the home folder of an account.

    Raises `OSError` for people when nothing tells that folder; `variable` could name it.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        pass
    if not text.startswith("~/") and text != "~":
        raise OSError(_("{path}: no such account").format(path=text))
    raise OSError(
        _("this account has no home folder: set {variables}").format(
            variables=", ".join(filter(None, ("HOME", variable)))
        )
    )


def user_config_file() -> Path:
    """Returns the path of this user's configuration, whether or not the file exists."""
    return _xdg("XDG_CONFIG_HOME", "~/.config") / "config.toml"


def sample_folder() -> Path:
    """Returns the folder of the sample syndicate."""
    return _xdg("XDG_DATA_HOME", "~/.local/share") / "sample"


def user_cache() -> Path:
    """Returns the folder below which this user's caches are."""
    return _xdg("XDG_CACHE_HOME", "~/.cache")


def log_file() -> Path:
    """Returns the path of this user's log file."""
    return _xdg("XDG_STATE_HOME", "~/.local/state") / "smic-tui.log"


def cache_folder(config: Path, shipped: bool, wanted: Path | None = None) -> Path:
    """Returns the cache folder of a configuration; two configurations never share one.

    `wanted` (from the command line) takes precedence over SMIC_TUI_CACHE, and both over
    the folder that belongs to the path of the configuration.
    """
    if wanted is None and os.environ.get("SMIC_TUI_CACHE"):
        wanted = Path(os.environ["SMIC_TUI_CACHE"])
    if wanted is not None:
        return home_path(str(wanted)).absolute()
    if shipped:
        return user_cache() / "default"
    digest = hashlib.sha256(os.fsencode(config)).hexdigest()[:12]
    return user_cache() / f"{config.stem}-{digest}"
