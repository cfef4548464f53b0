"""Which driver serves a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast

from smic_tui.terminal.capabilities import is_hopeless
from smic_tui.terminal.profile import PROFILES, LinkProfile

if TYPE_CHECKING:
    from textual.driver import Driver

DriverName = Literal["lean", "stock"]


def chosen_profile(link: str, environ: Mapping[str, str]) -> LinkProfile:
    """The profile of the configuration, or that of SMIC_TUI_LINK where it names one."""
    return PROFILES.get(environ.get("SMIC_TUI_LINK", ""), PROFILES[link])


def chosen_driver(
    driver: DriverName, profile: LinkProfile, environ: Mapping[str, str]
) -> type[Driver] | None:
    """The class of the driver; None for Textual's own.

    SMIC_TUI_DRIVER goes before the configuration. Without a terminal on both sides,
    or on one that cannot move its cursor, it is Textual's own in any case, and so it is
    where Textual is told to use another, as its web server does.
    """
    if environ.get("TEXTUAL_DRIVER"):
        return None
    wanted = environ.get("SMIC_TUI_DRIVER", "")
    if wanted not in ("lean", "stock"):
        wanted = driver
    if cast(DriverName, wanted) == "stock" or is_hopeless(environ.get("TERM", "")):
        return None
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        return None
    from smic_tui.terminal.driver import lean_driver

    return lean_driver(profile)
