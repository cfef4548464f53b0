"""Fences: a question at the end of what is sent, whose answer tells that it has arrived."""

from __future__ import annotations

import re

# DSR 5, "are you well?", and its two answers. Every terminal since the VT100 knows it.
FENCE = "\x1b[5n"
_ANSWER = re.compile(r"\x1b\[[03]n")
_BEGUN = re.compile(r"\x1b(?:\[[03]?)?$")


class AnswerFilter:
    """Takes the answers to fences out of what the terminal sends.

    They must not reach Textual's parser, which would wait for the end of a sequence it
    does not know and swallow the keys that follow.
    """

    def __init__(self) -> None:
        self._held = ""

    @property
    def is_holding(self) -> bool:
        """Whether the beginning of what may be an answer is kept back."""
        return bool(self._held)

    def feed(self, text: str, *, waiting: bool) -> tuple[str, int]:
        """The text without answers, and how many there were.

        The beginning of an answer at the end is kept back, if one is waited for.
        """
        text, count = _ANSWER.subn("", self._held + text)
        self._held = ""
        if waiting:
            begun = _BEGUN.search(text)
            if begun:
                self._held, text = begun[0], text[: begun.start()]
        return text, count

    def release(self) -> str:
        """What was kept back, when nothing more came: it was a key."""
        held, self._held = self._held, ""
        return held
