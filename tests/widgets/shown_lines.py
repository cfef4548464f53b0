"""What a list shows, and waiting for what it does by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from widgets.line_list import LineList


def shown(lines: LineList) -> list[str]:
    """The lines on the screen below the heading, without the blanks at their ends."""
    return [
        "".join(segment.text for segment in lines.render_line(y)).rstrip()
        for y in range(lines.heading_lines, lines.size.height)
    ]


async def until(pilot: Pilot[Any], happened: Callable[[], bool]) -> None:
    """Go on once it has happened."""
    for _try in range(3000):
        if happened():
            return
        await pilot.pause(0.02)
    raise AssertionError(pilot.app)
