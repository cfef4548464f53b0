"""The fields that several subjects share, and the functions that make fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from smic_tui.i18n import N_
from smic_tui.model.facts import BackupFact, RequestFact, TicketFact
from smic_tui.query import words
from smic_tui.query.fields import Field, FieldType, Moment

Texts = str | tuple[str, ...] | None
Placed = BackupFact | TicketFact | RequestFact


def text_field(
    name: str,
    aliases: str,
    description: str,
    get: Callable[[Any, Moment], Texts],
    *,
    searched: bool = True,
) -> Field:
    return Field(
        name=name,
        type=FieldType.TEXT,
        get=get,
        description=description,
        aliases=tuple(aliases.split()),
        searched=searched,
    )


def state_field(
    name: str,
    aliases: str,
    description: str,
    known: Mapping[str, Enum],
    get: Callable[[Any, Moment], Enum],
    *,
    ordered: bool = False,
) -> Field:
    return Field(
        name=name,
        type=FieldType.LEVEL if ordered else FieldType.STATE,
        get=get,
        description=description,
        aliases=tuple(aliases.split()),
        words=known,
    )


def value_field(
    name: str,
    aliases: str,
    description: str,
    kind: FieldType,
    get: Callable[[Any, Moment], float | datetime | None],
) -> Field:
    return Field(
        name=name, type=kind, get=get, description=description, aliases=tuple(aliases.split())
    )


def flag_field(
    name: str, aliases: str, description: str, get: Callable[[Any, Moment], bool]
) -> Field:
    return Field(
        name=name,
        type=FieldType.FLAG,
        get=get,
        description=description,
        aliases=tuple(aliases.split()),
    )


def seconds_since(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else (now - moment).total_seconds()


def _site_words(fact: Placed, _at: Moment) -> tuple[str, ...]:
    return (fact.site_name, fact.site_code, fact.site_ref)


SITE = text_field("site", "lieu commune", N_("name or code of the site"), _site_words)
SOURCE = text_field(
    "source", "", N_("name of the source"), lambda fact, at: fact.source, searched=False
)
SEEN = value_field(
    "seen",
    "vu",
    N_("time since its source last answered well"),
    FieldType.AGE,
    lambda fact, at: at.freshness.age(fact.rests_on, at.now),
)
STALE = flag_field(
    "stale", "périmé", N_("its source is too old to be trusted"), lambda f, at: f.stale
)
UNMATCHED = flag_field(
    "unmatched",
    "sans-site",
    N_("its site is in no register"),
    lambda fact, at: not fact.site and bool(fact.site_ref),
)
LEVEL = state_field(
    "level",
    "niveau",
    N_("severity"),
    words.LEVELS,
    lambda fact, at: fact.level,
    ordered=True,
)
MINE = flag_field("mine", "moi à-moi", N_("assigned to you"), lambda fact, at: fact.mine)
OVERDUE = flag_field(
    "overdue",
    "hors-délai dépassé en-retard",
    N_("past its due date"),
    lambda fact, at: fact.overdue,
)
