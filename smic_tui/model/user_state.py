"""What the person decided: never rebuilt from sources, never discarded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from smic_tui.model.outbox_entry import Entry
from smic_tui.records import ZonedTime


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """Somebody knows of an alert.

    It ends at `until` (UTC), or, where `digest` is given, when the fact that the alert
    rests on no longer has that digest.
    """

    fingerprint: str
    by: str
    at: ZonedTime
    until: ZonedTime | None = None
    digest: str = ""
    comment: str = ""


class Note(Struct, frozen=True, kw_only=True):
    """A remark on a site, for colleagues on the same cache."""

    id: str
    site: str
    by: str
    at: ZonedTime
    text: str


class PaneSeen(Struct, frozen=True, kw_only=True):
    """The last time that a pane was opened and dismissed, and what it listed then.

    `login` is who dismissed it: it comes again for others. Without one (in files of earlier
    versions) it counts for everybody.
    """

    pane: str
    login: str = ""
    due: ZonedTime
    dismissed: ZonedTime
    by: str
    listed: Mapping[str, str] = MappingProxyType({})


class UserState(Struct, frozen=True, kw_only=True):
    """All that the person decided, as it stood in the file at one moment."""

    acknowledgements: Mapping[str, Acknowledgement] = MappingProxyType({})
    notes: Mapping[str, Note] = MappingProxyType({})
    panes: Mapping[str, PaneSeen] = MappingProxyType({})
    filters: Mapping[str, str] = MappingProxyType({})
    outbox: Mapping[str, Entry] = MappingProxyType({})
