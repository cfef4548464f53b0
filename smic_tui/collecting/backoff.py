"""Works out how long to leave a source alone that does not answer. All times in seconds."""

from __future__ import annotations

import random

# The longest first pause; the limit doubles with each failure.
FIRST = 5.0
# Longer pauses help no source, and keep people waiting after it is back.
LONGEST = 300.0
SHORTEST = 0.5
# A source that asks for a longer pause than this is tried again all the same.
LONGEST_ASKED = 3600.0
# How often a source is tried whose fault only a person can mend.
PARKED = 1800.0


def delay(failures: int, refresh: float, retry_after: float | None = None) -> float:
    """Return the seconds to wait after `failures` failures in a row (1 or more).

    The pause is random between nothing and a limit, so that programs and sources that
    failed together do not come back together. The limit is never above the refresh
    interval, but for fast sources it may grow to half a minute. A pause that the
    source itself asks for (`retry_after`) is kept.
    """
    limit = min(LONGEST, max(refresh, 30.0), min(FIRST, refresh) * 2.0 ** min(failures, 30))
    pause = max(SHORTEST, random.uniform(0, limit))  # noqa: S311 - no secret
    if retry_after is not None and retry_after > 0:
        pause = max(pause, min(retry_after, LONGEST_ASKED))
    return pause
