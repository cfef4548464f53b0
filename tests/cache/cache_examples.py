"""Records and states that the tests of the cache use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.model.alert_store import AlertEntry
from smic_tui.model.user_state import Acknowledgement
from smic_tui.records import Site, Stream, Ticket, TicketStatus

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)


def site(key: str, name: str = "Mairie") -> Site:
    return Site(key=key, source="register", code=key, name=name)


def ticket(key: str, subject: str = "Imprimante", **fields: object) -> Ticket:
    values: dict[str, object] = {
        "status": TicketStatus.OPEN,
        "created": NOW - timedelta(days=1),
        "updated": NOW,
    }
    return Ticket(key=key, source="desk", subject=subject, **(values | fields))  # type: ignore[arg-type]


def status(name: str = "register", **fields: object) -> SourceStatus:
    values: dict[str, object] = {
        "state": SourceState.OK,
        "last_good": NOW,
        "last_try": NOW,
        "streams": (Stream.SITES,),
    }
    return SourceStatus(name=name, kind="csv", **(values | fields))  # type: ignore[arg-type]


def acknowledgement(fingerprint: str) -> Acknowledgement:
    return Acknowledgement(fingerprint=fingerprint, by="duty", at=NOW)


def alert(fingerprint: str, summary: str = "down") -> AlertEntry:
    return AlertEntry(
        fingerprint=fingerprint,
        rule="site down",
        subject="sites",
        source="monitoring",
        key=fingerprint,
        summary=summary,
        since=NOW,
    )
