"""After any operation the terminal shows what Textual's own bytes would have made it show."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

import pytest
from msgspec.structs import replace

from smic_tui.terminal.canvas import Canvas
from smic_tui.terminal.capabilities import Capabilities, capabilities_of
from smic_tui.terminal.cells import is_sure
from smic_tui.terminal.encoder import Encoder
from smic_tui.terminal.pen import PLAIN, PenWriter
from tests.terminal.emulators import Emulator, PyteTerminal, Screen, Seen, TmuxTerminal
from tests.terminal.scene import Scene

# SMIC_TUI_OPERATIONS=100000 makes the long run: that many with each emulator.
# SMIC_TUI_SEED begins with another one, so that a long run can be parted.
OPERATIONS = int(os.environ.get("SMIC_TUI_OPERATIONS", "0"))
SEED = int(os.environ.get("SMIC_TUI_SEED", "0"))
FAST_PYTE, FAST_TMUX = 600, 150
# As many of one seed; then the screen is begun anew.
STRETCH = 500
TERMS = {
    "xterm": capabilities_of("xterm-256color"),
    "tmux": capabilities_of("tmux-256color"),
    "linux": replace(capabilities_of("linux"), colours=1 << 24, links=True),
    "screen": capabilities_of("screen"),
    "least": Capabilities(off_codes=False),
    # tmux does not tell the paper of cells that were erased, only of those written.
    "written": replace(capabilities_of("xterm"), background_erase=False),
    "most": replace(capabilities_of("foot"), repeat=True),
}


class Lean:
    """The canvas and the encoder as the driver joins them, without time and lines."""

    def __init__(self, width: int, height: int, capabilities: Capabilities) -> None:
        self.pens = PenWriter(
            colours=capabilities.colours,
            off_codes=capabilities.off_codes,
            links=capabilities.links,
        )
        self.canvas = Canvas(width, height, self._control, self.pens.reduced)
        self.encoder = Encoder(width, height, capabilities, self.pens)

    def _control(self, _sequence: str, draws_from: int | None) -> None:
        assert draws_from is None

    def resize(self, width: int, height: int) -> None:
        self.canvas.resize(width, height)
        self.encoder.resize(width, height)

    def send(self, limit: int | None = None) -> tuple[bytes, bool]:
        frame = self.encoder.frame(self.canvas.rows, self.canvas.changed, limit=limit)
        if frame.whole:
            self.canvas.changed.clear()
        return frame.text.encode(), frame.whole


def painted(lean: Lean, y: int) -> bytes:
    """One row drawn cluster by cluster, each put in its place."""
    text = f"\x1b[m\x1b[{y + 1}H\x1b[K"
    for x, (cluster, pen) in enumerate(lean.canvas.rows[y]):
        if cluster:
            ground = "" if is_sure(cluster) else " "
            if ground and lean.canvas.rows[y][x + 1 : x + 2] == [("", pen)]:
                ground = "  "
            place = f"\x1b[{y + 1};{x + 1}H"
            text += place + lean.pens.change(None, pen) + ground + place + cluster
    return (text + lean.pens.change(None, PLAIN)).encode()


class MakesEmulator(Protocol):
    def __call__(self, width: int, height: int) -> Emulator: ...


@contextmanager
def run(
    make: Callable[[int, int], Emulator], seed: int, width: int, height: int, term: str, plain: bool
) -> Iterator[Callable[[int], None]]:
    """Three terminals side by side: our bytes, Textual's, and one for rows to be painted alone."""
    with ExitStack() as stack:
        ours, theirs, alone = (make(width, height) for _ in range(3))
        for emulator in (ours, theirs, alone):
            if isinstance(emulator, TmuxTerminal):
                stack.enter_context(emulator)
        scene = Scene(seed, width, height, plain=plain, margin=make is TmuxTerminal)
        lean = Lean(width, height, TERMS[term])
        chance = random.Random(seed)

        def write(text: str) -> None:
            lean.canvas.feed(text)
            theirs.feed(text.replace("\n", "\r\n").encode())

        def operate(number: int) -> None:
            kind = chance.random()
            if number == 0:
                write(scene.everything())
            elif kind < 0.03:
                size = chance.randint(20, 60), chance.randint(5, 16)
                lean.resize(*size)
                for emulator in (ours, theirs, alone):
                    emulator.resize(*size)
                theirs.feed(b"\x1b[m\x1b[2J")
                write(scene.resized(*size))
            elif kind < 0.05:
                # Another program writes over the screen; the person asks for all of it.
                ours.feed(b"\x1b[3;3H\x1b[31mgarbage\x1b[2L")
                lean.encoder.forget()
                lean.canvas.drop_foreign()
            else:
                for _update in range(chance.choice((1, 1, 1, 3))):
                    write(scene.any())
            whole = False
            while not whole:
                data, whole = lean.send(chance.choice((None, None, 30, 200)))
                ours.feed(data)
                if not whole and chance.random() < 0.5:
                    write(scene.any())
            compare(number)

        def compare(number: int) -> None:
            mine, wanted = ours.screen(), theirs.screen()
            unsure = [
                y
                for y, row in enumerate(lean.canvas.rows)
                if not all(not cluster or is_sure(cluster) for cluster, _pen in row)
            ]
            if unsure:
                alone.feed(b"".join(painted(lean, y) for y in unsure))
                for y, row in enumerate(alone.screen()):
                    wanted[y] = row if y in unsure else wanted[y]
            for y in range(len(lean.canvas.rows)):
                assert mine[y] == wanted[y], difference(seed, number, y, mine, wanted[y])

        yield operate


def difference(seed: int, number: int, y: int, mine: Screen, wanted: list[Seen]) -> str:
    places = [x for x, (a, b) in enumerate(zip(mine[y], wanted, strict=False)) if a != b]
    x = places[0] if places else -1
    found = (mine[y][x], wanted[x]) if places else (len(mine[y]), len(wanted))
    return f"seed {seed}, operation {number}, row {y}, column {x}: {found}"


def operate_for(make: Callable[[int, int], Emulator], count: int, term: str, plain: bool) -> None:
    for seed in range(SEED, SEED + -(-count // STRETCH)):
        with run(make, seed, 48, 12, term, plain) as operate:
            for number in range(min(count, STRETCH)):
                operate(number)
        count -= STRETCH


@pytest.mark.parametrize("plain", [True, False], ids=["sure", "every class"])
@pytest.mark.parametrize("term", TERMS)
def test_pyte_shows_the_same(term: str, plain: bool) -> None:
    operate_for(PyteTerminal, (OPERATIONS or FAST_PYTE) // (2 * len(TERMS)), term, plain)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("term", ["tmux", "written", "screen"])
def test_tmux_shows_the_same(term: str) -> None:
    operate_for(TmuxTerminal, (OPERATIONS or FAST_TMUX) // 3, term, False)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("behind", ["", "|"], ids=["erased tail", "erased stretch"])
def test_what_follows_cuts_a_cluster_that_is_drawn_too_wide(behind: str) -> None:
    """tmux draws the second character by itself, in two cells instead of none."""
    lean = Lean(20, 1, TERMS["tmux"])
    with TmuxTerminal(20, 1) as ours, TmuxTerminal(20, 1) as alone:
        for text in ("x" * 20, "a\U00019489\U00016ff0" + f"{behind:>12}".ljust(18)):
            lean.canvas.feed("\x1b[1;1H" + text)
            ours.feed(lean.send()[0])
        alone.feed(painted(lean, 0))
        assert ours.screen() == alone.screen()
