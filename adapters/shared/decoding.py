"""Decodes text in the encodings that French spreadsheets and programs write. Public."""

from __future__ import annotations

import codecs
import re

AUTO = "auto"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_STEP = 1 << 20
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
    """Tell which encoding bytes are in: what their byte order mark says, UTF-8 or Windows-1252.

    A few broken bytes do not make Windows-1252 of a text whose other accents
    are UTF-8.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    try:
        _decode(data, "utf-8", "strict")
    except UnicodeDecodeError:
        return "utf-8" if _is_mostly_utf8(data) else "cp1252"
    return "utf-8"


def _is_mostly_utf8(data: bytes) -> bool:
    balance = 0
    for start in range(0, len(data), _STEP):
        rest, sequences = _UTF8_SEQUENCE.subn(b"", data[start : start + _STEP])
        balance += sequences - len(_NOT_ASCII.findall(rest))
    return balance > 0


def decode(data: bytes, encoding: str) -> str:
    """Return bytes as text; what the encoding does not allow stays visible as U+FFFD."""
    return _decode(data, encoding_of(data) if encoding == AUTO else encoding, "replace")


def _decode(data: bytes, encoding: str, errors: str) -> str:
    # In steps, so that other threads get their turn.
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    view = memoryview(data)
    parts = [decoder.decode(view[start : start + _STEP]) for start in range(0, len(data), _STEP)]
    return "".join((*parts, decoder.decode(b"", final=True)))
