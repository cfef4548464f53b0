"""Says what an error means for a source: its state, words, and next try."""

from __future__ import annotations

import traceback

from msgspec import Struct

from smic_tui.collecting.broken import AdapterBroken
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.contract.redaction import Redactor
from smic_tui.contract.status import SourceState
from smic_tui.i18n import _, recording
from smic_tui.text import clean, clean_phrase

_LONGEST = 400


class Overdue(Exception):
    """A reading took longer than its deadline, in seconds."""

    def __init__(self, deadline: float) -> None:
        super().__init__(deadline)
        self.deadline = deadline


class Failure(Struct, frozen=True, kw_only=True):
    """Why a reading failed. All texts are clean and without secrets.

    `parked` means that only a person can mend it. `retry_after` is the pause that the
    source asks for, in seconds. `detail` is for the log.
    """

    state: SourceState
    error: str
    hint: str = ""
    parked: bool = False
    retry_after: float | None = None
    detail: str = ""


def failure_of(error: BaseException, redact: Redactor) -> Failure:
    """Return what an error that left an adapter means."""
    error = _first_of_group(error)

    def text(raw: object) -> str:
        return clean_phrase(redact(str(raw)), _LONGEST)

    match error:
        case AuthFailed():
            return Failure(
                state=SourceState.AUTH_FAILED,
                error=text(error.message),
                hint=text(error.hint),
                parked=True,
            )
        case Unavailable():
            return Failure(
                state=SourceState.UNAVAILABLE,
                error=text(error.message),
                hint=text(error.hint),
                retry_after=error.retry_after,
            )
        case BadAnswer():
            return Failure(
                state=SourceState.BAD_ANSWER,
                error=text(error.message),
                hint=text(error.hint),
                detail=text(error.excerpt.decode("utf-8", "replace")),
            )
        case Overdue():
            return Failure(
                state=SourceState.UNAVAILABLE,
                error=_("no complete answer within {seconds:g} s").format(seconds=error.deadline),
                hint=_("if the source is merely slow, raise its `deadline`"),
            )
        case AdapterBroken():
            return Failure(
                state=SourceState.BUG,
                error=text(error.message),
                hint=text(error.hint),
                parked=True,
            )
        case SourceError():
            return Failure(
                state=SourceState.UNAVAILABLE, error=text(error.message), hint=text(error.hint)
            )
        case _:
            return Failure(
                state=SourceState.BUG,
                error=text(f"{type(error).__name__}: {error}"),
                hint=_("this is a fault in the program: the log has the details"),
                detail=_traceback(error, redact),
            )


def failure_to_store(error: BaseException, redact: Redactor) -> Failure:
    """Return the same, with our own words as phrases, which every reader gets in their language."""
    with recording():
        return failure_of(error, redact)


def _first_of_group(error: BaseException) -> BaseException:
    """Adapters that read several things at once raise groups; one failure says enough.

    A bug among them is more telling than the sources' own errors.
    """
    while isinstance(error, BaseExceptionGroup):
        members = error.exceptions
        bugs = [member for member in members if not isinstance(member, SourceError)]
        error = (bugs or members)[0]
    return error


def _traceback(error: BaseException, redact: Redactor) -> str:
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(clean(redact(line)) for line in lines)
