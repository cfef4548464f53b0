"""The lines of the Overview, kept in step with the situation: only what changed is written anew."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from smic_tui.insight.incremental.changes import LOG
from smic_tui.insight.incremental.ordered import in_order, merged
from smic_tui.insight.supplier_groups import is_hit, supplier_groups
from smic_tui.insight.trouble import (
    LINE_RESTS_ON,
    SiteTrouble,
    group_line,
    line_order,
    site_line,
    source_line,
    unplaced_lines,
)
from smic_tui.model.facts import SiteFact, Situation
from smic_tui.model.states import Level
from smic_tui.system.turns import giving_way


class TroubleLines:
    """All lines of the newest situation that was asked for, and what they were made from."""

    def __init__(self, situation: Situation) -> None:
        self._serial = situation.serial
        self._hit: dict[str, SiteFact] = {}
        self._lines: dict[str, SiteTrouble] = {}
        self._unplaced: tuple[tuple[object, ...], tuple[SiteTrouble, ...]] = ((), ())
        for fact in giving_way(situation.sites):
            if is_hit(fact):
                self._hit[fact.key] = fact
        self._group()
        for fact in giving_way(situation.sites):
            line = self._line_of(fact)
            if line is not None:
                self._lines[fact.key] = line
        self._sites: tuple[SiteTrouble, ...] = tuple(in_order(self._lines.values(), line_order))
        self.all = self._with_others(situation)

    def follow(self, situation: Situation) -> bool:
        """Be the lines of a later situation; False when nobody knows what has changed."""
        changes = LOG.between(self._serial, situation.serial) if self._serial else None
        if changes is None:
            return False
        for key, (_was, fact) in giving_way(changes.sites.items()):
            self._hit.pop(key, None)
            if fact is not None and is_hit(fact):
                self._hit[key] = fact
        grouped = self._grouped
        self._group()
        anew = {key: fact for key, (_was, fact) in changes.sites.items()}
        for key in grouped ^ self._grouped:
            anew.setdefault(key, situation.sites_by_key.get(key))
        swaps: list[tuple[SiteTrouble | None, SiteTrouble | None]] = []
        for key, fact in giving_way(anew.items()):
            was = self._lines.get(key)
            line = None if fact is None else self._line_of(fact)
            if line == was:
                continue
            swaps.append((was, line))
            if line is None:
                del self._lines[key]
            else:
                self._lines[key] = line
        self._sites = merged(self._sites, swaps, line_order, LINE_RESTS_ON)
        self._serial = situation.serial
        self.all = self._with_others(situation)
        return True

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
        others += self._unplaced_lines(situation)
        swaps = [(None, line) for line in others if line]
        return merged(self._sites, swaps, line_order, LINE_RESTS_ON)

    def _unplaced_lines(self, situation: Situation) -> Iterable[SiteTrouble]:
        stale = frozenset(fact.key for fact in situation.sources if fact.stale)
        made_from = (situation.homeless, situation.unplaced_health, stale)
        if self._unplaced[0] != made_from:
            self._unplaced = (made_from, unplaced_lines(situation, stale))
        return self._unplaced[1]


_lock = Lock()
# The newest situation with its lines; one or none.
_last: list[tuple[Situation, TroubleLines, tuple[SiteTrouble, ...]]] = []


def troubles(situation: Situation) -> tuple[SiteTrouble, ...]:
    """All lines of the Overview, worst first; those of the last situation are remembered."""
    for known, _lines, found in _last:
        if known is situation:
            return found
    with _lock:
        for known, lines, found in _last:
            if known is situation:
                return found
            if lines.follow(situation):
                break
        else:
            lines = TroubleLines(situation)
        _last[:] = [(situation, lines, lines.all)]
        return lines.all
