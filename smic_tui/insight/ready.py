"""What screens ask of a situation at once, worked out before: it would hold the event loop."""

from __future__ import annotations

from smic_tui.insight.tally import (
    remember,
    tally_of_backups,
    tally_of_requests,
    tally_of_sites,
    tally_of_tickets,
)
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.facts import Situation
from smic_tui.system.turns import alone


def get_ready(situation: Situation) -> None:
    """Know the lines of the Overview and the sums of all lists. Off the event loop."""
    with alone():
        troubles(situation)
        remember(situation.sites, tally_of_sites(situation.sites))
        remember(situation.backups, tally_of_backups(situation.backups))
        remember(situation.tickets, tally_of_tickets(situation.tickets))
        remember(situation.requests, tally_of_requests(situation.requests))
