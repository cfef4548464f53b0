"""Finds files that others append to, follows them over rotations, and reads what is new.

A file is known by its inode. When it is rotated by renaming, it is followed to its new name and
read to its end. When it is emptied and filled again (`copytruncate`), its beginning changes, and
it is read from the start. A line that is read twice leads to the same keys.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters.http.documents import SETTLED, file_failure
from adapters.shared.decoding import LineDecoder
from adapters.shared.files import opened
from smic_tui.contract.errors import BadAnswer, SourceError, Unavailable
from smic_tui.i18n import _

# The beginning by which a file is recognised.
_HEAD = 512
_CHUNK = 1 << 20
LONGEST_LINE = 256 * 1024
# A line without an end that has not changed for so long is not being written any more.
_ABANDONED = 60.0
_COMPRESSED = (".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z", ".zip")


class Mark(Struct, frozen=True, omit_defaults=True):
    """How far a file has been read, in bytes and lines, and the digest of its beginning.

    `version` is that of the whole file then; empty when the same version could
    stand for another content.
    """

    offset: int = 0
    lines: int = 0
    head: str = ""
    version: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """A line of the file. `problem` says why it cannot be read.

    `data` is in UTF-8. A line that is not `settled` may still be being written.
    """

    number: int
    data: bytes
    problem: str = ""
    settled: bool = True


class JournalFile(Struct, frozen=True, kw_only=True):
    """A file to read. `identity` is its inode, `version` changes with its content."""

    path: Path
    identity: str
    version: str


def find_files(path: Path, patterns: Sequence[str]) -> list[JournalFile]:
    """Return the journal's files, the oldest first. Blocks; raises the contract's errors.

    With every file come those into which it was rotated (NAME.1, NAME-20261124): their last
    lines may not have been read yet.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            names = [entry for entry in path.iterdir() if _wanted(entry.name, patterns)]
        else:
            names = [
                entry
                for entry in path.parent.iterdir()
                if entry.name == path.name or _rotated(entry.name, path.name)
            ]
        found = []
        for entry in names:
            status = entry.stat()
            if stat.S_ISREG(status.st_mode):
                file = JournalFile(path=entry, identity=_identity(status), version=_version(status))
                found.append((status.st_mtime_ns, file))
    except FileNotFoundError as error:
        if path.exists():  # a file was rotated away in the meantime
            return find_files(path, patterns)
        raise file_failure(path, error) from None
    except OSError as error:
        raise file_failure(path, error) from None
    if not found:
        raise Unavailable(
            _("no journal in {folder}: no file is called {patterns}").format(
                folder=path, patterns=", ".join(patterns)
            ),
            hint=_("Check `path` and `files`; a share that is not mounted is empty, too."),
        )
    return [file for _when, file in sorted(found, key=lambda each: (each[0], each[1].path))]


def _wanted(name: str, patterns: Sequence[str]) -> bool:
    if name.startswith(".") or name.endswith(_COMPRESSED):
        return False
    stem = name
    while True:
        if any(fnmatch.fnmatchcase(stem, pattern) for pattern in patterns):
            return True
        shorter = max(stem.rfind("."), stem.rfind("-"))
        if shorter <= 0 or not stem[shorter + 1 :].isdigit():
            return False
        stem = stem[:shorter]


def _rotated(name: str, current: str) -> bool:
    rest = name.removeprefix(current)
    return rest != name and rest[:1] in (".", "-") and rest[1:].replace("-", "").isdigit()


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev:x}:{status.st_ino:x}"


def _version(status: os.stat_result) -> str:
    if time.time() - max(status.st_mtime, status.st_ctime) <= SETTLED:
        return ""
    return f"{status.st_size:x}.{status.st_mtime_ns:x}.{status.st_ctime_ns:x}"


class Following:
    """One file, read from a mark on. Blocks: used in a thread."""

    def __init__(self, file: JournalFile, known: Mark, decoder: LineDecoder) -> None:
        self.file = file
        self.mark = known
        self.began_anew = False
        self._decoder = decoder

    def lines(self) -> Iterator[Line]:
        """Yield the lines after the mark, and move the mark behind each.

        A last line without an end is yielded, too, if it looks like whole JSON, or was
        abandoned; the mark stays before it. Raises the contract's
        errors.
        """
        try:
            with os.fdopen(opened(self.file.path), "rb", buffering=0) as handle:
                status = os.fstat(handle.fileno())
                if _identity(status) != self.file.identity:
                    return  # rotated just now: the next reading finds both
                if not self._is_known(handle.fileno(), status.st_size):
                    self.mark = Mark()
                    self.began_anew = True
                yield from self._read(handle.fileno(), status)
                self.mark = msgspec.structs.replace(self.mark, version=_version(status))
        except OSError as error:
            raise _failure(self.file.path, error) from None

    def _is_known(self, handle: int, size: int) -> bool:
        if size < self.mark.offset:
            return False
        if not self.mark.offset or size == self.mark.offset == 0:
            return True
        return self.mark.head == _head_of(handle, self.mark.offset)

    def _read(self, handle: int, status: os.stat_result) -> Iterator[Line]:
        position, rest = self.mark.offset, b""
        number = self.mark.lines
        oversized = False
        while chunk := os.pread(handle, _CHUNK, position):
            position += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                number += 1
                self.mark = Mark(self.mark.offset + len(line) + 1, number)
                if oversized or len(line) > LONGEST_LINE:
                    oversized = False
                    beginning = self._decoder.as_utf8(line[:200])
                    yield Line(number=number, data=beginning, problem=_too_long())
                elif (text := self._decoder.as_utf8(line)).strip():
                    yield Line(number=number, data=text)
            if len(rest) > LONGEST_LINE:
                # Forget it, but not how long it was.
                oversized = True
                self.mark = Mark(self.mark.offset + len(rest), number)
                rest = b""
        self.mark = Mark(self.mark.offset, number, _head_of(handle, self.mark.offset))
        # Half of the line feed of UTF-16 is no line.
        rest = self._decoder.as_utf8(rest)
        if rest.strip():
            abandoned = time.time() - status.st_mtime > _ABANDONED
            if rest.rstrip().endswith(b"}"):
                yield Line(number=number + 1, data=rest, settled=abandoned)
            elif abandoned:
                problem = _("the line has no end: its writer was interrupted, or the disk is full")
                yield Line(number=number + 1, data=rest, problem=problem)


def _head_of(handle: int, offset: int) -> str:
    head = os.pread(handle, min(offset, _HEAD), 0)
    return hashlib.sha256(head).hexdigest()[:16] if head else ""


def _too_long() -> str:
    return _("a line of more than {limit} bytes").format(limit=LONGEST_LINE)


def _failure(path: Path, error: OSError) -> SourceError:
    if isinstance(error, IsADirectoryError):
        return BadAnswer(
            _("{file} is {what}: a file is expected").format(file=path, what=_("a folder"))
        )
    return file_failure(path, error)
