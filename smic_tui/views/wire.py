"""The line to the terminal, as far as it decides how much is drawn at once."""

from __future__ import annotations

from typing import Protocol


class Costs(Protocol):
    """What drawing takes there, in bytes (`terminal.costs`)."""

    @property
    def pen(self) -> int:
        """Another pen."""

    @property
    def plain_pen(self) -> int:
        """The pen of plain text, after another."""

    @property
    def bold_pen(self) -> int:
        """A pen that is bold, or comes after one."""

    @property
    def gap(self) -> int:
        """The gap between two columns."""

    @property
    def jump(self) -> int:
        """A jump over blanks, at most."""

    @property
    def unsure(self) -> int:
        """What a character takes in addition whose width terminals do not agree on."""

    @property
    def reach(self) -> int:
        """To reach another line, after a key."""

    @property
    def reach_rest(self) -> int:
        """To reach the rest of a line."""

    @property
    def with_key(self) -> int:
        """How much of new lines may come with a key."""

    @property
    def first_step(self) -> int:
        """How much of a row may come in its first step."""

    @property
    def rest(self) -> int:
        """How much of the rest of lines may follow in one portion."""


class Wire(Protocol):
    """The line, at this moment."""

    @property
    def costs(self) -> Costs:
        """What drawing takes there."""

    @property
    def late_seconds(self) -> float | None:
        """How long after an arrow key the ends of new lines follow; None: they come with it."""

    def has_room(self, size: int) -> bool:
        """Whether `size` bytes could be sent at once, without anything waiting for them."""
