"""Translates the status of a relayed source into what this program shows of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from smic_tui.collecting.intake import relayed_name
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.status import SourceStatus
from smic_tui.text import clean, clean_phrase

_LONGEST = 400


def relayed_status(
    relay: str, status: SourceStatus, began: datetime, until: float, redact: Redactor
) -> SourceStatus:
    """Return the origin's status for this program; its texts are not trusted.

    `began` is when the relay was read (UTC). An origin that was stale then, by its own
    measure, is stale at once. One that was fresh stays so for `until` seconds, in
    which the relay is read again, or longer if its own measure says so.
    """
    last_good = status.last_good
    if last_good is not None and last_good.tzinfo is not None:
        try:
            last_good = last_good.astimezone(UTC)
            stale_from = last_good + timedelta(seconds=status.stale_after)
        except OverflowError:
            last_good, stale_from = None, None
    else:
        last_good, stale_from = None, None
    stale_after = status.stale_after
    if last_good is not None and stale_from is not None and began <= stale_from:
        stale_after = max(stale_after, (began - last_good).total_seconds() + until)
    return msgspec.structs.replace(
        status,
        name=relayed_name(relay, status.name),
        kind=clean(status.kind, 40),
        last_good=last_good,
        last_try=began,
        next_try=None,
        error=clean_phrase(redact(status.error), _LONGEST),
        hint=clean_phrase(redact(status.hint), _LONGEST),
        rejected=(),
        stale_after=stale_after,
        relayed=(),
        # Its rights belong to another account.
        actions={},
        # What it sees is a matter of the office that reads it.
        view=(),
        narrowed=None,
    )
