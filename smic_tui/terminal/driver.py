"""A Textual driver that sends only what differs, and only what the line can take."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from typing import Any, ClassVar

from msgspec import Struct
from textual import events
from textual.app import App, ScreenStackError
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from smic_tui.system.turns import screen_priority
from smic_tui.terminal import first_paint
from smic_tui.terminal.capabilities import capabilities_of
from smic_tui.terminal.far_screen import FarScreen
from smic_tui.terminal.pacing import Pacer
from smic_tui.terminal.picture import Picture
from smic_tui.terminal.profile import AUTO, LinkProfile
from smic_tui.terminal.reader import Reader

# Seconds that the escape of a key and the rest may be apart on a slow line.
_KEY_PATIENCE = 0.5


class LinkStatus(Struct, frozen=True):
    """What the driver has measured of the line: times in seconds, rates in bytes per second.

    `bytes_per_key` is the mean over the last fifty keys. `answers` is False once the
    terminal is known not to answer. A value is None while it has not been measured.
    """

    profile: str
    bytes_sent: int
    bytes_per_key: float | None
    round_trip: float | None
    rate: float | None
    answers: bool


class LeanDriver(LinuxDriver):
    """Handles the terminal's modes, size, signals and keys for Textual.

    It hands what Textual draws to a `FarScreen`, which sends it.
    """

    profile: ClassVar[LinkProfile] = AUTO

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse and self.profile.mouse, size=size)
        self._thread = threading.get_ident()
        self._pacer = Pacer(self.profile)
        self._screen = FarScreen(
            super()._get_terminal_size(),
            capabilities_of(os.environ.get("TERM", "")),
            self._pacer,
            self._loop,
            typed_at=self._typed_at,
            # xterm scrolls the shell's text away by the row of the hidden cursor, when its window
            # is made smaller.
            goes_home="XTERM_VERSION" in os.environ,
            encoding=getattr(self._file, "encoding", None) or "utf-8",
        )
        self._mouse_is_on = False
        self._has_terminal = False
        # The times of answers that were read and that the event loop has not taken yet.
        self._answers: SimpleQueue[float] = SimpleQueue()
        # How many bytes had been sent when each of the last keys came.
        self._keys: deque[int] = deque(maxlen=50)

    # -- what the program asks of the driver

    @property
    def status(self) -> LinkStatus:
        """What has been measured of the line so far."""
        pacer, keys = self._pacer, self._keys
        return LinkStatus(
            profile=pacer.profile.name,
            bytes_sent=pacer.sent,
            bytes_per_key=(pacer.sent - keys[0]) / len(keys) if keys else None,
            round_trip=pacer.round_trip,
            rate=pacer.rate,
            answers=not pacer.is_mute,
        )

    @property
    def is_slow(self) -> bool:
        """Whether the line is so slow that every byte counts."""
        return self._pacer.is_slow

    @property
    def room(self) -> int:
        """How many bytes could be sent now without waiting for an answer."""
        return self._pacer.room

    @property
    def late_seconds(self) -> float:
        """How many seconds after an arrow key the ends of new lines are to follow."""
        return self._pacer.profile.late

    def repaint(self) -> None:
        """Sends the whole screen again, after another program wrote to the terminal."""
        self._screen.repaint()

    def entitle(self, place: str) -> None:
        """Names the window after a place in the program; on a slow line after the program."""
        self._screen.entitle("" if self.is_slow else place)

    def stop_job(self) -> None:
        """Gives the terminal to the shell, and stops until the shell continues the program."""
        self._loop.call_soon(self._stop_job)

    def _stop_job(self) -> None:
        self.suspend_application_mode()
        self._must_signal_resume = True
        # Programs that wait for this one, such as `make`, are what the shell looks at.
        os.killpg(0, signal.SIGSTOP)

    def show(self) -> None:
        """Replaces the kept screen of the last run by what is drawn now."""
        self._screen.show()

    def picture(self, stamps: list[str]) -> Picture | None:
        """Returns the screen, to be kept for the next start; None while it is incomplete.

        `stamps` belong to the files that the screen rests on (`first_paint.stamp_of`).
        """
        return self._screen.picture(stamps)

    # -- what Textual writes

    def write(self, data: str) -> None:
        """Takes what Textual writes; any thread may call it."""
        if threading.get_ident() == self._thread:
            self._screen.feed(data)
            screen_priority.drawn()
        else:
            self._loop.call_soon_threadsafe(self._screen.feed, data)

    def flush(self) -> None:
        """Does nothing: the `FarScreen` decides when to send."""

    def _typed_at(self) -> tuple[int, int] | None:
        try:
            focused = self._app.focused
        except ScreenStackError:
            return None
        place = getattr(focused, "cursor_screen_offset", None)
        if place is None:
            return None
        # With the cursor at the end of its text, Textual's input line counts one cell too many.
        return place[0] - bool(getattr(focused, "cursor_at_end", False)), place[1]

    # -- size

    def _get_terminal_size(self) -> tuple[int, int]:
        """Returns the size for Textual, which asks at the start and after each SIGWINCH."""
        size = super()._get_terminal_size()
        self._loop.call_soon_threadsafe(self._resize, size, True)
        return size

    def _resize(self, size: tuple[int, int], surely: bool) -> None:
        self._screen.resize(*size, surely=surely)

    # -- beginning and end

    def start_application_mode(self) -> None:
        """Takes the terminal over."""
        assert self._file is not None, "only chosen when standard error is a terminal"
        self._screen.open(self._file.fileno())
        painted = first_paint.take()
        if painted is not None:
            self._screen.adopt(painted)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is None:
            # The shell continues the program in the background: the terminal is not its own
            # yet, and it is continued once more when it is.
            self._screen.close()
            return
        if painted is not None:
            self.attrs_before = painted.attributes
        # The base class makes this thread; the driver never gives it anything to write.
        self._writer_thread.stop()
        self._writer_thread = None
        try:
            attributes = termios.tcgetattr(self.fileno)
            # A line feed must move the cursor down and not to the margin.
            attributes[1] &= ~termios.OPOST
            termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        except termios.error:
            pass
        self._has_terminal = True
        self._screen.begin()

    def _enable_mouse_support(self) -> None:
        """Asks the terminal for buttons and wheel, but not for movements."""
        if self._mouse and not self._mouse_is_on:
            self._mouse_is_on = True
            self.write("\x1b[?1000h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse_is_on:
            self._mouse_is_on = False
            self.write("\x1b[?1006l\x1b[?1000l")

    def disable_input(self) -> None:
        """Stops reading, once the answers under way have come: the shell would get them."""
        self._screen.leave()
        if self._key_thread is not None and self._key_thread.is_alive():
            self._await_answers()
        super().disable_input()

    def _await_answers(self) -> None:
        end = time.monotonic() + self._pacer.reply_patience
        while self._pacer.is_waiting and (left := end - time.monotonic()) > 0:
            try:
                self._pacer.answered(self._answers.get(timeout=left))
            except Empty:
                return

    def stop_application_mode(self) -> None:
        """Gives the terminal back as it was."""
        self._has_terminal = False
        self._screen.leave()
        super().stop_application_mode()
        self._screen.end()

    def close(self) -> None:
        """Closes the driver's own file of the terminal."""
        self._screen.close()
        super().close()

    def _sigtstp_application(self, *arguments: object) -> None:
        # A signal may come at any instruction; its effect must wait for the event loop.
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(super()._sigtstp_application, *arguments)
        else:
            super()._sigtstp_application(*arguments)

    def _sigcont_application(self, *arguments: object) -> None:
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._continue, *arguments)
        else:
            self._continue(*arguments)

    def _continue(self, *arguments: object) -> None:
        if self._has_terminal:
            # SIGSTOP has stopped it, which cannot be noticed before: others may have drawn.
            self.repaint()
        else:
            super()._sigcont_application(*arguments)

    # -- what comes from the terminal

    def run_input_thread(self) -> None:
        """Reads what the terminal sends, until the driver leaves it."""
        reader = Reader(
            self.fileno,
            encoding=getattr(sys.__stdin__, "encoding", None) or "utf-8",
            waiting=lambda: self._pacer.is_waiting,
            on_answer=self._answer_read,
            on_message=self.process_message,
            patience=lambda: _KEY_PATIENCE if self._pacer.is_slow else 0.0,
            debug=self._debug,
        )
        if not reader.run(self.exit_event):
            # The terminal is gone: the program ends as on a hangup, with everything saved.
            os.kill(os.getpid(), signal.SIGHUP)

    def _answer_read(self) -> None:
        self._answers.put(time.monotonic())
        self._loop.call_soon_threadsafe(self._take_answers)

    def _take_answers(self) -> None:
        while not self._answers.empty():
            self._pacer.answered(self._answers.get())
        if self._pacer.is_measured and not self._pacer.profile.mouse:
            self._disable_mouse_support()
            self._mouse = False
        self._screen.answered()

    def process_message(self, message: Message) -> None:
        """Notes keys and sizes on their way to Textual."""
        if isinstance(message, events.Key):
            screen_priority.begin()
            self._keys.append(self._pacer.sent)
        elif isinstance(message, events.Resize):
            size = message.size.width, message.size.height
            self._loop.call_soon_threadsafe(self._resize, size, False)
        super().process_message(message)


def lean_driver(profile: LinkProfile) -> type[Driver]:
    """Returns a driver class for lines with that profile."""
    return type("LeanDriver", (LeanDriver,), {"profile": profile})
