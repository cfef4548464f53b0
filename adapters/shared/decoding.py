"""Decodes text in the encodings that French spreadsheets and programs write. Public.

One detection for all files: what a byte order mark says, UTF-16 by its zero bytes, UTF-8, and
what is neither is Windows-1252 or, where its letters only make sense there, the code page 850 of
Windows' command line. The last two are guesses, which `encoding` in the configuration overrules.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from typing import Annotated

from msgspec import Meta

from smic_tui.i18n import N_, _

AUTO = "auto"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_STEP = 1 << 20
_GUESSES = {"cp1252": N_("Windows-1252"), "cp850": N_("code page 850")}
_MARK = "\ufeff"
# How French words look in code page 850: in Windows-1252 these bytes are quotes and dashes,
# which stand beside words and not within.
_OEM = re.compile(
    rb"(?<=[A-Za-z])[\x82\x83\x87\x88\x89\x8a\x8b\x93\x96\x97](?=[A-Za-z])"
    rb"|(?<=[A-Za-z])\x82|\x82(?=[A-Za-z])|\x90(?=[A-Za-z])|(?<=[ '])\x85(?=[ ])"
)
_ANSI = re.compile(rb"[\xc0-\xff]")

Encoding = Annotated[
    str,
    Meta(
        description="Encoding of the text; auto: what its byte order mark says, UTF-8, else "
        "guessed to be Windows-1252 or code page 850. `doctor` names it."
    ),
]
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def is_text_encoding(name: str) -> bool:
    """Whether `name` is an encoding of text that this Python knows."""
    try:
        "a".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def encoding_of(data: bytes) -> str:
    """Tell which encoding bytes are in.

    A few broken bytes do not make Windows-1252 of a text whose other accents
    are UTF-8.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    if zeros := data[:_STEP].count(0):
        even = data[:_STEP:2].count(0)
        # Latin letters have a zero beside each.
        if zeros * 4 > min(len(data), _STEP):
            return "utf-16-be" if even * 2 > zeros else "utf-16-le"
    try:
        _decode(data, "utf-8", "strict")
    except UnicodeDecodeError:
        if _is_mostly_utf8(data):
            return "utf-8"
        head = data[:_STEP]
        oem, ansi = len(_OEM.findall(head)), len(_ANSI.findall(head))
        return "cp850" if oem > ansi else "cp1252"
    return "utf-8"


def check_encoding(encoding: str) -> None:
    """Raise `ValueError` for an `encoding` of the configuration that is not known."""
    if encoding != AUTO and not is_text_encoding(encoding):
        raise ValueError(
            _('encoding: "{encoding}" is not known; auto, utf-8, cp1252 are').format(
                encoding=encoding
            )
        )


def encoding_words(encodings: Collection[str], *, configured: bool) -> str:
    """Return the sentence of `doctor` about the encodings that a text was read in."""
    known = sorted(encodings - _GUESSES.keys() if not configured else set(encodings))
    parts = [name.removesuffix("-sig").upper() for name in known]
    if not configured:
        parts += [
            _("{encoding} (a guess; `encoding` overrules it)").format(encoding=_(_GUESSES[name]))
            for name in sorted(encodings & _GUESSES.keys())
        ]
    return _("read as {encodings}").format(encodings=", ".join(parts))


def _is_mostly_utf8(data: bytes) -> bool:
    balance = 0
    for start in range(0, len(data), _STEP):
        rest, sequences = _UTF8_SEQUENCE.subn(b"", data[start : start + _STEP])
        balance += sequences - len(_NOT_ASCII.findall(rest))
    return balance > 0


def decode(data: bytes, encoding: str) -> str:
    """Return bytes as text; what the encoding does not allow stays visible as U+FFFD.

    Byte order marks are left out wherever they stand: files that were put together, or that
    begin with an empty line, have them in the middle.
    """
    text = _decode(data, encoding_of(data) if encoding == AUTO else encoding, "replace")
    return text.replace(_MARK, "") if _MARK in text else text


def as_utf8(data: bytes, encoding: str = AUTO) -> tuple[bytes, str]:
    """Return a text in UTF-8 without byte order marks, and the encoding that it was in.

    Bytes that are UTF-8 but for a few stay as they are: whoever parses them can say where.
    """
    found = encoding_of(data) if encoding == AUTO else encoding
    if found in ("utf-8", "utf-8-sig"):
        mark = codecs.BOM_UTF8
        return (data.replace(mark, b"") if mark in data else data), found
    return decode(data, found).encode("utf-8", "replace"), found


class LineDecoder:
    """Decodes a file line by line: programs append in whatever encoding they write.

    Windows PowerShell's `>>` appends UTF-16 to a file that is UTF-8. A line that was cut out of
    UTF-16 at its line feed still has the zero byte of the line feed before it. `seen` are the
    encodings that lines were in so far.
    """

    def __init__(self, encoding: str = AUTO) -> None:
        self.seen: set[str] = set()
        self._encoding = encoding
        self._big_endian = False

    def as_utf8(self, line: bytes) -> bytes:
        """Return one line, without its line feed, in UTF-8."""
        if self._encoding != AUTO and not self._encoding.lower().startswith(("utf16", "utf-16")):
            data, name = as_utf8(line, self._encoding)
        elif b"\0" in line or line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data, name = self._of_utf16(line)
        elif line.isascii():
            return line
        else:
            data, name = as_utf8(line, AUTO)
        self.seen.add(name)
        return data

    def _of_utf16(self, line: bytes) -> tuple[bytes, str]:
        if line.startswith(codecs.BOM_UTF16_BE):
            self._big_endian = True
        elif line.startswith(codecs.BOM_UTF16_LE):
            self._big_endian = False
        if self._big_endian:
            # The zero byte at the end belongs to the line feed.
            text = line[: len(line) // 2 * 2].decode("utf-16-be", "replace")
            return text.replace(_MARK, "").encode("utf-8", "replace"), "utf-16"
        rest = line.removeprefix(b"\0")
        if b"\0" not in rest:
            return as_utf8(rest)
        text = rest[: len(rest) // 2 * 2].decode("utf-16-le", "replace")
        return text.replace(_MARK, "").encode("utf-8", "replace"), "utf-16"


def decoded_lines(data: bytes, decoder: LineDecoder) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a text that are not blank, in UTF-8, each with its number from 1."""
    start, number = 0, 0
    while start < len(data):
        number += 1
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = decoder.as_utf8(data[start:end]).strip()
        if line:
            yield number, line
        start = end + 1


def _decode(data: bytes, encoding: str, errors: str) -> str:
    # In steps, so that other threads get their turn.
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    view = memoryview(data)
    parts = [decoder.decode(view[start : start + _STEP]) for start in range(0, len(data), _STEP)]
    return "".join((*parts, decoder.decode(b"", final=True)))
