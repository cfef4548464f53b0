"""Reads the bytes behind a path or an address, unless they are still the same. Public."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from adapters.http.session import Answer, HttpSession, Validators
from adapters.shared.files import opened
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.i18n import _

# Clocks of file systems are coarse: a file changed this recently may change
# again without a trace in its times (FAT and some NFS count in two seconds).
SETTLED = 2.0
_ATTEMPTS = 4
_PAUSE = 0.15
_CHUNK = 1 << 20


class Document(Struct, frozen=True, kw_only=True):
    """A file or an answer, read to its end.

    `version` identifies the content; it is empty when the same version could
    stand for another content. `complete` is False when nothing proves that the
    end was seen.
    """

    name: str
    data: bytes
    version: str
    complete: bool = True


def _version(status: os.stat_result) -> str:
    return (
        f"file:{status.st_dev:x}.{status.st_ino:x}.{status.st_size:x}"
        f".{status.st_mtime_ns:x}.{status.st_ctime_ns:x}"
    )


def file_failure(path: Path, error: OSError) -> SourceError:
    """Return the contract's error for a file or folder that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return Unavailable(
            _("{file} does not exist").format(file=path),
            hint=_("Check `path`; a relative one starts from the folder of the configuration."),
        )
    if isinstance(error, PermissionError):
        return AuthFailed(
            _("{file} may not be read").format(file=path),
            hint=_(
                "Give the account that runs smic-tui the right to read it and to enter its folders."
            ),
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return Unavailable(_("{file} cannot be read: {reason}").format(file=path, reason=reason))


def version_of_file(path: Path) -> str:
    """Return what identifies the content of a file, "" if it may just be changing.

    Blocks. Raises `Unavailable` or `AuthFailed`.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise file_failure(path, error) from None
    settled = time.time() - max(status.st_mtime, status.st_ctime) > SETTLED
    return _version(status) if settled else ""


def _read_once(path: Path, known: str, limit: int) -> Document | str | None:
    """Return the content, None if it is still `known`, or "" if it changed while being read."""
    handle = opened(path)
    with os.fdopen(handle, "rb", buffering=0) as file:
        before = os.fstat(handle)
        if _version(before) == known:
            return None
        data = bytearray()
        while chunk := file.read(_CHUNK):
            data += chunk
            if len(data) > limit:
                raise BadAnswer(
                    _("{file} has more than {limit} bytes").format(file=path, limit=limit),
                    hint=_("If so much is right, raise `max_bytes`."),
                )
        after = os.fstat(handle)
    if _version(after) != _version(before):
        return ""
    settled = time.time() - max(after.st_mtime, after.st_ctime) > SETTLED
    return Document(name=path.name, data=bytes(data), version=_version(after) if settled else "")


def read_file(path: Path, known: str = "", limit: int = 1 << 26) -> Document | None:
    """Return the content of a file, or None if its version is still `known`.

    Blocks. A file that is replaced meanwhile is read whole, as it was before; one
    that is being written is read again. Raises `Unavailable`, `AuthFailed` (no
    right to read it) or `BadAnswer` (not a file, or larger than `limit` bytes).
    """
    for _attempt in range(_ATTEMPTS):
        try:
            document = _read_once(path, known, limit)
        except OSError as error:
            if error.errno in (errno.EISDIR, errno.EINVAL):
                what = _("a folder") if error.errno == errno.EISDIR else _("not a regular file")
                raise BadAnswer(
                    _("{file} is {what}: a file is expected").format(file=path, what=what),
                    hint=_("Check `path`."),
                ) from None
            raise file_failure(path, error) from None
        if not isinstance(document, str):
            return document
        time.sleep(_PAUSE)
    raise Unavailable(
        _("{file} is being written all the time").format(file=path),
        hint=_("Let its writer make a new file and rename it over the old one."),
    )


async def fetch_file(session: HttpSession, name: str, known: str, accept: str) -> Document | None:
    """Return what an address answers, or None if its version is still `known`.

    A server that sends neither ETag nor Last-Modified is asked for all of it each time; the
    same content is then recognised by its digest. Errors as `HttpSession`'s.
    """
    validators = Validators()
    if known.startswith("http:"):
        validators = msgspec.json.decode(known[5:], type=Validators)
    async with session.signed_in():
        answer = await session.request("GET", accept=accept, unless=validators or None)
    if answer.not_modified:
        return None
    version = await asyncio.to_thread(_version_of, answer)
    if version == known:
        return None
    return Document(name=name, data=answer.body, version=version, complete=answer.end_announced)


def _version_of(answer: Answer) -> str:
    if answer.validators:
        return "http:" + msgspec.json.encode(answer.validators).decode()
    return "sha256:" + hashlib.sha256(answer.body).hexdigest()
