"""Tells what the exit status of a script's command means.

0 is a success. Many programs have other statuses that are none: robocopy ends with 1 to 7, rsync
with 24 when a file vanished meanwhile, borg with 1 and restic with 3 when some files could not be
read.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from smic_tui.records import RunResult


class Codes(Struct, frozen=True, kw_only=True):
    """The statuses besides 0 that are a success, and those that are a warning."""

    ok: frozenset[int] = frozenset()
    warning: frozenset[int] = frozenset()

    def result_of(self, code: int) -> RunResult:
        """Return how a run ended that has this exit status."""
        if code == 0 or code in self.ok:
            return RunResult.OK
        return RunResult.WARNING if code in self.warning else RunResult.FAILED


NO_CODES = Codes()


class CodesOfJobs(Struct, frozen=True, kw_only=True):
    """The codes by the key of a job; the usual ones for those that have none of their own."""

    usual: Codes = NO_CODES
    by_job: Mapping[str, Codes] = {}

    def of(self, job: str) -> Codes:
        """Return the codes of a job."""
        return self.by_job.get(job, self.usual)
