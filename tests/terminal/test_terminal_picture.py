"""The kept screen: what is read back is what was shown, and never more than characters."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.terminal.canvas import Canvas
from smic_tui.terminal.cells import BLANK, is_sure
from smic_tui.terminal.pen import PenWriter
from smic_tui.terminal.picture import MAGIC, NotThis, Picture, painted, read, written
from smic_tui.terminal.picture_cells import picture_of, rows_of
from smic_tui.terminal.widths import SURE_NARROW, SURE_WIDE, width_of
from smic_tui.text import clean
from tests.terminal.emulators import PyteTerminal

WIDTH, HEIGHT = 30, 6
IDENTITY = "me\0120x36\nLANG=fr"
NOW = 1_800_000_000.0
# Everything that a painted screen may consist of.
HARMLESS = re.compile(
    r"\A(?:\x1b\[\?1049h)?\x1b\[\?25l\x1b\[m\x1b\[H\x1b\[2J(?:\x1b\[[0-9;]*[mC]|\r\n|[^\x00-\x1f\x7f-\x9f])*\Z"
)


def shown(data: str) -> tuple[Canvas, PenWriter]:
    pens = PenWriter()
    canvas = Canvas(WIDTH, HEIGHT, lambda _sequence, _row: None, pens.reduced)
    canvas.settle()
    canvas.feed(data)
    return canvas, pens


def kept(data: str) -> Picture:
    canvas, pens = shown(data)
    return picture_of(canvas.rows, pens, alternate=True, stamps=["/a\t1\t2"])


def read_back(text: str, *, now: float = NOW + 60) -> Picture:
    return read(text, IDENTITY, WIDTH, HEIGHT, now)


def text_of(
    data: str = "\x1b[H\x1b[1mDown\x1b[m since \x1b[3;5H\x1b[31;44mred", **changes: object
) -> str:
    picture = kept(data)
    picture.saved = int(NOW)
    for name, value in changes.items():
        setattr(picture, name, value)
    return written(picture, IDENTITY)


pieces = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.builds("\x1b[{};{}H".format, st.integers(1, HEIGHT), st.integers(1, WIDTH)),
        st.builds(
            "\x1b[{}m".format,
            st.sampled_from(["", "1", "7", "31", "44", "4;92", "22", "38;2;1;2;3"]),
        ),
        st.sampled_from(["é", "漢字", "🙂", "e\u0301", "\u00a0", "   ", "\u200d", "■▲"]),
    ),
    max_size=30,
)


@given(pieces)
def test_what_is_painted_is_what_was_shown(parts: list[str]) -> None:
    canvas, pens = shown("".join(parts))
    picture = picture_of(canvas.rows, pens, alternate=True, stamps=())
    back = read(written(picture, IDENTITY), IDENTITY, WIDTH, HEIGHT, picture.saved + 1)
    terminal = PyteTerminal(WIDTH, HEIGHT)
    terminal.feed(painted(back, picture.saved + 1).encode())
    adopted = rows_of(back, back.mark_at(picture.saved + 1))
    seen = terminal.screen()
    for y in range(HEIGHT - 1):
        assert [len(row) for row in adopted] == [WIDTH] * HEIGHT
        for x, one in enumerate(adopted[y]):
            if one[0]:
                assert seen[y][x].text == one[0]
            wanted = canvas.rows[y][x]
            if is_sure(wanted[0]) and width_of(wanted[0]) == 1:
                assert one == wanted


def test_the_last_row_says_how_old_it_is() -> None:
    picture = read_back(text_of(mark="Kept {age} ago", units=["min", "h", "d"]))
    assert picture.mark_at(NOW + 60) == " Kept 1 min ago "
    assert picture.mark_at(NOW + 119 * 60) == " Kept 119 min ago "
    assert picture.mark_at(NOW + 3 * 3600) == " Kept 3 h ago "
    assert picture.mark_at(NOW + 3 * 86400) == " Kept 3 d ago "
    terminal = PyteTerminal(WIDTH, HEIGHT)
    terminal.feed(painted(picture, NOW + 60).encode())
    last = terminal.screen()[-1]
    assert "".join(cell.text for cell in last).rstrip() == " Kept 1 min ago"


def test_a_mark_is_cut_where_the_screen_ends() -> None:
    picture = read_back(text_of(mark="m" * 200, units=["min", "h", "d"]))
    assert len(picture.mark_at(NOW)) == WIDTH


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text + " ",
        lambda text: text.replace("Down", "Gone"),
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: text.replace(MAGIC, "smic-tui picture 2"),
    ],
)
def test_what_is_torn_is_not_shown(spoil: object) -> None:
    with pytest.raises(NotThis):
        read_back(spoil(text_of()))  # type: ignore[operator]


def test_what_is_not_for_here_and_now_is_not_shown() -> None:
    text = text_of()
    assert read_back(text)
    for identity, width, height, now in (
        ("somebody else", WIDTH, HEIGHT, NOW),
        (IDENTITY, WIDTH - 25, HEIGHT, NOW),
        (IDENTITY, WIDTH, HEIGHT + 1, NOW),
        (IDENTITY, WIDTH, HEIGHT, NOW + 8 * 86400),
        (IDENTITY, WIDTH, HEIGHT, NOW - 3600),
    ):
        with pytest.raises(NotThis):
            read(text, identity, width, height, now)


@pytest.mark.parametrize(
    "row",
    [
        ["t\x1b[2J"],
        ["t\x9b2J"],
        ["t\u202egnirts"],
        ["te\u0301"],
        ["t🙂"],
        ["p1m\x1b]0;title\x07\x1b["],
        ["p>4;2"],
        ["p" + "1;" * 60],
        ["g-1"],
        ["g٣"],
        ["g31"],
        ["t" + "x" * 31],
        ["xwhatever"],
        ["tgood", ""],
    ],
)
def test_a_hostile_file_is_not_shown(row: list[str]) -> None:
    with pytest.raises(NotThis):
        read_back(text_of(rows=[row, *[[]] * (HEIGHT - 1)]))


@pytest.mark.parametrize("mark", ["\x1b]52;c;\x07", "\u202e", "{age.__class__}\x07"])
def test_a_hostile_mark_is_not_shown(mark: str) -> None:
    with pytest.raises(NotThis):
        read_back(text_of(mark=mark))


@given(
    st.lists(
        st.lists(st.text(alphabet="tpgm019;CHJ \x1b\t\n[]é\u202e", max_size=8), max_size=4),
        min_size=HEIGHT,
        max_size=HEIGHT,
    ),
    st.text(max_size=10),
)
def test_whatever_the_file_holds_only_characters_reach_the_terminal(
    rows: list[list[str]], mark: str
) -> None:
    text = text_of(rows=rows, mark=mark)
    try:
        picture = read_back(text)
    except NotThis:
        return
    assert HARMLESS.match(painted(picture, NOW + 60))


def test_no_character_of_a_picture_is_one_that_the_sanitiser_takes_out() -> None:
    for first, last in (*SURE_NARROW, *SURE_WIDE):
        for code in range(first, last + 1):
            character = chr(code)
            category = unicodedata.category(character)
            if category == "Cn":
                continue
            plain = clean(f"a{character}a")
            assert (
                plain[1:-1]
                in (
                    unicodedata.normalize("NFC", character),
                    " ",
                )
                or character == "\u2800"
            ), hex(code)


def test_a_blank_screen_is_a_small_file() -> None:
    canvas, pens = shown("")
    assert canvas.rows[0][0] == BLANK
    picture = picture_of(canvas.rows, pens, alternate=False, stamps=())
    assert picture.rows == [[]] * HEIGHT
    assert painted(picture, picture.saved).startswith("\x1b[?25l\x1b[m\x1b[H\x1b[2J\r\n")
