"""The cursor of a table that is read whole, unless it is the one that was read last."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from adapters.shared.cursors import decoded, setup_of
from smic_tui.contract.batch import Rejected

# Part of every cursor: raise it when the same row would give another record.
_FORMAT = 2
# A cursor carries the rows that were set aside, so that they stay visible while the table does
# not change; with more than this, the table is simply read again.
_REMEMBERED = 100


class TableCursor(Struct, frozen=True, omit_defaults=True):
    """What is known of the last reading: the table's version, and which rows were set aside.

    `settings` is a digest of all that decides how the table becomes records. Without a `version`
    the table is read again.
    """

    settings: str
    version: str = ""
    rejected: tuple[Rejected, ...] = ()

    def encoded(self) -> str:
        """Return it as an adapter gives it to the program."""
        if len(self.rejected) > _REMEMBERED:
            return TableCursor(self.settings).encoded()
        return msgspec.json.encode(self).decode()


def digest_of(*settings: Any) -> str:
    """Return what tells the settings of one table from any others."""
    return setup_of((_FORMAT, *settings))


def known_table(settings: str, cursor: str | None) -> TableCursor:
    """Return the cursor of the last reading; one of other settings knows nothing."""
    known = decoded(cursor, TableCursor)
    return known if known is not None and known.settings == settings else TableCursor(settings)
