"""The parts below the driver, each by itself."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import shutil
import subprocess
import termios
import tty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.terminal.canvas import Canvas
from smic_tui.terminal.capabilities import capabilities_of, is_hopeless
from smic_tui.terminal.cells import BLANK, FOREIGN, Row, clusters
from smic_tui.terminal.choice import chosen_driver, chosen_profile
from smic_tui.terminal.encoder import Encoder
from smic_tui.terminal.moves import move
from smic_tui.terminal.outlet import Outlet
from smic_tui.terminal.pen import PLAIN, Pen, PenWriter, after_sgr, basic_colour
from smic_tui.terminal.profile import LAN, PROFILES
from smic_tui.terminal.row_encoder import RowEncoder, Ways
from tests.terminal.emulators import PyteTerminal

WIDTH, HEIGHT = 30, 12
COLUMN, ROW = st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)
COLOURS = ["", "31", "97", "38;5;200", "38;2;1;2;3"]
PENS = st.builds(
    Pen,
    st.integers(0, (1 << 13) - 1),
    st.sampled_from(COLOURS),
    st.sampled_from([colour.replace("3", "4", 1).replace("97", "107") for colour in COLOURS]),
    st.sampled_from(["", ";https://example.org/", "id=1;https://example.org/"]),
)


# -- moves


@given(st.none() | COLUMN, st.none() | ROW, COLUMN, ROW, st.booleans())
def test_a_move_arrives(x: int | None, y: int | None, to_x: int, to_y: int, cha: bool) -> None:
    terminal = PyteTerminal(WIDTH, HEIGHT)
    # What is not known may be anything.
    real = (WIDTH // 2 if x is None else x), (HEIGHT // 2 if y is None else y)
    terminal.feed(b"\x1b[%d;%dH" % (real[1] + 1, real[0] + 1))
    sequence = move(x, y, to_x, to_y, cha)
    terminal.feed(sequence.encode())
    assert terminal.cursor == (to_x, to_y)
    assert len(sequence) <= len(f"\x1b[{to_y + 1};{to_x + 1}H")


# -- pens


def applied(pen: Pen, sequences: str) -> Pen:
    for match in re.finditer(r"\x1b\[([0-9;]*)m|\x1b\]8;(.*?)\x1b\\", sequences):
        if match[2] is not None:
            pen = pen._replace(link="" if match[2] == ";" else match[2])
        else:
            pen = after_sgr(pen, match[1])
    return pen


@given(st.none() | PENS, PENS, st.booleans())
def test_a_change_of_the_pen_makes_it_that_pen(before: Pen | None, after: Pen, off: bool) -> None:
    writer = PenWriter(off_codes=off)
    sequences = writer.change(before, after)
    assert applied(before or Pen(link=""), sequences) == after
    if not off:
        assert not re.search(r"[\[;]2[1-9](?=[;m])", sequences.replace(";21", ""))


@given(PENS, st.sampled_from(["", "41"]), st.none() | PENS)
def test_every_way_to_a_blank_shows_nothing_but_paper(
    before: Pen, paper: str, following: Pen | None
) -> None:
    for sequences, pen in PenWriter().for_blank(before, paper, following):
        assert applied(before, sequences) == pen
        assert (pen.paper, pen.link) == (paper, "")
        assert not pen.attributes & 0b1111011111000 & ~0b100000000


def test_colours_are_brought_down_to_what_a_terminal_has() -> None:
    assert basic_colour("38;5;9") == "91"
    assert basic_colour("48;5;196") == "101"
    assert basic_colour("38;2;0;200;0") == "32"
    assert basic_colour("48;2;0;0;0") == "40"
    assert basic_colour("36") == "36"
    pen = Pen(1, "38;2;250;250;250", "44", ";https://example.org/")
    assert PenWriter(colours=16, links=False).reduced(pen) == Pen(1, "97", "44", "")
    assert PenWriter(colours=0).reduced(pen) == Pen(1, "", "", ";https://example.org/")


@pytest.mark.parametrize(
    ("parameters", "pen"),
    [
        ("", PLAIN),
        ("1;31", Pen(1, "31")),
        ("38:2::1:2:3", Pen(0, "38;2;1;2;3")),
        ("38;5;7;4", Pen(8, "38;5;7")),
        ("38;5", Pen(0, "38;5")),
        ("4:3", Pen(8)),
        ("999", PLAIN),
        ("31;0", PLAIN),
    ],
)
def test_reading_sgr(parameters: str, pen: Pen) -> None:
    assert after_sgr(PLAIN, parameters) == pen


# -- the canvas


class Sent:
    """A canvas, and what it passes on."""

    def __init__(self) -> None:
        self.controls: list[tuple[str, int | None]] = []
        self.canvas = Canvas(
            10, 4, lambda sequence, rows: self.controls.append((sequence, rows)), lambda pen: pen
        )

    def text(self) -> list[str]:
        return ["".join(text for text, _pen in row) for row in self.canvas.rows]


def test_sequences_cut_anywhere_are_one() -> None:
    data = "\x1b[1;31mab\x1b[2;3H漢\x1b]8;id=1;https://example.org/\x1b\\x\x1b]8;;\x1b\\\x1b]52;c;eA==\ay"
    whole, cut = Sent(), Sent()
    whole.canvas.feed(data)
    for character in data:
        cut.canvas.feed(character)
    assert whole.canvas.rows == cut.canvas.rows
    assert whole.controls == cut.controls == [("\x1b]52;c;eA==\a", None)]


def test_unknown_sequences_pass_and_what_they_drew_on_is_not_known() -> None:
    sent = Sent()
    sent.canvas.feed("\x1b[2Jabc\x1b[2;1H\x1bPq#1~~\x1b\\")
    assert sent.controls == [("\x1bPq#1~~\x1b\\", 1)]
    assert sent.canvas.rows[0][0][0] == "a"
    assert set(sent.canvas.rows[1]) == {FOREIGN}
    sent.canvas.feed("\x1b[4L")
    assert sent.controls[-1] == ("\x1b[4L", 0)
    assert all(set(row) == {FOREIGN} for row in sent.canvas.rows)
    sent.canvas.feed("\x1b[1;1Hnew")
    assert sent.canvas.rows[0][:4] == [("n", PLAIN), ("e", PLAIN), ("w", PLAIN), FOREIGN]


def test_what_an_image_covers_is_sent_anew_only_when_written() -> None:
    pens = PenWriter()
    encoder = Encoder(10, 4, capabilities_of("xterm"), pens)
    sent = Sent()
    sent.canvas.feed("\x1b[2Jabc")
    encoder.frame(sent.canvas.rows, range(4))
    sent.canvas.feed("\x1b[2;1H\x1b_Gimage\x1b\\")
    encoder.drawn_over(1)
    assert encoder.frame(sent.canvas.rows, range(4)).text == ""
    sent.canvas.feed("\x1b[3;2Hx")
    assert encoder.frame(sent.canvas.rows, range(4)).text.endswith("x")


def test_a_list_that_scrolls_under_its_cursor_sends_the_new_line_alone() -> None:
    def rows(first: int) -> list[Row]:
        lines = [f"{number} {chr(97 + number) * 30}" for number in range(first, first + 8)]
        marks = [*"       ", ">"]
        text = [f"{mark}{line}".ljust(40) for mark, line in zip(marks, lines, strict=True)]
        return [[(character, PLAIN) for character in line] for line in ["title".ljust(40), *text]]

    encoder = Encoder(40, 9, capabilities_of("xterm"), PenWriter())
    encoder.frame(rows(0), range(9))
    sent = encoder.frame(rows(1), range(9)).text
    assert sent.startswith("\x1b[2;9r\x1b[S\x1b[r")
    assert "i" * 30 in sent
    assert "h" not in sent
    assert len(sent) < 70


def test_links_are_closed_and_surrogates_are_not_sent() -> None:
    encoder = Encoder(10, 4, capabilities_of("xterm"), PenWriter())
    sent = Sent()
    sent.canvas.feed("\x1b[2J\x1b]8;;https://example.org/\x1b\\a\udce9\x1b]8;;\x1b\\")
    text = encoder.frame(sent.canvas.rows, range(4)).text
    assert "\udce9" not in text
    assert text.rstrip().endswith("\x1b]8;;\x1b\\")


def test_wide_characters_are_whole_or_blank() -> None:
    sent = Sent()
    sent.canvas.feed("\x1b[2J漢字漢字漢\x1b[1;2Hx\x1b[1;5Hy\x1b[2;10H字\x1b[3;1H漢\x1b[3;2H\x1b[K")
    assert sent.text()[:3] == [" x字y 字漢", " " * 10, " " * 10]
    assert sent.canvas.rows[0][0] == BLANK


@given(st.text(min_size=1, max_size=8))
def test_no_text_is_lost_or_doubled(text: str) -> None:
    text = "".join(c for c in text if c.isprintable())
    assert "".join(cluster for cluster, _width in clusters(text)) == text.replace("\u200d", "") or (
        "\u200d" in text
    )


def test_a_list_that_scrolls_is_encoded_once_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    height = 30

    def rows(first: int) -> list[Row]:
        lines = [f"{number:03} {chr(97 + number % 26) * 30}" for number in range(first, 99)]
        return [[(character, PLAIN) for character in line] for line in lines[:height]]

    encoded: list[int] = []
    encode = RowEncoder.encode

    def counted(self: RowEncoder, ways: Ways, old: Row, new: Row, y: int) -> Ways:
        encoded.append(y)
        return encode(self, ways, old, new, y)

    encoder = Encoder(34, height, capabilities_of("xterm"), PenWriter())
    encoder.frame(rows(0), range(height))
    monkeypatch.setattr(RowEncoder, "encode", counted)
    frame = encoder.frame(rows(1), range(height), limit=1000)
    assert frame.whole
    assert encoder.shown == rows(1)
    assert len(frame.text) < 80
    # Without the scroll it would be all of them, and more than once to compare.
    assert len(encoded) < height / 3


# -- terminals


def test_what_terminals_are_believed_to_know_stands_in_terminfo() -> None:
    if shutil.which("infocmp") is None:
        pytest.skip("infocmp is not installed")
    checked = 0
    for term in ("xterm", "xterm-256color", "linux", "screen", "tmux", "tmux-256color", "vt100"):
        found = subprocess.run(["infocmp", "-1", term], capture_output=True, text=True)
        if found.returncode:
            continue
        checked += 1
        known = set(re.findall(r"^\t(\w+)[=,#]", found.stdout, re.MULTILINE))
        can = capabilities_of(term)
        assert not can.background_erase or "bce" in known, term
        assert not can.column_address or "hpa" in known, term
        assert not can.scroll_lines or {"indn", "rin"} <= known, term
        assert not can.repeat or "rep" in known, term
        assert not can.colours or "colors" in known, term
        assert {"cup", "el", "csr", "ri", "bold"} <= known, term
        if can.erase_characters and term not in ("tmux", "tmux-256color"):
            # tmux knows ECH, but its entry is kept to what screen knows.
            assert "ech" in known, term
    assert checked >= 3


def test_of_unknown_terminals_little_is_believed() -> None:
    assert not capabilities_of("frobnicate-3000").erase_characters
    assert capabilities_of("xterm-kitty").scroll_lines
    assert is_hopeless("dumb")
    assert not is_hopeless("linux")


def test_the_stock_driver_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty:
        @staticmethod
        def isatty() -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Tty)
    monkeypatch.setattr("sys.stderr", Tty)
    term = {"TERM": "xterm"}
    assert chosen_driver("lean", LAN, term) is not None
    assert chosen_driver("stock", LAN, term) is None
    assert chosen_driver("lean", LAN, {**term, "SMIC_TUI_DRIVER": "stock"}) is None
    assert chosen_driver("stock", LAN, {**term, "SMIC_TUI_DRIVER": "lean"}) is not None
    assert chosen_driver("lean", LAN, {"TERM": "dumb"}) is None
    assert chosen_driver("lean", LAN, {**term, "TEXTUAL_DRIVER": "a:B"}) is None
    assert chosen_profile("lan", {"SMIC_TUI_LINK": "33k"}) is PROFILES["33k"]
    assert chosen_profile("lan", {"SMIC_TUI_LINK": "nonsense"}) is LAN


# -- writing


async def test_a_full_terminal_is_not_waited_for() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    drained = asyncio.Event()
    outlet = Outlet(slave, asyncio.get_running_loop(), drained.set)
    data = os.urandom(1 << 18)
    outlet.send(data)
    assert not outlet.is_clear
    os.set_blocking(master, False)
    received = b""
    for _try in range(5000):
        try:
            received += os.read(master, 65536)
        except BlockingIOError:
            if drained.is_set():
                break
        await asyncio.sleep(0.001)
    assert received == data
    assert outlet.is_clear
    # The file that was handed over is shared with others: it still waits.
    assert os.get_blocking(slave)
    outlet.close()
    os.close(master)
    os.close(slave)


async def test_a_terminal_that_is_gone_takes_everything() -> None:
    master, slave = pty.openpty()
    outlet = Outlet(slave, asyncio.get_running_loop(), lambda: None)
    os.close(master)
    for _write in range(3):
        outlet.send(b"x" * 1000)
    assert outlet.is_dead
    assert outlet.is_clear
    outlet.drain(1)
    outlet.close()
    os.close(slave)
    assert termios.error is not None
