"""Two terminal emulators that nobody here wrote, and what stands on their screens."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol

import pyte
from pyte.screens import Margins


class Seen(NamedTuple):
    """What is seen in one cell: its text and how it is drawn."""

    text: str
    look: tuple[str, ...]


Screen = list[list[Seen]]
# Joiners, selectors, tags: added to the cell before, and never seen on a blank.
_UNSEEN = "".join(
    chr(code)
    for codes in (range(0x200B, 0x2010), range(0x2060, 0x2070), range(0xFE00, 0xFE10))
    for code in codes
) + "".join(map(chr, range(0xE0000, 0xE0080)))
# A blank shows its paper, and only some attributes.
_SEEN_ON_BLANKS = ("underscore", "reverse", "strikethrough", "blink", "overline")


def seen(text: str, attributes: Sequence[str], ink: str, paper: str) -> Seen:
    """A cell, with what cannot be seen of it left out."""
    text = text.rstrip("\u200d")
    if text.rstrip(_UNSEEN) == " ":
        text = " "
        attributes = [name for name in attributes if name in _SEEN_ON_BLANKS]
        if not attributes:
            ink = ""
    return Seen(text, (*sorted(attributes), f"ink {ink}", f"paper {paper}"))


class Emulator(Protocol):
    """A terminal to write bytes to."""

    def feed(self, data: bytes) -> None:
        """Draw."""

    def resize(self, width: int, height: int) -> None:
        """Get another size."""

    def screen(self) -> Screen:
        """What is seen."""


class _Char(NamedTuple):
    """What pyte keeps of a cell, and whether it is dim, which pyte does not know."""

    data: str = " "
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    strikethrough: bool = False
    reverse: bool = False
    blink: bool = False
    dim: bool = False


class _PyteScreen(pyte.Screen):
    """pyte with SU, SD, REP and dim text, and without losing what follows a character of no
    width.
    """

    @property
    def default_char(self) -> Any:
        reverse = pyte.modes.DECSCNM in self.mode
        return _Char(reverse=reverse)

    def reset(self) -> None:
        super().reset()
        self.cursor.attrs = self.default_char

    def select_graphic_rendition(self, *attrs: int, **kwargs: Any) -> None:
        attributes: Any = self.cursor.attrs
        dim = attributes.dim
        super().select_graphic_rendition(*attrs, **kwargs)
        left = iter(attrs or (0,))
        for code in left:
            if code in (38, 48):
                for _part in range(1 if next(left, 0) == 5 else 3):
                    next(left, 0)
            elif code in (0, 2, 22):
                dim = code == 2
        attributes = self.cursor.attrs
        self.cursor.attrs = attributes._replace(dim=dim)

    def draw(self, data: str) -> None:
        for character in data:
            super().draw(character)

    def scroll_up(self, count: int = 1) -> None:
        self._scroll(count or 1, self.index, -1)

    def scroll_down(self, count: int = 1) -> None:
        self._scroll(count or 1, self.reverse_index, 0)

    def _scroll(self, count: int, step: Any, edge: int) -> None:
        margins = self.margins or Margins(0, self.lines - 1)
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = margins[edge]
        for _line in range(count):
            step()
        self.cursor.x, self.cursor.y = x, y

    def repeat(self, count: int = 1) -> None:
        self.draw(self.buffer[self.cursor.y][self.cursor.x - 1].data * (count or 1))


class _PyteStream(pyte.ByteStream):
    csi = pyte.Stream.csi | {"S": "scroll_up", "T": "scroll_down", "b": "repeat"}
    events = pyte.Stream.events | {"scroll_up", "scroll_down", "repeat"}


class PyteTerminal:
    """pyte."""

    def __init__(self, width: int, height: int) -> None:
        self._screen = _PyteScreen(width, height)
        self._stream = _PyteStream(self._screen)
        self._stream.use_utf8 = True
        self._looks: dict[Any, Seen] = {}
        self.feed(b"\x1b[?7l")

    def feed(self, data: bytes) -> None:
        """Draw; what it does not know it would print."""
        self._stream.feed(re.sub(rb"\x1b\][^\a\x1b]*(?:\a|\x1b\\)", b"", data))

    def resize(self, width: int, height: int) -> None:
        """Get another size."""
        self._screen.resize(height, width)

    def screen(self) -> Screen:
        """What is seen."""
        rows = []
        for y in range(self._screen.lines):
            line = self._screen.buffer[y]
            rows.append([self._seen(line[x]) for x in range(self._screen.columns)])
        return rows

    @property
    def cursor(self) -> tuple[int, int]:
        """Where the cursor stands."""
        return self._screen.cursor.x, self._screen.cursor.y

    def _seen(self, char: Any) -> Seen:
        known = self._looks.get(char)
        if known is None:
            names = ("bold", "dim", "italics", "underscore", "strikethrough", "reverse", "blink")
            attributes = [name for name in names if getattr(char, name)]
            ink, paper = ("" if c == "default" else c for c in (char.fg, char.bg))
            known = self._looks[char] = seen(char.data, attributes, ink, paper)
        return known


# Runs in the pane: shows what comes, and says when the terminal has drawn it.
_IN_PANE = """
import os, sys, termios, tty
tty.setraw(0)
commands, done = open(sys.argv[1], "rb", 0), open(sys.argv[2], "wb", 0)
def read(count):
    data = b""
    while len(data) < count:
        more = commands.read(count - len(data))
        if not more:
            sys.exit()
        data += more
    return data
while True:
    data = read(int.from_bytes(read(4), "big")) + b"\\x1b[5n"
    while data:
        data = data[os.write(1, data):]
    answer = b""
    while not answer.endswith(b"\\x1b[0n"):
        answer += os.read(0, 1)
    done.write(b".")
"""
_ATTRIBUTES = {
    "1": "bold",
    "2": "dim",
    "3": "italics",
    "4": "underscore",
    "5": "blink",
    "7": "reverse",
    "8": "concealed",
    "9": "strikethrough",
    "53": "overline",
    "5:3": "overline",  # as tmux writes it
    "4:2": "underscore",
}


def _without_tmux() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "TMUX"}


# Bytes that a pseudo-terminal hands on together.
_PIECE = 512
_NOTHING = seen(" ", [], "", "")
_numbers = itertools.count()


class TmuxTerminal:
    """A window of tmux."""

    def __init__(self, width: int, height: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pane-")
        folder = Path(self._folder.name)
        self._socket = str(folder / f"tmux-{next(_numbers)}")
        pipes = folder / "commands", folder / "done"
        for pipe in pipes:
            os.mkfifo(pipe)
        script = folder / "pane.py"
        script.write_text(_IN_PANE)
        # Before the session's first client, or that one has a size of its own.
        self._control = subprocess.Popen(
            [
                "tmux", "-u", "-C", "-f", "/dev/null", "-S", self._socket,
                "new-session", "-x", str(width), "-y", str(height),
                f"{sys.executable} -S {script} {pipes[0]} {pipes[1]}",
            ],
            env={**_without_tmux(), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        self._result()
        self._tmux("refresh-client -f no-output")
        self._commands = pipes[0].open("wb", 0)
        self._done = pipes[1].open("rb", 0)
        self._tmux("set-option -g status off")
        self.resize(width, height)
        self.feed(b"\x1b[?7l")

    def __enter__(self) -> TmuxTerminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._control.stdin is not None
        assert self._control.stdout is not None
        self._control.stdin.write(b"kill-server\n")
        self._control.stdin.close()
        self._control.stdout.read()
        self._control.stdout.close()
        self._control.wait()
        self._commands.close()
        self._done.close()
        self._folder.cleanup()

    def _tmux(self, command: str) -> str:
        """Have a command carried out, over the connection that is kept: one each is slow."""
        assert self._control.stdin is not None
        self._control.stdin.write(command.encode() + b"\n")
        self._control.stdin.flush()
        return self._result()

    def _result(self) -> str:
        """What stands between the next `%begin` and its `%end`."""
        assert self._control.stdout is not None
        lines = iter(self._control.stdout.readline, b"")
        for line in lines:
            if line.startswith(b"%begin "):
                number = line.split()[1:3]
                break
        found: list[bytes] = []
        for line in lines:
            if line.startswith((b"%end ", b"%error ")) and line.split()[1:3] == number:
                assert line.startswith(b"%end "), found
                return b"".join(found).decode()
            found.append(line)
        raise AssertionError("tmux has ended")

    def feed(self, data: bytes) -> None:
        """Draw, and wait until it is drawn.

        In pieces that it reads as a whole: where a reading of tmux ends within a
        sequence with joiners, it takes the rest for other characters.
        """
        piece = b""
        for part in re.split(rb"(?=\x1b)", data):
            if piece and len(piece) + len(part) > _PIECE:
                self._draw(piece)
                piece = b""
            piece += part
        self._draw(piece)

    def _draw(self, data: bytes) -> None:
        self._commands.write(len(data).to_bytes(4, "big") + data)
        assert self._done.read(1) == b"."

    def resize(self, width: int, height: int) -> None:
        """Get another size."""
        self._width = width
        self._tmux(f"resize-window -x {width} -y {height}")

    def screen(self) -> Screen:
        """What is seen; a wide character is one cell here."""
        lines = self._tmux("capture-pane -e -p -N").split("\n")[:-1]
        rows: Screen = []
        attributes: set[str] = set()
        colours = {"3": "", "4": ""}
        for line in lines:
            row: list[Seen] = []
            for text, codes in re.findall(r"([^\x1b]+)|\x1b\[([0-9;:]*)m", line):
                if text:
                    each = re.findall(f".[{_UNSEEN}]*", text)
                    row += [seen(c, list(attributes), *colours.values()) for c in each]
                    continue
                parts = (codes or "0").split(";")
                while parts:
                    code = parts.pop(0)
                    if code == "0":
                        attributes.clear()
                        colours = {"3": "", "4": ""}
                    elif code in _ATTRIBUTES:
                        attributes.add(_ATTRIBUTES[code])
                    elif code in ("38", "48"):
                        count = 2 if parts[0] == "5" else 4
                        colours[code[0]] = ";".join(parts[:count])
                        del parts[:count]
                    elif code in ("39", "49"):
                        colours[code[0]] = ""
                    elif code[0] in "39":
                        colours["3"] = code
                    elif code[0] in "41":
                        colours["4"] = code
                    else:
                        raise AssertionError(f"tmux wrote SGR {codes}")
            while row and row[-1] == _NOTHING:
                # tmux leaves out what was never written at the end of a line.
                row.pop()
            rows.append(row)
        return rows
