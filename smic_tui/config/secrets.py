"""Reads the value of a secret at the moment of use.

No function here keeps a value, and no message contains one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from smic_tui.contract.errors import AuthFailed
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

COMMAND_TIMEOUT = 30.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# In characters: longer than any token or passphrase, so that a log file that is named by
# mistake is not read whole.
_LONGEST = 65536


def within(value: Any) -> Iterator[Secret]:
    """Yields all secrets that settings of any shape refer to."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from within(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from within(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from within(item)


def names_one_place(secret: Secret) -> bool:
    """Whether the secret gives exactly one of env, file and command."""
    return sum(map(bool, (secret.env, secret.file, secret.command))) == 1


def describe(secret: Secret) -> str:
    """Returns a text for people that says where the value comes from."""
    if secret.env:
        return f"env {secret.env}"
    if secret.file:
        return f"file {secret.file}"
    return f"command {_as_typed(*secret.command)}"


def reveal(secret: Secret, folder: Path) -> str:
    """Reads the value; relative paths start from `folder`.

    Waits for the secret's command, at most 30 seconds: call it off the event loop. Raises
    `AuthFailed`, with a hint for the person, if there is no value.
    """
    if secret.env:
        return _from_environment(secret.env)
    if secret.file:
        return _from_file(folder / Path(secret.file).expanduser())
    return _from_command(secret, folder)


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise AuthFailed(
            _("the environment variable {name} is not set").format(name=name),
            hint=_("export {name} before the program starts").format(name=name),
        )
    return value


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise AuthFailed(
                    _("the secret file {path} can be read by others (mode {mode:03o})").format(
                        path=path, mode=mode
                    ),
                    hint=f"chmod 600 {_as_typed(str(path))}",
                )
            value = file.readline(_LONGEST).rstrip("\r\n")
    except OSError as error:
        raise AuthFailed(
            _("the secret file {path} cannot be read: {reason}").format(
                path=path, reason=error.strerror
            ),
            hint=_("create it with the secret on its first line, then: {command}").format(
                command=f"chmod 600 {_as_typed(str(path))}"
            ),
        ) from None
    except UnicodeDecodeError:
        # The decoder's own error holds the bytes of the file, so it must not be chained.
        raise AuthFailed(_("the secret file {path} is not UTF-8 text").format(path=path)) from None
    if not value:
        raise AuthFailed(
            _("the first line of the secret file {path} is empty").format(path=path),
            hint=_("write the secret on its first line"),
        )
    return value


def _as_typed(*words: str) -> str:
    """Returns words as a person would type them in a shell."""
    import shlex

    return shlex.join(words)


def _from_command(secret: Secret, folder: Path) -> str:
    import subprocess

    shown = _as_typed(*secret.command)
    try:
        done = subprocess.run(
            secret.command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AuthFailed(
            _("the secret command {command} gave nothing for {seconds:.0f} seconds").format(
                command=shown, seconds=COMMAND_TIMEOUT
            ),
            hint=_("it must not ask anything: unlock the password store first"),
        ) from None
    except OSError as error:
        raise AuthFailed(
            _("the secret command {command} cannot be started: {reason}").format(
                command=shown, reason=error.strerror
            )
        ) from None
    if done.returncode != 0:
        raise AuthFailed(
            _("the secret command {command} ended with code {code}").format(
                command=shown, code=done.returncode
            ),
            hint=_("run it in a terminal to see what it says"),
        )
    value = done.stdout.split(b"\n", 1)[0].rstrip(b"\r").decode(errors="replace")
    if not value:
        raise AuthFailed(_("the secret command {command} printed nothing").format(command=shown))
    return value
