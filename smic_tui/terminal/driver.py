"""A Textual driver that sends only what differs, and only what the line can take."""

from __future__ import annotations

import os
import signal
import termios
import threading
import time
from asyncio import TimerHandle
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.app import App, ScreenStackError
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from smic_tui.terminal import first_paint
from smic_tui.terminal.canvas import Canvas
from smic_tui.terminal.capabilities import capabilities_of
from smic_tui.terminal.encoder import Encoder
from smic_tui.terminal.fence import FENCE
from smic_tui.terminal.hold import Hold
from smic_tui.terminal.outlet import Outlet
from smic_tui.terminal.pacing import Pacer
from smic_tui.terminal.pen import PenWriter
from smic_tui.terminal.picture import Picture
from smic_tui.terminal.picture_cells import picture_of, rows_of
from smic_tui.terminal.profile import AUTO, LinkProfile
from smic_tui.terminal.reader import Reader

# A frame so large on a fast line is shown at once, where the terminal can do that.
_LARGE = 1024
_SYNC = "\x1b[?2026h", "\x1b[?2026l"
# The shape of the mouse pointer, which no widget here ever changes.
_POINTER = "\x1b]22;"
_LEAVE_SECONDS = 2.0
# How much may wait in a serial line that answers no fences.
_SERIAL_QUEUE, _SERIAL_SECONDS = 128, 0.02
# What terminals of the oldest kind understand of modes: wrapping and the cursor.
_OLD_MODES = frozenset({"\x1b[?7h", "\x1b[?7l", "\x1b[?25h", "\x1b[?25l", "\a"})
_SCREEN_MODES = frozenset({"\x1b[?1049h", "\x1b[?1049l"})


@dataclass(frozen=True)
class LinkStatus:
    """What is known of the line. Times in seconds, rates in bytes per second."""

    profile: str
    bytes_sent: int
    bytes_per_key: float | None
    round_trip: float | None
    rate: float | None
    answers: bool


class LeanDriver(LinuxDriver):
    """Keeps what the terminal shows and what it shall show, and sends the difference.

    Updates are gathered for a moment and sent as one frame; the next frame is made
    when the line has room again, from whatever shall be shown then.
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
        self._can = capabilities_of(os.environ.get("TERM", ""))
        self._pens = PenWriter(
            colours=min(self._can.colours, self.profile.colours),
            off_codes=self._can.off_codes,
            links=self._can.links,
        )
        width, height = super()._get_terminal_size()
        self._canvas = Canvas(width, height, self._on_control, self._pens.reduced)
        self._encoder = Encoder(width, height, self._can, self._pens)
        self._pacer = Pacer(self.profile)
        self._nothing_due = threading.Event()
        self._outlet: Outlet | None = None
        self._encoding = getattr(self._file, "encoding", None) or "utf-8"
        # Sequences that are no cells, to be sent before the next frame.
        self._controls: list[str] = []
        self._timer: TimerHandle | None = None
        self._hold = Hold()
        self._synchronised = False
        self._cursor: tuple[int, int] | None = None
        self._leaving = False
        self._keys: deque[int] = deque(maxlen=50)

    # -- what others may ask and do

    @property
    def status(self) -> LinkStatus:
        """What is known of the line."""
        pacer, keys = self._pacer, self._keys
        return LinkStatus(
            profile=pacer.profile.name,
            bytes_sent=pacer.sent,
            bytes_per_key=(pacer.sent - keys[0]) / len(keys) if keys else None,
            round_trip=pacer.round_trip,
            rate=pacer.rate,
            answers=not pacer.is_mute,
        )

    def repaint(self) -> None:
        """Something else wrote to the terminal: send everything again."""
        # Back from whatever character set, scroll region and wrapping it left behind.
        self._controls.append("\x0f\x1b(B\x1b[r\x1b[?7l")
        self._controls.append("\x1b[?25h" if self._canvas.cursor_visible else "\x1b[?25l")
        self._make_anew()
        self._schedule()

    def show(self) -> None:
        """What is drawn now is worth more than the kept screen of before."""
        if self._hold.for_picture:
            self._hold.end()
            self._canvas.settle()
            self._send_at(self._loop.time())

    def picture(self, stamps: list[str]) -> Picture | None:
        """What is shown, to be kept for the next start; None while it is not whole.

        `stamps` are those of the files that it rests on (`first_paint.stamp_of`).
        """
        if not self._canvas.is_whole:
            return None
        return picture_of(
            self._canvas.rows, self._pens, alternate=self._can.alternate_screen, stamps=stamps
        )

    def _make_anew(self) -> None:
        self._encoder.forget()
        self._canvas.drop_foreign()
        self._cursor = None

    # -- what Textual writes

    def write(self, data: str) -> None:
        """Take what Textual writes; it is sent a little later, with all that comes till then."""
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.write, data)
            return
        if self._outlet is None:
            return
        self._canvas.feed(data)
        if not self._leaving:
            self._schedule()

    def flush(self) -> None:
        """Sending has its own time."""

    def _on_control(self, sequence: str, draws_from: int | None) -> None:
        if sequence in _SYNC:
            # Textual has learnt that the terminal can do it.
            self._synchronised = True
        elif draws_from is not None:
            self._draw_unknown(sequence, draws_from)
        elif sequence.startswith(_POINTER) or (
            # Entering the second screen again would clear it.
            self._hold.for_picture and sequence == "\x1b[?1049h"
        ):
            pass
        elif (
            self._can.modern
            or sequence in _OLD_MODES
            or (sequence in _SCREEN_MODES and self._can.alternate_screen)
        ):
            self._controls.append(sequence)

    def _draw_unknown(self, sequence: str, first_row: int) -> None:
        """Send what may draw anything, at the place and on the screen it is meant for."""
        canvas = self._canvas
        if not self._can.modern:
            return
        canvas.settle()
        frame = self._encoder.frame(canvas.rows, canvas.changed)
        pen = self._pens.reduced(canvas.pen)
        place = self._encoder.place_cursor(canvas.x, canvas.y, pen)
        self._transmit(self._take_controls() + frame.text + place + sequence, fence=False)
        self._encoder.drawn_over(first_row)

    # -- sending

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._pacer.profile.gather, self._send)

    def _send_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._send)

    def _send(self) -> None:
        """Send the difference between what is shown and what shall be, if the line has room."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        outlet, canvas, pacer = self._outlet, self._canvas, self._pacer
        if outlet is None or self._leaving or not outlet.is_clear:
            return
        now = self._loop.time()
        hold = self._hold
        if hold.until is not None:
            if hold.keeps_back(now, whole=canvas.is_whole):
                self._transmit(self._take_controls(), fence=False)
                self._send_at(hold.until)
                return
            hold.end()
            canvas.settle()
        cursor = self._real_cursor()
        if not canvas.changed and cursor in (None, self._cursor):
            self._transmit(self._take_controls(), fence=False)
            return
        allowance = pacer.allowance(now)
        if allowance <= 0:
            pacer.held()
            self._transmit(self._take_controls(), fence=False)
            if pacer.is_blind:
                self._transmit("", fence=True)
            self._send_at(pacer.wake_at())
            return
        if pacer.is_mute and outlet.queued() > _SERIAL_QUEUE:
            self._send_at(now + _SERIAL_SECONDS)
            return
        frame = self._encoder.frame(canvas.rows, canvas.changed, cursor=cursor, limit=allowance)
        text = frame.text
        if self._synchronised and frame.whole and pacer.is_fast and len(text) > _LARGE:
            text = text.join(_SYNC)
        if frame.whole:
            canvas.changed.clear()
            self._cursor = cursor
        self._transmit(self._take_controls() + text)
        if not frame.whole:
            # The rest follows when the window opens.
            pacer.held()
            self._loop.call_soon(self._send)

    def _real_cursor(self) -> tuple[int, int] | None:
        """Where the cursor must stand, for input methods and screen readers; None: anywhere.

        What Textual writes of it is no use: it stays where something was typed once.
        """
        canvas = self._canvas
        if canvas.cursor_visible:
            return canvas.x, canvas.y
        try:
            focused = self._app.focused
        except ScreenStackError:
            return None
        place = getattr(focused, "cursor_screen_offset", None)
        if place is None:
            return None
        # At the end of its text an input line counts one cell too many.
        x = place[0] - bool(getattr(focused, "cursor_at_end", False))
        return max(0, min(x, canvas.width - 1)), max(0, min(place[1], canvas.height - 1))

    def _take_controls(self) -> str:
        controls = "".join(self._controls)
        self._controls.clear()
        return controls

    def _transmit(self, text: str, *, fence: bool | None = None) -> None:
        """Give bytes to the terminal; with a fence if one is due, unless told otherwise."""
        data = text.encode(self._encoding, "replace")
        now = self._loop.time()
        if fence is None:
            fence = self._pacer.fence_is_due(len(data) + len(FENCE), now)
        if fence:
            data += FENCE.encode()
            self._nothing_due.clear()
        if not data or self._outlet is None:
            return
        self._pacer.sending(len(data), fence, now)
        self._outlet.send(data)

    def _answered(self, when: float) -> None:
        """The terminal has drawn everything up to a fence."""
        self._pacer.answered(when)
        if not self._pacer.is_waiting:
            self._nothing_due.set()
        if self._mouse and self._pacer.is_measured and not self._pacer.profile.mouse:
            self._disable_mouse_support()
            self._mouse = False
        if self._canvas.changed or self._controls:
            self._send()

    # -- size

    def _get_terminal_size(self) -> tuple[int, int]:
        """The size that Textual is told, at the start and when the terminal says it changed."""
        size = super()._get_terminal_size()
        self._loop.call_soon_threadsafe(self._take_size, *size, True)
        return size

    def _take_size(self, width: int, height: int, changed: bool) -> None:
        """Draw anew, once Textual has, or will not.

        `changed` when the terminal says so: it may have been another size in between.
        """
        if (width, height) != (self._canvas.width, self._canvas.height):
            self._canvas.resize(width, height)
            self._encoder.resize(width, height)
            self._hold.begin(self._loop.time())
            self._cursor = None
        elif changed and self._encoder.is_known and not self._hold.for_picture:
            self._make_anew()
        self._schedule()

    # -- beginning and end

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._leaving = False
        assert self._file is not None, "only chosen when standard error is a terminal"
        self._outlet = Outlet(self._file.fileno(), self._loop, self._send)
        self._make_anew()
        self._pacer.restart()
        self._hold.begin(self._loop.time())
        painted = first_paint.take()
        if painted is not None:
            self._adopt(painted)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if painted is not None:
            self.attrs_before = painted.attributes
        if self._writer_thread is not None:
            # Made by the base class; nothing is ever given to it.
            self._writer_thread.stop()
            self._writer_thread = None
        try:
            attributes = termios.tcgetattr(self.fileno)
            # A line feed shall only go down.
            attributes[1] &= ~termios.OPOST
            termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        except termios.error:
            pass
        self._transmit(self._take_controls(), fence=True)

    def _adopt(self, painted: first_paint.Painted) -> None:
        """Go on from the kept screen that stands there; it stays until there is a better one."""
        picture = painted.picture
        self._pacer.sending(painted.size, False, painted.at)
        if (picture.width, picture.height) == (self._canvas.width, self._canvas.height):
            self._encoder.adopt(rows_of(picture, painted.mark))
            self._hold.begin(self._loop.time(), for_picture=True)

    def _enable_mouse_support(self) -> None:
        """Buttons and wheel; not every movement."""
        if self._mouse and "\x1b[?1000h" not in self._controls:
            self.write("\x1b[?1000h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1006l\x1b[?1000l")

    def disable_input(self) -> None:
        """Stop reading; answers that are under way are taken first, or the shell gets them."""
        if not self.exit_event.is_set() and self._key_thread is not None:
            self._nothing_due.wait(self._pacer.reply_patience)
        super().disable_input()

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.disable_input()
        self._leaving = True
        self._controls.append(self._encoder.leave())
        if not self._can.alternate_screen:
            # The screen stays as it is; the shell goes on below it.
            self._controls.append(f"\x1b[{self._canvas.height}H\r\n")
        super().stop_application_mode()
        self._transmit(self._take_controls(), fence=False)
        if self._outlet is not None:
            self._outlet.drain(_LEAVE_SECONDS)

    def close(self) -> None:
        """Let the terminal go."""
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None
        super().close()

    def _sigtstp_application(self, *arguments: object) -> None:
        # A signal comes at any instruction; what it does must not.
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(super()._sigtstp_application, *arguments)
        else:
            super()._sigtstp_application(*arguments)

    def _sigcont_application(self, *arguments: object) -> None:
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(super()._sigcont_application, *arguments)
        else:
            super()._sigcont_application(*arguments)

    # -- what comes from the terminal

    def run_input_thread(self) -> None:
        """Read until the terminal is left."""
        reader = Reader(
            self.fileno,
            waiting=lambda: self._pacer.is_waiting,
            on_answer=self._answer_read,
            on_message=self.process_message,
            debug=self._debug,
        )
        if not reader.run(self.exit_event):
            # The terminal is gone: end as on a hangup, with everything saved.
            os.kill(os.getpid(), signal.SIGHUP)

    def _answer_read(self) -> None:
        self._loop.call_soon_threadsafe(self._answered, time.monotonic())

    def process_message(self, message: Message) -> None:
        """Note keys and sizes on their way to Textual."""
        if isinstance(message, events.Key):
            self._keys.append(self._pacer.sent)
        elif isinstance(message, events.Resize):
            size = message.size
            self._loop.call_soon_threadsafe(self._take_size, size.width, size.height, False)
        super().process_message(message)


def lean_driver(profile: LinkProfile) -> type[Driver]:
    """The driver for a line of that kind."""
    return type("LeanDriver", (LeanDriver,), {"profile": profile})
