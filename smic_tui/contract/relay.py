"""The capability of a source that passes on what other sources said."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from smic_tui.contract.status import SourceStatus


@runtime_checkable
class RelaysSources(Protocol):
    """An adapter whose batches name their `origin`.

    Each origin is shown as a source of its own. The age of its facts counts from
    its own last good answer, never from the moment at which they were relayed.
    """

    def relayed(self) -> tuple[SourceStatus, ...]:
        """Return the origins as the last reading found them; their names are unique and not empty.

        `name` is the origin's, `last_good` when its own facts were true,
        `stale_after` how old it lets them become.
        """
        ...
