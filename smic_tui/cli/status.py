"""smic-tui status: the counts, and whether somebody must do something."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from smic_tui.cli import kept_counts as quick
from smic_tui.cli import terminal
from smic_tui.cli.exits import Exit
from smic_tui.cli.json_text import print_json
from smic_tui.contract.status import SourceState
from smic_tui.insight.status_json import status_json
from smic_tui.model.status_counts import StatusCounts
from smic_tui.system import streams
from smic_tui.views.counts import freshness, words_of_counts
from smic_tui.views.look import Look

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def run(options: Namespace) -> int:
    """Print the counts. Failing sources come before attention: their counts cannot be trusted."""
    now = datetime.now(UTC)
    kept = quick.kept(options, now)
    if kept is not None:
        counts, ascii_only = kept.at(now), kept.ascii
        if ascii_only:
            streams.use_ascii()
    else:
        # Not before: it takes several times as long.
        from smic_tui.cli.situation import read
        from smic_tui.insight.status_counts import count

        reading = read(options, keep=True)
        now, ascii_only = reading.situation.now, reading.look.ascii
        counts = count(reading.situation)
    if options.json:
        print_json(status_json(counts, now))
    else:
        # No time of day is shown: there is no need to know about zones.
        _print(counts, Look(now=now, zone=cast("ZoneInfo", UTC), ascii=ascii_only))
    if any(source.stale or source.state is not SourceState.OK for source in counts.sources):
        return Exit.SOURCE
    return Exit.ATTENTION if counts.attention else Exit.FINE


def _print(counts: StatusCounts, look: Look) -> None:
    lines = words_of_counts(counts, look)
    lines.append(freshness(counts.sources, look, terminal.columns()))
    for line in lines:
        print("".join(terminal.painted(cell, cell.text) for cell in line).rstrip())
