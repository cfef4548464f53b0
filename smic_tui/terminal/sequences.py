"""Keeps escape sequences together that arrive in pieces, and drops what no key can be.

A slow line may bring the escape of an arrow key well before the rest: taken by itself it
would be the key Esc, and the rest would be letters. An unfinished sequence is therefore
kept back until it is whole, or until nothing has come for a while.

A control string (DCS, OSC, APC, PM, SOS) or a sequence longer than any key is dropped: Textual
would take twenty kilobytes of it for twenty thousand keys.
"""

from __future__ import annotations

import re

# Longer than every key, mouse event and report that Textual knows.
LONGEST = 32

_STRING = re.compile(r"\x1b[P\]X^_]")
_STRING_END = re.compile(r"[\x07\x18\x1a]|\x1b\\?")
_CSI = re.compile(r"\x1b\[[0-?]*[ -/]*")


class Sequences:
    """Takes what the terminal sends and gives it on in whole sequences."""

    def __init__(self) -> None:
        self._held = ""
        self._in_string = False

    @property
    def holds_escape(self) -> bool:
        """Whether an escape alone is kept back: the key Esc, or the beginning of another."""
        return self._held == "\x1b" and not self._in_string

    def feed(self, text: str) -> str:
        """Return what is whole; the unfinished end is kept back."""
        text, self._held = self._held + text, ""
        whole: list[str] = []
        place = 0
        while place < len(text):
            if self._in_string:
                place = self._end_of_string(text, place)
                continue
            start = text.find("\x1b", place)
            if start < 0:
                whole.append(text[place:])
                break
            whole.append(text[place:start])
            end, is_key = self._sequence(text, start)
            if is_key:
                whole.append(text[start:end])
            place = end
        return "".join(whole)

    def release(self) -> str:
        """Return what was kept back: nothing followed, so that it was a key."""
        held, self._held = self._held, ""
        self._in_string = False
        return held if len(held) <= LONGEST else ""

    def _end_of_string(self, text: str, place: int) -> int:
        """Return where the control string ends, or the end of the text."""
        end = _STRING_END.search(text, place)
        if end is None:
            return len(text)
        if end[0] == "\x1b" and end.end() == len(text):
            # The other half of its end may follow.
            self._held = "\x1b"
            return len(text)
        self._in_string = False
        # Any other escape ends the string and begins something else.
        return end.start() if end[0] == "\x1b" else end.end()

    def _sequence(self, text: str, start: int) -> tuple[int, bool]:
        """Return where the sequence that begins at `start` ends, and whether it may be a key."""
        if _STRING.match(text, start):
            if len(text) == start + 2:
                # Alt with a capital letter, if nothing follows.
                return self._hold(text, start)
            self._in_string = True
            return start + 2, False
        csi = _CSI.match(text, start)
        if csi is None or text.startswith("\x1b[M", start):
            if text.startswith("\x1b", start + 1):
                return start + 1, True
            wanted = 6 if csi else 3 if text.startswith("O", start + 1) else 2
            if len(text) - start < wanted:
                return self._hold(text, start)
            return start + wanted, True
        if csi.end() == len(text):
            return self._hold(text, start)
        end = csi.end() + 1
        if text[csi.end()] < "@":
            # A control character within: what came before it is no key.
            return csi.end(), csi.end() - start <= LONGEST
        return end, end - start <= LONGEST

    def _hold(self, text: str, start: int) -> tuple[int, bool]:
        # Of what is too long already only that it is has to be known.
        self._held = text[start : start + LONGEST + 1]
        if len(self._held) > LONGEST:
            self._held = text[start : start + 2] + "0" * LONGEST
        return len(text), False
