"""From the sites that sources name to the sites of the register.

A reference is tried in this order; the first that gives one site wins:

1. the code of a site, without blanks and case, then that of a member;
2. the same for codes of digits without the leading zeros that spreadsheets drop,
   on either side ("1004" is "01004"), where that leads to one code only;
3. the name, without case, accents, hyphens, apostrophes and blanks, with St and
   Ste written out; then also without its article ("Rochelle (La)");
4. the place, when the reference or the register's name says the kind of site
   before or after it: "École de Saintes", "Saintes (mairie)", "CCAS Saintes". The
   kinds are those of the register. "Ville de" and "Commune de" say no kind;
5. an alias of the configuration, compared as names are;
6. of a path ("Saintes > École Prévert"), the lowest part that is a code, an alias, or the name of
   a site of the member that stands above it; then the mairie of the nearest place above.

Where several sites share a member code or a name, the one whose kind is
`matching.shared_name` (mairie) is meant, if there is exactly one. A place alone
means the site of that kind there; with a kind, the site of that kind, again if
there is exactly one. Where several sites share a code, it is the first in the
order of the configuration. Otherwise nothing is guessed: the reference stays
unmatched, with the nearest name of the register beside it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from smic_tui.config.schema import Matching
from smic_tui.insight.names import (
    kind_and_place,
    normal_code,
    normal_name,
    number_of,
    without_article,
)
from smic_tui.records import Site

NEAR = 0.6
MOST_COMPARED = 8
# Between the parts of a path, as GLPI writes it; and how many parts are looked at.
_BELOW = " > "
_DEEPEST = 16


# Nothing in it refers back: see `records.Record` for gc=False.
class Entry(Struct, frozen=True, gc=False):
    """A site of the register: the key of its fact, and the record."""

    key: str
    site: Site


def _trigrams(text: str) -> frozenset[str]:
    padded = f"  {text} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def _several(index: dict[str, tuple[Entry, ...]], key: str, alone: tuple[Entry]) -> None:
    (entry,) = alone
    if key:
        found = index.setdefault(key, alone)
        if entry not in found:
            index[key] = (*found, entry)


class Register:
    """All known sites, found by what sources call them.

    `broken_aliases` are the aliases that lead to no site. Answers are
    remembered: the same references come again with every refresh.
    """

    def __init__(self, sites: Iterable[Site], matching: Matching) -> None:
        self.matching = matching
        self.entries = tuple(Entry(f"{site.source}/{site.key}", site) for site in sites)
        self._shared_kind = normal_name(matching.shared_name)
        self._kinds = frozenset(
            {normal_name(entry.site.kind) for entry in self.entries} - {""} | {"mairie"}
        )
        self._by_code: dict[str, Entry] = {}
        # By the number that is left of a code of digits.
        self._by_number: dict[str, tuple[Entry, ...]] = {}
        self._by_member_number: dict[str, tuple[Entry, ...]] = {}
        self._by_member: dict[str, tuple[Entry, ...]] = {}
        self._by_name: dict[str, tuple[Entry, ...]] = {}
        self._by_bare_name: dict[str, tuple[Entry, ...]] = {}
        self._by_place: dict[str, tuple[Entry, ...]] = {}
        self._matched: dict[str, Entry | None] = {}
        self._nearest: dict[str, Entry | None] = {}
        self._trigrams: list[tuple[frozenset[str], str, Entry]] = []
        for entry in self.entries:
            self._index(entry)
        self._aliases: dict[str, Entry] = {}
        broken = []
        for name, code in matching.aliases.items():
            if target := self._coded(normal_code(code)):
                self._aliases[normal_name(name)] = target
            else:
                broken.append(name)
        self.broken_aliases = tuple(broken)

    def renewed(self, sites: Iterable[Site]) -> Register:
        """This register for new versions of the same sites that it matches as before."""
        register = copy.copy(self)
        register.entries = tuple(
            entry if entry.site is site else Entry(entry.key, site)
            for entry, site in zip(self.entries, sites, strict=True)
        )
        return register

    def matches_like(self, other: Register) -> bool:
        """Whether both are the same register, or one is the other renewed."""
        return self._matched is other._matched

    def _index(self, entry: Entry) -> None:
        site = entry.site
        name = normal_name(site.name)
        alone = (entry,)
        self._by_code.setdefault(normal_code(site.code), entry)
        _several(self._by_member, normal_code(site.member_code), alone)
        _several(self._by_number, number_of(normal_code(site.code)), alone)
        _several(self._by_member_number, number_of(normal_code(site.member_code)), alone)
        _several(self._by_name, name, alone)
        _several(self._by_bare_name, without_article(name), alone)
        for called in (name, normal_name(site.member)):
            _kind, place = kind_and_place(called, self._kinds)
            _several(self._by_place, place, alone)

    def match(self, reference: str) -> Entry | None:
        """The site that `reference` means, None where that is not certain."""
        try:
            return self._matched[reference]
        except KeyError:
            found = self._matched[reference] = self._find(reference)
            return found

    def _find(self, reference: str) -> Entry | None:
        code = normal_code(reference)
        if not code:
            return None
        if found := self._coded(code):
            return found
        name = normal_name(reference)
        if found := self._one(self._by_name.get(name)):
            return found
        if found := self._one(self._by_bare_name.get(without_article(name))):
            return found
        kind, place = kind_and_place(name, self._kinds)
        if found := self._of_kind(self._by_place.get(place, ()), kind or self._shared_kind):
            return found
        return self._aliases.get(name) or self._of_path(reference)

    def _of_path(self, reference: str) -> Entry | None:
        """The site that the parts of a path lead to, from its end upwards."""
        parts = [part.strip() for part in reference.split(_BELOW)][:_DEEPEST]
        if len(parts) < 2:
            return None
        for at in range(len(parts) - 1, -1, -1):
            name = normal_name(parts[at])
            found = self._by_code.get(normal_code(parts[at])) or self._aliases.get(name)
            if found or (found := self._below(name, parts[:at])):
                return found
            if at < len(parts) - 1 and (found := self._find(parts[at])) and self._is_main(found):
                return found
        return None

    def _below(self, name: str, above: Sequence[str]) -> Entry | None:
        """The site of that name whose member is one of the parts above it.

        Of a site without a member the name has to be enough.
        """
        members = {normal_name(part) for part in above}
        named = self._by_name.get(name) or self._by_bare_name.get(without_article(name), ())
        theirs = [entry for entry in named if normal_name(entry.site.member) in members]
        if not theirs:
            theirs = [entry for entry in named if not entry.site.member]
        if len(theirs) == 1:
            return theirs[0]
        kind, place = kind_and_place(
            f"{name} {normal_name(above[-1])}" if above else "", self._kinds
        )
        return self._of_kind(self._by_place.get(place, ()), kind)

    def _is_main(self, entry: Entry) -> bool:
        """Whether a site is the one that a place alone means."""
        return normal_name(entry.site.kind) in ("", self._shared_kind)

    def _coded(self, code: str) -> Entry | None:
        if found := self._by_code.get(code) or self._one(self._by_member.get(code)):
            return found
        number = number_of(code)
        if not number:
            return None
        alike = self._by_number.get(number, ())
        if len({normal_code(entry.site.code) for entry in alike}) == 1:
            return alike[0]
        members = self._by_member_number.get(number, ())
        if len({normal_code(entry.site.member_code) for entry in members}) == 1:
            return self._one(members)
        return None

    def at(self, reference: str) -> tuple[Entry, ...]:
        """Every site at the place that `reference` names, and of the kind if it names one."""
        kind, place = kind_and_place(normal_name(reference), self._kinds)
        here = self._by_place.get(place, ()) if place else ()
        return tuple(e for e in here if not kind or normal_name(e.site.kind) == kind)

    def _one(self, entries: tuple[Entry, ...] | None) -> Entry | None:
        """The one that is meant by what several may share."""
        if not entries:
            return None
        return entries[0] if len(entries) == 1 else self._of_kind(entries, self._shared_kind)

    @staticmethod
    def _of_kind(entries: Iterable[Entry], kind: str) -> Entry | None:
        found = [entry for entry in entries if normal_name(entry.site.kind) == kind]
        return found[0] if kind and len(found) == 1 else None

    def nearest(self, reference: str) -> Entry | None:
        """The site whose name is most like `reference`, if any is like it at all."""
        if reference not in self._nearest:
            self._nearest[reference] = self._find_nearest(normal_name(reference))
        return self._nearest[reference]

    def _find_nearest(self, name: str) -> Entry | None:
        if not self._trigrams:
            for entry in self.entries:
                known = normal_name(entry.site.name)
                self._trigrams.append((_trigrams(known), known, entry))
        wanted = _trigrams(name)
        ranked = sorted(
            ((len(wanted & grams), at) for at, (grams, _name, _entry) in enumerate(self._trigrams)),
            key=lambda rank: (-rank[0], rank[1]),
        )[:MOST_COMPARED]
        best: Entry | None = None
        best_ratio = NEAR
        for common, at in ranked:
            _grams, known, entry = self._trigrams[at]
            ratio = SequenceMatcher(None, name, known).ratio() if common else 0.0
            if ratio > best_ratio:
                best, best_ratio = entry, ratio
        return best


def named_alike(known: Site, site: Site) -> bool:
    """Whether references match both alike: only these fields are looked at."""
    return known is site or (
        known.key == site.key
        and known.source == site.source
        and known.code == site.code
        and known.name == site.name
        and known.kind == site.kind
        and known.member == site.member
        and known.member_code == site.member_code
    )


def register_after(known: Register | None, sites: Sequence[Site], matching: Matching) -> Register:
    """The register of `sites`; `known` again, or renewed, while neither names nor rules change."""
    if known is not None and known.matching == matching and len(known.entries) == len(sites):
        before = [entry.site for entry in known.entries]
        if before == list(sites):
            return known
        if all(map(named_alike, before, sites)):
            return known.renewed(sites)
    return Register(sites, matching)
