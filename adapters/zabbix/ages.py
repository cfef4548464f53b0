"""How old what Zabbix knows may be: the intervals of items, and proxies that are away.

An item's interval is text: "30s", "1m;10s/1-5,09:00-18:00", "0;md1h9", "{$INTERVAL}". Where a
plan of days or a macro is in it, the interval is not known, and the item's age says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from adapters.zabbix.objects import DEPENDENT, SENT, Host, Item, Proxy, Trigger

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TIME = re.compile(r"(\d{1,9})([smhdw]?)")
# The host's own ping. One with an address in it may be about another machine.
_OWN_PING = re.compile(r'icmpping(?:\[\s*(?:$|[,\]]|"?\{HOST\.).*)?', re.DOTALL)


# A check may be missed once, and the one after it may come late by a minute.
_MISSED, _LATE = 3, 60
# Each reading asks for the age of one of so many parts of all items, and of no fewer than these.
_PARTS, _LEAST = 15, 20


class Age(Struct, frozen=True):
    """When a check was made last, in epoch seconds (0 is not known), and how often it must be.

    `within` is in seconds, None where nothing tells. `away` says that the proxy which makes it has
    not been heard of for too long.
    """

    checked: int = 0
    within: int | None = None
    away: bool = False

    def is_old(self, now: float) -> bool:
        """Whether the check is older than it may be."""
        if self.away:
            return True
        return self.within is not None and 0 < self.checked < now - self.within


class Ages:
    """Remembers the items by which records are known to be fresh, and asks for them in turn.

    A host has the items that prove its life, a trigger those that it is computed from.
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.proxies: dict[str, Proxy] = {}
        self._of: dict[str, tuple[str, ...]] = {}
        self._within: dict[str, int | None] = {}
        self._away: dict[str, Proxy] = {}
        self._old: set[str] = set()
        self._turn = 0
        # The ids of the items in order, None when it is to be made anew.
        self._order: list[str] | None = None

    def copy(self) -> Ages:
        """Return the same, to be changed without this one."""
        other = Ages()
        other.items, other.proxies = dict(self.items), dict(self.proxies)
        other._of, other._within = dict(self._of), dict(self._within)
        other._away, other._old, other._turn = dict(self._away), set(self._old), self._turn
        other._order = self._order
        return other

    def track(self, key: str, items: Iterable[Item], masters: Mapping[str, Item]) -> None:
        """Remember the items of a record; those made of others are as old as their masters."""
        names = []
        for item in items:
            source, within = item, interval_of(item)
            if item.type == DEPENDENT and item.master_itemid in masters:
                source = masters[item.master_itemid]
                # Its own values may be dropped; its master's come all the same.
                within = interval_of(source)
            known = self.items.get(source.itemid)
            self.items[source.itemid] = source if known is None else known
            self._within[source.itemid] = within
            names.append(source.itemid)
        self._of[key] = tuple(names)
        self._order = None

    def forget(self, keys: Iterable[str]) -> None:
        """Forget records that are gone, and the items that only they had."""
        gone = [key for key in keys if self._of.pop(key, None) is not None]
        if not gone:
            return
        self._order = None
        used = {name for names in self._of.values() for name in names}
        for name in [*self.items]:
            if name not in used:
                del self.items[name], self._within[name]

    def has(self, key: str) -> bool:
        """Whether the items of a record are known."""
        return key in self._of

    def items_of(self, key: str) -> list[Item]:
        """Return the items of a record, as they were last."""
        return [self.items[name] for name in self._of.get(key, ())]

    def newest(self, key: str) -> int:
        """Return when the newest value of a record's items came, 0 if there is none."""
        return max((each.lastclock for each in self.items_of(key)), default=0)

    def part(self) -> list[str]:
        """Return the ids of the items whose turn it is."""
        if self._order is None:
            self._order = sorted(self.items, key=int)
        names = self._order
        size = max(_LEAST, -(-len(names) // _PARTS))
        if len(names) <= size:
            return names
        start = self._turn % len(names)
        return (names + names)[start : start + size]

    def take(self, items: Iterable[Item]) -> None:
        """Remember the newest values, and that the next part is next."""
        count = 0
        for item in items:
            count += 1
            known = self.items.get(item.itemid)
            if known is not None:
                self.items[item.itemid] = replace(
                    known,
                    lastclock=item.lastclock or known.lastclock,
                    lastvalue=item.lastvalue,
                    prevvalue=item.prevvalue,
                )
        self._turn = (self._turn + count) % max(1, len(self.items))

    def turned_among(self, items: Iterable[Item], now: float) -> bool:
        """Whether one of the items has become too old, or new again, since last judged."""
        return any(
            self._is_old(each.itemid, each.lastclock, now) is not (each.itemid in self._old)
            for each in items
        )

    def _is_old(self, itemid: str, lastclock: int, now: float) -> bool:
        known, within = self.items.get(itemid), self._within.get(itemid)
        if known is None or within is None:
            return False
        return 0 < (lastclock or known.lastclock) < now - allowed(within)

    def of_host(self, host: Host, key: str) -> Age:
        """Return the age of what proves that a host lives: the newest of its items."""
        if away := self._proxy_of(host):
            return away
        every = [self._within[each.itemid] for each in self.items_of(key) if each.lastclock]
        known = [each for each in every if each]
        return Age(checked=self.newest(key), within=allowed(min(known)) if known else None)

    def of_trigger(self, trigger: Trigger, hosts: Iterable[Host], key: str) -> Age:
        """Return the age of the oldest of the items that a trigger is computed from."""
        for host in hosts:
            if away := self._proxy_of(host):
                return away
        if trigger.expects_silence:
            return Age()
        told = [(each.lastclock, self._within[each.itemid]) for each in self.items_of(key)]
        known = [(clock, within) for clock, within in told if clock and within]
        if not known:
            return Age(checked=self.newest(key))
        # By how long each may stay: the one whose time is over first.
        clock, within = min(known, key=lambda each: each[0] + allowed(each[1] or 0))
        return Age(checked=clock, within=allowed(within or 0))

    def silent_proxies(self, now: float, limit: float) -> list[Proxy]:
        """Return the proxies that have not been heard of for `limit` seconds."""
        return [each for each in self.proxies.values() if now - each.lastaccess > limit]

    def judge(self, now: float, limit: float) -> None:
        """Decide which items are old, and which proxies are away: silent for `limit` seconds."""
        self._away = {each.proxyid: each for each in self.silent_proxies(now, limit)}
        self._old = {
            each.itemid
            for each in self.items.values()
            if self._is_old(each.itemid, each.lastclock, now)
        }

    def _proxy_of(self, host: Host) -> Age | None:
        proxy = self._away.get(host.proxy)
        return Age(checked=proxy.lastaccess, away=True) if proxy is not None else None


def allowed(within: int) -> int:
    """Return how old a check may be that is made every so many seconds."""
    return _MISSED * within + _LATE


def interval_of(item: Item) -> int | None:
    """Return within how many seconds a value must come, None if that is not known.

    Preprocessing may drop values that are as the one before: then a value must come only as
    often as its heartbeat says.
    """
    if item.type in (*SENT, DEPENDENT):
        return None
    parts = item.delay.strip().split(";")
    every = _seconds(parts[0])
    # Another interval at other hours may be longer; one at given times follows no interval.
    others = [_seconds(part.partition("/")[0]) for part in parts[1:]]
    if not every or None in others or 0 in others:
        return None
    longest = max([every, *(each for each in others if each)])
    discards = item.discards
    if discards is None:
        return longest
    kept = _seconds(discards)
    return max(longest, kept) if kept else None


def _seconds(text: str) -> int | None:
    found = _TIME.fullmatch(text.strip())
    return int(found[1]) * _UNITS[found[2]] if found else None


def is_ping(item: Item) -> bool:
    """Whether its value tells whether the host answers to pings."""
    return _OWN_PING.fullmatch(item.key_) is not None


def pinged(items: Iterable[Item]) -> bool | None:
    """Return whether the host answers to pings, None if nothing tells.

    One lost ping is no break: two in a row are.
    """
    told = [item for item in items if is_ping(item) and item.lastclock]
    if not told:
        return None
    return not all(_is_zero(each.lastvalue) and _is_zero(each.prevvalue) for each in told)


def _is_zero(value: str) -> bool:
    return value.strip() in ("", "0", "0.0000")
