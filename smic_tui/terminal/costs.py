"""What drawing takes on the line to the terminal, in bytes, about as the encoder writes it.

The lists decide with these numbers how much of a line comes at once. They are estimates:
the encoder itself counts what it really writes.
"""

from __future__ import annotations

from typing import NamedTuple


class Costs(NamedTuple):
    """Costs of single steps, and how much may come at once. All are bytes."""

    # Another pen: of a colour, back to the terminal's own, to or from bold.
    pen: int = 5
    plain_pen: int = 3
    bold_pen: int = 7
    # The blank between two columns, and a jump over more blanks than it takes itself.
    gap: int = 1
    jump: int = 6
    # A character whose width terminals do not agree on: the cursor is put in place after it.
    unsure: int = 16
    # To reach another line: after a key that may have scrolled, and to go on where it stands.
    reach: int = 10
    reach_rest: int = 7
    # How much of new lines comes with a key: with the scroll, the marker and the position
    # that is a key of a hundred bytes. The first step of a row has no pens to go back to.
    with_key: int = 48
    first_step: int = 62
    # What the rest of a line takes about, and what follows of several lines in one portion.
    rest: int = 160


COSTS = Costs()
