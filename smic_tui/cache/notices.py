"""Collects what a person must know about the cache, for as long as it is true."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from threading import Lock

_log = logging.getLogger(__name__)


class Notices:
    """Holds one text per topic; two topics with the same text are told once. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._texts: dict[Hashable, str] = {}

    def put(self, topic: Hashable, text: str) -> None:
        """Tell `text` until the topic is dropped. It is logged when it is new."""
        with self._lock:
            known = text in self._texts.values()
            self._texts[topic] = text
        if not known:
            _log.warning("%s", text)

    def drop(self, topic: Hashable) -> None:
        """Take the text of a topic away; it is logged when that settles it."""
        with self._lock:
            text = self._texts.pop(topic, None)
            settled = text is not None and text not in self._texts.values()
        if settled:
            _log.info("settled: %s", text)

    def current(self) -> tuple[str, ...]:
        """Return the texts to tell now, oldest first."""
        with self._lock:
            return tuple(dict.fromkeys(self._texts.values()))
