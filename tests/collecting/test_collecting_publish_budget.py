"""What a night costs a client: bytes that are the same on every machine.

The rows are such as the sample's night has, somewhat fewer: the budgets are to that of the
whole night, 30,000 bytes, as these rows are to those (benchmarks/bench_hub.py plays them all,
which takes minutes).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from smic_tui.collecting.hub_publisher import HubPublisher
from smic_tui.contract.status import SourceState, SourceStatus
from smic_tui.hub import manifest as hub
from smic_tui.hub.manifest import Manifest, cost
from smic_tui.model.snapshot import Snapshot, SourceContents
from smic_tui.records import (
    Actor,
    BackupRun,
    Health,
    HealthState,
    Record,
    RunResult,
    Stream,
    Ticket,
    TicketStatus,
)

EVENING = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
PUBLICATIONS = 82
# The way, its requests and the manifest, in bytes; the way from one publication to the next;
# the manifest alone.
NIGHT, ONE, MANIFEST = 18_500, 1_500, 560

_SUBJECTS = [f"{what} : {how}" for what in ("Messagerie", "Copieur", "Paie", "Poste", "Réseau")
             for how in ("très lent depuis ce matin", "mot de passe expiré", "ne répond plus",
                         "à installer", "imprime à moitié", "erreur à l'ouverture")]  # fmt: skip
_WORK = [
    (TicketStatus.OPEN, "En cours", Actor.US),
    (TicketStatus.WAITING, "En attente", Actor.SUPPLIER),
    (TicketStatus.RESOLVED, "Résolu", Actor.NOBODY),
]


class Night:
    """Some thousand rows of three sources, and what happens to them; the same each time."""

    def __init__(self) -> None:
        self.random = Random(712)
        self.sites = [f"17{number:03}" for number in range(400)]
        self.tickets: dict[str, Ticket] = {}
        self.health: dict[str, Health] = {}
        self.runs: dict[str, BackupRun] = {}
        for number in range(340):
            self.call(52_000 + number, EVENING - timedelta(hours=340 - number))
        for site in self.sites:
            for service in ("", "NAS", "VPN"):
                self.check(site, service, EVENING - timedelta(days=3), well=True)

    def call(self, number: int, now: datetime) -> None:
        self.tickets[str(number)] = Ticket(
            key=str(number),
            subject=self.random.choice(_SUBJECTS),
            status=TicketStatus.NEW,
            status_label="Nouveau",
            priority=self.random.randint(2, 4),
            requester=f"Agent {self.random.randrange(300)}",
            site=self.random.choice(self.sites),
            queue=self.random.choice(("Assistance niveau 1", "Métier", "Réseau")),
            created=now,
            updated=now,
            due=now + timedelta(days=self.random.randint(1, 20)),
            url=f"https://assistance.example.org/ticket/{number}",
        )

    def work(self, now: datetime) -> None:
        key = self.random.choice(list(self.tickets))
        status, label, actor = self.random.choice(_WORK)
        self.tickets[key] = msgspec.structs.replace(
            self.tickets[key],
            status=status,
            status_label=label,
            waiting_on=actor,
            updated=now,
            owner=f"Technicien {self.random.randrange(12):02}",
        )

    def check(self, site: str, service: str, now: datetime, *, well: bool) -> None:
        host = f"rt-{site}"
        key = f"{host}/{service}" if service else host
        up, down = (
            (HealthState.OK, HealthState.CRITICAL)
            if service
            else (HealthState.UP, HealthState.DOWN)
        )
        output = f"OK - {self.random.randint(5, 90)} ms" if well else "CRITIQUE - perte 100 %"
        self.health[key] = Health(
            key=key, site=site, host=host, service=service, state=up if well else down,
            since=now, output=output,
        )  # fmt: skip

    def run(self, now: datetime) -> None:
        job = f"SV-{self.random.randrange(2000):04}"
        key = f"{job}-{now:%Y%m%dT%H%M%SZ}"
        self.runs[key] = BackupRun(
            key=key,
            job=job,
            started=now,
            ended=now + timedelta(seconds=self.random.randint(30, 7200)),
            result=RunResult.OK if self.random.random() < 0.9 else RunResult.FAILED,
            size=int(10 ** self.random.uniform(6, 10)),
            message=f"{self.random.randrange(60_000)} fichiers, {self.random.randrange(99)} neufs",
        )

    def pass_until(self, end: datetime) -> None:
        """Ten minutes: tickets come and move on, backups run, some sites fall and rise."""
        now = end - timedelta(minutes=10)
        for step in range(6):
            now += timedelta(seconds=90 + self.random.randrange(10))
            self.run(now)
            self.work(now)
            if step % 2:
                self.call(53_000 + len(self.tickets), now)
                site = self.random.choice(self.sites)
                for service in ("", "NAS", "VPN"):
                    self.check(site, service, now, well=self.random.random() < 0.5)

    def snapshot(self, now: datetime) -> Snapshot:
        def contents(name: str, stream: Stream, rows: dict[str, Record]) -> SourceContents:
            status = SourceStatus(
                name=name, kind="json", state=SourceState.OK, last_good=now, streams=(stream,),
                rows=len(rows),
            )  # fmt: skip
            return SourceContents(status=status, rows={stream: dict(rows)})

        return Snapshot(
            taken=now,
            sources=(
                contents("monitoring", Stream.HEALTH, {**self.health}),
                contents("backup_journal", Stream.BACKUP_RUNS, {**self.runs}),
                contents("tickets", Stream.TICKETS, {**self.tickets}),
            ),
        )


def test_a_night_costs_little_whenever_it_ends(tmp_path: Path) -> None:
    night, publishing = Night(), HubPublisher(tmp_path)
    rows = Random(1)
    # So much else is known that no new base is worth writing.
    known = {
        f"{n}": BackupRun(key=f"{n}", job=f"old {n}", started=EVENING, result=RunResult.OK,
                          message=rows.randbytes(100).hex())
        for n in range(1000)
    }  # fmt: skip
    night.runs.update(known)
    publishing.publish(night.snapshot(EVENING))
    found: list[Manifest] = []
    for number in range(1, PUBLICATIONS):
        now = EVENING + timedelta(minutes=10 * number)
        night.pass_until(now)
        manifest = publishing.publish(night.snapshot(now))
        assert manifest is not None
        found.append(manifest)
    ways = [one.way(1) for one in found]
    manifests = [len(hub.encode(one)) for one in found]
    nights = [cost(way or ()) + size + 450 for way, size in zip(ways, manifests, strict=True)]
    last = [cost(one.way(one.latest - 1) or ()) for one in found]
    assert all(ways)
    assert max(nights) < NIGHT
    assert max(last) < ONE
    assert max(manifests) < MANIFEST
