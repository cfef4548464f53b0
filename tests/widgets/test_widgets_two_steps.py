"""Lines that are drawn in two steps, as on a slow line."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from smic_tui.terminal.costs import COSTS
from smic_tui.views.cells import Cell, ColumnLayout, Role, Row
from tests.widgets.a_wire import AWire
from tests.widgets.shown_lines import shown, until
from widgets import row_table
from widgets.row_table import RowTable

COLUMNS = (
    ColumnLayout(id="state", title="", width=1),
    ColumnLayout(id="name", title="Name", width=12, at_once=8),
    ColumnLayout(id="owner", title="Owner", width=10, at_once=0),
)


class StepsApp(App[None]):
    """A table on a line that has room when it is told so."""

    def __init__(self, *, slow: bool = True) -> None:
        super().__init__()
        self.wire = AWire()
        self.table = RowTable(wire=self.wire)
        self.slow = slow

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self.table.draw_in_steps(self.slow)
        self.fill("owner")

    def fill(self, owner: str, count: int = 100) -> None:
        keys = [f"{number:03}" for number in range(count)]

        def make(index: int) -> Row:
            key = keys[index]
            cells = (Cell("!", Role.WARNING), Cell(f"name of {key}"), Cell(f"{owner} {key}"))
            return Row(key=key, cells=cells)

        self.table.show(COLUMNS, keys, make)

    def lines(self) -> list[str]:
        return shown(self.table)

    def whole(self) -> list[int]:
        """The lines of the screen that have taken the second step."""
        return [y for y, line in enumerate(self.lines()) if "owner" in line]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_table, "REST_SECONDS", 0.15)
    monkeypatch.setattr(row_table, "PORTION_SECONDS", 0.03)


async def test_the_rest_follows_when_the_cursor_rests() -> None:
    app = StepsApp()
    async with app.run_test(size=(40, 9)) as pilot:
        assert app.lines()[:2] == ["▌! name of…", " ! name of…"]
        await until(pilot, lambda: len(app.whole()) == 8)
        assert app.lines()[1] == " ! name of 001  owner 001"


async def test_a_new_line_begins_and_the_others_stay_whole() -> None:
    app = StepsApp()
    async with app.run_test(size=(40, 9)) as pilot:
        await until(pilot, lambda: len(app.whole()) == 8)
        app.wire.room = False
        await pilot.press(*["down"] * 8)
        assert app.whole() == list(range(7))
        assert app.lines()[-1] == "▌! name of…"
        # While the line is busy nothing is added to it.
        await pilot.pause(0.4)
        assert app.whole() == list(range(7))
        app.wire.room = True
        await until(pilot, lambda: app.whole() == list(range(8)))


async def test_the_cursors_line_comes_first() -> None:
    app = StepsApp()
    app.wire.costs = COSTS._replace(rest=40)
    app.wire.room = False
    async with app.run_test(size=(40, 13)) as pilot:
        await pilot.press(*["down"] * 5)
        await pilot.pause(0.4)
        assert not app.whole()

        app.wire.once = True
        app.wire.room = True
        await until(pilot, lambda: bool(app.whole()))
        assert app.whole() == [4, 5, 6]


async def test_what_was_left_begins_again() -> None:
    app = StepsApp()
    async with app.run_test(size=(40, 9)) as pilot:
        await until(pilot, lambda: len(app.whole()) == 8)
        app.wire.room = False
        await pilot.press("end", "home")
        assert not app.whole()


async def test_new_contents_do_not_put_it_off() -> None:
    app = StepsApp()
    async with app.run_test(size=(40, 9)) as pilot:
        for number in range(40):
            app.fill(f"owner{number % 10}")
            await pilot.pause(0.03)
        assert len(app.whole()) == 8
        # And what is whole is replaced by something whole.
        app.fill("owner!")
        await pilot.pause()
        assert all("owner!" in line for line in app.lines())


async def test_on_a_fast_line_all_of_it_comes_at_once() -> None:
    app = StepsApp(slow=False)
    async with app.run_test(size=(40, 9)) as pilot:
        await pilot.press("end")
        assert len(app.whole()) == 8
