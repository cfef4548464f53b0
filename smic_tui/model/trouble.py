"""The lines of the Overview: what needs somebody now."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from smic_tui.model.states import Level


class Part(StrEnum):
    """What an item is about."""

    HEALTH = "health"
    BACKUP = "backup"
    TICKET = "ticket"
    REQUEST = "request"
    SOURCE = "source"


class TroubleItem(Struct, frozen=True, kw_only=True, gc=False):
    """One kind of trouble. `words` is short and translated, without its age.

    `keys` are the facts it counts, worst first (empty for health).
    """

    kind: Part
    level: Level
    words: str
    since: datetime | None = None
    keys: tuple[str, ...] = ()


class Line(StrEnum):
    """What a line of the Overview is about."""

    SITE = "site"
    GROUP = "group"
    UNMATCHED = "unmatched"
    SOURCE = "source"


class SiteTrouble(Struct, frozen=True, kw_only=True, gc=False):
    """One line. `site` is the key of the site's fact where the line is about a known site.

    `members` are the keys of the sites behind a group. `stale` says that some of
    it rests on a source that is. `key` is unique among the lines and stays the
    same while the trouble lasts.
    """

    key: str
    line: Line
    site: str
    title: str
    level: Level
    since: datetime | None
    items: tuple[TroubleItem, ...]
    members: tuple[str, ...] = ()
    acknowledged: bool = False
    downtime: bool = False
    stale: bool = False
