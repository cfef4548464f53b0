"""The account that runs the program, also where the system has no name for it."""

from __future__ import annotations


def login_name() -> str:
    """Return the login of the person; the number of the account if nothing names it.

    In a container, or when the directory of accounts does not answer, a number is all there is.
    """
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        import os

        return str(os.getuid())
