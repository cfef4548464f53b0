"""The first screen: what needs somebody now, worst first, and how old each fact is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from smic_tui.insight.status_counts import count_sources
from smic_tui.model.facts import Situation
from smic_tui.model.subjects import SITES, SOURCES
from smic_tui.model.trouble import Line, SiteTrouble
from smic_tui.screens.listing import ListScreen
from smic_tui.views.cells import Cell
from smic_tui.views.counts import freshness
from smic_tui.views.lists.overview import LISTING
from smic_tui.views.summary import (
    summary_of_backups,
    summary_of_sites,
    summary_of_tickets,
)
from widgets.block import Block
from widgets.line_list import LineList

# The counts above the list; the last one, of requests, shares its line with the position in it.
ABOVE = (summary_of_sites, summary_of_backups, summary_of_tickets)


class OverviewScreen(ListScreen[SiteTrouble]):
    """Counts above, one line per site in trouble, the age of every source below."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(LISTING, ascii_only=ascii_only)
        self.counts = Block(len(ABOVE), id="counts")
        self.freshness = Block(id="freshness")
        self._troubles: tuple[Situation | None, Sequence[SiteTrouble]] = (None, ())

    def compose_body(self) -> Iterable[Widget]:
        yield self.counts
        yield from super().compose_body()
        yield self.freshness

    def all_facts(self) -> Sequence[SiteTrouble]:
        situation = self.services.situation
        if self._troubles[0] is not situation:
            self._troubles = (situation, super().all_facts())
        return self._troubles[1]

    def show_situation(self) -> None:
        situation, look = self.services.situation, self.services.look
        above: list[list[Cell]] = [[] for _summary in ABOVE]
        # That nothing is counted yet is told once, in the last line.
        if situation.sources and (not situation.is_partial or situation.counts is not None):
            above = [summary(situation, look) for summary in ABOVE]
        self.counts.show(*((cells, ()) for cells in above))
        sources = count_sources(situation.sources)
        self.freshness.show_left(*freshness(sources, look, self.app.size.width))
        super().show_situation()

    def source_of(self, fact: SiteTrouble | None) -> str:
        return fact.key.partition("/")[0] if fact is not None and fact.site else ""

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        fact = self.fact
        if fact is None:
            return
        if fact.line is Line.GROUP:
            self.services.show_list(SITES.name, f'state:down supplier:"{fact.title}"')
        elif fact.site:
            self.services.open_dossier(fact.site)
        else:
            self.services.show_list(SOURCES.name, "")
