"""Small facts to draw, made of as little as each test needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from smic_tui.contract.actions import Action, Verb
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.model.facts import (
    AlertFact,
    BackupFact,
    RequestFact,
    SiteFact,
    SourceFact,
    TicketFact,
)
from smic_tui.model.freshness import Freshness
from smic_tui.model.outbox_entry import Entry, plain
from smic_tui.model.states import AlertStatus, BackupState, Level, SiteState
from smic_tui.records import (
    BackupJob,
    CatalogueRequest,
    Health,
    HealthState,
    Record,
    Site,
    Stage,
    Stream,
    Ticket,
    TicketStatus,
)
from smic_tui.views.cells import Cell, Line
from smic_tui.views.look import Look

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # a Tuesday, 10:30 in Paris
ANSWERED = {
    "members": NOW - timedelta(minutes=12),
    "slow": NOW - timedelta(hours=3),
    "old": NOW - timedelta(days=3),
}
LOOK = Look(now=NOW, zone=ZoneInfo("Europe/Paris"), freshness=Freshness(ANSWERED))


def ago(**length: float) -> datetime:
    """A moment before NOW."""
    return NOW - timedelta(**length)


def health(state: HealthState = HealthState.DOWN, **rest: Any) -> Health:
    rest.setdefault("host", "router")
    rest.setdefault("since", ago(hours=3))
    key = f"{rest['host']}!{rest.get('service', '')}"
    return Health(key=key, source="icinga", site="17300", state=state, **rest)


def backup(state: BackupState = BackupState.FRESH, **rest: Any) -> BackupFact:
    wanted: dict[str, Any] = {
        "site_name": "Mairie de La Rochelle",
        "site_ref": "17300",
        "job": BackupJob(key="1", source="restic", site="17300", application="Paie"),
        "runs": (),
        "level": Level.FINE,
        "last_success": ago(hours=9),
        "due": None,
        "stale": False,
    }
    wanted |= rest
    wanted["rests_on"] = ("members",)
    return BackupFact(key="restic/1", source="restic", site="members/17300", state=state, **wanted)


def ticket(key: str = "51473", record: dict[str, Any] | None = None, **rest: Any) -> TicketFact:
    """A ticket; `record` has what is not as usual in it, `rest` in the fact."""
    of_record: dict[str, Any] = {
        "subject": "Imprimante hors d'usage",
        "status": TicketStatus.OPEN,
        "owner": "Agent Un",
        "created": ago(days=2),
        "updated": ago(days=1),
    }
    wanted: dict[str, Any] = {
        "site": "members/17300",
        "site_ref": "17300",
        "site_name": "Mairie de La Rochelle",
        "level": Level.NOTICE,
        "overdue": False,
        "mine": False,
        "stale": False,
        "rests_on": ("members",),
    }
    one = Ticket(key=key, source="redmine", **(of_record | (record or {})))
    return TicketFact(key=f"redmine/{key}", source="redmine", ticket=one, **(wanted | rest))


def request(key: str = "R1", record: dict[str, Any] | None = None, **rest: Any) -> RequestFact:
    """A catalogue request; `record` has what is not as usual in it, `rest` in the fact."""
    of_record: dict[str, Any] = {
        "subject": "Gestion des cimetières",
        "stage": Stage.ASKED,
        "created": ago(days=20),
        "updated": ago(days=10),
    }
    wanted: dict[str, Any] = {
        "site": "members/17300",
        "site_ref": "17300",
        "site_name": "Mairie de La Rochelle",
        "level": Level.NOTICE,
        "overdue": False,
        "mine": False,
        "stale": False,
        "rests_on": ("members",),
    }
    one = CatalogueRequest(key=key, source="catalogue", **(of_record | (record or {})))
    return RequestFact(key=f"catalogue/{key}", source="catalogue", request=one, **(wanted | rest))


def site(record: dict[str, Any] | None = None, **rest: Any) -> SiteFact:
    """A site; `record` has what is not as usual in it, `rest` in the fact."""
    of_record: dict[str, Any] = {"name": "Mairie de La Rochelle", "kind": "mairie", "line": "FTTH"}
    wanted: dict[str, Any] = {
        "state": SiteState.DOWN,
        "level": Level.CRITICAL,
        "since": ago(hours=3),
        "acknowledged": False,
        "downtime": False,
        "health": (),
        "backups": (),
        "tickets": (),
        "requests": (),
        "trouble": Level.CRITICAL,
        "rests_on": ("members",),
        "stale": False,
    }
    one = Site(key="17300", code="17300", source="members", **(of_record | (record or {})))
    return SiteFact(key="members/17300", source="members", site=one, **(wanted | rest))


def alert(status: AlertStatus = AlertStatus.FIRING, **rest: Any) -> AlertFact:
    wanted: dict[str, Any] = {
        "fingerprint": "down/members/17300",
        "rule": "down",
        "severity": Level.CRITICAL,
        "subject": "sites",
        "site": "members/17300",
        "site_name": "Mairie de La Rochelle",
        "summary": "router is down",
        "text": "",
        "since": ago(hours=3),
        "fired": ago(hours=2),
        "cleared": None,
        "digest": "",
        "blind": False,
        "source": "members",
        "key": "17300",
    }
    return AlertFact(status=status, **(wanted | rest))


def source(status: dict[str, Any] | None = None, **rest: Any) -> SourceFact:
    """A source; `status` has what is not as usual in its status, `rest` in the fact."""
    of_status: dict[str, Any] = {
        "name": "members",
        "state": SourceState.OK,
        "last_good": ago(minutes=12),
        "rows": 7,
    }
    wanted: dict[str, Any] = {
        "level": Level.FINE,
        "age": 720.0,
        "stale": False,
        "rejected": (),
        "unmatched": (),
    }
    one = SourceStatus(kind="csv", **(of_status | (status or {})))
    return SourceFact(key="members", status=one, **(wanted | rest))


def entry(record: Record, verb: Verb, stream: Stream = Stream.TICKETS, **rest: Any) -> Entry:
    """An action on a record in the outbox; `action` has what is not as usual in it."""
    action: dict[str, Any] = {"by": "Agent Un", "at": ago(minutes=5)} | rest.pop("action", {})
    return Entry(
        number=1,
        action=Action(
            id="a", source=record.source, stream=stream, key=record.key, verb=verb, **action
        ),
        shown=record.source,
        seen=plain(record),
        changed=NOW,
        **rest,
    )


def words(pieces: Sequence[Cell]) -> str:
    """The text of some pieces, with one blank between words."""
    return " ".join("".join(piece.text for piece in pieces).split())


def texts(lines: Sequence[Line]) -> list[str]:
    """The text of each line, with one blank between words."""
    return [words(line.cells) for line in lines]
