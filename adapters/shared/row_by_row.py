"""Reads the rows of an answer one by one: a row that cannot be read costs the others nothing.

And refuses an answer of which no row at all can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import SourceError

T = TypeVar("T")

# How much of a row is shown where it is set aside, in bytes.
_SAMPLE = 200


def read_each(
    raws: Iterable[msgspec.Raw],
    read: Callable[[msgspec.Raw], T],
    where: Callable[[int, msgspec.Raw], str],
) -> tuple[list[T], list[Rejected]]:
    """Return what `read` makes of each row, and the rows that were set aside.

    Public. `read` raises `msgspec.DecodeError`, `ValueError` or `OverflowError` for a row that it
    cannot read.
    `where` names the place of such a row, given its number (from 1) and the row itself.
    """
    done: list[T] = []
    rejected: list[Rejected] = []
    for number, raw in enumerate(raws, start=1):
        try:
            done.append(read(raw))
        except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
            rejected.append(set_aside(where(number, raw), error, raw))
    return done, rejected


def set_aside(where: str, error: Exception, raw: msgspec.Raw | bytes = b"") -> Rejected:
    """Return a row that cannot be read, with its place, the reason and its beginning. Public."""
    sample = bytes(raw)[:_SAMPLE].decode(errors="replace")
    return Rejected(where=where, reason=str(error), sample=sample)


def refuse_to_empty_the_cache(
    usable: int, rejected: Sequence[Rejected], refusal: Callable[[Rejected], SourceError]
) -> None:
    """Raise `refusal` of the first row set aside when rows came and none could be read.

    Public. Call it at the end of a full reading: an empty one that ends without an error deletes
    every record that the program knows of the source.
    """
    if rejected and not usable:
        raise refusal(rejected[0])
