"""The texts of actions: as they are sent, and as they are known again when read. Public.

Measured on Redmine 5.0.4 and RT 5.0.3: both keep a text of any length as it is, markup, leading
blanks and control characters included. RT turns line ends into line feeds and characters that
Unicode gives to nobody into U+FFFD, and both refuse halves of surrogate pairs. Databases that the
two run on may cut trailing blanks.
"""

from __future__ import annotations

import re
import unicodedata

_REPLACED = "\N{REPLACEMENT CHARACTER}"
_NOBODYS = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "\x00]"
)


def sendable(text: str) -> str:
    """Return a text as it may be sent: with line feeds, without what no server keeps."""
    return _NOBODYS.sub(_REPLACED, text.replace("\r\n", "\n").replace("\r", "\n"))


def same_text(sent: str, read: str) -> bool:
    """Whether a text that was read is the one that was sent, up to blanks and line ends."""
    return _words(sent) == _words(read)


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", sendable(text)).split()
