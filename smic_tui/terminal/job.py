"""The program as a job of a shell, which can stop it and continue it."""

from __future__ import annotations

import os


def has_shell() -> bool:
    """Whether a shell with job control has started this program, so that `fg` continues it.

    It has none as the first program of a terminal or of an SSH connection, nor in a script that
    is that: once stopped, nobody could continue it.
    """
    session = os.getsid(0)
    try:
        return os.getpgid(session) != os.getpgrp()
    except (ProcessLookupError, PermissionError):
        # The shell has gone.
        return False
