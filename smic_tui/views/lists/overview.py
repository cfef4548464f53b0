"""The list of the Overview: what needs somebody now."""

from __future__ import annotations

from smic_tui.i18n import N_, pgettext
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.subjects import Subject
from smic_tui.model.trouble import SiteTrouble
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import glyph_cell, known_since, later, state_cell
from smic_tui.views.place import place
from smic_tui.views.summary import summary_of_requests
from smic_tui.views.words import level

# Beside the subjects: its lines are made of the facts of several of them.
OVERVIEW: Subject[SiteTrouble] = Subject(
    name="overview",
    title=N_("Overview"),
    tab=lambda: pgettext("tab", "Overview"),
    facts=troubles,
)


def _trouble(fact: SiteTrouble) -> str:
    return " · ".join(item.words for item in fact.items)


def _title_role(fact: SiteTrouble) -> Role:
    return Role.PLAIN if fact.site else Role.TITLE


_COLUMNS: tuple[Column[SiteTrouble], ...] = (
    Column(
        id="level",
        title=N_("Level"),
        width=11,
        cell=lambda f, look: state_cell(f.level, level(f.level), look),
        sort=lambda f, look: -f.level,
    ),
    Column(
        id="site",
        title=N_("Where"),
        width=22,
        flex=1,
        cell=lambda f, look: Cell(f.title, _title_role(f)),
        sort=lambda f, look: fold(f.title),
    ),
    Column(
        id="since",
        title=N_("Since"),
        width=7,
        right=True,
        cell=lambda f, look: Cell(human.since(f.since, look.now)),
        sort=lambda f, look: f.since,
    ),
    Column(
        id="trouble",
        title=N_("What is the matter"),
        width=30,
        flex=3,
        cell=lambda f, look: Cell(_trouble(f)),
    ),
)

_LEAN: tuple[Column[SiteTrouble], ...] = (
    Column(id="level", title="", width=1, cell=lambda f, look: glyph_cell(f.level, look)),
    Column(
        id="site",
        title=N_("Where"),
        width=20,
        cell=lambda f, look: Cell(place(f.title), _title_role(f)),
    ),
    Column(
        id="trouble",
        title=N_("What is the matter"),
        width=48,
        at_once=24,
        cell=lambda f, look: Cell(_trouble(f)),
    ),
    later("since", N_("Since"), 6, lambda f, look: known_since(f.since, look)),
)

LISTING: Listing[SiteTrouble] = Listing(
    subject=OVERVIEW,
    # The last of the counts; those of sites, backups and tickets stand above it.
    summary=summary_of_requests,
    columns=_COLUMNS,
    lean=_LEAN,
    key=lambda f: f.key,
    site=lambda f: f.site,
    copy=lambda f: f"{f.title} {_trouble(f)}",
    stale=lambda f: f.stale,
    marked="site",
    empty=N_("Nothing needs you now."),
)
