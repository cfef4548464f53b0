"""Decides which changes are worth sending over a bad line.

Monitoring verifies everything every minute. The time of the last check is not
published while the check is as old as its interval allows: the age of such a row is that of
its source's last good answer, which travels with each manifest. Of an outdated row the time
is a fact that stays, and travels. How long a check is valid is judged by the program that
collects, and not published. The output of a check that is well and stays well ("RTA 59
ms") is not a change; it travels with the next change of its row.
"""

from __future__ import annotations

import msgspec

from smic_tui.records import Health, HealthState, Record

_WELL = (HealthState.UP, HealthState.OK)


def publishable(row: Record) -> Record:
    """Return the row as it is published: without its source and what changes with each check."""
    if isinstance(row, Health):
        checked = row.checked if row.outdated else None
        return msgspec.structs.replace(row, source="", checked=checked, valid_for=None)
    return msgspec.structs.replace(row, source="")


def is_news(old: Record | None, new: Record) -> bool:
    """Whether a publishable row differs from what was published before (None: nothing)."""
    if isinstance(old, Health) and isinstance(new, Health) and old.state is new.state in _WELL:
        new = msgspec.structs.replace(new, output=old.output)
    return old != new
