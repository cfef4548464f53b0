"""Which changes are worth a bad line.

Monitoring verifies everything every minute. When it did so last is not
published: the age of a health row is that of its source's last good answer,
which travels with each manifest. The output of something that is well and
stays well ("RTA 59 ms") is not a change; it comes with the next one that is.
"""

from __future__ import annotations

import msgspec

from smic_tui.records import Health, HealthState, Record

_WELL = (HealthState.UP, HealthState.OK)


def publishable(row: Record) -> Record:
    """The row as it is published: without its source, and without `checked`."""
    if isinstance(row, Health):
        return msgspec.structs.replace(row, source="", checked=None)
    return msgspec.structs.replace(row, source="")


def is_news(old: Record | None, new: Record) -> bool:
    """Whether a publishable row says something else than what was published before."""
    if isinstance(old, Health) and isinstance(new, Health) and old.state is new.state in _WELL:
        new = msgspec.structs.replace(new, output=old.output)
    return old != new
