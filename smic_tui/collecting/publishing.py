"""The head office's folder for thin clients, which a web server or rsync serves read-only.

    hub.json.gz               the manifest; replaced last, whole
    objects/DIGEST.json.xz    the base and the segments; never changed once there

The folder is all that this side remembers: the next program takes the history
up from there, or begins a new one where it is damaged.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from smic_tui.collecting.retention import expired
from smic_tui.hub import manifest as hub
from smic_tui.hub.manifest import Malformed, Manifest, Segment, digest_of
from smic_tui.hub.packing import Changes, Place, pack, unpack
from smic_tui.hub.worth import is_news, publishable
from smic_tui.records import Record, Stream
from smic_tui.snapshot import Snapshot, SourceContents, SourceStatus

# A client that has the last manifest may still fetch what this one does not name.
GRACE = 6 * 3600.0
# Who was away for longer gets the base: after some days it is the smaller load anyway.
_FIRST_KEPT = 40
# A new base when as many bytes have changed since the last as it has.
_BASE_SHARE = 1.0
# A segment is written again when more of it than this is also told by later ones.
_TOLD_TWICE = 0.05
_FILE_MODE, _FOLDER_MODE = 0o640, 0o750


class Publishing:
    """Publishes snapshots into `folder`. Every method blocks; one thread at a time.

    Segments are merged two by two like the digits of a binary number, so that
    their count grows with the logarithm of the time: a client that was away for a
    night fetches some ten objects, one that was away for a minute one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._published: dict[Place, dict[str, Record]] = {}
        self._last: Manifest | None = None
        self._loaded = False

    def publish(self, snapshot: Snapshot) -> Manifest | None:
        """Publish what the snapshot knows; raises `OSError` when the folder cannot be written.

        Nothing is written when neither facts nor the state of a source have changed, nor
        as long as no source has ever been read (then None is returned): clients would take
        that nothing is known for nothing being there.
        """
        self._prepare()
        if not self._loaded:
            self._load()
        read = [one.status.last_good is not None for one in snapshot.sources]
        if self._last is None and read and not any(read):
            return None
        snapshot = self._with_known(snapshot)
        changes = self._changes(snapshot)
        sources = tuple(_as_published(one.status) for one in snapshot.sources)
        last = self._last
        if last is None:
            now = Changes({place: rows for place, rows in changes.rows.items() if rows})
            manifest = Manifest(
                schema=hub.SCHEMA,
                hub=os.urandom(6).hex(),
                written=_second(snapshot.taken),
                base=self._store(now, 0, 1),
                sources=sources,
            )
        elif changes.nothing and sources == last.sources:
            return last
        else:
            manifest = msgspec.structs.replace(
                last, written=_second(snapshot.taken), sources=sources
            )
            if not changes.nothing:
                manifest = self._with(manifest, changes)
        self._write(self.folder / hub.NAME, hub.encode(manifest))
        self._apply(changes)
        self._last = manifest
        self._clean(manifest, last)
        return manifest

    def _with_known(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot in which sources that were not read yet stand as they were published.

        A head office that begins with an empty cache knows less than its clients: what
        they have stays, with the age that it has.
        """
        last = self._last
        published = {} if last is None else {status.name: status for status in last.sources}

        def known(one: SourceContents) -> SourceContents:
            before = published.get(one.status.name)
            if one.status.last_good is not None or before is None or before.last_good is None:
                return one
            rows = {
                stream: rows
                for (name, stream), rows in self._published.items()
                if name == one.status.name
            }
            return SourceContents(status=before, rows=rows)

        return msgspec.structs.replace(snapshot, sources=tuple(map(known, snapshot.sources)))

    def _with(self, manifest: Manifest, changes: Changes) -> Manifest:
        number = manifest.latest + 1
        segments = list(manifest.segments)
        after = number - 1
        # 1011 + 1: what the carry runs through becomes one segment.
        while segments and segments[-1].to - segments[-1].after == number - after:
            earlier = segments.pop()
            changes = self._read(earlier).followed_by(changes)
            after = earlier.after
        segments = self._compacted(segments, changes)
        segments.append(self._store(changes, after, number))
        while len(segments) > _FIRST_KEPT and segments[0].to <= manifest.base.to:
            segments.pop(0)
        manifest = msgspec.structs.replace(manifest, segments=tuple(segments))
        since = sum(one.size for one in manifest.from_base()[1:])
        if since > manifest.base.size * _BASE_SHARE:
            whole = {place: dict(rows) for place, rows in self._published.items()}
            state = Changes(whole).followed_by(changes)
            base = self._store(Changes(state.rows), 0, number)
            manifest = msgspec.structs.replace(manifest, base=base)
        return manifest

    def _compacted(self, segments: list[Segment], later: Changes) -> list[Segment]:
        """Leave out of segments what later ones tell anew: who takes one takes those as well.

        A segment is written again only where enough of it is told twice.
        """
        told = _keys(later)
        kept: list[Segment] = []
        for segment in reversed(segments):
            changes = self._read(segment)
            own = _keys(changes)
            twice = sum(len(keys & told.get(place, set())) for place, keys in own.items())
            if twice > _TOLD_TWICE * sum(map(len, own.values())):
                changes = changes.without(told)
                segment = self._store(changes, segment.after, segment.to)
            for place, keys in own.items():
                told.setdefault(place, set()).update(keys)
            kept.append(segment)
        return kept[::-1]

    def _changes(self, snapshot: Snapshot) -> Changes:
        changes = Changes({}, {})
        seen: set[Place] = set()
        for one in snapshot.sources:
            for stream, rows in one.rows.items():
                place = (one.status.name, stream)
                seen.add(place)
                before = self._published.get(place, {})
                found: dict[str, Record] = {}
                for key, row in rows.items():
                    new = publishable(row)
                    if is_news(before.get(key), new):
                        found[key] = new
                changes.rows[place] = found
                gone = before.keys() - rows.keys()
                if stream is Stream.BACKUP_RUNS and gone:
                    # New runs push out old ones; clients see to that themselves.
                    pushed_out = gone & expired(stream, _as_one(before, rows), snapshot.taken)
                    for key in pushed_out:
                        del before[key]
                    gone -= pushed_out
                changes.gone[place] = gone
        for place in self._published.keys() - seen:
            changes.gone[place] = set(self._published[place])
        return changes

    def _apply(self, changes: Changes) -> None:
        for place, keys in changes.gone.items():
            rows = self._published.setdefault(place, {})
            for key in keys:
                rows.pop(key, None)
        for place, found in changes.rows.items():
            self._published.setdefault(place, {}).update(found)

    def _load(self) -> None:
        """Take up the history that stands in the folder, if all of it can be read."""
        self._loaded = True
        try:
            last = hub.decode((self.folder / hub.NAME).read_bytes())
            for segment in last.from_base():
                self._apply(self._read(segment))
            for segment in last.segments:
                self._read(segment)  # merging will need it
        except (OSError, Malformed):
            self._published = {}
            return
        self._last = last

    def _read(self, segment: Segment) -> Changes:
        data = (self.folder / segment.path).read_bytes()
        if digest_of(data) != segment.digest:
            raise Malformed(f"{segment.path} is damaged")
        return unpack(data)

    def _store(self, changes: Changes, after: int, to: int) -> Segment:
        data = pack(changes)
        segment = Segment(after, to, len(data), digest_of(data))
        path = self.folder / segment.path
        if path.exists() and path.read_bytes() == data:
            os.utime(path)
        else:
            self._write(path, data)
        return segment

    def _prepare(self) -> None:
        for folder in (self.folder, self.folder / hub.OBJECTS):
            if folder.is_dir():
                continue
            folder.mkdir(mode=_FOLDER_MODE, parents=True)
            if folder != self.folder:
                # The group of the web server, where the folder above passes it on.
                above = self.folder.stat().st_mode & stat.S_ISGID
                folder.chmod(_FOLDER_MODE | above)

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _FILE_MODE
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), _FILE_MODE)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)

    def _clean(self, manifest: Manifest, last: Manifest | None) -> None:
        """Delete what nobody can need any more: not named for longer than `GRACE`."""
        named = {Path(one.path).name for one in (manifest.base, *manifest.segments)}
        before = () if last is None else (last.base, *last.segments)
        for one in before:
            path = self.folder / one.path
            if path.name not in named and path.exists():
                os.utime(path)  # from now on it counts
        for path in (self.folder / hub.OBJECTS).iterdir():
            if path.name not in named and path.stat().st_mtime < time.time() - GRACE:
                path.unlink(missing_ok=True)


def _keys(changes: Changes) -> dict[Place, set[str]]:
    return {
        place: {*changes.rows.get(place, ()), *changes.gone.get(place, ())}
        for place in changes.rows.keys() | changes.gone.keys()
    }


def _as_one(before: dict[str, Record], rows: Mapping[str, Record]) -> dict[str, Record]:
    return before | {key: publishable(row) for key, row in rows.items()}


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _as_published(status: SourceStatus) -> SourceStatus:
    """What a client needs to tell how fresh a source's facts are, and why they are not.

    The moments of tries change all the time and say nothing about facts; the rows
    that were set aside are mended at the head office, and may hold anything.
    """
    return SourceStatus(
        name=status.name,
        kind=status.kind,
        state=status.state,
        streams=status.streams,
        last_good=None if status.last_good is None else _second(status.last_good),
        lost_since=None if status.lost_since is None else _second(status.lost_since),
        error=status.error,
        hint=status.hint,
        rows=status.rows,
        rejected_count=status.rejected_count,
        stale_after=status.stale_after,
    )
