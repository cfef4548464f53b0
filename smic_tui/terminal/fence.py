"""Fences: a question after the bytes of a frame, whose answer proves that they arrived."""

from __future__ import annotations

import re

# DSR 5, "are you well?", and its two answers. Every terminal since the VT100 knows it.
FENCE = "\x1b[5n"
_ANSWER = re.compile(r"\x1b\[[03]n")
_BEGUN = re.compile(r"\x1b(?:\[[03]?)?$")


class AnswerFilter:
    """Removes the answers to fences from what the terminal sends.

    Textual's parser does not know these sequences: it would wait for their end and
    swallow the keys that follow.
    """

    def __init__(self) -> None:
        self._held = ""

    @property
    def is_holding(self) -> bool:
        """Whether the filter keeps back a text that may be the beginning of an answer."""
        return bool(self._held)

    def feed(self, text: str, *, waiting: bool) -> tuple[str, int]:
        """Returns the text without answers, and how many answers it held.

        While an answer is expected (`waiting`), a beginning of one at the end is kept back.
        """
        text, count = _ANSWER.subn("", self._held + text)
        self._held = ""
        if waiting:
            begun = _BEGUN.search(text)
            if begun:
                self._held, text = begun[0], text[: begun.start()]
        return text, count

    def release(self) -> str:
        """Returns what was kept back: nothing followed it, so it was a key."""
        held, self._held = self._held, ""
        return held
