"""Reads and writes `hub.json.gz`, which lists what a head office has published.

Publications are numbered. The base holds all facts at one number; a segment holds what
changed between two numbers, with the last value of each row, so that it may be applied
to any state from its beginning to its end. Segments overlap: several ways lead to the
latest publication, and a client takes the cheapest.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from smic_tui.contract.status import SourceStatus

NAME = "hub.json.gz"
OBJECTS, SUFFIX = "objects", ".json.lzma"
SCHEMA = 2
LARGEST_MANIFEST = 4 << 20

# Looking for the cheapest way keeps other threads waiting.
MOST_SEGMENTS = 100
# Clients with a state from before the oldest epoch begin with the base.
MOST_EPOCHS = 50
# What an object costs besides its bytes: the headers of a request and of its answer, in bytes.
_HEADERS = 450

Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}$")]
Number = Annotated[int, Meta(ge=0)]


class Malformed(ValueError):
    """The bytes are not what the format says; the message says what was found."""


class Segment(Struct, frozen=True, array_like=True):
    """An object: all changes after publication `after` up to publication `to`.

    The base has `after` 0. `size` is the length of the file in bytes, `digest`
    the first 40 hexadecimal digits of its SHA-256.
    """

    after: Number
    to: Number
    size: Number
    digest: Digest

    @property
    def path(self) -> str:
        """Where the object is, from the folder of the manifest."""
        return f"{OBJECTS}/{self.digest}{SUFFIX}"


class Epoch(Struct, frozen=True, array_like=True):
    """The publications after number `after` that one start of the publisher wrote.

    `mark` is random. A folder that was restored from an older state counts on from a number
    that it has told already; the mark tells the two publications of one number apart.
    """

    after: Number
    mark: str


class Manifest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in `hub.json.gz`.

    `hub` names this history: numbers of another one mean nothing, and neither do those of
    another epoch. `written` is the head office's time (UTC). `sources` are its sources as
    it sees them; the age of a fact is counted from their `last_good`.
    """

    schema: int
    hub: str
    written: datetime
    base: Segment
    segments: tuple[Segment, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    sources: tuple[SourceStatus, ...] = ()

    def mark_of(self, number: int) -> str:
        """Return the mark of the epoch that wrote this publication; "" if none is known."""
        marks = [one.mark for one in self.epochs if one.after < number]
        return marks[-1] if marks else ""

    @property
    def latest(self) -> int:
        """The number of the last publication."""
        return max(one.to for one in (self.base, *self.segments))

    def way(self, number: int | None) -> tuple[Segment, ...] | None:
        """Return the objects that lead from `number` to the latest publication.

        None where only the base does, or where the base is the smaller load.
        """
        if number is None:
            return None
        found = cheapest(self.segments, number, self.latest)
        if found is None or cost(found) > cost(self.from_base()):
            return None
        return found

    def from_base(self) -> tuple[Segment, ...]:
        """Return the base, and the segments that lead on from it."""
        return (self.base, *(cheapest(self.segments, self.base.to, self.latest) or ()))


def cheapest(segments: Sequence[Segment], start: int, latest: int) -> tuple[Segment, ...] | None:
    """Return the segments that lead from `start` to `latest` at the least cost, None if none do."""
    costs, first = {latest: 0}, {}
    # Ways lead upwards: going from the top down, what may follow a segment is known already.
    for number in sorted({start, *(one.to for one in segments)} - {latest}, reverse=True):
        for one in segments:
            if one.after <= number < one.to and one.to in costs:
                whole = costs[one.to] + one.size + _HEADERS
                if whole < costs.get(number, whole + 1):
                    costs[number], first[number] = whole, one
    if start not in costs:
        return None
    way: list[Segment] = []
    while start != latest:
        way.append(first[start])
        start = way[-1].to
    return tuple(way)


def cost(way: Iterable[Segment]) -> int:
    """Return the bytes that these objects cost a client, their requests included."""
    return sum(one.size + _HEADERS for one in way)


class _Header(Struct, frozen=True):
    schema: int


# The defaults of a status, which are not written.
_USUAL = msgspec.to_builtins(SourceStatus(name="", kind=""))


def digest_of(data: bytes) -> str:
    """Return the digest that names an object with this content."""
    return hashlib.sha256(data).hexdigest()[:40]


def encode(manifest: Manifest) -> bytes:
    """Return the bytes of `hub.json.gz`; the same manifest gives the same bytes."""
    told = msgspec.to_builtins(manifest)
    told["sources"] = [
        {
            field: value
            for field, value in status.items()
            if field in ("name", "kind") or value != _USUAL[field]
        }
        for status in told.get("sources", ())
    ]
    return gzip.compress(msgspec.json.encode(told), 9, mtime=0)


def decode(data: bytes) -> Manifest:
    """Return the manifest of the bytes, also where a server has unpacked them.

    Raises `Malformed`.
    """
    try:
        if data.startswith(b"\x1f\x8b"):
            unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
            unpacked = unpacker.decompress(data, LARGEST_MANIFEST)
            if not unpacker.eof:
                raise Malformed("it ends in the middle, or is too large")
            data = unpacked
        schema = msgspec.json.decode(data, type=_Header).schema
        if schema != SCHEMA:
            raise Malformed(f"schema {schema}, not {SCHEMA}: update the older program")
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, zlib.error, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    if manifest.written.tzinfo is None:
        raise Malformed("`written` has no time zone")
    if len(manifest.segments) > MOST_SEGMENTS:
        raise Malformed(f"{len(manifest.segments)} segments are too many")
    if len(manifest.epochs) > MOST_EPOCHS:
        raise Malformed(f"{len(manifest.epochs)} epochs are too many")
    for one in manifest.segments:
        if one.after >= one.to:
            raise Malformed(f"the segment {one.after}-{one.to} goes backwards")
    if cheapest(manifest.segments, manifest.base.to, manifest.latest) is None:
        raise Malformed("no segment leads on from the base")
    names = [status.name for status in manifest.sources]
    if len(names) != len(set(names)) or not all(names):
        raise Malformed("two sources have one name, or one has none")
    for status in manifest.sources:
        for moment in (status.last_good, status.last_try, status.next_try, status.lost_since):
            if moment is not None and moment.tzinfo is None:
                raise Malformed(f"a time of {status.name} has no time zone")
