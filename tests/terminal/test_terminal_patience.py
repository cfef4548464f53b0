"""A key whose bytes come in two pieces, as a slow line brings it, is one key."""

from __future__ import annotations

import os
import threading
import time

import pytest
from textual import events

from smic_tui.terminal.reader import Reader


def keys_of(*pieces: bytes, apart: float, patience: float) -> list[str]:
    """The keys that a reader makes of pieces so many seconds apart."""
    far, near = os.pipe()
    keys: list[str] = []
    reader = Reader(
        far,
        waiting=lambda: True,
        on_answer=lambda: None,
        on_message=lambda one: keys.append(one.key) if isinstance(one, events.Key) else None,
        patience=lambda: patience,
    )
    stop = threading.Event()
    thread = threading.Thread(target=reader.run, args=(stop,))
    thread.start()
    try:
        for piece in pieces:
            os.write(near, piece)
            time.sleep(apart)
        time.sleep(patience + 0.4)
    finally:
        stop.set()
        thread.join()
        os.close(near)
        os.close(far)
    return keys


@pytest.mark.parametrize("pieces", [(b"\x1b", b"[B"), (b"\x1b[", b"B"), (b"\x1b", b"[6", b"~")])
def test_on_a_slow_line_the_rest_is_waited_for(pieces: tuple[bytes, ...]) -> None:
    keys = keys_of(*pieces, b"j", apart=0.15, patience=0.5)
    assert keys == ["pagedown" if pieces[-1] == b"~" else "down", "j"]


def test_escape_alone_is_a_key_all_the_same() -> None:
    assert keys_of(b"\x1b", apart=0.1, patience=0.3) == ["escape"]
