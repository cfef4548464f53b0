"""Counts what a reading of tickets could use, so that it never empties the cache by mistake.

Public.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from adapters.shared.row_by_row import refuse_to_empty_the_cache
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import SourceError

if TYPE_CHECKING:
    from adapters.http.session import HttpSession


class ReadingTally:
    """Counts the tickets of one reading that could be read, and keeps those set aside."""

    def __init__(self, *, full: bool) -> None:
        self.full = full
        self._usable = 0
        self._rejected: list[Rejected] = []

    def add(self, usable: int, rejected: Iterable[Rejected]) -> None:
        """Count one page or batch of the reading."""
        self._usable += usable
        self._rejected += rejected

    def refuse_to_empty_the_cache(self, http: HttpSession, message: str) -> None:
        """Raise `BadAnswer` at the end of a full reading none of whose tickets could be read.

        `message` is translated, and has the places {count} and {reason}.
        """

        def refusal(first: Rejected) -> SourceError:
            said = message.format(count=len(self._rejected), reason=first.reason)
            return http.bad_answer(said, first.sample.encode())

        if self.full:
            refuse_to_empty_the_cache(self._usable, self._rejected, refusal)
