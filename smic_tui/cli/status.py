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
from smic_tui.insight.counts import counts
from smic_tui.model.tally import Tally
from smic_tui.views import summary
from smic_tui.views.look import Look

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def run(options: Namespace) -> int:
    """Print the counts. Failing sources come before attention: their counts cannot be trusted."""
    now = datetime.now(UTC)
    kept = quick.kept(options, now)
    if kept is not None:
        tally, ascii_only = kept.at(now), kept.ascii
    else:
        # Not before: it takes several times as long.
        from smic_tui.cli.situation import read
        from smic_tui.insight.tallying import tally_of

        reading = read(options, keep=True)
        now, ascii_only = reading.situation.now, reading.look.ascii
        tally = tally_of(reading.situation)
    if options.json:
        print_json(counts(tally, now))
    else:
        # No time of day is shown: there is no need to know about zones.
        _print(tally, Look(now=now, zone=cast("ZoneInfo", UTC), ascii=ascii_only))
    if any(source.stale or source.state is not SourceState.OK for source in tally.sources):
        return Exit.SOURCE
    return Exit.ATTENTION if tally.attention else Exit.FINE


def _print(tally: Tally, look: Look) -> None:
    lines = summary.words_of_tally(tally, look)
    lines.append(summary.freshness(tally.sources, look, terminal.columns()))
    for line in lines:
        print("".join(terminal.painted(cell, cell.text) for cell in line).rstrip())
