"""When a frame is kept back because a better one comes soon."""

from __future__ import annotations

# How long a new size waits for Textual to draw everything in it.
_REDRAW_SECONDS = 0.3
# How long the kept screen of before waits for the live one.
_PICTURE_SECONDS = 10.0


class Hold:
    """Knows until when nothing is to be sent. Times are the event loop's, in seconds."""

    def __init__(self) -> None:
        self.until: float | None = None
        self.for_picture = False

    def begin(self, now: float, *, for_picture: bool = False) -> None:
        """Keep back until the screen is drawn as a whole, or until `end` for a picture."""
        self.for_picture = for_picture
        self.until = now + (_PICTURE_SECONDS if for_picture else _REDRAW_SECONDS)

    def end(self) -> None:
        """What is drawn now is to be seen."""
        self.until = None
        self.for_picture = False

    def keeps_back(self, now: float, *, whole: bool) -> bool:
        """Whether the time has not come yet; `whole` when every cell has been drawn."""
        return self.until is not None and now < self.until and (self.for_picture or not whole)
