"""Cells, columns and sort keys that several lists share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from smic_tui.i18n import N_
from smic_tui.insight.facts import Level
from smic_tui.text import fold
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Column, Role
from smic_tui.views.look import Look


def state_cell(level: Level, text: str, look: Look) -> Cell:
    return Cell(f"{look.glyph(level)} {text}", ROLE_OF_LEVEL[level])


def age_cell(fact: Any) -> Cell:
    return Cell(human.age(fact.age), Role.WARNING if fact.stale else Role.MUTED)


def site_cell(fact: Any) -> Cell:
    """The site's name, or what the source wrote where no site of the register matches."""
    if fact.site_name:
        return Cell(fact.site_name)
    return Cell(fact.site_ref and f"? {fact.site_ref}", Role.MUTED)


def due_cell(due: datetime | None, overdue: bool, look: Look) -> Cell:
    role = Role.WARNING if overdue else Role.PLAIN
    return Cell(human.moment(due, look.now, look.zone), role)


def by_site_name(fact: Any) -> str:
    return fold(fact.site_name or fact.site_ref)


def age_column() -> Column:
    return Column(id="age", title=N_("Age"), width=6, spare=1, right=True, sort=lambda f: f.age)


def by_number(key: str) -> tuple[int, str]:
    """Ticket numbers in the order of their numbers, other keys by their text."""
    digits = "".join(char for char in key if char.isdigit())
    return (int(digits) if digits and len(digits) < 19 else 0, key)
