"""What an account can see of its source, and what left the part that a source reads.

A source answers an account that sees less than before as if there were less: no error says so.
An adapter that can tell what its account sees lets the program notice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, runtime_checkable

from msgspec import Struct

from smic_tui.records import Stream, ZonedTime


class Sight(Struct, frozen=True):
    """One part of a source that the account sees: a project, an entity, a queue.

    `part` is its name at the source. `extent` compares how much of the part the account sees with
    how much it saw before: more is more. `told` is the source's own word for it.
    `key` tells the part from others where its name may change.
    """

    part: str
    extent: int = 1
    told: str = ""
    key: str = ""


class Narrowed(Struct, frozen=True, kw_only=True):
    """A source shows less than before, and nobody has agreed yet: rows are kept.

    `since` (UTC) is when that was seen first. `kept` counts the open rows that the source did not
    show any more, of `known`. `lost` are parts that the account does not see any more, `less` those
    of which it sees less, each as it is now.
    """

    since: ZonedTime
    kept: int = 0
    known: int = 0
    lost: tuple[str, ...] = ()
    less: tuple[Sight, ...] = ()


@runtime_checkable
class TellsItsView(Protocol):
    """An adapter that knows what its account sees."""

    def view(self) -> tuple[Sight, ...]:
        """Return what the account sees, as the last `fetch` or `probe` has proven."""
        ...


@runtime_checkable
class FindsExits(Protocol):
    """An adapter that can ask which known records have left what it reads.

    A ticket that is requalified, moved to another queue, merged or deleted does not come with
    what changed: it has to be missed.
    """

    async def exits(self, stream: Stream, keys: Collection[str]) -> Collection[str]:
        """Return those of `keys` that the source does not show any more.

        `keys` are those of all open records that are known after a reading of changes. It is
        called right after such a `fetch`, and raises what `fetch` raises.
        """
        ...


def narrower(
    before: Iterable[Sight], now: Iterable[Sight]
) -> tuple[tuple[str, ...], tuple[Sight, ...]]:
    """Return the parts that are not seen any more, and those of which less is seen."""
    seen = {sight.key or sight.part: sight for sight in now}
    pairs = [(sight, seen.get(sight.key or sight.part)) for sight in before]
    lost = tuple(was.part for was, sight in pairs if sight is None)
    less = tuple(sight for was, sight in pairs if sight and sight.extent < was.extent)
    return lost, less
