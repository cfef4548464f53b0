"""The three ways in which a source can fail.

    SourceError
    ├── AuthFailed     the account is refused or lacks a right: parked, the user is told
    ├── Unavailable    no answer, or not now: tried again later, with back-off
    └── BadAnswer      an answer that is not what the contract says

Anything else that leaves an adapter is a bug. Messages name what was expected
and what came; they never contain a secret.
"""

from __future__ import annotations


class SourceError(Exception):
    """A source did not give what was asked. `hint` says what a person can do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class AuthFailed(SourceError):
    """The account is refused or lacks a right: asking again would not help."""


class Unavailable(SourceError):
    """The source gave nothing usable, and may do so later.

    `retry_after` is how many seconds the source wants to be left alone; None if it does not say.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class BadAnswer(SourceError):
    """The source answered something that its own rules do not allow.

    `excerpt` is the beginning of the answer, for the log.
    """

    def __init__(self, message: str, *, hint: str = "", excerpt: bytes = b"") -> None:
        super().__init__(message, hint=hint)
        self.excerpt = excerpt[:400]
