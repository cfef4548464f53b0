"""Reads what the terminal sends: keys for Textual, answers to fences for the driver."""

from __future__ import annotations

import os
import selectors
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from threading import Event

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.message import Message

from smic_tui.terminal.fence import AnswerFilter
from smic_tui.terminal.sequences import Sequences

# How often the reader looks whether it is to end, and whether a key is whole.
_PAUSE = 0.1


class Reader:
    """Reads the terminal's file in a thread of its own, and calls back from that thread.

    `waiting()` tells whether an answer may come; `on_answer()` is called for each,
    `on_message(message)` for whatever Textual's parser makes of the rest. `patience()` is
    how many seconds the pieces of one key may be apart: a slow line splits them. `encoding` is
    that of the letters that the terminal sends.
    """

    def __init__(
        self,
        file: int,
        *,
        waiting: Callable[[], bool],
        on_answer: Callable[[], None],
        on_message: Callable[[Message], None],
        patience: Callable[[], float] = lambda: 0.0,
        encoding: str = "utf-8",
        debug: bool = False,
    ) -> None:
        self._file = file
        self._waiting = waiting
        self._on_answer = on_answer
        self._on_message = on_message
        self._parser = XTermParser(debug)
        self._patience = patience
        self._encoding = encoding
        self._sequences = Sequences()
        self._answers = AnswerFilter()

    def run(self, stop: Event) -> bool:
        """Reads until `stop` is set; returns False if the terminal was gone before."""
        decode = getincrementaldecoder(self._encoding)("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self._file, selectors.EVENT_READ)
            read_at = time.monotonic()
            while not stop.is_set():
                text = ""
                if selector.select(_PAUSE):
                    data = self._read()
                    if not data:
                        return stop.is_set()
                    read_at = time.monotonic()
                    text = self._sequences.feed(decode(data))
                    if self._sequences.holds_escape and not self._patience():
                        # On a fast line Esc is not kept waiting.
                        text += self._sequences.release()
                    text, count = self._answers.feed(text, waiting=self._waiting())
                    for _answer in range(count):
                        self._on_answer()
                elif time.monotonic() >= read_at + self._patience():
                    text = self._answers.release() + self._sequences.release()
                # The parser takes nothing at all for the end of everything.
                for message in self._parser.feed(text) if text else ():
                    self._on_message(message)
                for message in self._parser.tick():
                    self._on_message(message)
        try:
            for _message in self._parser.feed(""):
                pass
        except (EOFError, ParseError):
            pass
        return True

    def _read(self) -> bytes:
        try:
            return os.read(self._file, 4096)
        except OSError:
            return b""
