"""The list of catalogue requests."""

from __future__ import annotations

from smic_tui.i18n import N_
from smic_tui.model.facts import RequestFact
from smic_tui.model.subjects import REQUESTS
from smic_tui.records import Actor, CatalogueRequest
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import (
    age_column,
    by_number,
    by_site_name,
    glyph_cell,
    later,
    lean_age_column,
    place_cell,
    site_cell,
    state_cell,
    text_column,
    work_columns,
)
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.summary import summary_of_requests
from smic_tui.views.words import word

# That nobody or the working group is waited for is what the stage says.
_SAID_BY_STAGE = (Actor.NOBODY, Actor.WORKING_GROUP)


def _request(fact: RequestFact) -> CatalogueRequest:
    return fact.request


def _software(fact: RequestFact) -> str:
    return fact.request.software or fact.request.subject


def _site(fact: RequestFact, look: Look) -> Cell:
    """The site; of a request that belongs to none, the member."""
    if fact.site_name or fact.site_ref:
        return site_cell(fact, look)
    return Cell(fact.request.member)


def _lean_site(fact: RequestFact, look: Look) -> Cell:
    if fact.site_name or fact.site_ref:
        return place_cell(fact, look)
    return Cell(place(fact.request.member))


def _lean_waiting(fact: RequestFact, look: Look) -> Cell:
    waiting_on = fact.request.waiting_on
    return Cell("" if waiting_on in _SAID_BY_STAGE else word(waiting_on))


_COLUMNS: tuple[Column[RequestFact], ...] = (
    Column(
        id="stage",
        title=N_("Stage"),
        width=19,
        cell=lambda f, look: state_cell(f.level, word(f.request.stage), look),
        sort=lambda f, look: -f.level,
    ),
    Column(
        id="key",
        title=N_("No."),
        width=13,
        spare=2,
        cell=lambda f, look: Cell(f.request.key, Role.KEY if f.mine else Role.MUTED),
        sort=lambda f, look: by_number(f.request.key),
    ),
    text_column("software", N_("Software"), 16, _software, flex=2),
    Column(id="site", title=N_("Site"), width=14, flex=2, cell=_site, sort=by_site_name),
    text_column(
        "requester",
        N_("Requester"),
        14,
        lambda f: f.request.requester,
        role=Role.MUTED,
        flex=1,
        spare=5,
    ),
    Column(
        id="created",
        title=N_("Asked"),
        width=7,
        spare=3,
        right=True,
        cell=lambda f, look: Cell(human.since(f.request.created, look.now)),
        sort=lambda f, look: f.request.created,
    ),
    *work_columns(_request, waiting_role=Role.PLAIN, waiting_spare=0),
    age_column(),
)

_LEAN: tuple[Column[RequestFact], ...] = (
    Column(id="level", title="", width=1, cell=lambda f, look: glyph_cell(f.level, look)),
    Column(
        id="software",
        title=N_("Software"),
        width=22,
        cell=lambda f, look: Cell(_software(f), Role.KEY if f.mine else Role.PLAIN),
    ),
    Column(id="site", title=N_("Site"), width=24, at_once=17, cell=_lean_site),
    later("stage", N_("Stage"), 15, lambda f, look: Cell(word(f.request.stage))),
    later("waiting", N_("Waiting on"), 10, _lean_waiting, spare=1),
    later(
        "due",
        N_("Due"),
        5,
        lambda f, look: Cell(human.near_day(f.request.due, look.now, look.zone)),
    ),
    later("key", N_("No."), 13, lambda f, look: Cell(f.request.key), spare=2),
    lean_age_column(),
)

LISTING: Listing[RequestFact] = Listing(
    subject=REQUESTS,
    summary=summary_of_requests,
    columns=_COLUMNS,
    lean=_LEAN,
    key=lambda f: f.key,
    site=lambda f: f.site,
    url=lambda f: f.request.url,
    copy=lambda f: f"{f.request.key} {f.request.subject}",
    stale=lambda f: f.stale,
    marked="software",
    empty=N_("No catalogue request."),
)
