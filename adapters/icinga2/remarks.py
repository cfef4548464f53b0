"""What `doctor` says of the parts of an Icinga that are silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from adapters.icinga2.objects import Converted
from adapters.icinga2.status import Listener
from adapters.shared.check_times import remarks_on_ages
from smic_tui.i18n import _

_MOST_NAMED = 5


def silent_endpoints(listener: Listener) -> list[str]:
    """Name the endpoints that are not connected: nobody tells what they check."""
    silent = sorted(listener.not_conn_endpoints)
    if not silent:
        return []
    return [
        _("Not connected, of {total} endpoints: {names}. What they check is old.").format(
            total=listener.num_endpoints, names=_named(silent)
        )
    ]


def remarks_on_checks(answers: Iterable[Converted], now: datetime) -> list[str]:
    """Tell of the ages of checks at `now` (UTC), and of zones most of whose checks are old."""
    records = [record for answer in answers for record in answer.records]
    zones = {key: zone for answer in answers for key, zone in answer.zones.items()}
    remarks = remarks_on_ages(records, now)
    total, old = Counter[str](), Counter[str]()
    for one in records:
        zone = zones.get(one.key)
        if zone is None or one.checked is None or one.valid_for is None:
            continue
        total[zone] += 1
        old[zone] += one.checked + timedelta(seconds=one.valid_for) < now
    silent = sorted(zone for zone, count in total.items() if 2 * old[zone] > count)
    if silent:
        remarks.append(
            _("Zones whose checks are old: {names}. Compare their clocks, too.").format(
                names=_named(silent)
            )
        )
    return remarks


def _named(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if more <= 0 else _("{names} and {count} more").format(names=shown, count=more)
