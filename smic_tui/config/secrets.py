"""Reads the value of a secret at the moment of use.

No function here keeps a value, and no message contains one.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from smic_tui.contract.errors import AuthFailed
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _
from smic_tui.system import atomic_file

if TYPE_CHECKING:
    from subprocess import Popen

COMMAND_TIMEOUT = 30.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# In characters: longer than any token or passphrase, so that neither a log file that is named
# by mistake is read whole, nor what a command prints for ever.
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
        with os.fdopen(atomic_file.opened(path), encoding="utf-8") as file:
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
        process = subprocess.Popen(
            secret.command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Without a terminal of its own it can neither write to the dashboard's nor ask.
            start_new_session=True,
        )
        with process:
            told = _output(process, time.monotonic() + COMMAND_TIMEOUT)
    except TimeoutError:
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
    if process.returncode != 0:
        raise AuthFailed(
            _("the secret command {command} ended with code {code}").format(
                command=shown, code=process.returncode
            ),
            hint=_("run it in a terminal to see what it says"),
        )
    value = told.split(b"\n", 1)[0].rstrip(b"\r").decode(errors="replace")
    if not value:
        raise AuthFailed(_("the secret command {command} printed nothing").format(command=shown))
    return value


def _output(process: Popen[bytes], end: float) -> bytes:
    """Return the beginning of what a command prints, once it has ended; what follows is dropped.

    Ends it and all that it has started, and raises `TimeoutError`, if it is not ready at `end`
    (monotonic clock).
    """
    import select
    import signal
    import subprocess

    assert process.stdout is not None
    output = process.stdout.fileno()
    ready = select.poll()
    ready.register(output)
    told = b""
    try:
        while (left := end - time.monotonic()) > 0:
            if ready.poll(left * 1000):
                piece = os.read(output, _LONGEST)
                if not piece:
                    process.wait(max(0.0, end - time.monotonic()))
                    return told
                told = (told + piece)[:_LONGEST]
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    raise TimeoutError
