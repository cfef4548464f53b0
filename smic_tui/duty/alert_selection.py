"""The facts that a rule is true of, kept in step with the situation.

A rule that asks nothing of the clock is true of a fact as long as the fact stays: only
those that came or went are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import Any

from msgspec import Struct

from smic_tui.duty.alert_subjects import AlertSubject, Fact, subject_of
from smic_tui.i18n import language
from smic_tui.insight.incremental.changes import LOG
from smic_tui.model.facts import Situation
from smic_tui.query.parser import Query
from smic_tui.system.turns import giving_way

_FOLLOWED = ("sites", "backups", "tickets", "requests")
# Rules of one configuration; those of others are forgotten.
_MOST = 64


class _Selection(Struct):
    serial: int
    chosen: dict[str, tuple[Fact, AlertSubject]]


_lock = Lock()
_known: dict[tuple[str, ...], _Selection] = {}


def chosen(
    query: Query, on: str, facts: Iterable[Fact], situation: Situation, now: datetime
) -> list[tuple[Fact, AlertSubject]]:
    """The facts of the subject `on` that `query` is true of, with what they are to a rule.

    In no certain order. `facts` are all there are.
    """
    if not (situation.serial and on in _FOLLOWED and query.is_timeless):
        return [(fact, subject_of(fact)) for fact in query.select(facts, now)]
    name = (on, str(query), language())
    with _lock:
        known = _known.pop(name, None)
        changes = LOG.between(known.serial, situation.serial) if known is not None else None
        if known is None or changes is None:
            found = {fact.key: (fact, subject_of(fact)) for fact in query.select(facts, now)}
            known = _Selection(situation.serial, found)
        else:
            _follow(known.chosen, query, changes.of(on).items(), now)
            known.serial = situation.serial
        _known[name] = known
        while len(_known) > _MOST:
            del _known[next(iter(_known))]
        return list(known.chosen.values())


def _follow(
    found: dict[str, tuple[Fact, AlertSubject]],
    query: Query,
    swaps: Iterable[tuple[str, tuple[Any, Any]]],
    now: datetime,
) -> None:
    for key, (_was, fact) in giving_way(swaps):
        if fact is not None and query.matches(fact, now):
            found[key] = (fact, subject_of(fact))
        else:
            found.pop(key, None)
