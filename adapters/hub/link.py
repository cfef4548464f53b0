"""Fetches the files that a head office publishes, by HTTP or from a folder, and verifies them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Protocol

from adapters.http.documents import read_file
from adapters.http.session import Answer, Credentials, HttpSession, Validators, basic
from adapters.hub.options import HubOptions
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.hub.manifest import LARGEST_MANIFEST, NAME, Segment
from smic_tui.i18n import _

# A line that breaks loses one piece: 16 s of a line of 1,000 bytes a second.
PIECE = 16 * 1024
_ANY = "*/*"
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_PLAIN = {"Accept-Encoding": "identity"}


class Link(Protocol):
    """The place that the files come from."""

    async def manifest(self) -> bytes | None:
        """Return the manifest; None while it is the one that was returned last."""
        ...

    async def extend(self, segment: Segment, have: bytearray) -> None:
        """Add the next piece of an object to what `have` holds of it."""
        ...

    async def reach(self, segment: Segment) -> None:
        """Raise a `SourceError` where an object cannot be read."""
        ...

    def forget(self) -> None:
        """Return the manifest again next time: it could not be used."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class HttpLink:
    """A link to a web server."""

    def __init__(self, options: HubOptions, context: Context) -> None:
        self._options = options
        self._context = context
        known = options.token is not None or options.password is not None
        self.session = HttpSession(options, context, self._credentials if known else None)
        self._validators = Validators()

    async def manifest(self) -> bytes | None:
        async with self.session.signed_in():
            answer = await self.session.request(
                "GET", f"/{NAME}", accept=_ANY, unless=self._validators or None
            )
        if answer.not_modified:
            return None
        # One of them is enough, and the line is narrow.
        found = answer.validators
        self._validators = Validators(found.etag, "" if found.etag else found.last_modified)
        return answer.body

    async def extend(self, segment: Segment, have: bytearray) -> None:
        last = len(have) + PIECE - 1
        if segment.size - last <= PIECE // 2:
            # A request of its own for so little costs more than it saves.
            last = segment.size - 1
        headers = dict(_PLAIN)
        if have or last + 1 < segment.size:
            headers["Range"] = f"bytes={len(have)}-{last}"
        async with self.session.signed_in():
            answer = await self.session.request(
                "GET", f"/{segment.path}", accept=_ANY, headers=headers, expect=(200, 206)
            )
        if answer.status == 206:
            self._check_range(answer, len(have))
        else:
            have.clear()  # a server that knows no ranges sends all of it
        have += answer.body

    async def reach(self, segment: Segment) -> None:
        try:
            async with self.session.signed_in():
                await self.session.request(
                    "GET",
                    f"/{segment.path}",
                    accept=_ANY,
                    headers={**_PLAIN, "Range": "bytes=0-0"},
                    expect=(200, 206),
                )
        except (AuthFailed, BadAnswer) as error:
            raise type(error)(
                _("{manifest} can be read, but not {file}: {reason}").format(
                    manifest=NAME, file=segment.path, reason=error.message
                ),
                hint=_(
                    "At the head office, look at the group and the mode of the folder `objects`: "
                    "the web server must be able to read it. The page about the hub has the "
                    "commands."
                ),
            ) from None

    def forget(self) -> None:
        self._validators = Validators()

    async def close(self) -> None:
        await self.session.close()

    def _check_range(self, answer: Answer, start: int) -> None:
        told = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if told is None or int(told[1]) != start or int(told[2]) - start + 1 != len(answer.body):
            raise self.session.bad_answer(
                _("{host} sent another part of a file than was asked for").format(
                    host=self._options.host
                )
            )

    def _credentials(self) -> Credentials:
        options = self._options
        if options.token is not None:
            token = self._context.secret(options.token)
            return Credentials(headers={"Authorization": f"Bearer {token}"}, secrets=(token,))
        assert options.password is not None
        return basic(options.user, self._context.secret(options.password))


class FolderLink:
    """A link to a folder that another program keeps equal to the published one."""

    def __init__(self, options: HubOptions, context: Context) -> None:
        self._folder = context.folder / Path(options.path).expanduser()
        self._limit = options.max_bytes
        self._version = ""

    async def manifest(self) -> bytes | None:
        found = await asyncio.to_thread(
            read_file, self._folder / NAME, self._version, LARGEST_MANIFEST
        )
        if found is None:
            return None
        self._version = found.version
        return found.data

    async def extend(self, segment: Segment, have: bytearray) -> None:
        path = self._folder / segment.path
        if not await asyncio.to_thread(path.exists):
            raise Unavailable(
                _("{file} is not there yet").format(file=path),
                hint=_("Let rsync bring the objects before the manifest (--delay-updates)."),
            )
        found = await asyncio.to_thread(read_file, path, "", self._limit)
        if found is None or len(found.data) < segment.size:
            raise BadAnswer(_("{file} ends in the middle").format(file=path))
        have[:] = found.data

    async def reach(self, segment: Segment) -> None:
        await self.extend(segment, bytearray())

    def forget(self) -> None:
        self._version = ""

    async def close(self) -> None:
        pass
