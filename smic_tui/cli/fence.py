"""The last fence before a reader's terminal: only our own colours are obeyed there."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator

from smic_tui.text import MARK, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

# Line ends, tabs and the colours of `cli.terminal` are ours: whatever else controls a terminal
# came from somebody else.
_CONTROL = re.compile(r"(\x1b\[(?:1;)?(?:[0-2]|[39][0-7])m|[\n\t])|[^\n\t\x1b]+|\x1b")


class Fenced:
    """A text stream whose reader's terminal nothing controls that was forgotten before."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        # Asked for each cell of a table.
        self.isatty = stream.isatty

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes the text with a mark for each harmful character."""
        return self._stream.write(text if text.isprintable() else _CONTROL.sub(_fenced, text))


def _fenced(found: re.Match[str]) -> str:
    return found[0] if found[1] else MARK if found[0] == "\x1b" else harmless(found[0])


@contextlib.contextmanager
def fenced() -> Iterator[None]:
    """Fences standard output and standard error within the block."""
    with contextlib.ExitStack() as after:
        for redirect, stream in (
            (contextlib.redirect_stdout, sys.stdout),
            (contextlib.redirect_stderr, sys.stderr),
        ):
            # A stream that the caller has closed is None.
            if stream is not None:
                after.enter_context(redirect(Fenced(stream)))
        yield
