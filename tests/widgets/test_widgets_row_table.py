"""The table as its users meet it: through keys, and by what stands on the lines."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.strip import Strip

from smic_tui.views.cells import Cell, ColumnLayout, Role, Row
from widgets.line_list import LineList
from widgets.row_table import RowTable

COLUMNS = (
    ColumnLayout(id="name", title="Name", width=10, flex=1),
    ColumnLayout(id="size", title="Size", width=5, right=True),
    ColumnLayout(id="extra", title="Extra", width=30, spare=1),
)


class TableApp(App[None]):
    """A table alone."""

    def __init__(self) -> None:
        super().__init__()
        self.table = RowTable()
        self.made: list[int] = []
        self.moved: list[tuple[str, int, int]] = []
        self.chosen: list[str] = []
        self.headings: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        self.moved.append((event.key, event.index, event.count))

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        self.chosen.append(event.key)

    def on_row_table_heading_clicked(self, event: RowTable.HeadingClicked) -> None:
        self.headings.append(event.column)

    def fill(self, keys: list[str], sizes: dict[str, int] | None = None) -> None:
        def make(index: int) -> Row:
            self.made.append(index)
            key = keys[index]
            return Row(
                key=key,
                cells=(Cell(f"name {key}"), Cell(str((sizes or {}).get(key, 0))), Cell("more")),
            )

        self.table.show(COLUMNS, keys, make)

    def screen_lines(self) -> list[str]:
        return [
            "".join(segment.text for segment in self.table.render_line(y))
            for y in range(self.table.size.height)
        ]


def keys(count: int, start: int = 0) -> list[str]:
    return [f"k{number:05}" for number in range(start, start + count)]


async def test_draws_only_what_is_visible() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.fill(keys(50_000))
        await pilot.pause()
        assert len(set(app.made)) <= 12
        await pilot.press("end")
        assert app.table.cursor_key == "k49999"
        assert len(set(app.made)) <= 24
        assert "k49999" in app.screen_lines()[-1]


async def test_cursor_and_screen_line_stay_with_the_key() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.fill(keys(100))
        await pilot.press(*["down"] * 30)
        line = next(i for i, text in enumerate(app.screen_lines()) if "k00030" in text)
        app.fill([*keys(5, 1000), *keys(100)])
        await pilot.pause()
        assert app.table.cursor_key == "k00030"
        assert app.table.cursor_index == 35
        assert "k00030" in app.screen_lines()[line]


async def test_a_list_at_its_beginning_shows_what_is_new_there() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.fill(keys(100))
        await pilot.press("down")
        app.fill(["worse", *keys(100)])
        await pilot.pause()
        assert "worse" in app.screen_lines()[1]
        assert app.table.cursor_key == "k00001"


async def test_cursor_stays_at_its_place_when_its_row_is_gone() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.fill(keys(100))
        await pilot.press(*["down"] * 5)
        app.fill([key for key in keys(100) if key != "k00005"])
        await pilot.pause()
        assert app.table.cursor_key == "k00006"
        app.fill([])
        await pilot.pause()
        assert app.table.cursor_key == ""
        assert app.table.row is None
        await pilot.press("down", "pagedown", "end", "enter")
        assert app.chosen == []


async def test_only_changed_lines_are_drawn_again() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.fill(keys(100))
        await pilot.pause()
        drawn: list[int] = []
        original = app.table.render_line

        def noted(y: int) -> Strip:
            drawn.append(y)
            return original(y)

        app.table.render_line = noted  # type: ignore[method-assign]
        app.fill(keys(100), {"k00003": 7})
        await pilot.pause()
        assert drawn == [4]
        drawn.clear()
        await pilot.press("down")
        assert sorted(set(drawn)) == [1, 2]
        drawn.clear()
        app.fill(keys(100), {"k00003": 7, "k00090": 1})
        await pilot.pause()
        assert drawn == []


async def test_narrow_terminals_lose_the_spare_columns() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 5)) as pilot:
        app.fill(keys(3))
        await pilot.pause()
        assert "Extra" in app.screen_lines()[0]
        await pilot.resize_terminal(30, 5)
        await pilot.pause()
        heading, first, *_rest = app.screen_lines()
        assert "Extra" not in heading
        assert "Name" in heading
        assert "name k00000" in first
        assert first.rstrip().endswith("0")


async def test_paging_choosing_and_the_mouse() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 12)) as pilot:
        app.fill(keys(100))
        await pilot.press("pagedown")
        assert app.table.cursor_index == 11
        await pilot.press("G", "g", "j", "k", "enter")
        assert app.chosen == ["k00000"]
        await pilot.click(app.table, offset=(5, 4))
        assert app.table.cursor_key == "k00003"
        await pilot.click(app.table, offset=(5, 4))
        assert app.chosen == ["k00000", "k00003"]
        await pilot.click(app.table, offset=(3, 0))
        assert app.headings == ["name"]
        assert app.moved[-1] == ("k00003", 3, 100)


async def test_hostile_text_is_text() -> None:
    app = TableApp()
    async with app.run_test(size=(60, 5)) as pilot:
        app.table.show(
            COLUMNS,
            ["a"],
            lambda index: Row(
                key="a", cells=(Cell("[/x][@click=app.bell]hi", Role.CRITICAL), Cell("1"), Cell(""))
            ),
        )
        await pilot.pause()
        assert "[/x][@click=app.bell]hi"[:14] in app.screen_lines()[1]
