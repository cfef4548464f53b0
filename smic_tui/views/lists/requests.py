"""The list of catalogue requests."""

from __future__ import annotations

from smic_tui.i18n import N_
from smic_tui.insight.facts import RequestFact
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import (
    age_cell,
    age_column,
    by_number,
    by_site_name,
    due_cell,
    site_cell,
    state_cell,
    work_columns,
)
from smic_tui.views.look import Look
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
)
