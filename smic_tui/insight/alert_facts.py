"""From the memory of alerts to the alerts on screen.

An acknowledgement holds until its `until`. Without `until` it holds for this
time only: it was given after the condition was first seen. With a `digest`, it
ends in any case when the alert's digest is another. An alert whose
acknowledgement has ended is firing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from smic_tui.config.schema import AlertRule, Settings
from smic_tui.i18n import _, language
from smic_tui.insight.incremental.ordered import in_order
from smic_tui.model.alert_book import AlertBook, AlertEntry
from smic_tui.model.facts import AlertFact, SiteFact
from smic_tui.model.states import AlertLife, Level
from smic_tui.model.user_state import Acknowledgement, UserState
from smic_tui.system.turns import giving_way

STALE_RULE = "source-stale"
BROKEN_RULE = "rule-broken"

SEVERITIES = {"info": Level.NOTICE, "warning": Level.WARNING, "critical": Level.CRITICAL}

_LIVES = {
    AlertLife.FIRING: 0,
    AlertLife.ACKNOWLEDGED: 1,
    AlertLife.PENDING: 2,
    AlertLife.CLEARED: 3,
}


def acknowledged_now(entry: AlertEntry, ack: Acknowledgement | None, now: datetime) -> bool:
    """Whether `ack` holds for `entry` at `now`."""
    if ack is None or (ack.digest and ack.digest != entry.digest):
        return False
    return ack.at >= entry.since if ack.until is None else now < ack.until


def _life(entry: AlertEntry, ack: Acknowledgement | None, now: datetime) -> AlertLife:
    if entry.cleared is not None:
        return AlertLife.CLEARED
    if entry.fired is None:
        return AlertLife.PENDING
    return AlertLife.ACKNOWLEDGED if acknowledged_now(entry, ack, now) else AlertLife.FIRING


def _built_in(name: str) -> tuple[Level, str]:
    if name == STALE_RULE:
        return Level.WARNING, _("What this source says is too old to be trusted; see Sources.")
    if name == BROKEN_RULE:
        return Level.WARNING, _("This rule watches nothing until its filter is corrected.")
    return Level.NOTICE, _("This rule is no longer in the configuration.")


def _order(fact: AlertFact) -> tuple[float | str, ...]:
    moment = fact.cleared or fact.fired or fact.since
    return _LIVES[fact.life], -fact.severity, -moment.timestamp(), fact.fingerprint


class _Made(Struct):
    """What was made of which entry, where nobody has acknowledged it."""

    settings: Settings
    language: str
    made: dict[str, tuple[AlertEntry, AlertFact]]
    facts: tuple[AlertFact, ...]


# One or none, replaced whole: threads may ask at once.
_last: list[_Made] = []


def alerts_of(
    book: AlertBook,
    sites: Mapping[str, SiteFact],
    user: UserState,
    settings: Settings,
    now: datetime,
) -> tuple[AlertFact, ...]:
    """The alerts in `book`: firing first, then acknowledged, pending, cleared.

    Within each: the most severe, then the newest first. `sites` give the names.
    """
    rules: dict[str, AlertRule] = {rule.name: rule for rule in settings.alerts}
    known = next(iter(_last), None)
    if known is not None and (known.settings is not settings or known.language != language()):
        known = None
    facts, same = [], known is not None and len(known.facts) == len(book)
    made: dict[str, tuple[AlertEntry, AlertFact]] = {}
    for fingerprint, entry in giving_way(book.items()):
        before = known.made.get(fingerprint) if known else None
        if before is not None and before[0] is entry and fingerprint not in user.acknowledgements:
            site = sites.get(entry.site)
            fact = before[1]
            if fact.site_name == (site.site.name if site else "") and not fact.acknowledged_by:
                facts.append(fact)
                made[fingerprint] = before
                continue
        same = False
        rule = rules.get(entry.rule)
        severity, text = _built_in(entry.rule)
        if rule:
            severity, text = SEVERITIES[rule.severity], rule.text
        ack = user.acknowledgements.get(entry.fingerprint)
        life = _life(entry, ack, now)
        site = sites.get(entry.site)
        shown = ack if ack and life is AlertLife.ACKNOWLEDGED else None
        fact = AlertFact(
            fingerprint=entry.fingerprint,
            rule=entry.rule,
            severity=severity,
            subject=entry.subject,
            site=entry.site,
            site_name=site.site.name if site else "",
            summary=entry.summary,
            text=text,
            life=life,
            since=entry.since,
            fired=entry.fired,
            cleared=entry.cleared,
            digest=entry.digest,
            blind=entry.blind and life is not AlertLife.CLEARED,
            acknowledged_by=shown.by if shown else "",
            acknowledged_until=shown.until if shown else None,
            bell=bool(rule and rule.bell),
            source=entry.source,
            key=entry.key,
        )
        facts.append(fact)
        if ack is None:
            made[fingerprint] = (entry, fact)
    found = known.facts if known is not None and same else tuple(in_order(facts, _order))
    _last[:] = [_Made(settings, language(), made, found)]
    return found
