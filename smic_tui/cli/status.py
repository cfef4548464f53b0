"""smic-tui status: the counts, and whether somebody must do something."""

from __future__ import annotations

from argparse import Namespace

from smic_tui.cli import tables, terminal
from smic_tui.cli.exits import Exit
from smic_tui.cli.reading import Reading, read
from smic_tui.insight.counts import attention, counts
from smic_tui.insight.facts import Situation
from smic_tui.snapshot import SourceState
from smic_tui.views import summary
from smic_tui.views.cells import Cell


def run(options: Namespace) -> int:
    """Print the counts. Failing sources come before attention: their counts cannot be trusted."""
    reading = read(options)
    situation = reading.situation
    if options.json:
        tables.print_json(counts(situation))
    else:
        _print(reading)
    if any(fact.stale or fact.status.state is not SourceState.OK for fact in situation.sources):
        return Exit.SOURCE
    return Exit.ATTENTION if attention(situation) else Exit.FINE


def _print(reading: Reading) -> None:
    for line in _lines(reading.situation, reading):
        print("".join(terminal.painted(cell, cell.text) for cell in line).rstrip())


def _lines(situation: Situation, reading: Reading) -> list[list[Cell]]:
    look = reading.look
    subjects = ("sites", "backups", "tickets", "requests", "alerts", "sources")
    lines = [summary.SUMMARIES[subject](situation, look) for subject in subjects]
    return [*lines, summary.freshness(situation, look, terminal.columns())]
