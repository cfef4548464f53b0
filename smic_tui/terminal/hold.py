"""Decides when the driver keeps a frame back because a better one comes soon."""

from __future__ import annotations

# How long the driver waits, after a change of size, for Textual to draw the whole screen.
_REDRAW_SECONDS = 0.3
# How long the kept screen stays while the live one is not drawn yet.
_PICTURE_SECONDS = 10.0


class Hold:
    """Knows until when frames are kept back. Times are the event loop's, in seconds."""

    def __init__(self) -> None:
        self.until: float | None = None
        self.for_picture = False

    def begin(self, now: float, *, for_picture: bool = False) -> None:
        """Keeps frames back until every cell is drawn, or, `for_picture`, until `end`."""
        self.for_picture = for_picture
        self.until = now + (_PICTURE_SECONDS if for_picture else _REDRAW_SECONDS)

    def end(self) -> None:
        """Lets frames through again."""
        self.until = None
        self.for_picture = False

    def keeps_back(self, now: float, *, whole: bool) -> bool:
        """Whether a frame is kept back now; `whole` tells that every cell has been drawn."""
        return self.until is not None and now < self.until and (self.for_picture or not whole)
