"""Remembers which facts a rule is true of, and follows the situation.

A rule that asks nothing of the clock is true of a fact as long as the fact stays: only
facts that came or went are tested again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from smic_tui.duty.alert_subjects import AlertSubject, Fact, subject_of
from smic_tui.insight.incremental.changes import changes_since
from smic_tui.model.facts import Situation
from smic_tui.query.parser import Query
from smic_tui.system.turns import yielding

_FOLLOWED = ("sites", "backups", "tickets", "requests")

Chosen = dict[str, tuple[Fact, AlertSubject]]


class _Selection(Struct, frozen=True):
    """What a rule chose of the facts of an edition."""

    edition: object
    chosen: Chosen


class Selections:
    """Remembers what each rule of one configuration is true of. One caller at a time."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Selection] = {}

    def chosen(
        self, query: Query, on: str, facts: Iterable[Fact], situation: Situation, now: datetime
    ) -> list[tuple[Fact, AlertSubject]]:
        """The facts of the subject `on` that `query` is true of, with what they are to a rule.

        In no certain order. `facts` are all there are.
        """
        freshness = situation.freshness
        if situation.edition is None or on not in _FOLLOWED or not query.is_timeless:
            return [(fact, subject_of(fact)) for fact in query.select(facts, now, freshness)]
        name = (on, str(query))
        # If anything fails below, the next call tests all facts.
        known = self._known.pop(name, None)
        changes = None if known is None else changes_since(known.edition, situation)
        if known is None or changes is None:
            chosen: Chosen = {
                fact.key: (fact, subject_of(fact)) for fact in query.select(facts, now, freshness)
            }
        else:
            chosen = known.chosen
            for key, (_was, fact) in yielding(changes.of(on).items()):
                if fact is not None and query.matches(fact, now, freshness):
                    chosen[key] = (fact, subject_of(fact))
                else:
                    chosen.pop(key, None)
        self._known[name] = _Selection(situation.edition, chosen)
        return list(chosen.values())
