"""Small snapshots to assess, made of as little as each test needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from smic_tui.config.schema import Settings
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.insight.assess import assess
from smic_tui.model.alert_store import NO_ALERTS, AlertStore
from smic_tui.model.facts import Situation
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.model.user_state import UserState
from smic_tui.records import (
    BackupJob,
    BackupRun,
    CatalogueRequest,
    Health,
    HealthState,
    Record,
    RunResult,
    Site,
    Stage,
    Stream,
    Ticket,
    TicketStatus,
)

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # a Tuesday, 09:30 in Paris

STREAM_OF: dict[type[Record], Stream] = {
    Site: Stream.SITES,
    Health: Stream.HEALTH,
    BackupJob: Stream.BACKUP_JOBS,
    BackupRun: Stream.BACKUP_RUNS,
    Ticket: Stream.TICKETS,
    CatalogueRequest: Stream.REQUESTS,
}


def paris(text: str, fold: int = 0) -> datetime:
    """A local time of Paris, "2026-11-24 07:30", as UTC."""
    local = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=PARIS, fold=fold)
    return local.astimezone(UTC)


def ago(**length: float) -> datetime:
    """A moment before NOW."""
    return NOW - timedelta(**length)


def site(code: str, name: str, **rest: Any) -> Site:
    return Site(key=code, code=code, name=name, source="members", **rest)


def health(at: str, state: HealthState, **rest: Any) -> Health:
    host = rest.pop("host", f"host-{at}")
    rest.setdefault("source", "icinga")
    rest.setdefault("since", ago(hours=1))
    return Health(key=f"{host}!{rest.get('service', '')}", site=at, host=host, state=state, **rest)


def job(key: str = "job", at: str = "17300", **rest: Any) -> BackupJob:
    rest.setdefault("source", "plan")
    rest.setdefault("application", "état civil")
    return BackupJob(key=key, site=at, **rest)


def run(started: datetime, result: RunResult = RunResult.OK, **rest: Any) -> BackupRun:
    rest.setdefault("source", "plan")
    rest.setdefault("job", "job")
    rest.setdefault("key", f"{started.isoformat()} {rest['job']}")
    return BackupRun(started=started, result=result, **rest)


def ticket(key: str, **rest: Any) -> Ticket:
    rest.setdefault("source", "redmine")
    rest.setdefault("subject", "Imprimante hors d'usage")
    rest.setdefault("status", TicketStatus.OPEN)
    rest.setdefault("created", ago(days=2))
    rest.setdefault("updated", ago(days=1))
    return Ticket(key=key, **rest)


def request(key: str, **rest: Any) -> CatalogueRequest:
    rest.setdefault("source", "catalogue")
    rest.setdefault("subject", "Gestion des cimetières")
    rest.setdefault("stage", Stage.ASKED)
    rest.setdefault("created", ago(days=20))
    rest.setdefault("updated", ago(days=10))
    return CatalogueRequest(key=key, **rest)


def snapshot(
    *records: Record,
    stale: Iterable[str] = (),
    empty: Iterable[str] = (),
    alerts: AlertStore = NO_ALERTS,
    now: datetime = NOW,
) -> Snapshot:
    """The sources that `records` and `empty` name; `stale` ones answered two hours ago."""
    stale = set(stale)
    sources: dict[str, dict[Stream, dict[str, Record]]] = {name: {} for name in empty}
    for record in records:
        stream = STREAM_OF[type(record)]
        sources.setdefault(record.source, {}).setdefault(stream, {})[record.key] = record
    return Snapshot(
        taken=now,
        alerts=alerts,
        sources=tuple(
            SourceContents(
                status=SourceStatus(
                    name=name,
                    kind="csv",
                    state=SourceState.UNAVAILABLE if name in stale else SourceState.OK,
                    streams=tuple(rows),
                    last_good=now - timedelta(hours=2 if name in stale else 0, seconds=10),
                    last_try=now,
                    lost_since=now - timedelta(hours=2) if name in stale else None,
                    rows=sum(len(of_stream) for of_stream in rows.values()),
                ),
                rows=rows,
            )
            for name, rows in sources.items()
        ),
    )


def situation(
    *records: Record,
    settings: Settings | None = None,
    user: UserState | None = None,
    now: datetime = NOW,
    **rest: Any,
) -> Situation:
    """`records` assessed."""
    return assess(
        snapshot(*records, now=now, **rest), user or UserState(), settings or Settings(), now
    )
