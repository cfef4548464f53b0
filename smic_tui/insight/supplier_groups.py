"""Many sites behind one failed supplier are one trouble.

A group is at least five sites of the same supplier (written the same but for
case and accents) that are down, not acknowledged and not in downtime, and went
down within fifteen minutes of the first of them. A group that was already known
lasts until fewer than two such sites are left, so that it does not fall apart
into single alerts while the sites come back one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from smic_tui.model.facts import SiteFact
from smic_tui.model.states import Level, SiteState
from smic_tui.text import fold

SMALLEST = 5
SMALLEST_KNOWN = 2
WITHIN = timedelta(minutes=15)


class SupplierGroup(Struct, frozen=True, kw_only=True):
    """Sites that went down together. `key` is the supplier, folded."""

    key: str
    supplier: str
    since: datetime
    sites: tuple[SiteFact, ...]


def is_hit(fact: SiteFact) -> bool:
    """Whether a site is down in a way that an outage of its supplier would explain."""
    return fact.state is SiteState.DOWN and fact.level >= Level.WARNING and bool(fact.site.supplier)


def down_since(fact: SiteFact) -> datetime | None:
    """When the worst of the site's hosts went down."""
    return fact.health[0].since if fact.health else None


def supplier_groups(
    sites: Iterable[SiteFact], known: Collection[str] = ()
) -> tuple[SupplierGroup, ...]:
    """The groups among `sites`; `known` are keys of groups that existed before.

    A supplier has at most one group, its largest.
    """
    hit: dict[str, list[tuple[datetime, SiteFact]]] = defaultdict(list)
    for fact in sites:
        since = down_since(fact) if is_hit(fact) else None
        if since is not None:
            hit[fold(fact.site.supplier)].append((since, fact))
    groups = []
    for key, dated in hit.items():
        smallest = SMALLEST_KNOWN if key in known else SMALLEST
        if len(dated) < smallest:
            continue
        dated.sort(key=lambda one: (one[0], one[1].key))
        largest: list[tuple[datetime, SiteFact]] = []
        end = 0
        for start, (first, _fact) in enumerate(dated):
            while end < len(dated) and dated[end][0] - first <= WITHIN:
                end += 1
            if end - start > len(largest):
                largest = dated[start:end]
        if len(largest) >= smallest:
            groups.append(
                SupplierGroup(
                    key=key,
                    supplier=largest[0][1].site.supplier,
                    since=largest[0][0],
                    sites=tuple(fact for _since, fact in largest),
                )
            )
    groups.sort(key=lambda group: (-len(group.sites), group.key))
    return tuple(groups)
