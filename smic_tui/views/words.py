"""The words for states, in the reader's language."""

from __future__ import annotations

from enum import StrEnum

from smic_tui.contract.status import SourceState
from smic_tui.i18n import N_, _
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.records import Actor, HealthState, RunResult, Stage, Stream, TicketStatus

_PAIRS: tuple[tuple[StrEnum, str], ...] = (
    (SiteState.UP, N_("up")),
    (SiteState.DEGRADED, N_("degraded")),
    (SiteState.DOWN, N_("down")),
    (SiteState.UNKNOWN, N_("unknown")),
    (HealthState.UP, N_("up")),
    (HealthState.OK, N_("ok")),
    (HealthState.PENDING, N_("pending")),
    (HealthState.WARNING, N_("warning")),
    (HealthState.UNKNOWN, N_("unknown")),
    (HealthState.UNREACHABLE, N_("unreachable")),
    (HealthState.CRITICAL, N_("critical")),
    (HealthState.DOWN, N_("down")),
    (BackupState.FRESH, N_("fresh")),
    (BackupState.RUNNING, N_("running")),
    (BackupState.LATE, N_("late")),
    (BackupState.OVERDUE, N_("overdue")),
    (BackupState.FAILED, N_("failed")),
    (BackupState.NEVER, N_("never ran")),
    (BackupState.SUSPECT, N_("suspect")),
    (BackupState.UNKNOWN, N_("unknown")),
    (RunResult.OK, N_("ok")),
    (RunResult.WARNING, N_("warning")),
    (RunResult.FAILED, N_("failed")),
    (RunResult.RUNNING, N_("running")),
    (RunResult.UNKNOWN, N_("unknown")),
    (TicketStatus.NEW, N_("new")),
    (TicketStatus.OPEN, N_("in progress")),
    (TicketStatus.WAITING, N_("waiting")),
    (TicketStatus.RESOLVED, N_("resolved")),
    (TicketStatus.CLOSED, N_("closed")),
    (Actor.US, N_("us")),
    (Actor.MEMBER, N_("member")),
    (Actor.SUPPLIER, N_("supplier")),
    (Actor.WORKING_GROUP, N_("working group")),
    (Actor.NOBODY, N_("nobody")),
    (Stage.ASKED, N_("asked")),
    (Stage.ANALYSED, N_("analysed")),
    (Stage.WORKING_GROUP, N_("working group")),
    (Stage.ORDERED, N_("ordered")),
    (Stage.INSTALLING, N_("installing")),
    (Stage.DONE, N_("done")),
    (Stage.REFUSED, N_("refused")),
    (AlertStatus.PENDING, N_("pending")),
    (AlertStatus.FIRING, N_("firing")),
    (AlertStatus.ACKNOWLEDGED, N_("acknowledged")),
    (AlertStatus.CLEARED, N_("cleared")),
    (SourceState.NEVER, N_("not read yet")),
    (SourceState.OK, N_("read")),
    (SourceState.UNAVAILABLE, N_("unavailable")),
    (SourceState.AUTH_FAILED, N_("access refused")),
    (SourceState.BAD_ANSWER, N_("bad answer")),
    (SourceState.BUG, N_("program error")),
    (Stream.SITES, N_("sites")),
    (Stream.HEALTH, N_("monitoring")),
    (Stream.BACKUP_JOBS, N_("backup plan")),
    (Stream.BACKUP_RUNS, N_("backup runs")),
    (Stream.TICKETS, N_("tickets")),
    (Stream.REQUESTS, N_("requests")),
)
# By type too: members of different enumerations with the same text are equal.
_WORDS = {(type(state), state.value): text for state, text in _PAIRS}
# One for each level, from fine to critical.
_LEVELS = (N_("fine"), N_("unknown"), N_("notice"), N_("warning"), N_("critical"))
# The priority that goes without saying.
NORMAL = 3
_PRIORITIES = {
    1: N_("urgent"),
    2: N_("high"),
    NORMAL: N_("normal"),
    4: N_("low"),
    5: N_("very low"),
}


def word(state: StrEnum) -> str:
    """The word for a state."""
    # `value` would be looked up by a function; most rows have several states.
    return _(_WORDS[type(state), state._value_])


def level(of: Level) -> str:
    """The word for a level."""
    return _(_LEVELS[of])


def priority(number: int) -> str:
    """The word for a priority from 1 to 5; the number itself outside of that."""
    return _(_PRIORITIES[number]) if number in _PRIORITIES else str(number)
