"""The list of the Overview: what needs somebody now."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.i18n import N_
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.trouble import SiteTrouble
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.listing import Lean, Listing
from smic_tui.views.lists.parts import glyph_cell, known_since, later, state_cell
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.words import level


def _row(fact: SiteTrouble, look: Look) -> Row:
    text = " · ".join(item.words for item in fact.items)
    return Row(
        key=fact.key,
        cells=(
            state_cell(fact.level, level(fact.level), look),
            Cell(fact.title, Role.PLAIN if fact.site else Role.TITLE),
            Cell(human.since(fact.since, look.now)),
            Cell(text),
        ),
        site=fact.site,
        copy=f"{fact.title} {text}",
        stale=fact.stale,
    )


def _lean_row(fact: SiteTrouble, look: Look) -> Row:
    full = _row(fact, look)
    _level, title, _since, text = full.cells
    return replace(
        full,
        cells=(
            glyph_cell(fact.level, look),
            Cell(place(title.text), title.role),
            text,
            known_since(fact.since, look),
        ),
    )


_LEAN = Lean(
    columns=(
        Column(id="level", title="", width=1),
        Column(id="site", title=N_("Where"), width=20),
        Column(id="trouble", title=N_("What is the matter"), width=48, at_once=24),
        later("since", N_("Since"), 6),
    ),
    row=_lean_row,
)

OVERVIEW = Listing(
    subject="overview",
    title=N_("Overview"),
    columns=(
        Column(id="level", title=N_("Level"), width=11, sort=lambda f: -f.level),
        Column(id="site", title=N_("Where"), width=22, flex=1, sort=lambda f: fold(f.title)),
        Column(id="since", title=N_("Since"), width=7, right=True, sort=lambda f: f.since),
        Column(id="trouble", title=N_("What is the matter"), width=30, flex=3),
    ),
    facts=troubles,
    row=_row,
    key=lambda fact: fact.key,
    marked="site",
    empty=N_("Nothing needs you now."),
    lean=_LEAN,
)
