"""The file format of a kept screen, which is painted before the program itself is loaded.

The file holds characters and pens, never bytes for the terminal: somebody who managed to
write it could still only show characters. The module imports next to nothing, because
reading and painting a picture must not take longer than starting Python does.

    smic-tui picture 1
    CRC of all that follows
    identity                  see `first_paint.identity_of`
    when it was kept          seconds since the epoch
    alternate                 or "plain": whether the terminal has a second screen
    the mark in the last row, with {age} in it, and the words for minutes, hours, days
    the files it rests on     path, modification time in ns, size; any number of lines
    (an empty line)
    one line for each row     pieces separated by tabs: tTEXT, pPEN (SGR parameters), gBLANKS
"""

from __future__ import annotations

from binascii import crc32

from smic_tui.terminal.widths import are_sure, width_of

MAGIC = "smic-tui picture 1"
# In seconds: what an older picture shows is of no use any more.
OLDEST = 7 * 86400
LARGEST = 1 << 18

_PEN_CHARACTERS = frozenset("0123456789;")


class NotThis(Exception):
    """The file holds no picture that may be painted here and now."""


class Picture:
    """A kept screen.

    `width` and `height` are in cells, `saved` is seconds since the epoch, `rows` holds
    the pieces of each row.
    """

    __slots__ = ("alternate", "height", "mark", "rows", "saved", "stamps", "units", "width")

    def __init__(
        self,
        *,
        width: int,
        height: int,
        saved: int,
        alternate: bool,
        mark: str,
        units: list[str],
        stamps: list[str],
        rows: list[list[str]],
    ) -> None:
        self.width, self.height = width, height
        self.saved = saved
        self.alternate = alternate
        self.mark = mark
        self.units = units
        self.stamps = stamps
        self.rows = rows

    def mark_at(self, now: float) -> str:
        """Returns the text of the last row, which says how old the kept screen is."""
        minutes = max(0, int(now - self.saved)) // 60
        if minutes < 120:
            age = f"{minutes} {self.units[0]}"
        elif minutes < 48 * 60:
            age = f"{minutes // 60} {self.units[1]}"
        else:
            age = f"{minutes // 1440} {self.units[2]}"
        text = f" {self.mark.replace('{age}', age)} "
        while width_of(text) > self.width:
            text = text[:-1]
        return text


def written(picture: Picture, identity: str) -> str:
    """Returns the picture as the text of a file."""
    lines = [
        ascii(identity),
        str(picture.saved),
        "alternate" if picture.alternate else "plain",
        "\t".join([picture.mark, *picture.units]),
        *picture.stamps,
        "",
        *("\t".join(row) for row in picture.rows),
    ]
    rest = "\n".join(lines)
    return f"{MAGIC}\n{crc32(rest.encode()):08x}\n{rest}"


def read(text: str, identity: str, width: int, height: int, now: float) -> Picture:
    """Returns the picture in the text of a file; `now` is seconds since the epoch.

    Raises `NotThis` when the text is torn, belongs to another identity, is too old, has
    another size, or holds characters that some terminal does not draw in their cells.
    """
    magic, _, text = text.partition("\n")
    checksum, _, rest = text.partition("\n")
    if magic != MAGIC or checksum != f"{crc32(rest.encode()):08x}":
        raise NotThis
    head, _, body = rest.partition("\n\n")
    whose, saved, screen, mark, *stamps = (head + "\n\n\n\n").split("\n")
    words = mark.split("\t")
    if whose != ascii(identity) or not _is_number(saved) or len(words) != 4:
        raise NotThis
    age = now - int(saved)
    if not -60 <= age <= OLDEST:
        raise NotThis
    rows = [line.split("\t") if line else [] for line in body.split("\n")]
    if len(rows) != height:
        raise NotThis
    texts = list(words)
    for row in rows:
        used = 0
        for piece in row:
            kind, value = piece[:1], piece[1:]
            if kind == "t":
                texts.append(value)
                used += width_of(value)
            elif kind == "g" and _is_number(value):
                used += int(value)
            elif kind != "p" or not _PEN_CHARACTERS.issuperset(value) or len(value) > 80:
                raise NotThis
        if used > width:
            raise NotThis
    if not are_sure("".join(texts)):
        raise NotThis
    return Picture(
        width=width,
        height=height,
        saved=int(saved),
        alternate=screen == "alternate",
        mark=words[0],
        units=words[1:],
        stamps=[stamp for stamp in stamps if stamp],
        rows=rows,
    )


def painted(picture: Picture, now: float) -> str:
    """Returns the bytes, as text, that make a terminal show the picture, whatever it shows."""
    lines = []
    for row in picture.rows[:-1]:
        line = ""
        for piece in row:
            kind, value = piece[:1], piece[1:]
            if kind == "t":
                line += value
            else:
                line += f"\x1b[{value}{'m' if kind == 'p' else 'C'}"
        lines.append(line)
    lines.append(f"\x1b[;7m{picture.mark_at(now)}\x1b[m")
    screen = "\x1b[?1049h" if picture.alternate else ""
    return f"{screen}\x1b[?25l\x1b[m\x1b[H\x1b[2J" + "\r\n".join(lines)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12
