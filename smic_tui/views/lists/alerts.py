"""The list of alerts."""

from __future__ import annotations

from datetime import datetime

from smic_tui.i18n import N_, _
from smic_tui.model.facts import AlertFact
from smic_tui.model.states import AlertStatus, Level
from smic_tui.model.subjects import ALERTS
from smic_tui.views import human
from smic_tui.views.cells import Cell, Role
from smic_tui.views.columns import Column
from smic_tui.views.listing import Listing
from smic_tui.views.lists.parts import glyph_cell, known_since, later, state_cell, text_column
from smic_tui.views.look import Look
from smic_tui.views.place import place
from smic_tui.views.summary import summary_of_alerts
from smic_tui.views.words import word


def alert_level(fact: AlertFact) -> Level:
    """How loud an alert still is: acknowledged ones are a notice, cleared ones fine."""
    if fact.status is AlertStatus.FIRING:
        return fact.severity
    return Level.FINE if fact.status is AlertStatus.CLEARED else Level.NOTICE


def _begun(fact: AlertFact) -> datetime:
    """Since when the trouble lasts; where nobody knows, since when it is seen."""
    return fact.began or fact.since


def _until(fact: AlertFact, look: Look) -> str:
    """Who acknowledged it until when; else whether nobody can see if it still holds."""
    if fact.status is not AlertStatus.ACKNOWLEDGED:
        return _("source is stale") if fact.blind else ""
    if fact.acknowledged_until is None:
        return fact.acknowledged_by
    return _("{person} until {moment}").format(
        person=fact.acknowledged_by,
        moment=human.moment(fact.acknowledged_until, look.now, look.zone),
    )


_COLUMNS: tuple[Column[AlertFact], ...] = (
    Column(
        id="life",
        title=N_("State"),
        width=17,
        cell=lambda f, look: state_cell(alert_level(f), word(f.status), look),
        sort=lambda f, look: -alert_level(f),
    ),
    text_column("rule", N_("Rule"), 14, lambda f: f.rule, flex=1, spare=2),
    text_column("site", N_("Site"), 16, lambda f: f.site_name, flex=1),
    text_column("summary", N_("What"), 22, lambda f: f.summary, flex=3),
    Column(
        id="since",
        title=N_("Since"),
        width=7,
        right=True,
        cell=lambda f, look: Cell(human.since(_begun(f), look.now)),
        sort=lambda f, look: _begun(f),
    ),
    Column(
        id="seen",
        title=N_("Seen"),
        width=7,
        spare=4,
        right=True,
        cell=lambda f, look: Cell(human.since(f.since, look.now), Role.MUTED),
        sort=lambda f, look: f.since,
    ),
    Column(
        id="until",
        title=N_("Acknowledged"),
        width=20,
        flex=1,
        spare=3,
        cell=lambda f, look: Cell(_until(f, look), Role.MUTED),
    ),
)

_LEAN: tuple[Column[AlertFact], ...] = (
    Column(id="level", title="", width=1, cell=lambda f, look: glyph_cell(alert_level(f), look)),
    Column(id="site", title=N_("Site"), width=17, cell=lambda f, look: Cell(place(f.site_name))),
    Column(id="summary", title=N_("What"), width=30, cell=lambda f, look: Cell(f.summary)),
    later("since", N_("Since"), 6, lambda f, look: known_since(_begun(f), look)),
    # That it fires goes without saying: its shape is as loud as it is.
    later(
        "life",
        N_("State"),
        12,
        lambda f, look: Cell("" if f.status is AlertStatus.FIRING else word(f.status)),
    ),
    later("until", N_("Acknowledged"), 20, lambda f, look: Cell(_until(f, look)), spare=1),
)

LISTING: Listing[AlertFact] = Listing(
    subject=ALERTS,
    summary=summary_of_alerts,
    columns=_COLUMNS,
    lean=_LEAN,
    key=lambda f: f.fingerprint,
    site=lambda f: f.site,
    copy=lambda f: f"{f.rule} {f.site_name} {f.summary}",
    stale=lambda f: f.blind,
    marked="site",
    empty=N_("No alert. All is quiet."),
)
