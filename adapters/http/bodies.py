"""The body of an answer: unpacked piece by piece, to a limit.

A few kilobytes of stacked gzip unpack to gigabytes. One coding is asked for and
accepted, and nothing is unpacked beyond what the caller has room for.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

# What a request says that it can unpack.
ACCEPTED = "gzip"
_PLAIN = ("", "identity")
_GZIP = ("gzip", "x-gzip")
# A piece of this size is unpacked in a few milliseconds.
PIECE = 1 << 20
_GZIP_FORMAT = 16 + zlib.MAX_WBITS


class UnknownCodingError(ValueError):
    """The body is packed in a way, or more than once, that was not asked for."""


class DamagedBodyError(ValueError):
    """The body is not what its coding says."""


class Unpacker:
    """Unpacks one body. `coding` is the answer's Content-Encoding.

    Raises `UnknownCodingError` for a coding other than gzip or none.
    """

    def __init__(self, coding: str) -> None:
        coding = coding.strip().lower()
        if coding not in (*_PLAIN, *_GZIP):
            raise UnknownCodingError(coding)
        self._packed = coding in _GZIP
        self._member = zlib.decompressobj(_GZIP_FORMAT)
        self._begun = False

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` unpacks to, at most `PIECE` bytes at a time.

        A caller that has enough leaves the loop: the rest is never unpacked. Raises
        `DamagedBodyError`.
        """
        if not self._packed:
            yield data
            return
        try:
            while data:
                if self._member.eof:
                    # Another member follows: gzip files may be laid end to end.
                    self._member = zlib.decompressobj(_GZIP_FORMAT)
                self._begun = True
                piece = self._member.decompress(data, PIECE)
                data = self._member.unused_data or self._member.unconsumed_tail
                if piece:
                    yield piece
        except zlib.error as error:
            raise DamagedBodyError(str(error)) from None

    def end(self) -> None:
        """Say that nothing follows. Raises `DamagedBodyError` when the end is missing."""
        if self._begun and not self._member.eof:
            raise DamagedBodyError("it ends in the middle")
