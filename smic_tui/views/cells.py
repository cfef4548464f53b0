"""The vocabulary between views and whatever draws them.

A view gives text with a role; it knows no colour. A widget or the plain output
of a command decides what a role looks like.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


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


# By level, which is a number: a tuple is indexed in a fraction of what a dictionary takes.
ROLE_OF_LEVEL: tuple[Role, ...] = (
    Role.FINE,
    Role.UNKNOWN,
    Role.NOTICE,
    Role.WARNING,
    Role.CRITICAL,
)


class Cell(Struct, frozen=True, gc=False):
    """A piece of text in one role."""

    text: str
    role: Role = Role.PLAIN


class ColumnLayout(Struct, frozen=True, kw_only=True):
    """How a column of a list is laid out; what stands in it is `views.columns.Column`'s affair.

    `id` is its name in the program. `title` is an unmarked English message, translated where
    it is drawn. `width` is what it wants, in terminal cells; `flex` shares out what is left
    over; `right` aligns its texts to the right. When the terminal is too narrow the columns
    with the highest `spare` go first; 0 always stays. Where lines are shown in two steps,
    `at_once` is how many cells of it come in the first, None for all.
    """

    id: str
    title: str
    width: int
    flex: int = 0
    spare: int = 0
    right: bool = False
    at_once: int | None = None


class Row(Struct, frozen=True, kw_only=True):
    """One line of a list: a cell for each of the columns that it was made for.

    `site` is the key of the site's fact that the line belongs to, `url` the record's page in
    its own system; empty where there is none. `copy` is the text that the copy key takes.
    `stale` greys the whole line.
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
