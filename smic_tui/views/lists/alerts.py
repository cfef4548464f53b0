"""The list of alerts."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.i18n import N_, _
from smic_tui.model.facts import AlertFact
from smic_tui.model.states import AlertStatus, Level
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import Cell, Column, Role, Row
from smic_tui.views.listing import Lean, Listing
from smic_tui.views.lists.parts import glyph_cell, known_since, later, state_cell
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.words import word


def alert_level(fact: AlertFact) -> Level:
    """How loud an alert still is: acknowledged ones are a notice, cleared ones fine."""
    if fact.status is AlertStatus.FIRING:
        return fact.severity
    return Level.FINE if fact.status is AlertStatus.CLEARED else Level.NOTICE


def _alert_row(fact: AlertFact, look: Look) -> Row:
    until = ""
    if fact.status is AlertStatus.ACKNOWLEDGED:
        until = fact.acknowledged_by
        if fact.acknowledged_until is not None:
            moment = human.moment(fact.acknowledged_until, look.now, look.zone)
            until = _("{person} until {moment}").format(person=until, moment=moment)
    elif fact.blind:
        until = _("source is stale")
    return Row(
        key=fact.fingerprint,
        cells=(
            state_cell(alert_level(fact), word(fact.status), look),
            Cell(fact.rule),
            Cell(fact.site_name),
            Cell(fact.summary),
            Cell(human.since(fact.fired or fact.since, look.now)),
            Cell(until, Role.MUTED),
        ),
        site=fact.site,
        copy=f"{fact.rule} {fact.site_name} {fact.summary}",
        stale=fact.blind,
    )


def _lean_row(fact: AlertFact, look: Look) -> Row:
    full = _alert_row(fact, look)
    return replace(
        full,
        cells=(
            glyph_cell(alert_level(fact), look),
            Cell(place(fact.site_name)),
            Cell(fact.summary),
            known_since(fact.fired or fact.since, look),
            # That it fires goes without saying: its shape is as loud as it is.
            Cell("" if fact.status is AlertStatus.FIRING else word(fact.status)),
            Cell(full.cells[-1].text),
        ),
    )


_LEAN = Lean(
    columns=(
        Column(id="level", title="", width=1),
        Column(id="site", title=N_("Site"), width=17),
        Column(id="summary", title=N_("What"), width=30),
        later("since", N_("Since"), 6),
        later("life", N_("State"), 12),
        later("until", N_("Acknowledged"), 20, spare=1),
    ),
    row=_lean_row,
)

ALERTS = Listing(
    subject="alerts",
    title=N_("Alerts"),
    columns=(
        Column(id="life", title=N_("State"), width=17, sort=lambda f: -alert_level(f)),
        Column(id="rule", title=N_("Rule"), width=14, flex=1, spare=2, sort=lambda f: fold(f.rule)),
        Column(id="site", title=N_("Site"), width=16, flex=1, sort=lambda f: fold(f.site_name)),
        Column(
            id="summary",
            title=N_("What"),
            width=22,
            flex=3,
            sort=lambda f: fold(f.summary),
        ),
        Column(
            id="since", title=N_("Since"), width=7, right=True, sort=lambda f: f.fired or f.since
        ),
        Column(id="until", title=N_("Acknowledged"), width=20, flex=1, spare=3),
    ),
    facts=lambda situation: situation.alerts,
    row=_alert_row,
    key=lambda fact: fact.fingerprint,
    marked="site",
    empty=N_("No alert. All rules are quiet."),
    lean=_LEAN,
)
