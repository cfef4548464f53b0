"""Panes: when they are due, which were missed, and what they list.

A pane is due at each of its times on each of its days, in its time zone, at
most once at one moment:

- `at`: these local times. One that clocks skip in spring is due at the end of
  the gap (02:30 at 03:00); one that they show twice in autumn is due once, the
  first time.
- `every`: that long after local midnight and so on until the next midnight, in
  elapsed time; a day or longer: at midnight, each so many days.
- `days`: local days. Working days are `calendar.working_days` that are no public
  holidays; non-working days are the others.

A pane that came due while nobody was there is missed: the newest of its moments,
if it is later than what was dismissed last and no older than three days. Before a
pane was ever dismissed, only a moment of today counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from smic_tui.calendars.workdays import WEEKDAYS, at_local, is_working_day
from smic_tui.config.duration import seconds
from smic_tui.config.schema import Pane, Settings
from smic_tui.duty.fact_digest import AnyFact, digest_of
from smic_tui.model.facts import AlertFact, Situation
from smic_tui.model.subjects import subject_named
from smic_tui.model.user_state import PaneSeen, UserState
from smic_tui.query.parser import QuerySyntaxError, parse
from smic_tui.query.subjects.all import fields_for

MISSED_WITHIN = timedelta(days=3)
LONGEST_WAIT = 400  # days until a pane is next due, or was last
SHORTEST_INTERVAL = timedelta(minutes=1)
DAY = timedelta(days=1)


class DuePane(Struct, frozen=True, kw_only=True):
    """A pane that came due at `due` (UTC). `missed`: nobody was there at that time."""

    pane: Pane
    due: datetime
    missed: bool = False


class PaneContent(Struct, frozen=True, kw_only=True):
    """What a pane lists, and what changed since it was last dismissed.

    `facts` are in the order of the situation. `listed` is key and digest of each,
    to be kept when the pane is dismissed. `new` and `changed` are keys of facts,
    `gone` those that are no longer listed; `gone_facts` are the ones of these that
    still exist. When it was never dismissed, all are new. `error` says why the
    filter cannot be understood; then nothing is listed.
    """

    facts: tuple[AnyFact, ...] = ()
    listed: Mapping[str, str] = {}
    new: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()
    gone_facts: tuple[AnyFact, ...] = ()
    error: str = ""


def zone_of(pane: Pane, settings: Settings) -> ZoneInfo:
    """The time zone of a pane's times and days."""
    return ZoneInfo(pane.timezone or settings.display.timezone)


def _opens_on(pane: Pane, day: date, settings: Settings) -> bool:
    if pane.days == "every day":
        return True
    if pane.days == "working days":
        return is_working_day(day, settings.calendar)
    if pane.days == "non-working days":
        return not is_working_day(day, settings.calendar)
    return WEEKDAYS[day.weekday()] in pane.days


def _moments_of(pane: Pane, day: date, zone: ZoneInfo) -> list[datetime]:
    """The moments (UTC) of one local day, in order, each once."""
    found = {at_local(day, time.fromisoformat(text), zone) for text in pane.at}
    if pane.every:
        step = max(timedelta(seconds=seconds(pane.every)), SHORTEST_INTERVAL)
        moment = at_local(day, time(), zone)
        if step < DAY:
            end = at_local(day + DAY, time(), zone)
            while moment < end:
                found.add(moment)
                moment += step
        elif day.toordinal() % round(step / DAY) == 0:
            found.add(moment)
    return sorted(found)


def _days(pane: Pane, first: date, step: int, settings: Settings) -> Iterator[date]:
    """The days on which the pane opens, from `first` on, forwards or backwards."""
    if not pane.at and not pane.every:
        return
    for count in range(LONGEST_WAIT):
        day = first + timedelta(days=step * count)
        if _opens_on(pane, day, settings):
            yield day


def next_due(pane: Pane, after: datetime, settings: Settings) -> datetime | None:
    """The first moment later than `after` at which the pane is due (UTC), if there is one."""
    zone = zone_of(pane, settings)
    for day in _days(pane, after.astimezone(zone).date(), 1, settings):
        for moment in _moments_of(pane, day, zone):
            if moment > after:
                return moment
    return None


def last_due(pane: Pane, now: datetime, settings: Settings) -> datetime | None:
    """The last moment, `now` included, at which the pane was due (UTC), if there is one."""
    zone = zone_of(pane, settings)
    for day in _days(pane, now.astimezone(zone).date(), -1, settings):
        for moment in reversed(_moments_of(pane, day, zone)):
            if moment <= now:
                return moment
    return None


def missed(settings: Settings, user: UserState, now: datetime) -> tuple[DuePane, ...]:
    """The panes to show first thing, the one that came due first, first."""
    found = []
    for pane in settings.panes:
        due = last_due(pane, now, settings)
        if due is None or now - due > MISSED_WITHIN:
            continue
        seen = user.panes.get(pane.name)
        if seen is None:
            zone = zone_of(pane, settings)
            to_show = due.astimezone(zone).date() == now.astimezone(zone).date()
        else:
            to_show = due > seen.due
        if to_show:
            found.append(DuePane(pane=pane, due=due, missed=True))
    found.sort(key=lambda one: (one.due, one.pane.name))
    return tuple(found)


def key_of(fact: AnyFact) -> str:
    """What tells a fact from the others of its kind."""
    return fact.fingerprint if isinstance(fact, AlertFact) else fact.key


def content(
    pane: Pane, situation: Situation, seen: PaneSeen | None, settings: Settings
) -> PaneContent:
    """What the pane lists in `situation`, compared with what was `seen` last."""
    facts = subject_named(pane.on).facts(situation)
    try:
        query = parse(pane.where, fields_for(pane.on), settings.display.timezone)
    except QuerySyntaxError as error:
        return PaneContent(error=error.message)
    found = query.select(facts, situation.now, situation.freshness)
    listed = {key_of(fact): digest_of(fact) for fact in found}
    before: Mapping[str, str] = seen.listed if seen else {}
    gone = tuple(key for key in before if key not in listed)
    return PaneContent(
        facts=found,
        listed=listed,
        new=frozenset(listed.keys() - before.keys()),
        changed=frozenset(
            key for key, digest in listed.items() if before.get(key, digest) != digest
        ),
        gone=gone,
        gone_facts=tuple(fact for fact in facts if key_of(fact) in set(gone)),
    )


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)
