"""A screen with one list: filter as you type, sort, open, copy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from smic_tui.i18n import N_, _
from smic_tui.screens.acting import ActingScreen
from smic_tui.views.cells import Cell, Role, Row
from smic_tui.views.columns import Column, headed
from smic_tui.views.keys import Keys
from smic_tui.views.listing import Listing, sort_facts, tally
from smic_tui.views.look import Look
from smic_tui.views.targets import marked
from widgets.block import Block
from widgets.line_list import LineList
from widgets.prompt import Prompt
from widgets.row_table import RowTable

if TYPE_CHECKING:
    from smic_tui.query.parser import Query, QuerySyntaxError

# The language of filters is read with the first filter: no screen begins with one.

# Lists longer than this are filtered and sorted off the event loop.
LONG_LIST = 3000

FILTER, NAME = "filter", "name"

F = TypeVar("F")


class ListScreen(ActingScreen, Generic[F]):
    """One `Listing` on screen. The filter, the order and the cursor stay while one is away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", N_("Filter"), key_display="/"),
        Binding("f", "next_named_filter", N_("Named filter"), show=False),
        Binding("F", "keep_filter", N_("Keep this filter under a name"), show=False),
        Binding("s", "sort", N_("Sort")),
        Binding("S", "reverse", N_("Reverse order"), show=False),
        Binding("r", "refresh_source", N_("Refresh")),
        Binding("o", "open_record", N_("Copy the address"), show=False),
        Binding("y", "copy", N_("Copy"), show=False),
    ]

    def __init__(self, listing: Listing[F], *, ascii_only: bool = False) -> None:
        super().__init__()
        self.listing = listing
        self.tab = listing.subject.name
        self.summary = Block(id="summary")
        self.table = RowTable(
            ascii_only=ascii_only, wire=self.wire, on_moved=self._cursor_moved, id="rows"
        )
        self.query_text = ""
        self._filter_before = ""
        self._query: Query | None = None
        self._sort: str | None = None
        self._descending = False
        self._named = -1
        self._total = 0
        self._facts: Sequence[F] = ()
        # Whether it is shown as on a slow line, and whether it was opened so.
        self._is_lean = False
        self._opened_lean = False
        # Counts the questions asked; an answer to an old one is dropped.
        self._asked = 0
        # One thread at a time: an old question need not be answered beside the new one.
        self._select_turn = asyncio.Lock()

    def compose_body(self) -> Iterable[Widget]:
        yield self.summary
        yield self.table

    def on_mount(self) -> None:
        self._suit_the_line()
        self._opened_lean = self._is_lean
        self.table.focus()

    def on_screen_resume(self) -> None:
        # All of the screen is sent now: the moment to show it in another form.
        self._suit_the_line()

    def _suit_the_line(self) -> None:
        self._is_lean = bool(self.listing.lean) and self.services.line_is_slow
        self.table.draw_in_steps(self._is_lean)

    # -- drawing

    @property
    def columns(self) -> tuple[Column[F], ...]:
        """The columns to show, in order: any of columns over these facts would do."""
        return self.listing.lean if self._is_lean else self.listing.columns

    def all_facts(self) -> Sequence[F]:
        """The facts before filter and order."""
        return self.listing.facts(self.services.situation)

    def show_situation(self) -> None:
        facts, query = self.all_facts(), self._query
        self._asked += 1
        if query is None and self._sort is None:
            # Nothing is worked out of a list that is shown as it is.
            keys = Keys(facts, self.listing.key, self.table.cursor_index)
            self._show_facts(facts, keys, len(facts))
        elif len(facts) <= LONG_LIST:
            self._show_facts(*self._select(facts, query), len(facts))
        else:
            self.run_worker(self._select_long(self._asked, facts, query), group="select")

    def _select(self, facts: Sequence[F], query: Query | None) -> tuple[Sequence[F], Sequence[str]]:
        """The facts to show, in order, and their keys."""
        situation, look = self.services.situation, self.services.look
        if query is not None:
            facts = query.select(facts, situation.now, situation.freshness)
        facts = sort_facts(self.listing, facts, self._sort, self._descending, look)
        return facts, tuple(map(self.listing.key, facts))

    async def _select_long(self, asked: int, facts: Sequence[F], query: Query | None) -> None:
        async with self._select_turn:
            if asked != self._asked:
                return
            chosen, keys = await asyncio.to_thread(self._select, facts, query)
        if asked == self._asked:
            self._show_facts(chosen, keys, len(facts))

    def _show_facts(self, facts: Sequence[F], keys: Sequence[str], total: int) -> None:
        look = self.services.look
        self._facts, self._total = facts, total
        columns = self.columns
        row_of = partial(self.listing.row, look=look, columns=columns)
        if self.services.pending and self.listing.marked in {column.id for column in columns}:
            row_of = partial(self._marked_row, look=look, columns=columns)
        self.table.show(
            headed(columns, facts, look),
            keys,
            lambda index: row_of(facts[index]),
            sorted_by=(self._sort, self._descending) if self._sort else None,
        )
        self._show_summary()

    def _marked_row(self, fact: F, look: Look, columns: Sequence[Column[F]]) -> Row:
        """The row, marked where an action on its record is on the way."""
        row = self.listing.row(fact, look, columns)
        column = [column.id for column in columns].index(self.listing.marked)
        return marked(row, column, fact, self.services.pending, self.services.situation, look)

    def _cursor_moved(self) -> None:
        self._show_summary()
        self.follow_offers()

    def _show_summary(self) -> None:
        if not self.services.situation.sources:
            # That nothing is listed proves nothing: no source has been looked at.
            self.summary.show(([Cell(_("Nothing is known yet."), Role.MUTED)], []))
            return
        left = self.summary_cells()
        if self.query_text:
            left = [*left, Cell("   "), Cell(f"/{self.query_text}", Role.KEY)]
        count = len(self._facts)
        place = f"{self.table.cursor_index + 1}/{count}" if count else "0"
        if not count:
            empty = self.listing.empty if not self._total else N_("Nothing matches the filter.")
            left = [*left, Cell("   "), Cell(_(empty), Role.MUTED)]
        right = place if count == self._total else f"{place} ({tally(count, self._total)})"
        if self.services.situation.is_partial:
            right = f"{self.table.cursor_index + 1}/…"
        # Muted it would be another pen with every key.
        role = Role.PLAIN if self._is_lean else Role.MUTED
        self.summary.show((left, [Cell(" " + right, role)]))

    def summary_cells(self) -> list[Cell]:
        """What sums the whole list up."""
        return self.listing.summary(self.services.situation, self.services.look)

    @property
    def is_as_opened(self) -> bool:
        """Whether it shows what it would show when opened anew, but for the cursor."""
        plain = not (self.query_text or self._sort or self.prompt.is_open)
        plain = plain and self._is_lean is self._opened_lean
        return plain and not self.table.scroll_offset.y

    # -- the fact under the cursor

    @property
    def fact(self) -> F | None:
        """The fact under the cursor, None in an empty list."""
        index = self.table.cursor_index
        return self._facts[index] if index < len(self._facts) else None

    @property
    def acted_on(self) -> object:
        return self.fact

    @property
    def home(self) -> Widget:
        return self.table

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """Enter or a click on a row."""
        row = self.table.row
        if row is None:
            return
        if row.site:
            self.services.open_dossier(row.site)
        else:
            self.services.tell(_("This line belongs to no known site; see Sources (7)."))

    def action_copy(self) -> None:
        """Copy what the row is known by."""
        row = self.table.row
        if row is not None:
            self.services.copy_text(row.copy)

    def action_open_record(self) -> None:
        """Show the record in the system that owns it."""
        row = self.table.row
        if row is not None:
            self.services.open_record(row.url)

    def action_refresh_source(self) -> None:
        """Read the source of the row under the cursor now."""
        self.services.refresh_source(self.source_of(self.fact) or None)

    def source_of(self, fact: F | None) -> str:
        """The source that a fact comes from."""
        return getattr(fact, "source", "") if fact is not None else ""

    # -- order

    def action_sort(self) -> None:
        """Order by the next column; after the last, worst first again."""
        names = [column.id for column in self.listing.sorts()]
        at = names.index(self._sort) + 1 if self._sort in names else 0
        self._order(names[at] if at < len(names) else None, descending=False)

    def action_reverse(self) -> None:
        """Turn the order round."""
        if self._sort is not None:
            self._order(self._sort, descending=not self._descending)

    def on_row_table_heading_clicked(self, event: RowTable.HeadingClicked) -> None:
        """A click on a title orders by it; another turns the order round."""
        if event.column in [column.id for column in self.listing.sorts()]:
            same = event.column == self._sort
            self._order(event.column, descending=same and not self._descending)

    def _order(self, column: str | None, *, descending: bool) -> None:
        self._sort, self._descending = column, descending
        self.show_situation()

    # -- filter

    def action_filter(self) -> None:
        """Type a filter."""
        self._filter_before = self.query_text
        facts = self.all_facts()
        if len(facts) > LONG_LIST:
            # Before the first letter is typed, where there are many facts.
            from smic_tui.query.subjects.all import fields_for

            fields = fields_for(self.listing.subject.name)
            situation = self.services.situation
            ready = asyncio.to_thread(fields.get_ready, facts, situation.now, situation.freshness)
            self.run_worker(ready, group="ready")
        self.prompt.ask(FILTER, "/", self.query_text)

    def action_next_named_filter(self) -> None:
        """Apply the next of the named filters; after the last, none."""
        names = [
            name for name, text in self.services.named_filters.items() if self._understood(text)
        ]
        self._named = self._named + 1 if self._named + 1 < len(names) else -1
        name = names[self._named] if self._named >= 0 else ""
        self.set_filter(self.services.named_filters[name] if name else "")
        self.services.tell(_("Filter: {name}").format(name=name) if name else _("No filter"))

    def action_keep_filter(self) -> None:
        """Ask under which name the filter is to be kept."""
        if self.query_text:
            names = self.services.named_filters.items()
            name = next((name for name, text in names if text == self.query_text), "")
            self.prompt.ask(NAME, _("Name of this filter (“-name” forgets it): "), name)

    def _keep_filter(self, name: str) -> None:
        if name.startswith("-"):
            self.services.personal.save_filter(name[1:].strip(), "")
        elif name:
            self.services.personal.save_filter(name, self.query_text)

    def _parse(self, text: str) -> Query:
        from smic_tui.query.parser import parse
        from smic_tui.query.subjects.all import fields_for

        return parse(text, fields_for(self.listing.subject.name), self.services.look.zone.key)

    def _understood(self, text: str) -> bool:
        from smic_tui.query.parser import QuerySyntaxError

        try:
            self._parse(text)
        except QuerySyntaxError:
            return False
        return True

    def set_filter(self, text: str) -> bool:
        """Show what matches `text`; False and a message when it cannot be understood."""
        from smic_tui.query.parser import QuerySyntaxError

        text = text.strip()
        try:
            self._query = self._parse(text) if text else None
        except QuerySyntaxError as error:
            self._point_at(error)
            return False
        self.query_text = text
        self.show_situation()
        return True

    def _point_at(self, error: QuerySyntaxError) -> None:
        """Put a pointer under the column of the prompt that is not understood."""
        column = self.prompt.text_column + error.column
        pointer = "^" if self.services.look.ascii else "↑"
        self.keys.show_left(
            Cell(" " * column + pointer + " ", Role.WARNING),
            Cell(error.message, Role.WARNING),
        )

    def on_prompt_changed(self, event: Prompt.Changed) -> None:
        """Filter as it is typed; what is not understood yet leaves the list as it is."""
        if event.purpose == FILTER and self.set_filter(event.value):
            self.show_keys()

    def on_prompt_done(self, event: Prompt.Done) -> None:
        """Keep the filter."""
        if event.purpose == NAME:
            self._keep_filter(event.value.strip())
            self.close_prompt()
        elif event.purpose == FILTER and self.set_filter(event.value):
            self.close_prompt()

    def on_prompt_cancelled(self, event: Prompt.Cancelled) -> None:
        """Back to the filter from before."""
        if event.purpose == FILTER:
            self.set_filter(self._filter_before)
        self.close_prompt()

    def close_prompt(self) -> None:
        """Hide the prompt and go back to the list."""
        self.leave_prompt(self.table)

    def action_back(self) -> None:
        """Escape takes the filter away."""
        if self.query_text:
            self.set_filter("")
