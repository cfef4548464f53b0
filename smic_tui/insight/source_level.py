"""How much attention a source needs."""

from __future__ import annotations

from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.model.states import Level


def source_level(status: SourceStatus, *, stale: bool, unmatched: bool) -> Level:
    """UNKNOWN before the first attempt; WARNING when stale, refused or broken, or
    when its account sees less than before; NOTICE when the last attempt failed, rows were set
    aside or sites are not matched.
    """
    if status.state is SourceState.NEVER and status.last_try is None and status.last_good is None:
        return Level.UNKNOWN
    if stale or status.state in (SourceState.AUTH_FAILED, SourceState.BUG):
        return Level.WARNING
    if status.narrowed is not None:
        return Level.WARNING
    if status.state is not SourceState.OK or status.rejected_count or unmatched:
        return Level.NOTICE
    return Level.FINE
