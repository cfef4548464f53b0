"""Secrets leave no trace in messages, excerpts and tracebacks."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
# Shorter ones would hide half of every text.
_SHORTEST = 4

_IN_URL = re.compile(r"(\w+://)[^/\s@:]*:[^/\s@]+@")
_NAMED = re.compile(
    r"(?i)([\"']?(?:authorization|api[_-]?key|x-redmine-api-key|access[_-]?token|token|password"
    r"|passwd|passphrase|secret|cookie|set-cookie)[\"']?\s*[:=]\s*)"
    r"(\"[^\"]*\"|'[^']*'|(?:(?:bearer|basic|token)\s+)?[^\s,;&\"'<>]+)"
)


class Redactor:
    """Hides the values that were given out in this program, and what looks like one.

    The values are held in memory only, and shown by nothing.
    """

    def __init__(self) -> None:
        self._hidden: set[str] = set()

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._hidden)} values>"

    def remember(self, value: str) -> None:
        """Hide this value from now on, however it is quoted."""
        if len(value) < _SHORTEST:
            return
        raw = value.encode("utf-8", "surrogatepass")
        self._hidden |= {
            value,
            quote(raw),
            quote(raw, safe=""),
            quote_plus(raw),
            json.dumps(value)[1:-1],
            base64.b64encode(raw).decode(),
        }

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        # The longest first: one value may be part of another.
        for value in sorted(self._hidden, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        text = _IN_URL.sub(rf"\1{HIDDEN}@", text)
        return _NAMED.sub(rf"\1{HIDDEN}", text)
