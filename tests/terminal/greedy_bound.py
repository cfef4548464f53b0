"""How few bytes a plain, sensible encoder would need: a measure that is not ours to tune.

Row by row, left to right: the shorter of a jump and a rewrite over what stays, the
shorter of a reset and a change of the pen, and an erased tail. No scrolling.
"""

from __future__ import annotations

from tests.terminal.emulators import Screen, Seen

_PLAIN = Seen(" ", ("ink ", "paper "))


def _codes(look: tuple[str, ...]) -> list[int]:
    """How many characters the SGR parameters of a look have."""
    codes = [1] * (len(look) - 2)
    for colour in look[-2:]:
        name = colour.split(" ")[1]
        if name:
            codes.append(16 if len(name) == 6 and name.isalnum() and not name.isalpha() else 2)
    return codes


def _pen(before: tuple[str, ...] | None, after: tuple[str, ...], blank: bool) -> int:
    if before == after or (before and blank and before[-1] == after[-1] and len(after) == 2):
        return 0
    whole = _codes(after)
    reset = 3 + sum(code + 1 for code in whole)
    if before is None:
        return reset
    gone = [2 for part in before if part not in after]
    come = _codes((*(part for part in after[:-2] if part not in before), *after[-2:]))
    change = 2 + sum(code + 1 for code in (*gone, *come))
    return min(reset, change)


def _text(seen: Seen) -> int:
    return len(seen.text.encode())


def bound(before: Screen, after: Screen) -> int:
    """Bytes from one screen to the other, cursor and pen unknown at the start."""
    total = 0
    pen: tuple[str, ...] | None = None
    last_row = -2
    for y, (old, new) in enumerate(zip(before, after, strict=True)):
        changed = [x for x in range(len(new)) if old[x] != new[x]]
        if not changed:
            continue
        tail = len(new)
        while tail and new[tail - 1] == _PLAIN:
            tail -= 1
        at = None
        for x in changed:
            if at is None:
                jump = 2 if y == last_row + 1 and x == 0 else 3 + len(f"{y + 1};{x + 1}")
                total += min(jump, 5 + len(str(x))) if y == last_row + 1 else jump
            elif x > at:
                gap = new[at:x]
                rewrite, over = 0, pen
                for cell in gap:
                    blank = cell.text == " "
                    rewrite += _pen(over, cell.look, blank) + _text(cell)
                    over = over if blank else cell.look
                jump = 3 + len(str(x - at))
                if rewrite <= jump:
                    total, pen = total + rewrite, over
                else:
                    total += jump
            if x >= tail:
                total += 3 + _pen(pen, _PLAIN.look, True)
                break
            blank = new[x].text == " "
            total += _pen(pen, new[x].look, blank) + _text(new[x])
            if not blank or len(new[x].look) > 2 or pen is None:
                pen = new[x].look
            at = x + 1
        last_row = y
    return total
