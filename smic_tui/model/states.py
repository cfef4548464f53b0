"""The states that are computed of sites, backups and alerts, and how much attention each needs."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How much attention something needs; the worst of several is the highest."""

    FINE = 0
    UNKNOWN = 1
    NOTICE = 2
    WARNING = 3
    CRITICAL = 4


class SiteState(StrEnum):
    """A site as a whole: its worst host, then its worst service.

    `unknown` is a site that monitoring does not cover or whose source is stale.
    """

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class BackupState(StrEnum):
    """Computed from the plan and the runs; see `insight.backup_state`."""

    FRESH = "fresh"
    RUNNING = "running"
    LATE = "late"
    OVERDUE = "overdue"
    FAILED = "failed"
    NEVER = "never"
    SUSPECT = "suspect"
    UNKNOWN = "unknown"

    @property
    def level(self) -> Level:
        """How much attention it needs, wherever it is shown."""
        return _BACKUP_LEVELS[self]


_BACKUP_LEVELS = {
    BackupState.FRESH: Level.FINE,
    BackupState.RUNNING: Level.FINE,
    BackupState.UNKNOWN: Level.UNKNOWN,
    BackupState.LATE: Level.NOTICE,
    BackupState.NEVER: Level.WARNING,
    BackupState.SUSPECT: Level.WARNING,
    BackupState.OVERDUE: Level.WARNING,
    BackupState.FAILED: Level.WARNING,
}


class AlertStatus(StrEnum):
    """Where an alert stands."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
