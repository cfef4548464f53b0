"""Runs programs that read a source, bounded in time and output, and ends all that they started.

Public.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from collections.abc import Mapping, Sequence

from msgspec import Struct

from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.i18n import _

# Reading facts for a screen must not slow down the backups of the same machine.
_NICENESS = "10"
# OpenSSH's whole message, e.g. "jo@nas: Permission denied (publickey,password)."
_SSH_REFUSES = re.compile(r"\S+: Permission denied \([a-z,-]+\)\.")
# How `nice`, and every shell, says that it found no program to run, or one that cannot be run.
_NOT_RUN = (126, 127)
# A helper that outlives the program (ssh with ControlPersist) keeps its pipes open.
_DRAIN = 1.0

# A program that is started sees only these variables of the environment, and those that it is
# given: no secret of another source, and nothing that changes what it does.
_PASSED_ON = (
    "HOME",
    "LOGNAME",
    "PATH",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
)


class Finished(Struct, frozen=True, kw_only=True):
    """A program that ended by itself. `code` is its exit status, negative for a signal."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def complaints(self) -> list[str]:
        """The lines on standard error."""
        lines = self.stderr.decode(errors="replace").splitlines()
        return [line.strip() for line in lines if line.strip()]

    @property
    def last_words(self) -> str:
        """The last line on standard error, or the exit status of a program that wrote none."""
        if lines := self.complaints:
            return lines[-1]
        return _("exit status {code}").format(code=self.code)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a started program; `given` wins."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # ssh must fail, and not open a window, when it needs a password.
    return passed | {"LC_ALL": "C.UTF-8", "SSH_ASKPASS_REQUIRE": "never"} | dict(given)


def ssh_refuses(line: str) -> bool:
    """Whether a line is OpenSSH's message that a server refuses every key and password."""
    return _SSH_REFUSES.fullmatch(line) is not None


async def run(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    timeout: float,
    limit: int,
    package: str,
    until: re.Pattern[bytes] | None = None,
) -> Finished:
    """Run a program to its end, or until its output has what `until` finds; return what it said.

    The code of a program that was ended for `until` is 0. `until` fits within a line.

    It has no terminal and no standard input, runs at low priority in a session
    of its own, and is killed with everything it started when `timeout` seconds
    have passed, when it writes more than `limit` bytes, or when the caller is
    cancelled. Raises `Unavailable` (not installed: `package` is what to install;
    cannot be run; too slow) or `BadAnswer` (too much output).
    """
    full_env = environment(env)
    program = await asyncio.to_thread(shutil.which, command[0], path=full_env.get("PATH"))
    if program is None:
        raise Unavailable(
            _("{program} is not installed").format(program=command[0]),
            hint=_("Install the package {package}, or name the program in `binary`.").format(
                package=package
            ),
        )
    nice = await asyncio.to_thread(shutil.which, "nice", path=full_env.get("PATH"))
    prefix = [nice, "-n", _NICENESS] if nice else []
    try:
        transport, output = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Output(limit, until),
            *prefix,
            program,
            *command[1:],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=full_env,
            start_new_session=True,
        )
    except OSError as error:
        raise _cannot_be_run(program, error.strerror or str(error)) from None
    try:
        async with asyncio.timeout(timeout):
            await output.settled.wait()
    except TimeoutError:
        late = _("{program} did not end within {seconds:g} seconds").format(
            program=command[0], seconds=timeout
        )
        # What it complained of, e.g. that it tries again and again.
        said = Finished(code=0, stdout=b"", stderr=bytes(output.data[2])).complaints[-1:]
        raise Unavailable(
            " — ".join((late, *said)),
            hint=_("If the line is slow and the source well, raise `timeout`."),
        ) from None
    else:
        if output.too_much:
            raise BadAnswer(
                _("{program} wrote more than {limit} bytes").format(program=command[0], limit=limit)
            )
        if output.found:
            return Finished(code=0, stdout=bytes(output.data[1]), stderr=bytes(output.data[2]))
        await output.drained()
        code = transport.get_returncode()
        assert code is not None
        finished = Finished(code=code, stdout=bytes(output.data[1]), stderr=bytes(output.data[2]))
        if code in _NOT_RUN:
            raise _cannot_be_run(program, finished.last_words)
        return finished
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        transport.close()
        await output.exited.wait()


def _cannot_be_run(program: str, reason: str) -> Unavailable:
    return Unavailable(
        _("{program} cannot be started: {reason}").format(program=program, reason=reason)
    )


class _Output(asyncio.SubprocessProtocol):
    """Collects what a program writes.

    `settled`: the program ended, wrote too much, or wrote what was waited for (`found`).
    `exited`: it ended.
    """

    def __init__(self, limit: int, until: re.Pattern[bytes] | None) -> None:
        self.data = {1: bytearray(), 2: bytearray()}
        self.too_much = False
        self.found = False
        self._until = until
        self.settled = asyncio.Event()
        self.exited = asyncio.Event()
        self._limit = limit
        self._open = len(self.data)
        self._closed = asyncio.Event()

    async def drained(self) -> None:
        """Wait for what is still in the pipes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN):
                await self._closed.wait()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if len(self.data[fd]) + len(data) > self._limit:
            self.too_much = True
            self.settled.set()
        else:
            # What is looked for may have begun in the piece before, on the same line.
            start = self.data[1].rfind(b"\n") + 1 if fd == 1 else 0
            self.data[fd] += data
            if fd == 1 and self._until and self._until.search(self.data[1], start):
                self.found = True
                self.settled.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open -= 1
        if not self._open:
            self._closed.set()

    def process_exited(self) -> None:
        self.settled.set()
        self.exited.set()
