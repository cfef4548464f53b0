"""What an arrow key brings, and the end of it that follows."""

from __future__ import annotations

from textual.app import App, ComposeResult

from smic_tui.terminal.costs import COSTS
from smic_tui.views.cells import Cell, ColumnLayout, Line, Row
from tests.widgets.a_wire import AWire
from tests.widgets.shown_lines import shown, until
from widgets.row_table import RowTable
from widgets.text_lines import TextLines

COLUMNS = (
    ColumnLayout(id="name", title="Name", width=12),
    ColumnLayout(id="text", title="Text", width=40),
    ColumnLayout(id="owner", title="Owner", width=10),
)
WORDS = "one two three four five six seven eight"


class LateApp(App[None]):
    """A list on a line that has room when it is told so."""

    def __init__(self, kind: type[RowTable | TextLines], *, late: float | None = 0.3) -> None:
        super().__init__()
        self.wire = AWire(late)
        self.lines: RowTable | TextLines = kind(wire=self.wire)

    def compose(self) -> ComposeResult:
        yield self.lines

    def on_mount(self) -> None:
        self.lines.focus()
        self.fill()

    def fill(self, owner: str = "owner") -> None:
        keys = [f"{number:03}" for number in range(100)]
        if isinstance(self.lines, RowTable):
            self.lines.show(
                COLUMNS,
                keys,
                lambda index: Row(
                    key=keys[index],
                    cells=(Cell(f"name {keys[index]}"), Cell(WORDS), Cell(owner)),
                ),
            )
        else:
            # Every third can be stepped on.
            self.lines.show(
                [
                    Line(cells=(Cell(f"{key} {WORDS} {owner}"),), key="" if int(key) % 3 else key)
                    for key in keys
                ]
            )

    def shown(self) -> list[str]:
        return shown(self.lines)

    def begun(self) -> list[int]:
        """The lines of the screen whose end is not there yet."""
        return [y for y, line in enumerate(self.shown()) if not line.endswith("owner")]


async def test_the_end_of_a_new_line_follows() -> None:
    app = LateApp(RowTable)
    async with app.run_test(size=(80, 9)) as pilot:
        await pilot.press(*["down"] * 7)
        assert not app.begun()
        app.wire.room = False
        await pilot.press("down")
        last = app.shown()[-1]
        assert app.begun() == [7]
        assert last.startswith("▌name 008")
        assert last in f"▌name 008     {WORDS}"
        # The marker is no part of it.
        assert len(last.lstrip("▌")) <= COSTS.with_key
        # While the line is busy nothing is added to it.
        await pilot.pause(0.5)
        assert app.begun() == [7]
        app.wire.room = True
        await until(pilot, lambda: not app.begun())


async def test_who_goes_on_is_followed() -> None:
    app = LateApp(RowTable, late=0.1)
    async with app.run_test(size=(80, 9)) as pilot:
        await pilot.press(*["down"] * 8)
        for _key in range(20):
            await pilot.press("down")
        # Those that came long ago are whole while the keys still come.
        assert 0 not in app.begun()
        await until(pilot, lambda: not app.begun())


async def test_pages_and_jumps_come_whole() -> None:
    app = LateApp(RowTable, late=60)
    async with app.run_test(size=(80, 9)) as pilot:
        for key in ("pagedown", "end", "home"):
            await pilot.press(key)
            assert not app.begun()


async def test_up_at_the_top_is_the_same() -> None:
    app = LateApp(RowTable, late=60)
    async with app.run_test(size=(80, 9)) as pilot:
        await pilot.press("end", *["up"] * 8)
        assert app.begun() == [0]


async def test_new_contents_and_another_size_are_drawn_whole() -> None:
    app = LateApp(RowTable, late=60)
    async with app.run_test(size=(80, 9)) as pilot:
        await pilot.press(*["down"] * 9)
        assert len(app.begun()) == 2
        app.fill("new owner")
        assert not app.begun()
        await pilot.press("down")
        assert app.begun() == [7]
        await pilot.resize_terminal(80, 12)
        await pilot.pause()
        assert not app.begun()


async def test_lines_that_come_together_share_the_bytes() -> None:
    app = LateApp(TextLines, late=0.3)
    async with app.run_test(size=(80, 9)) as pilot:
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: not app.begun())
        app.wire.room = False
        # The next that can be stepped on is three lines further.
        await pilot.press("down")
        assert app.begun() == [6, 7, 8]
        shown = app.shown()
        assert shown[8].startswith("▌012 one two")
        assert sum(map(len, shown[6:])) <= COSTS.with_key + 3
        app.wire.room = True
        await until(pilot, lambda: not app.begun())


async def test_where_nothing_is_late_all_comes_at_once() -> None:
    app = LateApp(RowTable, late=None)
    async with app.run_test(size=(80, 9)) as pilot:
        await pilot.press(*["down"] * 20)
        assert not app.begun()
