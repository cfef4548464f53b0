"""Kind `hub`: what a head office has collected, in one small delta.

The adapter relays the head office's sources, each with its own times: the age of a fact counts
from the moment at which the head office had its last good answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from adapters.hub.options import HubOptions
from smic_tui.contract.adapter import Adapter, Context, Probe
from smic_tui.contract.batch import Batch
from smic_tui.contract.errors import BadAnswer
from smic_tui.contract.status import SourceStatus
from smic_tui.i18n import _
from smic_tui.records import Stream

if TYPE_CHECKING:
    from adapters.hub.link import Link
    from smic_tui.hub.manifest import Manifest, Segment
    from smic_tui.hub.packing import Changes

_ROWS_AT_ONCE = 500


class _Cursor(Struct, frozen=True, forbid_unknown_fields=True):
    hub: str
    to: Annotated[int, Meta(ge=0)]
    mark: str = ""


class HubAdapter(Adapter[HubOptions]):
    """Reads a published folder. All streams of one reading follow one manifest."""

    kind = "hub"
    config_type = HubOptions
    streams = frozenset(Stream)

    def __init__(self, config: HubOptions, context: Context) -> None:
        super().__init__(config, context)
        self._lock = asyncio.Lock()
        self._asked: set[Stream] = set()
        self._done: set[Stream] = set()
        self._link: Link | None = None
        self._manifest: Manifest | None = None
        # What has come of objects, until a reading has ended: a broken transfer goes on.
        self._kept: dict[str, bytearray] = {}
        self._decoded: dict[str, Changes] = {}

    async def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Bring what changed since the cursor, or everything if too much changed since."""
        manifest = await self._manifest_for(stream)
        way = manifest.way(_number(cursor, manifest))
        full = way is None
        changes: Changes | None = None
        for segment in manifest.from_base() if way is None else way:
            found = await self._object(segment, manifest)
            changes = await asyncio.to_thread(_joined, changes, found, stream)
        if changes is not None:
            for batch in _batches(changes, full=full):
                yield batch
        latest = manifest.latest
        end = _Cursor(hub=manifest.hub, to=latest, mark=manifest.mark_of(latest))
        yield Batch(cursor=msgspec.json.encode(end).decode(), full=full)
        self._done.add(stream)
        if self._done == self.streams:
            self._kept.clear()
            self._decoded.clear()

    def relayed(self) -> tuple[SourceStatus, ...]:
        """The head office's sources as its manifest told them."""
        return () if self._manifest is None else self._manifest.sources

    async def probe(self) -> Probe:
        async with self._lock:
            manifest = await self._ask()
            link = self._opened()
            objects = (manifest.base, *manifest.segments)
            await link.reach(min(objects, key=lambda one: one.size))
        session = getattr(link, "session", None)
        remarks = () if session is None else session.remarks()
        return Probe(
            version=_("schema {number}").format(number=manifest.schema),
            account=self.config.user,
            remote_time=None if session is None else session.remote_time,
            remarks=(
                *remarks,
                _("published at {time:%Y-%m-%d %H:%M} UTC: {count} sources").format(
                    time=manifest.written.astimezone(UTC), count=len(manifest.sources)
                ),
            ),
        )

    async def close(self) -> None:
        link, self._link = self._link, None
        self._manifest = None
        if link is not None:
            await link.close()

    # -- one reading

    async def _manifest_for(self, stream: Stream) -> Manifest:
        async with self._lock:
            # A stream that is asked for again begins another reading.
            if self._manifest is None or stream in self._asked:
                self._asked.clear()
                self._done.clear()
                self._decoded.clear()
                await self._ask()
            self._asked.add(stream)
            assert self._manifest is not None
            return self._manifest

    async def _ask(self) -> Manifest:
        from smic_tui.hub.manifest import Malformed, decode

        link = self._opened()
        data = await link.manifest()
        if data is None and self._manifest is None:
            link.forget()
            data = await link.manifest()
        if data is not None:
            try:
                self._manifest = await asyncio.to_thread(decode, data)
            except Malformed as error:
                link.forget()
                raise BadAnswer(
                    _("the manifest of the hub cannot be used: {reason}").format(reason=error),
                    hint=_("Check `url` or `path`; it is the folder that has hub.json.gz."),
                    excerpt=data[:400],
                ) from None
        if self._manifest is None:
            raise BadAnswer(_("the hub says that nothing has changed, and nothing was known"))
        return self._manifest

    async def _object(self, segment: Segment, manifest: Manifest) -> Changes:
        from smic_tui.hub.manifest import Malformed, digest_of
        from smic_tui.hub.packing import unpack

        async with self._lock:
            known = self._decoded.get(segment.digest)
            if known is not None:
                return known
            if segment.size > self.config.max_bytes:
                raise BadAnswer(
                    _("{file} has more than {limit} bytes").format(
                        file=segment.path, limit=self.config.max_bytes
                    ),
                    hint=_("If so much is right, raise `max_bytes`."),
                )
            named = {one.digest for one in (manifest.base, *manifest.segments)}
            self._kept = {digest: data for digest, data in self._kept.items() if digest in named}
            have = self._kept.setdefault(segment.digest, bytearray())
            while len(have) < segment.size:
                before = len(have)
                await self._opened().extend(segment, have)
                if len(have) <= before:
                    raise self._damaged(segment, _("nothing more comes"))
            data = bytes(have)
            if len(data) != segment.size or await asyncio.to_thread(digest_of, data) != (
                segment.digest
            ):
                raise self._damaged(segment, _("it is not what the manifest names"))
            try:
                changes = await asyncio.to_thread(unpack, data)
            except Malformed as error:
                raise self._damaged(segment, str(error)) from None
            self._decoded[segment.digest] = changes
            return changes

    def _damaged(self, segment: Segment, reason: str) -> BadAnswer:
        have = self._kept.pop(segment.digest, bytearray())
        # The next reading asks for everything anew, also for the manifest.
        self._opened().forget()
        self._manifest = None
        return BadAnswer(
            _("{file} of the hub is damaged: {reason}").format(file=segment.path, reason=reason),
            excerpt=bytes(have[:400]),
        )

    def _opened(self) -> Link:
        from adapters.hub.link import FolderLink, HttpLink

        if self._link is None:
            make = FolderLink if self.config.path else HttpLink
            self._link = make(self.config, self.context)
        return self._link


def _number(cursor: str | None, manifest: Manifest) -> int | None:
    if cursor is None:
        return None
    try:
        found = msgspec.json.decode(cursor, type=_Cursor)
    except (msgspec.DecodeError, UnicodeError):
        return None
    # A head office that was restored tells some numbers a second time, with other facts.
    same = found.hub == manifest.hub and found.mark == manifest.mark_of(found.to)
    return found.to if same else None


def _joined(before: Changes | None, found: Changes, stream: Stream) -> Changes:
    from smic_tui.hub.packing import Changes

    own = Changes(
        {place: rows for place, rows in found.rows.items() if place[1] is stream},
        {place: keys for place, keys in found.gone.items() if place[1] is stream},
    )
    return own if before is None else before.followed_by(own)


def _batches(changes: Changes, *, full: bool) -> Iterator[Batch]:
    for (origin, _stream), keys in changes.gone.items():
        if keys and not full:
            yield Batch(deletes=tuple(sorted(keys)), origin=origin)
    for (origin, _stream), rows in changes.rows.items():
        left = iter(rows.values())
        while part := tuple(islice(left, _ROWS_AT_ONCE)):
            yield Batch(upserts=part, full=full, origin=origin)
