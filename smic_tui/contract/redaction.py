"""Secrets leave no trace in messages, excerpts and tracebacks.

The one list of what looks like a secret, and the one list of the forms in which a known
secret may come back: adapters hide what they were given, and the program hides all that it
has given out before anything is shown or logged.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
# Shorter ones would hide half of every text.
SHORTEST = 4
# Longer than anything that is shown or logged of one text.
LONGEST_TEXT = 1 << 16

# Neither looks at a character more often than a few times, whatever stands there.
_IN_URL = re.compile(r"(\w://)[^/\s@:]*:[^/\s]+@")
_NAMED = re.compile(
    r"(?i)([\"']?(?:authorization|api[_-]?key|x-redmine-api-key|access[_-]?token|token|password"
    r"|passwd|passphrase|secret|cookie|set-cookie)[\"']?\s*[:=]\s*)"
    r"(\"[^\"]*\"|'[^']*'|(?:(?:bearer|basic|token)\s+)?[^\s,;&\"'<>]+)"
)


def _forms(value: str) -> set[str]:
    """Return the forms in which a text may be echoed: as it is, in an address, in JSON, encoded."""
    raw = value.encode("utf-8", "surrogatepass")
    return {
        value,
        quote(raw),
        quote(raw, safe=""),
        quote_plus(raw),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        base64.b64encode(raw).decode(),
    }


class Redactor:
    """Hides the values that it was given, and what looks like a secret.

    The values are held in memory only, and shown by nothing. `mark` stands where something
    was hidden; values of fewer than `shortest` characters are not hidden.
    """

    def __init__(
        self, values: Iterable[str] = (), *, mark: str = HIDDEN, shortest: int = SHORTEST
    ) -> None:
        self._mark = mark
        self._shortest = shortest
        # The longest first: one form may be part of another.
        self._hidden: tuple[str, ...] = ()
        for value in values:
            self.remember(value)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._hidden)} forms>"

    def remember(self, value: str) -> None:
        """Hide this value from now on, in whatever form it comes."""
        if len(value) >= self._shortest:
            known = {*self._hidden, *_forms(value)}
            self._hidden = tuple(sorted(known, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return the beginning of `text`, of at most `LONGEST_TEXT` characters, without secrets."""
        cut = len(text) > LONGEST_TEXT
        text = text[:LONGEST_TEXT]
        for form in self._hidden:
            text = text.replace(form, self._mark)
        if cut and self._hidden:
            # The cut may have gone through a secret, of which half is left.
            text = text[: -len(self._hidden[0])]
        mark = self._mark.replace("\\", r"\\")
        text = _IN_URL.sub(rf"\1{mark}@", text)
        return _NAMED.sub(rf"\1{mark}", text)

    def text(self, text: str) -> str:
        """Return `text` without secrets, as a call of the redactor does."""
        return self(text)

    def data(self, data: bytes) -> bytes:
        """Return `data`, which is some text in UTF-8 or nearly, without secrets."""
        return self(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
