"""Chooses the configuration file to read."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from smic_tui.config import folders
from smic_tui.config.errors import ConfigError, Problem
from smic_tui.config.shipped import shipped_config
from smic_tui.i18n import _
from smic_tui.system import atomic_file

# In bytes: a thousand times a long configuration.
_LARGEST = 1 << 24


class Chosen(Struct, frozen=True, kw_only=True):
    """A configuration file, and in `by`, for people, what chose it.

    `shipped` tells that it is the program's own default.
    """

    path: Path
    by: str
    shipped: bool = False


def choose(path: Path | None) -> Chosen:
    """Returns the first of: `path`, SMIC_TUI_CONFIG, the user's own file, the shipped one."""
    if path is not None:
        return Chosen(path=path.expanduser().absolute(), by="--config")
    if variable := os.environ.get("SMIC_TUI_CONFIG"):
        return Chosen(path=Path(variable).expanduser().absolute(), by="SMIC_TUI_CONFIG")
    own = folders.user_config_file()
    if own.exists():
        return Chosen(path=own, by=_("the user's configuration folder"))
    return Chosen(path=shipped_config(), by=_("shipped with the program"), shipped=True)


def read_text(file: Path) -> str:
    """Returns the text of a configuration file; raises `ConfigError` if it cannot be read."""
    try:
        return atomic_file.read(file, _LARGEST)[0].decode("utf-8-sig")
    except OSError as error:
        message = _("cannot be read: {reason}").format(reason=error.strerror)
    except UnicodeDecodeError as error:
        message = _("is not UTF-8 text (byte {offset})").format(offset=error.start)
    raise ConfigError(file, [Problem(message=message)])
