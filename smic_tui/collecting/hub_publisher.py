"""The head office's folder for thin clients, which a web server or rsync serves read-only.

    hub.json.gz                 the manifest; replaced last, whole
    objects/DIGEST.json.lzma    the base and the segments; never changed once there
    owner.json                  who publishes here

The publisher remembers nothing outside this folder: the next program takes the
history up from there, in an epoch of its own, or begins a new one where the folder is
damaged.
"""

from __future__ import annotations

import os
import stat
import time
from datetime import datetime
from pathlib import Path

import msgspec

from smic_tui.cache.file_ops import FileOps, Signature
from smic_tui.collecting.hub_history import PublicationHistory
from smic_tui.collecting.hub_owner import FolderOwner
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.hub import manifest as hub
from smic_tui.hub.manifest import Epoch, Malformed, Manifest, Segment, cheapest, cost, digest_of
from smic_tui.hub.packing import Changes, pack, unpack
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.system import atomic_file

# For so many seconds a client with an older manifest may fetch what the new one does not name.
GRACE = 3600.0
# A new base is written when what has changed since the last one costs as much as it does.
_BASE_SHARE = 1.0
# Each segment covers this many times the publications of the one before. With a smaller
# step clients fetch less that they have already, and rsync of the whole folder takes more.
_STEP = 3
# A segment is written again when the way from its end costs more than this part of it.
_TAIL = 0.2
_FILE_MODE, _FOLDER_MODE = 0o640, 0o750


class HubPublisher:
    """Publishes snapshots into `folder`. Every method blocks; one thread at a time uses it.

    The segments are the changes of the last publication, of the last three, nine, 27
    and so on, back to the base before the present one. Long ones are not written with each
    publication: the shorter ones lead on from their ends. A client that was away for a
    night fetches one of them and a tail, one that was away for a minute a short one.
    """

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        """Publish for the head office that keeps its facts in the folder `cache`."""
        self.folder = folder
        self._owner = FolderOwner(folder, cache or folder, mode=_FILE_MODE)
        self._history = PublicationHistory()
        self._last: Manifest | None = None
        self._loaded = False
        self._mark = ""
        # What the system says of the manifest as it was read or written last.
        self._known: Signature | None = None

    def publish(self, snapshot: Snapshot) -> Manifest | None:
        """Publish what the snapshot knows; return the manifest.

        Nothing is written when neither a fact nor the state of a source has changed. As
        long as some source has neither answered nor failed, the first publication waits and
        None is returned: clients would believe that nothing is there, and read twice what
        came a moment later. Raises `OwnedElsewhere` when another head office publishes into
        the folder, `OSError` when the folder cannot be written.
        """
        self._prepare()
        self._owner.claim()
        if not self._loaded or self._known != self._signature():
            # The next publication, or a folder that somebody put back from a backup.
            self._load()
        if self._last is None and _is_beginning(snapshot):
            return None
        snapshot = self._with_known(snapshot)
        changes = self._history.changes(snapshot)
        sources = tuple(_as_published(one.status) for one in snapshot.sources)
        last = self._last
        if last is not None and changes.nothing and sources == last.sources:
            return last
        try:
            manifest = self._written(changes, sources, _second(snapshot.taken))
        except OSError:
            # What stands in the folder counts, not what was meant to stand there.
            self._loaded = False
            raise
        self._last = manifest
        self._clean(manifest, last)
        return manifest

    def _written(
        self, changes: Changes, sources: tuple[SourceStatus, ...], now: datetime
    ) -> Manifest:
        last = self._last
        if last is None:
            self._history.take(changes, 1)
            self._history.forget(1)
            manifest = Manifest(
                schema=hub.SCHEMA,
                hub=os.urandom(6).hex(),
                written=now,
                base=self._store(self._history.everything(), 0, 1),
                epochs=self._epochs((), 0),
                sources=sources,
            )
        else:
            manifest = msgspec.structs.replace(last, written=now, sources=sources)
            if not changes.nothing:
                manifest = self._with(manifest, changes)
        atomic_file.replace(self.folder / hub.NAME, hub.encode(manifest), mode=_FILE_MODE)
        self._known = self._signature()
        return manifest

    def unreadable(self) -> Path | None:
        """Return something published that the group of the folder cannot read, if there is any.

        None also where the folder is not meant for its group. Raises `OSError`.
        """
        folder = self.folder.stat()
        if self._last is None or not folder.st_mode & stat.S_IRGRP:
            return None
        objects = (self._last.base, *self._last.segments)
        files = (hub.NAME, *(one.path for one in objects))
        for path in (self.folder / hub.OBJECTS, *(self.folder / name for name in files)):
            status = path.stat()
            wanted = stat.S_IRGRP | (stat.S_IXGRP if stat.S_ISDIR(status.st_mode) else 0)
            of_group = status.st_mode & wanted == wanted and status.st_gid == folder.st_gid
            # Rights of others stand three bits below those of the group.
            if not of_group and status.st_mode << 3 & wanted != wanted:
                return path
        return None

    def _with_known(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with sources that were not read yet as they were published.

        A head office that begins with an empty cache knows less than its clients: what
        the clients have stays, with the age that it has.
        """
        last = self._last
        published = {} if last is None else {status.name: status for status in last.sources}

        def known(one: SourceContents) -> SourceContents:
            before = published.get(one.status.name)
            if one.status.last_good is not None or before is None or before.last_good is None:
                return one
            rows = self._history.rows_of(one.status.name)
            return SourceContents(status=before, rows=rows)

        return msgspec.structs.replace(snapshot, sources=tuple(map(known, snapshot.sources)))

    def _with(self, manifest: Manifest, changes: Changes) -> Manifest:
        number = manifest.latest + 1
        self._history.take(changes, number)
        segments = self._segments(manifest.segments, number)
        epochs = self._epochs(manifest.epochs, manifest.latest)
        manifest = msgspec.structs.replace(manifest, segments=segments, epochs=epochs)
        if cost(manifest.from_base()[1:]) > cost([manifest.base]) * _BASE_SHARE:
            # Clients with a state from before it need a way as well.
            self._history.forget(max(manifest.base.to, self._history.first))
            base = self._store(self._history.everything(), 0, number)
            manifest = msgspec.structs.replace(manifest, base=base)
        return manifest

    def _epochs(self, before: tuple[Epoch, ...], latest: int) -> tuple[Epoch, ...]:
        """Return the epochs that clients may still come from, the present one last."""
        if not self._mark:
            self._mark = os.urandom(4).hex()
            before = (*before, Epoch(latest, self._mark))
        # The last one that began before the oldest state that a segment leads on from.
        oldest = [one for one in before if one.after < self._history.first][-1:]
        later = [one for one in before if one.after >= self._history.first]
        return tuple((oldest + later)[-hub.MOST_EPOCHS :])

    def _segments(self, before: tuple[Segment, ...], number: int) -> tuple[Segment, ...]:
        """Return the changes of the last one, three, nine … publications, the shortest first."""
        first = self._history.first
        made: list[Segment] = []
        while not made or made[-1].after > first:
            level = len(made)
            segment = before[level] if level < len(before) else None
            if segment is None or self._is_left_behind(segment, made, number):
                after = max(first, number - _STEP**level)
                segment = self._store(self._history.since(after), after, number)
            made.append(segment)
        return tuple(made)

    def _is_left_behind(self, segment: Segment, shorter: list[Segment], number: int) -> bool:
        tail = cheapest(shorter, segment.to, number)
        return tail is None or cost(tail) > segment.size * _TAIL

    def _load(self) -> None:
        """Take up the history that stands in the folder, if all of it can be read."""
        self._loaded = True
        self._last = None
        self._mark = ""
        self._history = PublicationHistory()
        self._known = self._signature()
        try:
            last = hub.decode(atomic_file.read(self.folder / hub.NAME, hub.LARGEST_MANIFEST)[0])
            told = {segment: self._read(segment) for segment in (last.base, *last.segments)}
        except (OSError, Malformed):
            return
        self._history.take_up(last, told)
        self._last = last

    def _read(self, segment: Segment) -> Changes:
        data, _status = atomic_file.read(self.folder / segment.path, segment.size)
        if digest_of(data) != segment.digest:
            raise Malformed(f"{segment.path} is damaged")
        return unpack(data)

    def _store(self, changes: Changes, after: int, to: int) -> Segment:
        data = pack(changes)
        segment = Segment(after, to, len(data), digest_of(data))
        path = self.folder / segment.path
        if self._holds(path, data):
            os.utime(path)
        else:
            atomic_file.replace(path, data, mode=_FILE_MODE)
        return segment

    @staticmethod
    def _holds(path: Path, data: bytes) -> bool:
        try:
            return atomic_file.read(path, len(data))[0] == data
        except OSError:
            return False

    def _prepare(self) -> None:
        for folder in (self.folder, self.folder / hub.OBJECTS):
            if folder.is_dir():
                continue
            folder.mkdir(mode=_FOLDER_MODE, parents=True)
            made = folder.stat().st_mode
            if made & _FOLDER_MODE != _FOLDER_MODE:
                # Only where the umask took rights away: changing the mode of a folder whose
                # group this account is not in takes away that files inherit its group.
                folder.chmod(stat.S_IMODE(made) | _FOLDER_MODE)

    def _signature(self) -> Signature | None:
        return FileOps().signature(self.folder / hub.NAME)

    def _clean(self, manifest: Manifest, last: Manifest | None) -> None:
        """Delete objects that no manifest has named for longer than `GRACE`."""
        named = {Path(one.path).name for one in (manifest.base, *manifest.segments)}
        before = () if last is None else (last.base, *last.segments)
        for one in before:
            path = self.folder / one.path
            if path.name not in named and path.exists():
                os.utime(path)  # from now on it counts
        # Whatever else somebody has put there stays.
        for path in (self.folder / hub.OBJECTS).glob("*" + hub.SUFFIX):
            if path.name not in named and path.stat().st_mtime < time.time() - GRACE:
                path.unlink(missing_ok=True)


def _is_beginning(snapshot: Snapshot) -> bool:
    """Whether a source has neither answered nor failed yet, or none ever answered."""
    read = [one.status.last_good is not None for one in snapshot.sources]
    tried = [one.status.state is not SourceState.NEVER for one in snapshot.sources]
    return bool(read) and not (any(read) and all(tried))


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _as_published(status: SourceStatus) -> SourceStatus:
    """Return what a client needs to tell how fresh a source's facts are, and why they are not.

    The times of tries change with every reading and say nothing about facts. Rejected
    rows are mended at the head office, and may hold anything.
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
