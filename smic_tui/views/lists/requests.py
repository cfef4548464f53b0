"""The list of catalogue requests."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.i18n import N_
from smic_tui.model.facts import RequestFact
from smic_tui.records import Actor
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.listing import Lean, Listing
from smic_tui.views.lists.parts import (
    age_cell,
    age_column,
    by_number,
    by_site_name,
    due_cell,
    glyph_cell,
    later,
    lean_columns,
    place_cell,
    site_cell,
    stale_age_cell,
    state_cell,
    work_columns,
)
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.words import word


def _request_row(fact: RequestFact, look: Look) -> Row:
    request = fact.request
    return Row(
        key=fact.key,
        cells=(
            state_cell(fact.level, word(request.stage), look),
            Cell(request.key, Role.KEY if fact.mine else Role.MUTED),
            Cell(request.software or request.subject),
            site_cell(fact) if fact.site_name or fact.site_ref else Cell(request.member),
            Cell(request.requester, Role.MUTED),
            Cell(human.since(request.created, look.now)),
            Cell(request.owner, Role.KEY if fact.mine else Role.PLAIN),
            Cell(word(request.waiting_on)),
            Cell(human.since(request.updated, look.now)),
            due_cell(request.due, fact.overdue, look),
            age_cell(fact, look),
        ),
        site=fact.site,
        url=request.url,
        copy=f"{request.key} {request.subject}",
        stale=fact.stale,
    )


def _lean_row(fact: RequestFact, look: Look) -> Row:
    request = fact.request
    at_site = fact.site_name or fact.site_ref
    return replace(
        _request_row(fact, look),
        cells=(
            glyph_cell(fact.level, look),
            Cell(request.software or request.subject, Role.KEY if fact.mine else Role.PLAIN),
            place_cell(fact) if at_site else Cell(place(request.member)),
            Cell(word(request.stage)),
            # That nobody or the working group is waited for is what the stage says.
            Cell("" if request.waiting_on in _SAID_BY_STAGE else word(request.waiting_on)),
            Cell(human.near_day(request.due, look.now, look.zone)),
            Cell(request.key),
            stale_age_cell(fact, look),
        ),
    )


_SAID_BY_STAGE = (Actor.NOBODY, Actor.WORKING_GROUP)
_LEAN = Lean(
    columns=lean_columns(
        Column(id="level", title="", width=1),
        Column(id="software", title=N_("Software"), width=22),
        Column(id="site", title=N_("Site"), width=24, at_once=17),
        later("stage", N_("Stage"), 15),
        later("waiting", N_("Waiting on"), 10, spare=1),
        later("due", N_("Due"), 5),
        later("key", N_("No."), 13, spare=2),
    ),
    row=_lean_row,
)

REQUESTS = Listing(
    subject="requests",
    title=N_("Requests"),
    columns=(
        Column(id="stage", title=N_("Stage"), width=19, sort=lambda f: -f.level),
        Column(
            id="key", title=N_("No."), width=13, spare=2, sort=lambda f: by_number(f.request.key)
        ),
        Column(
            id="software",
            title=N_("Software"),
            width=16,
            flex=2,
            sort=lambda f: fold(f.request.software or f.request.subject),
        ),
        Column(id="site", title=N_("Site"), width=14, flex=2, sort=by_site_name),
        Column(
            id="requester",
            title=N_("Requester"),
            width=14,
            flex=1,
            spare=5,
            sort=lambda f: fold(f.request.requester),
        ),
        Column(
            id="created",
            title=N_("Asked"),
            width=7,
            spare=3,
            right=True,
            sort=lambda f: f.request.created,
        ),
        *work_columns(lambda f: f.request, waiting_spare=0),
        age_column(),
    ),
    facts=lambda situation: situation.requests,
    row=_request_row,
    key=lambda fact: fact.key,
    marked="software",
    empty=N_("No catalogue request."),
    lean=_LEAN,
)
