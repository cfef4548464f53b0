"""What every screen has: tabs above, keys and messages below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from smic_tui.i18n import N_, _
from smic_tui.screens.services import AppServices, services_of
from smic_tui.screens.tabs import NAMES, NUMBER_KEYS, TABS
from smic_tui.screens.wire import ScreenWire
from smic_tui.system.turns import screen_priority
from smic_tui.views.cells import Cell, Role
from smic_tui.views.outbox import mark_of
from smic_tui.views.summary import alarm
from widgets.block import Block
from widgets.prompt import Prompt
from widgets.tab_bar import TabBar

MESSAGE_SECONDS = 6
# Opening comes first in the line of keys, what every screen has comes last.
KEY_ORDER = {"choose": 0, "back": 2, "help": 3, "app.quit": 4}


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
            Binding(key, f"go('{tab.name}')", tab.title, show=False)
            for key, tab in zip(NUMBER_KEYS, TABS, strict=True)
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
        # For the lists of a subclass.
        self.wire = ScreenWire(lambda: self.services)
        self._message_timer: Timer | None = None
        # Whether a message stands where the keys are.
        self.telling = False

    @property
    def services(self) -> AppServices:
        """The program around this screen."""
        return services_of(self.app)

    @property
    def place(self) -> str:
        """What the terminal's window is named after; "" where that stays as it is."""
        return TABS[NAMES.index(self.tab)].tab() if self.tab in NAMES else ""

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
        number = NAMES.index(self.tab) + 1 if self.tab in NAMES else 0
        self.tabs.show_tabs([tab.tab() for tab in TABS], number)
        look = self.services.look
        mark = mark_of(
            (state for states in self.services.pending.values() for state in states), look
        )
        under_way = sum(map(len, self.services.pending.values()))
        waiting = [] if mark is None else [Cell(f"{mark.text.strip()}{under_way} ", mark.role)]
        self.tabs.show_right(*waiting, *alarm(self.services.situation, look))
        self.show_situation()

    def on_screen_resume(self) -> None:
        """The screen is shown for the first time, or comes back: what it shows may be old."""
        if place := self.place:
            self.services.entitle(place)
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
        self.action_go(NAMES[event.number - 1])

    def action_step(self, step: int) -> None:
        """Go to the next or the previous numbered screen."""
        at = NAMES.index(self.tab) if self.tab in NAMES else 0
        self.action_go(NAMES[(at + step) % len(NAMES)])

    def action_refresh_all(self) -> None:
        """Read all sources now."""
        self.services.refresh_source(None)

    def action_back(self) -> None:
        """Leave a screen that lies on another; the numbered ones lie on none."""

    def action_outbox(self) -> None:
        """Show what is on its way to the sources."""
        self.services.open_outbox()

    def action_help(self) -> None:
        """Show all keys."""
        self.services.show_help(self)
