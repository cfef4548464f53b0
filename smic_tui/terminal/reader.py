"""Reads what the terminal sends: keys for Textual, answers to fences for the driver."""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Callable
from threading import Event

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.message import Message

from smic_tui.terminal.fence import AnswerFilter


class Reader:
    """Reads the terminal's file in a thread of its own, and calls back from that thread.

    `waiting()` tells whether an answer may come; `on_answer()` is called for each,
    `on_message(message)` for whatever Textual's parser makes of the rest.
    """

    def __init__(
        self,
        file: int,
        *,
        waiting: Callable[[], bool],
        on_answer: Callable[[], None],
        on_message: Callable[[Message], None],
        debug: bool = False,
    ) -> None:
        self._file = file
        self._waiting = waiting
        self._on_answer = on_answer
        self._on_message = on_message
        self._parser = XTermParser(debug)
        self._answers = AnswerFilter()

    def run(self, stop: Event) -> bool:
        """Reads until `stop` is set; returns False if the terminal was gone before."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self._file, selectors.EVENT_READ)
            while not stop.is_set():
                if selector.select(0.1):
                    data = self._read()
                    if not data:
                        return stop.is_set()
                    text, count = self._answers.feed(decode(data), waiting=self._waiting())
                    for _answer in range(count):
                        self._on_answer()
                else:
                    text = self._answers.release()
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
