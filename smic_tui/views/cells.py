"""The vocabulary between views and whatever draws them.

A view gives text with a role; it knows no colour. A widget or the plain output
of a command decides what a role looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

from smic_tui.model.states import Level


class Role(StrEnum):
    """What a piece of text is, for whoever chooses its look."""

    PLAIN = "plain"
    FINE = "fine"
    UNKNOWN = "unknown"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"
    MUTED = "muted"
    TITLE = "title"
    KEY = "key"
    CHOSEN = "chosen"


ROLE_OF_LEVEL: dict[Level, Role] = {
    Level.FINE: Role.FINE,
    Level.UNKNOWN: Role.UNKNOWN,
    Level.NOTICE: Role.NOTICE,
    Level.WARNING: Role.WARNING,
    Level.CRITICAL: Role.CRITICAL,
}


class Cell(NamedTuple):
    """A piece of text in one role."""

    text: str
    role: Role = Role.PLAIN


class Column(Struct, frozen=True, kw_only=True):
    """A column of a list.

    `title` is an unmarked English message, translated where it is drawn.
    `width` is what it wants, in terminal cells; `flex` shares out what is left
    over. When the terminal is too narrow the columns with the highest `spare`
    go first; 0 always stays. `sort` orders by this column, None where that
    makes no sense; `sort_with_look` does where the order depends on the reader's `Look`,
    as that of ages. Where lines are shown in two steps, `at_once` is how many cells
    of it come in the first, None for all.
    """

    id: str
    title: str
    width: int
    flex: int = 0
    spare: int = 0
    right: bool = False
    at_once: int | None = None
    sort: Callable[[Any], Any] | None = None
    sort_with_look: Callable[[Any, Any], Any] | None = None


class Row(Struct, frozen=True, kw_only=True):
    """One line of a list: as many cells as the list has columns.

    `stale` greys the whole line. `copy` is what the copy key takes.
    """

    key: str
    cells: tuple[Cell, ...]
    site: str = ""
    url: str = ""
    copy: str = ""
    stale: bool = False


class Line(Struct, frozen=True, kw_only=True):
    """A line of running text made of pieces, as in the dossier.

    A line about a record can be stepped on; it carries what the keys need.
    """

    cells: tuple[Cell, ...] = ()
    key: str = ""
    url: str = ""
    copy: str = ""
    stale: bool = False


Facts = Sequence[Any]
