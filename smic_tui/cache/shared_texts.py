"""Makes records share equal texts and numbers: half of the memory of a large cache.

A decoder makes a new text for each field of each record, though the name of the
source, a protocol or the key of a site stand in thousands of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from msgspec.structs import force_setattr

from smic_tui.records import Record, Stream

# Fields whose values repeat, by stream; the key is shared with its table.
_AGAIN: dict[Stream, tuple[str, ...]] = {
    Stream.SITES: (
        "source",
        "code",
        "member",
        "member_code",
        "kind",
        "line",
        "supplier",
        "equipment",
        "applications",
    ),
    Stream.HEALTH: ("source", "site", "host", "service"),
    Stream.BACKUP_JOBS: (
        "source",
        "site",
        "application",
        "protocol",
        "calendar",
        "period",
        "grace",
        "closed",
    ),
    Stream.BACKUP_RUNS: ("source", "job", "site", "application", "message"),
    Stream.TICKETS: (
        "source",
        "status_label",
        "requester",
        "owner",
        "site",
        "queue",
        "supplier",
    ),
    Stream.REQUESTS: ("source", "software", "stage_label", "site", "member", "owner"),
}


# With fewer rows it saves a few megabytes only, and costs time at the start.
_MANY = 20_000


# Streams whose keys other fields repeat.
_NAMED = (Stream.SITES, Stream.HEALTH, Stream.BACKUP_JOBS)


def share_texts(stream: Stream, rows: Mapping[str, Record], texts: dict[Any, Any]) -> None:
    """Share texts among these records if they are many; only the caller may know them yet.

    `texts` holds those of the other streams of the same source.
    """
    if len(rows) < _MANY:
        return
    names = _AGAIN[stream]
    get = attrgetter(*names)
    named = stream in _NAMED
    known = texts.setdefault
    for key, record in rows.items():
        if named:
            known(key, key)
        if record.key == key:
            force_setattr(record, "key", key)
        for name, text in zip(names, get(record), strict=True):
            shared = known(text, text)
            if shared is not text:
                force_setattr(record, name, shared)
