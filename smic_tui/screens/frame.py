"""What every screen has: tabs above, keys and messages below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from smic_tui.i18n import N_, _, pgettext
from smic_tui.screens.desk import Desk, desk_of
from smic_tui.system.turns import screen_priority
from smic_tui.views.cells import Cell, Role
from smic_tui.views.outbox import mark_of
from smic_tui.views.summary import alarm
from widgets.block import Block
from widgets.line_list import LineList
from widgets.prompt import Prompt
from widgets.tab_bar import TabBar

MESSAGE_SECONDS = 6
# Opening comes first in the line of keys, what every screen has comes last.
KEY_ORDER = {"choose": 0, "back": 2, "help": 3, "app.quit": 4}

# Name of the screen and what its number key does, in the order of the keys.
TABS: tuple[tuple[str, str], ...] = (
    ("overview", N_("Overview")),
    ("sites", N_("Sites")),
    ("backups", N_("Backups")),
    ("tickets", N_("Tickets")),
    ("requests", N_("Requests")),
    ("alerts", N_("Alerts")),
    ("sources", N_("Sources")),
)


def tab_titles() -> list[str]:
    """What stands on the tabs; all of them together must fit into 80 cells."""
    return [
        pgettext("tab", "Overview"),
        pgettext("tab", "Sites"),
        pgettext("tab", "Backups"),
        pgettext("tab", "Tickets"),
        pgettext("tab", "Requests"),
        pgettext("tab", "Alerts"),
        pgettext("tab", "Sources"),
    ]


class FrameScreen(Screen[None], inherit_bindings=False):
    """Base of the screens: a tab bar, a body, a prompt and a line of keys.

    A subclass yields its body in `compose_body` and draws the present
    situation in `show_situation`, which is called whenever it changed while
    the screen is on top, and when it comes on top again.

    Handlers of a subclass (`on_mount`, `on_screen_resume`) call none of their base class:
    Textual calls those too, after them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"go('{name}')", title, show=False)
            for number, (name, title) in enumerate(TABS, 1)
        ),
        Binding(
            "left_square_bracket", "step(-1)", N_("Previous screen"), show=False, key_display="["
        ),
        Binding("right_square_bracket", "step(1)", N_("Next screen"), show=False, key_display="]"),
        Binding("R", "refresh_all", N_("Read all sources now"), show=False),
        Binding("O", "outbox", N_("Outbox: what is on its way to the sources"), show=False),
        Binding("question_mark", "help", N_("Help"), key_display="?"),
        Binding("escape", "back", N_("Back"), show=False),
        Binding("q", "app.quit", N_("Quit")),
    ]
    tab = ""

    def __init__(self) -> None:
        super().__init__()
        self.tabs = TabBar(id="tabs")
        self.prompt = Prompt(id="prompt")
        self.keys = Block(id="keys")
        self._message_timer: Timer | None = None
        # Whether a message stands where the keys are.
        self.telling = False

    @property
    def desk(self) -> Desk:
        """The program around this screen."""
        return desk_of(self.app)

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield from self.compose_body()
        yield self.prompt
        yield self.keys

    def compose_body(self) -> Iterable[Widget]:
        """The widgets between tabs and keys."""
        raise NotImplementedError

    def show_situation(self) -> None:
        """Draw what is known now."""
        raise NotImplementedError

    def update(self) -> None:
        """Draw everything that depends on the situation, frame included."""
        screen_priority.begin()
        self.call_after_refresh(screen_priority.end_unless_drawn)
        names = [name for name, _title in TABS]
        number = names.index(self.tab) + 1 if self.tab in names else 0
        self.tabs.show_tabs(tab_titles(), number)
        look = self.desk.look
        mark = mark_of((state for states in self.desk.pending.values() for state in states), look)
        under_way = sum(map(len, self.desk.pending.values()))
        waiting = [] if mark is None else [Cell(f"{mark.text.strip()}{under_way} ", mark.role)]
        self.tabs.show_right(*waiting, *alarm(self.desk.situation, look))
        self.show_situation()

    def on_mount(self) -> None:
        for lines in self.query(LineList):
            lines.ends.follow(lambda: self.desk.late_seconds, self.desk.line_has_room)

    def on_screen_resume(self) -> None:
        """The screen is shown for the first time, or comes back: what it shows may be old."""
        self.update()
        self.show_keys()

    # -- the line of keys and messages

    def show_keys(self) -> None:
        """Say which keys matter here; made from the bindings."""
        self.telling = False
        pieces: list[Cell] = []
        shown: dict[str, Binding] = {}
        for active in self.active_bindings.values():
            if active.binding.show:
                shown.setdefault(active.binding.action, active.binding)
        for binding in sorted(shown.values(), key=lambda each: KEY_ORDER.get(each.action, 1)):
            key = binding.key_display or self.app.get_key_display(binding)
            pieces += [Cell(key, Role.KEY), Cell(f" {_(binding.description)}  ", Role.MUTED)]
        self.keys.show_left(*pieces)

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a message in place of the keys for a while."""
        if self._message_timer is not None:
            self._message_timer.stop()
        self.telling = True
        self.keys.show_left(Cell(text, Role.WARNING if bad else Role.NOTICE))
        self._message_timer = self.set_timer(MESSAGE_SECONDS, self.show_keys)

    def leave_prompt(self, to: Widget) -> None:
        """Hide the prompt, give the focus to a widget, and show its keys."""
        self.prompt.close()
        to.focus()
        # The focus moves through the program's queue; the keys are those after it.
        self.app.call_later(self.show_keys)

    # -- going about

    def action_go(self, name: str) -> None:
        """Go to another of the numbered screens."""
        if name != self.tab:
            self.app.switch_mode(name)

    def on_tab_bar_clicked(self, event: TabBar.Clicked) -> None:
        """The mouse does what the number key does."""
        self.action_go(TABS[event.number - 1][0])

    def action_step(self, step: int) -> None:
        """Go to the next or the previous numbered screen."""
        names = [name for name, _title in TABS]
        at = names.index(self.tab) if self.tab in names else 0
        self.action_go(names[(at + step) % len(names)])

    def action_refresh_all(self) -> None:
        """Read all sources now."""
        self.desk.refresh_source(None)

    def action_back(self) -> None:
        """Leave a screen that lies on another; the numbered ones lie on none."""

    def action_outbox(self) -> None:
        """Show what is on its way to the sources."""
        self.desk.open_outbox()

    def action_help(self) -> None:
        """Show all keys."""
        self.desk.show_help(self)
