"""Why a text is no number, duration or size."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What is the matter with a text that was refused."""

    NOT_UNDERSTOOD = "not understood"
    AMBIGUOUS = "ambiguous"  # "1.200": a decimal, or thousands
    NEGATIVE = "negative"
    TOO_LARGE = "too large"


class Refused(ValueError):
    """A text that is no such quantity; `reason` says why. It has no words for the reader."""

    def __init__(self, text: str, reason: Reason) -> None:
        super().__init__(f"{text[:60]!r}: {reason}")
        self.reason = reason
