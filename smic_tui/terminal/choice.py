"""Chooses the driver and the link profile for a terminal."""

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
    """Returns the profile that SMIC_TUI_LINK names, otherwise `link`, the configured one."""
    return PROFILES.get(environ.get("SMIC_TUI_LINK", ""), PROFILES[link])


def chosen_driver(
    driver: DriverName, profile: LinkProfile, environ: Mapping[str, str]
) -> type[Driver] | None:
    """Returns the class of the driver to use; None stands for Textual's own.

    SMIC_TUI_DRIVER overrides `driver`, the configured name. Textual's own driver is used
    in any case when standard input or standard error is no terminal, when the terminal
    cannot move its cursor, and when TEXTUAL_DRIVER names another driver, as Textual's
    web server does.
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
