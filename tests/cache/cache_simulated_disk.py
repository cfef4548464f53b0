"""A disk that can lose power at any operation, and everything it may then hold.

Names and contents live in memory. A content that was not synced may survive as
it was synced last, half, or whole; of the changes of names since a folder was
synced, any part may survive. `states_after_power_cut` gives them all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from smic_tui.cache.file_ops import FileOps, Signature


class PowerCut(BaseException):
    """The program is no more. Not an Exception: nothing may handle it."""


@dataclass
class Inode:
    number: int
    data: bytes = b""
    synced: bytes = b""
    clock: int = 0

    def copy(self, data: bytes) -> Inode:
        return Inode(self.number, data, data, self.clock)


@dataclass
class SimulatedDisk(FileOps):
    """Stops when `stop_after` changing operations are done; a write may be torn then."""

    stop_after: int | None = None
    torn: bool = False
    done: int = 0
    log: list[str] = field(default_factory=list)
    names_now: dict[Path, Inode] = field(default_factory=dict)
    names_synced: dict[Path, Inode] = field(default_factory=dict)
    # Changes of names that are not synced: what disappears, and what appears.
    pending: list[tuple[tuple[Path, ...], tuple[tuple[Path, Inode], ...]]] = field(
        default_factory=list
    )
    open_files: dict[int, Inode] = field(default_factory=dict)
    counter: int = 0

    # The operations of FileOps

    def read(self, path: Path) -> tuple[bytes, Signature]:
        inode = self._find(path)
        return inode.data, self._signature(inode)

    def signature(self, path: Path) -> Signature | None:
        inode = self.names_now.get(path)
        return None if inode is None else self._signature(inode)

    def names(self, folder: Path) -> list[str]:
        return [path.name for path in self.names_now if path.parent == folder]

    def create(self, path: Path, mode: int | None, group: int | None) -> int:
        self._step(f"create {path.name}")
        if path in self.names_now:
            raise FileExistsError(path)
        self.counter += 1
        inode = Inode(self.counter)
        self._change((), ((path, inode),))
        self.open_files[self.counter] = inode
        return self.counter

    def write(self, descriptor: int, data: bytes) -> None:
        inode = self.open_files[descriptor]
        if self.torn and self.done == self.stop_after:
            inode.data += data[: len(data) // 2]
        self._step("write")
        inode.data += data
        self.counter += 1
        inode.clock = self.counter

    def sync(self, descriptor: int) -> None:
        self._step("sync")
        inode = self.open_files[descriptor]
        inode.synced = inode.data

    def close(self, descriptor: int) -> None:
        self._step("close")
        del self.open_files[descriptor]

    def link(self, path: Path, other: Path) -> None:
        self._step(f"link {other.name}")
        if other in self.names_now:
            raise FileExistsError(other)
        self._change((), ((other, self._find(path)),))

    def rename(self, path: Path, other: Path) -> None:
        self._step(f"rename {path.name} {other.name}")
        self._change((path,), ((other, self._find(path)),))

    def unlink(self, path: Path) -> None:
        if path in self.names_now:
            self._step(f"unlink {path.name}")
            self._change((path,), ())

    def sync_folder(self, folder: Path) -> None:
        self._step("sync folder")
        for gone, come in self.pending:
            _apply(self.names_synced, gone, come)
        self.pending.clear()

    # What is left

    def sync_everything(self) -> None:
        """The disk has had time: nothing is left to lose."""
        self.names_synced = dict(self.names_now)
        self.pending.clear()
        for inode in self.names_now.values():
            inode.synced = inode.data

    def put(self, path: Path, data: bytes) -> None:
        """Something else than the program has written this, and it is on the disk."""
        self.counter += 1
        self.names_now[path] = Inode(self.counter, data, data, self.counter)
        self.sync_everything()

    def contents(self) -> frozenset[tuple[Path, bytes]]:
        """All names and what they hold: two disks of the same contents are the same."""
        return frozenset((path, inode.data) for path, inode in self.names_now.items())

    def state_after_kill(self) -> SimulatedDisk:
        """The program was killed, the system goes on: everything done is there."""
        return _disk({path: inode.copy(inode.data) for path, inode in self.names_now.items()})

    def states_after_power_cut(self) -> Iterator[SimulatedDisk]:
        """Every state that the disk may be in once power is back, each once."""
        seen: set[frozenset[tuple[Path, int, bytes]]] = set()
        for kept in itertools.product((False, True), repeat=len(self.pending)):
            names = dict(self.names_synced)
            for keep, (gone, come) in zip(kept, self.pending, strict=True):
                if keep:
                    _apply(names, gone, come)
            inodes = {inode.number: inode for inode in names.values()}
            choices = [_possible_contents(inode) for inode in inodes.values()]
            for contents in itertools.product(*choices):
                data = dict(zip(inodes, contents, strict=True))
                key = frozenset(
                    (path, node.number, data[node.number]) for path, node in names.items()
                )
                if key not in seen:
                    seen.add(key)
                    copies = {number: inodes[number].copy(data[number]) for number in inodes}
                    yield _disk({path: copies[node.number] for path, node in names.items()})

    def _step(self, what: str) -> None:
        if self.stop_after is not None and self.done >= self.stop_after:
            raise PowerCut(what)
        self.done += 1
        self.log.append(what)

    def _change(self, gone: tuple[Path, ...], come: tuple[tuple[Path, Inode], ...]) -> None:
        _apply(self.names_now, gone, come)
        self.pending.append((gone, come))

    def _find(self, path: Path) -> Inode:
        try:
            return self.names_now[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def _signature(self, inode: Inode) -> Signature:
        return Signature(inode.number, inode.clock, len(inode.data))


def _possible_contents(inode: Inode) -> list[bytes]:
    return (
        list(dict.fromkeys((inode.synced, inode.data[: len(inode.data) // 2], inode.data)))
        if (inode.synced != inode.data)
        else [inode.data]
    )


def _apply(
    names: dict[Path, Inode], gone: tuple[Path, ...], come: tuple[tuple[Path, Inode], ...]
) -> None:
    for path in gone:
        names.pop(path, None)
    names.update(come)


def _disk(names: dict[Path, Inode]) -> SimulatedDisk:
    highest = max((max(node.number, node.clock) for node in names.values()), default=0)
    return SimulatedDisk(names_now=dict(names), names_synced=dict(names), counter=highest)
