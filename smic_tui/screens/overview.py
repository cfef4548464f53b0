"""The first screen: what needs somebody now, worst first, and how old each fact is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from textual.widget import Widget

from smic_tui.insight.status_counts import count_sources
from smic_tui.model.facts import Situation
from smic_tui.model.trouble import Line, SiteTrouble
from smic_tui.screens.listing import ListScreen
from smic_tui.views.cells import Cell
from smic_tui.views.lists.overview import OVERVIEW
from smic_tui.views.summary import SUMMARIES, freshness
from widgets.block import Block
from widgets.line_list import LineList

COUNTED = ("sites", "backups", "tickets", "requests")


class OverviewScreen(ListScreen):
    """Counts above, one line per site in trouble, the age of every source below."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(OVERVIEW, ascii_only=ascii_only)
        self.counts = Block(len(COUNTED) - 1, id="counts")
        self.freshness = Block(id="freshness")
        self._troubles: tuple[Situation | None, Sequence[Any]] = (None, ())

    def compose_body(self) -> Iterable[Widget]:
        yield self.counts
        yield from super().compose_body()
        yield self.freshness

    def all_facts(self) -> Sequence[Any]:
        situation = self.desk.situation
        if self._troubles[0] is not situation:
            self._troubles = (situation, super().all_facts())
        return self._troubles[1]

    def show_situation(self) -> None:
        situation, look = self.desk.situation, self.desk.look
        above: list[list[Cell]] = [[] for _subject in COUNTED[:-1]]
        # That nothing is counted yet is told once, in the last line.
        if situation.sources and (not situation.is_partial or situation.counts is not None):
            above = [SUMMARIES[subject](situation, look) for subject in COUNTED[:-1]]
        self.counts.show(*((cells, ()) for cells in above))
        sources = count_sources(situation.sources)
        self.freshness.show_left(*freshness(sources, look, self.app.size.width))
        super().show_situation()

    def summary_cells(self) -> list[Cell]:
        # The last of the counts shares its line with the position in the list.
        return SUMMARIES[COUNTED[-1]](self.desk.situation, self.desk.look)

    def source_of(self, fact: Any) -> str:
        return fact.key.partition("/")[0] if isinstance(fact, SiteTrouble) and fact.site else ""

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        fact = self.fact
        if not isinstance(fact, SiteTrouble):
            return
        if fact.line is Line.GROUP:
            self.desk.show_list("sites", f'state:down supplier:"{fact.title}"')
        elif fact.site:
            self.desk.open_dossier(fact.site)
        else:
            self.desk.show_list("sources", "")
