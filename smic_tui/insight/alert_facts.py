"""From the memory of alerts to the alerts on screen.

An acknowledgement holds until its `until`. Without `until` it holds for this
time only: it was given after the condition was first seen. With a `digest`, it
ends in any case when the alert's digest is another. An alert whose
acknowledgement has ended is firing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from smic_tui.config.schema import AlertRule, Settings
from smic_tui.i18n import _, phrase
from smic_tui.insight.ordered import in_order
from smic_tui.model.alert_store import AlertEntry, AlertStore
from smic_tui.model.facts import AlertFact, SiteFact
from smic_tui.model.states import AlertStatus, Level
from smic_tui.model.user_state import Acknowledgement, UserState
from smic_tui.system.turns import yielding

STALE_RULE = "source-stale"
BROKEN_RULE = "rule-broken"

SEVERITIES = {"info": Level.NOTICE, "warning": Level.WARNING, "critical": Level.CRITICAL}

_STATUSES = {
    AlertStatus.FIRING: 0,
    AlertStatus.ACKNOWLEDGED: 1,
    AlertStatus.PENDING: 2,
    AlertStatus.CLEARED: 3,
}


def acknowledged_now(entry: AlertEntry, ack: Acknowledgement | None, now: datetime) -> bool:
    """Whether `ack` holds for `entry` at `now`."""
    if ack is None or (ack.digest and ack.digest != entry.digest):
        return False
    return ack.at >= entry.since if ack.until is None else now < ack.until


def _status(entry: AlertEntry, ack: Acknowledgement | None, now: datetime) -> AlertStatus:
    if entry.cleared is not None:
        return AlertStatus.CLEARED
    if entry.fired is None:
        return AlertStatus.PENDING
    return AlertStatus.ACKNOWLEDGED if acknowledged_now(entry, ack, now) else AlertStatus.FIRING


def _built_in(name: str) -> tuple[Level, str]:
    if name == STALE_RULE:
        return Level.WARNING, _("What this source says is too old to be trusted; see Sources.")
    if name == BROKEN_RULE:
        return Level.WARNING, _("This rule watches nothing until its filter is corrected.")
    return Level.NOTICE, _("This rule is no longer in the configuration.")


def _order(fact: AlertFact) -> tuple[float | str, ...]:
    moment = fact.cleared or fact.fired or fact.since
    return _STATUSES[fact.status], -fact.severity, -moment.timestamp(), fact.fingerprint


class AlertFacts:
    """Makes the facts of alerts, for one configuration in one language.

    Of an alert whose entry stays and that nobody has acknowledged, the fact made before is
    handed out again. One caller at a time.
    """

    def __init__(self, settings: Settings) -> None:
        self._rules: dict[str, AlertRule] = {rule.name: rule for rule in settings.alerts}
        # What was made last of which entry, where nobody had acknowledged it.
        self._made: dict[str, tuple[AlertEntry, AlertFact]] = {}
        self._last: tuple[AlertFact, ...] = ()

    def of(
        self,
        store: AlertStore,
        sites: Mapping[str, SiteFact],
        user: UserState,
        now: datetime,
    ) -> tuple[AlertFact, ...]:
        """The alerts in `store` at `now` (UTC): firing first, then acknowledged, pending, cleared.

        Within each: the most severe, then the newest first. `sites` give the names.
        """
        facts: list[AlertFact] = []
        made: dict[str, tuple[AlertEntry, AlertFact]] = {}
        for fingerprint, entry in yielding(store.items()):
            site = sites.get(entry.site)
            site_name = site.site.name if site else ""
            ack = user.acknowledgements.get(fingerprint)
            before = self._made.get(fingerprint)
            if (
                before is not None
                and before[0] is entry
                and ack is None
                and before[1].site_name == site_name
            ):
                fact = before[1]
            else:
                fact = self._fact(entry, site_name, ack, now)
            facts.append(fact)
            if ack is None:
                made[fingerprint] = (entry, fact)
        self._made = made
        # In what order they come does not matter: each has a place of its own.
        if len(facts) != len(self._last) or {*map(id, facts)} != {*map(id, self._last)}:
            self._last = tuple(in_order(facts, _order))
        return self._last

    def _fact(
        self, entry: AlertEntry, site_name: str, ack: Acknowledgement | None, now: datetime
    ) -> AlertFact:
        rule = self._rules.get(entry.rule)
        severity, text = _built_in(entry.rule)
        if rule:
            severity, text = SEVERITIES[rule.severity], rule.text
        status = _status(entry, ack, now)
        shown = ack if ack and status is AlertStatus.ACKNOWLEDGED else None
        return AlertFact(
            fingerprint=entry.fingerprint,
            rule=entry.rule,
            severity=severity,
            subject=entry.subject,
            site=entry.site,
            site_name=site_name,
            summary=phrase(entry.summary),
            text=text,
            status=status,
            since=entry.since,
            began=entry.began,
            fired=entry.fired,
            cleared=entry.cleared,
            digest=entry.digest,
            blind=entry.blind and status is not AlertStatus.CLEARED,
            acknowledged_by=shown.by if shown else "",
            acknowledged_until=shown.until if shown else None,
            bell=bool(rule and rule.bell),
            source=entry.source,
            key=entry.key,
        )
