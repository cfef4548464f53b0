"""Putting records at their sites, and counting those that have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from smic_tui.insight.matching import Register
from smic_tui.model.facts import UnmatchedRef
from smic_tui.records import Stream


class SiteMatch(Struct, frozen=True, gc=False):
    """The site that a reference means: its key, name and code, all empty where none matches."""

    key: str = ""
    name: str = ""
    code: str = ""


NO_MATCH = SiteMatch()


class Placer:
    """Finds the site of references of one snapshot and counts those that match none."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._matches: dict[str, SiteMatch] = {"": NO_MATCH}
        self._unmatched: Counter[tuple[str, Stream, str]] = Counter()

    def share(self, other: Placer) -> None:
        """Know what `other` has found in a register that matches alike."""
        self._matches = other._matches

    def find(self, reference: str) -> SiteMatch:
        """The site that `reference` means."""
        match = self._matches.get(reference)
        if match is None:
            entry = self._register.match(reference)
            match = SiteMatch(entry.key, entry.site.name, entry.site.code) if entry else NO_MATCH
            self._matches[reference] = match
        return match

    def place(self, reference: str, source: str, stream: Stream) -> SiteMatch:
        """As `find`; counts the record where there is a reference and no site."""
        match = self.find(reference)
        if not match.key and reference:
            self._unmatched[source, stream, reference] += 1
        return match

    def go_on_counting(
        self,
        before: Placer,
        gone: Iterable[tuple[str, Stream, str]],
        new: Iterable[tuple[str, Stream, str]],
    ) -> None:
        """Forget what was counted; it is what `before` has counted without those that are
        `gone` and with the `new`, each (source, stream, reference). `before` is over.
        """
        counts = before._unmatched
        counts.update(new)
        counts.subtract(gone)
        for reference in gone:
            if not counts[reference]:
                del counts[reference]
        self._unmatched = counts

    def unmatched(self, source: str) -> tuple[UnmatchedRef, ...]:
        """What matched nothing in one source, the most frequent first."""
        found = []
        for (name, stream, reference), count in self._unmatched.items():
            if name == source:
                near = self._register.nearest(reference)
                found.append(
                    UnmatchedRef(
                        source=name,
                        stream=stream,
                        site_ref=reference,
                        count=count,
                        nearest=near.site.name if near else "",
                        nearest_code=near.site.code if near else "",
                    )
                )
        found.sort(key=lambda one: (-one.count, one.stream, one.site_ref))
        return tuple(found)
