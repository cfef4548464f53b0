"""Knows by which name the person in front of the program has logged in."""

from __future__ import annotations

import os


def login_name() -> str:
    """Return the name of the login, or "uid N" where the machine has no name for it."""
    import getpass  # most commands do without

    from smic_tui.text import clean

    try:
        return clean(getpass.getuser())
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
