"""Finds the problems of values that have the right type: names, zones, filters, durations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from smic_tui.config.duration import seconds
from smic_tui.config.errors import KeyPath, Problem, unknown_word
from smic_tui.config.schema import Calendar, Pane, Settings, Source
from smic_tui.i18n import _

# Takes the subject ("sites", "alerts", …) and the text of a filter; returns its problem, or "".
FilterCheck = Callable[[str, str], str]

SHORTEST_REFRESH = 1.0
SHORTEST_PANE = 60.0
_SOURCE_NAME = re.compile(r"\w[\w.-]{0,63}")


def cross_problems(settings: Settings, check_filter: FilterCheck) -> Iterator[Problem]:
    """Yields the problems that show only beside other keys or the outside world."""
    yield from _zone(settings.display.timezone, ("display", "timezone"))
    yield from _calendar(settings.calendar)
    for name, source in settings.sources.items():
        yield from _source(name, source)
    yield from _duplicates([rule.name for rule in settings.alerts], "alerts")
    for index, rule in enumerate(settings.alerts):
        yield from _filter(check_filter, rule.on, rule.where, ("alerts", index, "where"))
    yield from _duplicates([pane.name for pane in settings.panes], "panes")
    for index, pane in enumerate(settings.panes):
        yield from _pane(pane, ("panes", index))
        yield from _filter(check_filter, pane.on, pane.where, ("panes", index, "where"))


def _zone(name: str, path: KeyPath) -> Iterator[Problem]:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # ZoneInfoNotFoundError is a KeyError
        from zoneinfo import available_timezones

        expected = _("expected an IANA time zone such as Europe/Paris")
        message = unknown_word(name, available_timezones(), expected, list_known=False)
        yield Problem(path=path, message=message)


def _calendar(calendar: Calendar) -> Iterator[Problem]:
    if (calendar.country, calendar.subdivision) == ("FR", ""):
        return  # The default is known to be good, and the library is slow to import.
    import holidays

    known = holidays.list_supported_countries()
    if calendar.country not in known:
        expected = _("expected a country whose public holidays are known")
        message = unknown_word(calendar.country, known, expected, list_known=False)
        yield Problem(path=("calendar", "country"), message=message)
    elif calendar.subdivision and calendar.subdivision not in (
        subdivisions := _subdivisions(calendar.country)
    ):
        message = unknown_word(
            calendar.subdivision,
            subdivisions,
            _("expected a part of {country} with holidays of its own").format(
                country=calendar.country
            ),
        )
        yield Problem(path=("calendar", "subdivision"), message=message)


def _subdivisions(country: str) -> set[str]:
    import holidays

    known = holidays.country_holidays(country)
    return {*known.subdivisions, *known.subdivisions_aliases}


def _source(name: str, source: Source) -> Iterator[Problem]:
    path: KeyPath = ("sources", name)
    if not _SOURCE_NAME.fullmatch(name):
        message = _("a source is named with letters, digits, '-', '_' and '.', at most 64 of them")
        yield Problem(path=path, message=message)
    refresh = seconds(source.refresh)
    if refresh < SHORTEST_REFRESH:
        message = _("expected at least 1s, found {found}").format(found=source.refresh)
        yield Problem(path=(*path, "refresh"), message=message)
    if seconds(source.deadline) <= 0:
        message = _("expected more than nothing, found {found}").format(found=source.deadline)
        yield Problem(path=(*path, "deadline"), message=message)
    for key, value in (("stale_after", source.stale_after), ("full_every", source.full_every)):
        if value is not None and seconds(value) < refresh:
            message = _("{found} is shorter than refresh ({refresh})").format(
                found=value, refresh=source.refresh
            )
            yield Problem(path=(*path, key), message=message)


def _pane(pane: Pane, path: KeyPath) -> Iterator[Problem]:
    if pane.timezone:
        yield from _zone(pane.timezone, (*path, "timezone"))
    if bool(pane.at) == (pane.every is not None):
        message = _("a pane opens either at times (at) or at an interval (every)")
        yield Problem(path=path, message=message)
    if pane.every is not None and seconds(pane.every) < SHORTEST_PANE:
        message = _("expected at least 1m, found {found}").format(found=pane.every)
        yield Problem(path=(*path, "every"), message=message)


def _duplicates(names: list[str], table: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            message = _('the name "{name}" is taken by {other}').format(
                name=name, other=f"{table}[{first[name] + 1}]"
            )
            yield Problem(path=(table, index, "name"), message=message)
        first.setdefault(name, index)


def _filter(check_filter: FilterCheck, subject: str, text: str, path: KeyPath) -> Iterator[Problem]:
    if text and (message := check_filter(subject, text)):
        yield Problem(path=path, message=message)
