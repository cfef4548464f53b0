"""The memory of alerts: what the conditions were, and since when.

Acknowledgements are not here: they are the person's, see `user_state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from smic_tui.records import ZonedTime


class AlertEntry(Struct, frozen=True, kw_only=True):
    """One alert as the collecting program remembers it.

    `fingerprint` is rule, source and key of the subject. `began` is since when the
    subject is in trouble, None where nobody knows; `since` is when the condition was
    first seen, `fired` when the hold time had passed, `cleared`
    when it was seen no more; a cleared entry is kept for a day. `digest`
    changes when the fact beneath changes. `blind` is true while the source is
    too stale to say whether the condition still holds. `quiet_since` is when the
    condition of an alert that has fired was last seen to end, None while it holds.
    """

    fingerprint: str
    rule: str
    subject: str
    source: str
    key: str
    site: str = ""
    summary: str = ""
    since: ZonedTime
    began: ZonedTime | None = None
    fired: ZonedTime | None = None
    cleared: ZonedTime | None = None
    digest: str = ""
    blind: bool = False
    quiet_since: ZonedTime | None = None


AlertStore = Mapping[str, AlertEntry]
NO_ALERTS: AlertStore = MappingProxyType({})
