"""A record has one level, wherever it is shown."""

from __future__ import annotations

import itertools
from zoneinfo import ZoneInfo

import pytest

from smic_tui import i18n
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.facts import SiteFact, Situation
from smic_tui.model.states import Level
from smic_tui.records import Health, HealthState
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Line, Role
from smic_tui.views.dossier import dossier
from smic_tui.views.lists.sites import LISTING
from smic_tui.views.look import GLYPHS, Look
from tests.insight.insight_examples import NOW, ago, health, site, situation

ARS = site("1", "Ars")
HEALTH = {"en": "Health", "fr": "État"}
LISTED = {"en": "? was up", "fr": "? (en service)"}


def look(found: Situation) -> Look:
    return Look(now=NOW, zone=ZoneInfo("Europe/Paris"), freshness=found.freshness)


def lines_of(found: Situation) -> tuple[SiteFact, dict[str, Line]]:
    (fact,) = found.sites
    lines = dossier(fact, [], look(found), 120)
    return fact, {line.key: line for line in lines}


def lines_said(found: Situation) -> list[Line]:
    return dossier(found.sites[0], [], look(found), 120)


def state_cell(found: Situation) -> Cell:
    return LISTING.row(found.sites[0], look(found), LISTING.columns).cells[0]


def level_shown(line: Line) -> Level:
    """The level that the shape says, whose role is that of the cell."""
    cell = next(cell for cell in line.cells if cell.text.strip() in GLYPHS)
    level = Level(GLYPHS.index(cell.text.strip()))
    assert cell.role is ROLE_OF_LEVEL[level]
    return level


@pytest.mark.parametrize(
    ("state", "service", "quiet", "stale"),
    itertools.product(
        HealthState, ("", "disk"), ({}, {"acknowledged": True}, {"downtime": True}), (True, False)
    ),
)
def test_the_level_of_a_record_is_the_same_everywhere(
    state: HealthState, service: str, quiet: dict[str, bool], stale: bool
) -> None:
    record = health("1", state, service=service, since=ago(hours=2), **quiet)
    found = situation(ARS, record, stale=["icinga"] if stale else [])
    fact, lines = lines_of(found)
    assert level_shown(lines[f"health/{record.key}"]) is fact.level
    events = [line for key, line in lines.items() if key.startswith("event/")]
    assert [level_shown(line) for line in events] == [fact.level]
    assert GLYPHS.index(state_cell(found).text[0]) == fact.level
    assert [line.level for line in troubles(found) if line.site] == (
        [fact.level] if fact.level >= Level.NOTICE else []
    )


def test_a_service_of_a_host_in_downtime_is_quiet_everywhere() -> None:
    host = health("1", HealthState.UP, host="nas", downtime=True)
    disk = health("1", HealthState.CRITICAL, host="nas", service="disk")
    fact, lines = lines_of(situation(ARS, host, disk))
    assert fact.level is Level.NOTICE
    assert level_shown(lines[f"health/{disk.key}"]) is Level.NOTICE
    nowhere = situation(*(_at_no_site(one) for one in (host, disk)))
    assert [line.level for line in troubles(nowhere) if not line.key.startswith("source")] == [
        Level.NOTICE
    ]


def _at_no_site(record: Health) -> Health:
    return health("Nowhere", record.state, host=record.host, service=record.service,
                  downtime=record.downtime)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "was up, 2 h ago"), ("fr", "était en service, il y a 2 h")],
)
def test_what_nobody_can_see_now_is_told_as_the_past(language: str, words: str) -> None:
    up = health("1", HealthState.UP)
    old = health("1", HealthState.UP, outdated=True, checked=ago(hours=2))
    i18n.use(language)
    try:
        for found in (situation(ARS, up, stale=["icinga"]), situation(ARS, old)):
            lines = lines_of(found)[1]
            line = lines[f"health/{up.key}"]
            assert line.stale
            assert words in "".join(cell.text for cell in line.cells)
            assert Role.FINE not in {cell.role for cell in line.cells}
            told = ["".join(cell.text for cell in one.cells) for one in lines_said(found)]
            assert any(one.startswith(HEALTH[language]) and words in one for one in told)
            cell = state_cell(found)
            assert (cell.text, cell.role) == (LISTED[language], Role.MUTED)
    finally:
        i18n.use("en")
