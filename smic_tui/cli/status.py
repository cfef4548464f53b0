"""smic-tui status: the counts, and whether somebody must do something."""

from __future__ import annotations

from argparse import Namespace

from smic_tui.cli import tables, terminal
from smic_tui.cli.exits import Exit
from smic_tui.cli.reading import read
from smic_tui.insight.counts import counts
from smic_tui.insight.tally import Tally
from smic_tui.insight.tallying import tally_of
from smic_tui.snapshot import SourceState
from smic_tui.views import summary
from smic_tui.views.look import Look


def run(options: Namespace) -> int:
    """Print the counts. Failing sources come before attention: their counts cannot be trusted."""
    reading = read(options)
    tally = tally_of(reading.situation)
    if options.json:
        tables.print_json(counts(tally, reading.situation.now))
    else:
        _print(tally, reading.look)
    if any(source.stale or source.state is not SourceState.OK for source in tally.sources):
        return Exit.SOURCE
    return Exit.ATTENTION if tally.attention else Exit.FINE


def _print(tally: Tally, look: Look) -> None:
    lines = summary.words_of_tally(tally, look)
    lines.append(summary.freshness(tally.sources, look, terminal.columns()))
    for line in lines:
        print("".join(terminal.painted(cell, cell.text) for cell in line).rstrip())
