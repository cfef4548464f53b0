"""All lists by subject."""

from __future__ import annotations

from smic_tui.views.listing import Listing
from smic_tui.views.lists.alerts import ALERTS
from smic_tui.views.lists.backups import BACKUPS
from smic_tui.views.lists.requests import REQUESTS
from smic_tui.views.lists.sites import SITES
from smic_tui.views.lists.sources import SOURCES
from smic_tui.views.lists.tickets import TICKETS

LISTINGS: dict[str, Listing] = {
    listing.subject: listing for listing in (SITES, BACKUPS, TICKETS, REQUESTS, ALERTS, SOURCES)
}
