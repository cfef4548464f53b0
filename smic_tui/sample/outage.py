"""The failure of one access supplier, which took forty sites down together."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from smic_tui.sample.chance import chance
from smic_tui.sample.sites import SampleSite

SUPPLIER = "Boutonne Services Exemple"
SITES = 40
COPPER = ("RTC", "ADSL", "VDSL")


class Outage(Struct, frozen=True, kw_only=True):
    """An outage that began at `began` (UTC) and still lasts.

    `sites` holds the codes of the sites that are cut off.
    """

    supplier: str
    began: datetime
    sites: frozenset[str]


def outage(sites: tuple[SampleSite, ...], seed: int, now: datetime) -> Outage:
    """Returns an outage of forty sites, on copper lines first, down for one to two hours."""
    random = chance(seed, "outage")
    behind = [site.code for site in sites if site.supplier == SUPPLIER and site.line in COPPER]
    behind += [site.code for site in sites if site.supplier == SUPPLIER and site.line not in COPPER]
    ago = timedelta(minutes=random.randrange(70, 130), seconds=random.randrange(60))
    return Outage(
        supplier=SUPPLIER,
        began=(now - ago).replace(microsecond=0),
        sites=frozenset(behind[:SITES]),
    )
