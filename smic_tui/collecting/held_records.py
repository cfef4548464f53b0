"""Which records of a source wait, and until when, while others go on."""

from __future__ import annotations

import time
from collections.abc import Collection

from smic_tui.model.outbox_entry import RecordRef


class Pause(Exception):
    """Something must wait for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Stop(Pause):
    """Nothing more can be sent for `seconds`."""


class Hold(Pause):
    """This record cannot be dealt with for `seconds`; others may."""


class NoAnswer(Hold):
    """The source did not answer about this record. What is true of two is true of the source."""


class HeldRecords:
    """Knows when each record may be dealt with again."""

    def __init__(self) -> None:
        # On the monotonic clock, in seconds.
        self._until: dict[RecordRef, float] = {}

    def hold(self, ref: RecordRef, seconds: float) -> None:
        """Let the record wait for so many seconds from now."""
        self._until[ref] = time.monotonic() + seconds

    def release(self) -> None:
        """Let nothing wait any longer."""
        self._until.clear()

    def held(self) -> set[RecordRef]:
        """Return the records that wait."""
        now = time.monotonic()
        return {ref for ref, until in self._until.items() if until > now}

    def wait(self, among: Collection[RecordRef]) -> float | None:
        """Return the seconds until the first of these may go on; None where none waits.

        Records that are not among them are forgotten.
        """
        self._until = {ref: until for ref, until in self._until.items() if ref in among}
        if not self._until:
            return None
        return max(0.0, min(self._until.values()) - time.monotonic())
