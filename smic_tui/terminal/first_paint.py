"""Paints the kept screen of the last run before the program is loaded.

The program calls `paint` before it imports anything heavy. `paint` takes the terminal over
as Textual will, so that keys pressed meanwhile wait unharmed, and shows what this person
saw last in a terminal of this kind and size, marked with its age. Then either the driver
takes the screen over (`take`), or the terminal is given back (`give_back`).

The file is believed only if nobody but its owner can write it and its folder.
"""

from __future__ import annotations

import os
import sys
import termios
import time
from binascii import crc32

from smic_tui import __version__
from smic_tui.terminal.picture import LARGEST, NotThis, Picture, painted, read

# The variables of the environment that decide, with the arguments, how the screen looks.
_DECISIVE = (
    *("TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "TZ"),
    *("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"),
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "COLUMNS", "LINES"),
    # Named one by one: a configuration may name any other variable as the place of a secret.
    *("SMIC_TUI_CACHE", "SMIC_TUI_CONFIG", "SMIC_TUI_DRIVER", "SMIC_TUI_LINK"),
)


# The environment at the start of the program, which later sets some variables itself.
_environ = dict(os.environ)


class Painted:
    """A picture that stands on the terminal, and the state of the terminal before.

    `mark` is the text of its last row, `size` its length in bytes, `at` when it was painted
    (monotonic clock, in seconds), `attributes` what termios told before.
    """

    def __init__(
        self, picture: Picture, mark: str, size: int, at: float, attributes: list[object]
    ) -> None:
        self.picture = picture
        self.mark = mark
        self.size = size
        self.at = at
        self.attributes = attributes


_painted: Painted | None = None


def paint(arguments: list[str]) -> None:
    """Shows the kept screen of a program called with `arguments`, if there is one.

    Never raises: without a usable picture the terminal stays as it is.
    """
    global _painted
    try:
        if not (os.isatty(0) and os.isatty(1) and os.isatty(2)):
            return
        if os.tcgetpgrp(0) != os.getpgrp():
            # The program runs in the background: touching the terminal would stop it.
            return
        size = os.get_terminal_size(0)
        identity = identity_of(arguments, size.columns, size.lines)
        now = time.time()
        text = _text_of(file_of(identity))
        picture = read(text, identity, size.columns, size.lines, now)
        if not all(_still_holds(stamp) for stamp in picture.stamps):
            return
        data = painted(picture, now).encode(sys.stderr.encoding, "replace")
        attributes = _take_over()
        _painted = Painted(picture, picture.mark_at(now), len(data), time.monotonic(), attributes)
        while data:
            data = data[os.write(2, data) :]
    except (NotThis, OSError, ValueError, termios.error):
        # Nothing is lost but time: the program will draw the whole screen itself.
        give_back()
        return
    _listen_for_signals()


def take() -> Painted | None:
    """Hands over the painted picture, once; None if there is none.

    The caller becomes responsible for giving the terminal back in order.
    """
    global _painted
    found, _painted = _painted, None
    if found is not None:
        _listen_no_longer()
    return found


def give_back() -> None:
    """Gives the terminal back in order, unless the driver has taken the picture over."""
    found = take()
    if found is None:
        return
    if found.picture.alternate:
        leave = "\x1b[m\x1b[?1049l\x1b[?25h"
    else:
        leave = f"\x1b[m\x1b[{found.picture.height}H\r\n\x1b[?25h"
    try:
        termios.tcsetattr(0, termios.TCSANOW, found.attributes)  # type: ignore[arg-type]
        os.write(2, leave.encode())
    except (OSError, termios.error):
        pass


def identity_of(arguments: list[str], width: int, height: int) -> str:
    """Everything that must be the same for a kept screen to be the right one."""
    where = os.getcwd() if arguments or "SMIC_TUI_CONFIG" in _environ else ""
    parts = [__version__, f"{width}x{height}", where, *arguments, ""]
    return "\0".join([*parts, *(f"{name}={_environ.get(name)}" for name in _DECISIVE)])


def file_of(identity: str) -> str:
    """Returns the path of the file that keeps the screen with that identity."""
    return f"{folder()}/{crc32(os.fsencode(identity)):08x}.picture"


def folder() -> str:
    """Returns the folder of this user's kept screens, which no other user shares."""
    cache = _environ.get("XDG_CACHE_HOME", "")
    if not cache.startswith("/"):
        cache = os.path.expanduser("~/.cache")
    if not cache.startswith("/"):
        # Without a home folder there is no place of one's own: nothing can be below this.
        cache = os.devnull
    return cache + "/smic-tui/screens"


def stamp_of(path: str) -> str:
    """Returns a text that changes when the file at that path does, or comes to exist.

    Raises OSError when the file cannot be examined.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return f"{path}\tabsent"
    return f"{path}\t{status.st_mtime_ns}\t{status.st_size}"


def _still_holds(stamp: str) -> bool:
    return stamp_of(stamp.partition("\t")[0]) == stamp


def _text_of(path: str) -> str:
    """Returns the text of a file that only this user can have written.

    Raises `NotThis` for any other file, and OSError or ValueError if it cannot be read.
    """
    for each in (os.path.dirname(path), path):
        status = os.lstat(each)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise NotThis
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise NotThis
    return data.decode()


def _take_over() -> list[object]:
    """Makes the terminal keep keys unchanged and unseen; returns its state before.

    Ctrl+C still ends the program. Keys typed before are not lost.
    """
    before = termios.tcgetattr(0)
    mode = termios.tcgetattr(0)
    mode[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    mode[6] = list(mode[6])
    mode[6][termios.VMIN] = 1
    mode[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(0, termios.TCSANOW, mode)
    return before


def _when_killed(number: int, _frame: object) -> None:
    """Gives the terminal back and ends the program at once: it has begun nothing yet.

    It raises no exception, because Python would lose one raised while it deletes an object.
    """
    import signal

    give_back()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _listen_for_signals() -> None:
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _when_killed)


def _listen_no_longer() -> None:
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
