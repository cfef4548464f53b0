"""Remembers which texts were sent, and how the tickets stood before.

RT names the transaction that it made of a text, which its author may not see.
"""

from __future__ import annotations

from msgspec import Struct

from smic_tui.contract.actions import Action

# How many texts are remembered.
_REMEMBERED = 1000


class Mark(Struct, frozen=True):
    """How a ticket stood before a text was sent: its last transaction, and its last change.

    An account that may not see comments sees of its own only that it changed the ticket.
    """

    transaction: int
    changed: str = ""

    @classmethod
    def read(cls, text: str) -> Mark | None:
        """Read what `str` has written; None if it is none."""
        number, _slash, changed = text.partition("/")
        return cls(int(number), changed) if number.isascii() and number.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.transaction}/{self.changed}"


class Said:
    """Remembers what became of the texts that were sent: RT names the transaction it made.

    `sees_comments` is set once the account has seen a comment of its own.
    """

    def __init__(self) -> None:
        self.sees_comments = False
        self._done: dict[tuple[str, str], None] = {}
        self._tried: dict[tuple[str, str], Mark] = {}

    def trying(self, action: Action, mark: Mark) -> None:
        """Note how the ticket stands right before its text is sent."""
        self._tried[_attempt(action)] = mark
        while len(self._tried) > _REMEMBERED:
            del self._tried[next(iter(self._tried))]

    def done(self, action: Action) -> None:
        """Note that RT has made a transaction of the text."""
        self._done[_attempt(action)] = None
        while len(self._done) > _REMEMBERED:
            del self._done[next(iter(self._done))]

    def knows(self, action: Action) -> bool:
        """Whether RT has said that the text is there."""
        return _attempt(action) in self._done

    def before(self, action: Action) -> Mark | None:
        """Return how the ticket stood before the text was sent, or before the first attempt."""
        return self._tried.get(_attempt(action)) or Mark.read(action.baseline)


def _attempt(action: Action) -> tuple[str, str]:
    return action.id, action.baseline
