"""The screen of the far terminal: takes what it is to show, and decides when to send it."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

from smic_tui.system.charset import CELLS, in_cells
from smic_tui.system.turns import screen_priority
from smic_tui.terminal.canvas import Canvas
from smic_tui.terminal.capabilities import Capabilities
from smic_tui.terminal.encoder import Encoder
from smic_tui.terminal.fence import FENCE
from smic_tui.terminal.first_paint import Painted
from smic_tui.terminal.hold import Hold
from smic_tui.terminal.outlet import Outlet
from smic_tui.terminal.pacing import Pacer
from smic_tui.terminal.pen import PenWriter
from smic_tui.terminal.picture import Picture
from smic_tui.terminal.picture_cells import picture_of, rows_of
from smic_tui.terminal.title import Title

# On a fast line, a frame of more bytes is sent as one synchronised update, where the
# terminal can do that.
_LARGE = 1024
_SYNC = "\x1b[?2026h", "\x1b[?2026l"
# Sets the shape of the mouse pointer. No widget here changes it, so it is not sent.
_POINTER = "\x1b]22;"
_LEAVE_SECONDS = 2.0
# A terminal that answers no fences: how many bytes may wait in the system's queue for a
# serial line, and after how many seconds to look again.
_SERIAL_QUEUE, _SERIAL_SECONDS = 128, 0.02
# The sequences that even the oldest terminals understand: wrapping, the cursor, the bell.
_OLD_MODES = frozenset({"\x1b[?7h", "\x1b[?7l", "\x1b[?25h", "\x1b[?25l", "\a"})
_SCREEN_MODES = frozenset({"\x1b[?1049h", "\x1b[?1049l"})


class FarScreen:
    """Takes what Textual draws, and sends the difference when the line has room for it.

    It gathers updates for a moment and sends them as one frame; each frame leads to the
    screen that is wanted at the moment of sending. All methods belong to the event loop's
    thread. `typed_at()` returns the cell in which the person types, None for nowhere;
    `encoding` is the encoding of the terminal's file. With `goes_home` the cursor goes to the
    first cell after each frame, unless something is typed.
    """

    def __init__(
        self,
        size: tuple[int, int],
        can: Capabilities,
        pacer: Pacer,
        loop: AbstractEventLoop,
        *,
        typed_at: Callable[[], tuple[int, int] | None],
        encoding: str,
        goes_home: bool = False,
    ) -> None:
        self._can = can
        self._pacer = pacer
        self._loop = loop
        self._typed_at = typed_at
        self._goes_home = goes_home
        self._encoding = encoding
        self._pens = PenWriter(
            colours=min(can.colours, pacer.profile.colours),
            off_codes=can.off_codes,
            links=can.links,
        )
        self._canvas = Canvas(*size, self._on_control, self._pens.reduced)
        self._encoder = Encoder(*size, can, self._pens)
        self._outlet: Outlet | None = None
        # Sequences that write no cells, to be sent before the next frame.
        self._controls: list[str] = []
        self._timer: TimerHandle | None = None
        self._hold = Hold()
        self._title = Title(can)
        self._synchronised = False
        self._cursor: tuple[int, int] | None = None
        self._leaving = False

    # -- beginning and end

    def open(self, file: int) -> None:
        """Opens the terminal that the file descriptor belongs to, of which nothing is known."""
        self._leaving = False
        self._outlet = Outlet(file, self._loop, self._send)
        self._make_anew()
        self._pacer.restart()
        self._hold.begin(self._loop.time())

    def adopt(self, painted: Painted) -> None:
        """Takes over a painted picture, which stays until the live screen is better."""
        picture = painted.picture
        self._pacer.sending(painted.size, False, painted.at)
        if (picture.width, picture.height) == (self._canvas.width, self._canvas.height):
            self._encoder.adopt(rows_of(picture, painted.mark))
            self._hold.begin(self._loop.time(), for_picture=True)

    def begin(self) -> None:
        """Sends the modes that the terminal is to be set to, and the first fence."""
        self._transmit(self._take_controls() + self._title.begin(), fence=True)

    def leave(self) -> None:
        """Stops drawing and sending fences: another program may get the answers from now on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._leaving:
            return
        self._leaving = True
        self._controls.append(self._encoder.leave())
        if not self._can.alternate_screen:
            # The screen stays as it is, and the shell goes on below it.
            self._controls.append(f"\x1b[{self._canvas.height}H\r\n")

    def end(self) -> None:
        """Sends the modes that set the terminal back, and waits two seconds at most for that."""
        self._transmit(self._take_controls() + self._title.end(), fence=False)
        if self._outlet is not None:
            self._outlet.drain(_LEAVE_SECONDS)

    def close(self) -> None:
        """Closes the outlet to the terminal."""
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None

    # -- what the screen is to show

    def feed(self, data: str) -> None:
        """Takes what Textual writes, and sends it a little later with all that follows soon."""
        if self._outlet is None:
            return
        self._canvas.feed(data)
        self._schedule()

    def resize(self, width: int, height: int, *, surely: bool) -> None:
        """Takes a size in cells, and sends the screen anew once Textual has drawn it.

        `surely` tells that the terminal itself has just reported the size: the screen is
        then sent anew even at the same size, as it may have had another in between.
        """
        if (width, height) != (self._canvas.width, self._canvas.height):
            self._canvas.resize(width, height)
            self._encoder.resize(width, height)
            self._hold.begin(self._loop.time())
            self._cursor = None
        elif surely and self._encoder.is_known and not self._hold.for_picture:
            self._make_anew()
        self._schedule()

    def entitle(self, place: str) -> None:
        """Names the window after a place in the program, with the next frame."""
        if not self._leaving:
            self._controls.append(self._title.change(place))

    def repaint(self) -> None:
        """Sends the whole screen again, after another program wrote to the terminal."""
        # Resets the character set, the scroll region and the wrapping that it may have set.
        self._controls.append("\x0f\x1b(B\x1b[r\x1b[?7l")
        self._controls.append("\x1b[?25h" if self._canvas.cursor_visible else "\x1b[?25l")
        self._make_anew()
        self._schedule()

    def show(self) -> None:
        """Replaces the kept screen of the last run by what is drawn now."""
        if self._hold.for_picture:
            self._hold.end()
            self._canvas.settle()
            self._send_at(self._loop.time())

    def picture(self, stamps: list[str]) -> Picture | None:
        """Returns the screen, to be kept for the next start; None while it is incomplete."""
        if not self._canvas.is_whole:
            return None
        picture = picture_of(
            self._canvas.rows, self._pens, alternate=self._can.alternate_screen, stamps=stamps
        )
        if not self._encoding.lower().startswith("utf"):
            # It will be painted before anybody knows what this terminal lacks.
            picture.rows = [
                [in_cells(piece, self._encoding) for piece in pieces] for pieces in picture.rows
            ]
            picture.mark = in_cells(picture.mark, self._encoding)
        return picture

    def _make_anew(self) -> None:
        self._encoder.forget()
        self._canvas.drop_foreign()
        self._cursor = None

    def _on_control(self, sequence: str, draws_from: int | None) -> None:
        if sequence in _SYNC:
            # Textual uses synchronised output: the terminal has told it that it can do so.
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
        """Sends a sequence that may draw anything, on the screen and at the cell meant for it."""
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
        if self._leaving:
            return
        now = self._loop.time()
        when = now + self._pacer.gather
        if self._timer is None:
            self._send_at(when)
        elif (
            self._hold.until is not None
            and self._timer.when() > now
            and not self._hold.keeps_back(now, whole=self._canvas.is_whole)
        ):
            # The frame was held back until all was drawn. It needs no more gathering.
            self._send_at(now)

    def _send_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._send)

    def _send(self) -> None:
        """Sends the difference between the shown and the wanted screen, if the line has room."""
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
            screen_priority.sent()
            return
        allowance = pacer.allowance(now)
        if allowance <= 0:
            pacer.held()
            self._transmit(self._take_controls(), fence=False)
            if pacer.is_blind:
                self._transmit("", fence=True)
            self._send_at(pacer.wake_at(now))
            return
        if pacer.is_mute and outlet.queued() > _SERIAL_QUEUE:
            self._send_at(now + _SERIAL_SECONDS)
            return
        limit = min(allowance, pacer.portion)
        frame = self._encoder.frame(canvas.rows, canvas.changed, cursor=cursor, limit=limit)
        text = frame.text
        if self._synchronised and frame.whole and pacer.is_fast and len(text) > _LARGE:
            text = text.join(_SYNC)
        if frame.whole:
            canvas.changed.clear()
            self._cursor = cursor
        self._transmit(self._take_controls() + text)
        screen_priority.sent()
        if not frame.whole:
            # The rest follows at once, or when the window opens.
            if limit == allowance:
                pacer.held()
            self._loop.call_soon(self._send)

    def answered(self) -> None:
        """Sends what waits, as an answer to a fence may have made room."""
        if self._canvas.changed or self._controls:
            self._send()
        if self._pacer.wants_probe() and not self._leaving:
            self._transmit("", fence=True)

    def _real_cursor(self) -> tuple[int, int] | None:
        """Returns where input methods and screen readers need the cursor; None: anywhere.

        The place that Textual writes is no use: it stays where something was typed last.
        """
        canvas = self._canvas
        if canvas.cursor_visible:
            return canvas.x, canvas.y
        place = self._typed_at()
        if place is None:
            return (0, 0) if self._goes_home else None
        return max(0, min(place[0], canvas.width - 1)), max(0, min(place[1], canvas.height - 1))

    def _take_controls(self) -> str:
        controls = "".join(self._controls)
        self._controls.clear()
        return controls

    def _transmit(self, text: str, *, fence: bool | None = None) -> None:
        """Hands bytes to the outlet. A fence follows if one is due, or as `fence` says."""
        data = text.encode(self._encoding, CELLS)
        now = self._loop.time()
        if fence is None:
            fence = self._pacer.fence_is_due(len(data) + len(FENCE), now)
        if fence:
            data += FENCE.encode()
        if not data or self._outlet is None:
            return
        self._pacer.sending(len(data), fence, now)
        self._outlet.send(data)
