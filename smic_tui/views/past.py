"""What was known of a site or a host before nobody could see it any more."""

from __future__ import annotations

from datetime import datetime

from smic_tui.i18n import _
from smic_tui.model.facts import SiteFact
from smic_tui.records import Health
from smic_tui.views import human
from smic_tui.views.look import Look
from smic_tui.views.words import word


def was_host(health: Health, look: Look) -> str:
    """The last state of a host or service, and when it was seen: "was up, 6 h ago"."""
    return _was(word(health.state), _seen(health, look), look)


def was_site(fact: SiteFact, look: Look) -> str:
    """The last state of a site, and when it was seen."""
    moments = [moment for one in fact.past if (moment := _seen(one, look))]
    return _was(word(fact.last_state), min(moments, default=None), look)


def _seen(health: Health, look: Look) -> datetime | None:
    """When the state was true for the last time that is known."""
    if health.outdated and health.checked is not None:
        return health.checked
    return look.freshness.last_good((health.source,))


def _was(state: str, seen: datetime | None, look: Look) -> str:
    if seen is None:
        return _("was {state}").format(state=state)
    ago = human.ago((look.now - seen).total_seconds())
    return _("was {state}, {ago}").format(state=state, ago=ago)
