"""The dashboard at the end of a line of 1,000 bytes a second, 400 ms there and back."""

from __future__ import annotations

from collections.abc import Callable

from tests.terminal.linked_terminal import Link, LinkedTerminal

LINE = Link(rate=1000, delay=0.2, buffer=2 << 20)
# What stands on the screens alone.
SIGNS = {
    "2": "Tick.",
    "3": "Application",
    "4": "Subject",
    "5": "Software",
    "6": "firing",
}


def on(dashboard: Callable[..., LinkedTerminal], screen: str, **options: object) -> LinkedTerminal:
    """The dashboard, on one of its screens and at rest."""
    terminal = dashboard(link=LINE, **options)
    terminal.settle(1.5)
    terminal.press(screen)
    terminal.wait_for(SIGNS[screen])
    terminal.settle(1.5)
    return terminal
