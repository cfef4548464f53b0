"""Writes the lines of the Overview, and follows the situation: rewrites only what changed."""

from __future__ import annotations

from collections.abc import Iterable

from smic_tui.insight.ordered import in_order, merged
from smic_tui.insight.supplier_groups import is_hit, supplier_groups
from smic_tui.insight.trouble import (
    LINE_SORT_FIELDS,
    group_line,
    line_order,
    site_line,
    source_line,
    unmatched_lines,
)
from smic_tui.model.facts import Changes, SiteFact, Situation
from smic_tui.model.states import Level
from smic_tui.model.trouble import SiteTrouble
from smic_tui.system.turns import yielding


class TroubleLines:
    """All lines of one situation, and what they were made from. One caller at a time."""

    def __init__(self, situation: Situation) -> None:
        self._hit: dict[str, SiteFact] = {}
        self._lines: dict[str, SiteTrouble] = {}
        self._unmatched: tuple[tuple[object, ...], tuple[SiteTrouble, ...]] = ((), ())
        for fact in yielding(situation.sites):
            if is_hit(fact):
                self._hit[fact.key] = fact
        self._group()
        for fact in yielding(situation.sites):
            line = self._line_of(fact)
            if line is not None:
                self._lines[fact.key] = line
        self._sites: tuple[SiteTrouble, ...] = tuple(in_order(self._lines.values(), line_order))
        self.all = self._with_others(situation)

    def follow(self, situation: Situation, changes: Changes) -> None:
        """Become the lines of the next situation, into which `changes` have led."""
        for key, (_was, fact) in yielding(changes.sites.items()):
            self._hit.pop(key, None)
            if fact is not None and is_hit(fact):
                self._hit[key] = fact
        grouped = self._grouped
        self._group()
        touched = {key: fact for key, (_was, fact) in changes.sites.items()}
        for key in grouped ^ self._grouped:
            touched.setdefault(key, situation.sites_by_key.get(key))
        swaps: list[tuple[SiteTrouble | None, SiteTrouble | None]] = []
        for key, fact in yielding(touched.items()):
            was = self._lines.get(key)
            line = None if fact is None else self._line_of(fact)
            if line == was:
                continue
            swaps.append((was, line))
            if line is None:
                del self._lines[key]
            else:
                self._lines[key] = line
        self._sites = merged(self._sites, swaps, line_order, LINE_SORT_FIELDS)
        self.all = self._with_others(situation)

    def _group(self) -> None:
        self._groups = supplier_groups(self._hit.values())
        self._grouped = frozenset(fact.key for group in self._groups for fact in group.sites)

    def _line_of(self, fact: SiteFact) -> SiteTrouble | None:
        if fact.trouble < Level.NOTICE:
            return None
        return site_line(fact, grouped=fact.key in self._grouped)

    def _with_others(self, situation: Situation) -> tuple[SiteTrouble, ...]:
        others: list[SiteTrouble | None] = [group_line(group) for group in self._groups]
        others += [source_line(fact) for fact in situation.sources]
        others += self._unmatched_lines(situation)
        swaps = [(None, line) for line in others if line]
        return merged(self._sites, swaps, line_order, LINE_SORT_FIELDS)

    def _unmatched_lines(self, situation: Situation) -> Iterable[SiteTrouble]:
        stale = frozenset(fact.key for fact in situation.sources if fact.stale)
        made_from = (situation.unmatched, situation.unmatched_health, stale)
        if self._unmatched[0] != made_from:
            self._unmatched = (made_from, unmatched_lines(situation, stale))
        return self._unmatched[1]


def troubles(situation: Situation) -> tuple[SiteTrouble, ...]:
    """All lines of the Overview, worst first; those that the situation carries, if it does."""
    if situation.troubles is not None:
        return situation.troubles
    return TroubleLines(situation).all
