"""The subjects: what the program lists, filters and counts.

This is the one list of them. Its order is the order of the screens and of their number
keys; the Overview, which is made of all of them, comes before. Other packages attach their
part under the name of a subject: `query/subjects/NAME.py` has what a filter can ask of its
facts (`FIELDS`), `views/lists/NAME.py` how they are listed (`LISTING`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from smic_tui.i18n import N_, pgettext
from smic_tui.model.facts import (
    AlertFact,
    BackupFact,
    RequestFact,
    SiteFact,
    Situation,
    SourceFact,
    TicketFact,
)

WatchedFact = SiteFact | BackupFact | TicketFact | RequestFact | SourceFact
Fact = WatchedFact | AlertFact
F_co = TypeVar("F_co", covariant=True)

# The names of the subjects that an alert rule can watch (`WATCHED`), and that a pane can list.
Watched = Literal["sites", "backups", "tickets", "requests", "sources"]
Scheduled = Literal["sites", "backups", "tickets", "requests", "alerts"]


class Subject(Struct, Generic[F_co], frozen=True, kw_only=True):
    """A kind of fact that has a list of its own.

    `name` stands for it in the configuration, in filters and on the command line. `title`
    is an English message, to be translated where it is shown; `tab()` is the title in the
    current language that stands on the tab: all of them together fit into 80 cells.
    `facts(situation)` are its facts, worst first.
    """

    name: str
    title: str
    tab: Callable[[], str]
    facts: Callable[[Situation], Sequence[F_co]]


SITES: Subject[SiteFact] = Subject(
    name="sites",
    title=N_("Sites"),
    tab=lambda: pgettext("tab", "Sites"),
    facts=lambda situation: situation.sites,
)
BACKUPS: Subject[BackupFact] = Subject(
    name="backups",
    title=N_("Backups"),
    tab=lambda: pgettext("tab", "Backups"),
    facts=lambda situation: situation.backups,
)
TICKETS: Subject[TicketFact] = Subject(
    name="tickets",
    title=N_("Tickets"),
    tab=lambda: pgettext("tab", "Tickets"),
    facts=lambda situation: situation.tickets,
)
REQUESTS: Subject[RequestFact] = Subject(
    name="requests",
    title=N_("Requests"),
    tab=lambda: pgettext("tab", "Requests"),
    facts=lambda situation: situation.requests,
)
ALERTS: Subject[AlertFact] = Subject(
    name="alerts",
    title=N_("Alerts"),
    tab=lambda: pgettext("tab", "Alerts"),
    facts=lambda situation: situation.alerts,
)
SOURCES: Subject[SourceFact] = Subject(
    name="sources",
    title=N_("Sources"),
    tab=lambda: pgettext("tab", "Sources"),
    facts=lambda situation: situation.sources,
)

SUBJECTS: tuple[Subject[Fact], ...] = (SITES, BACKUPS, TICKETS, REQUESTS, ALERTS, SOURCES)
_BY_NAME = {subject.name: subject for subject in SUBJECTS}
_WATCHED: tuple[Subject[WatchedFact], ...] = (SITES, BACKUPS, TICKETS, REQUESTS, SOURCES)
WATCHED: Mapping[str, Subject[WatchedFact]] = {subject.name: subject for subject in _WATCHED}


def subject_named(name: str) -> Subject[Fact]:
    """The subject of that name; raises `KeyError` where there is none."""
    return _BY_NAME[name]
