"""Sample data for any size: a country of sites, their monitoring, backups and tickets.

Every size has the same mix: per site one monitored host, three backup jobs with one to
three runs each, and two open tickets. The same arguments give the same records. The names
are those of the shipped communes, with numbers if there are not enough, or those of a file
of the npm package @etalab/decoupage-administratif.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from smic_tui.config.schema import AlertRule, Settings, Source
from smic_tui.records import (
    Actor,
    BackupJob,
    BackupRun,
    Contact,
    Health,
    HealthState,
    Record,
    RunResult,
    Site,
    Stream,
    Ticket,
    TicketStatus,
)
from smic_tui.sample.communes import base_data

Rows = dict[Stream, dict[str, Record]]

PARIS = ZoneInfo("Europe/Paris")
KINDS = ("mairie", "école", "CCAS", "médiathèque")
APPLICATIONS = ("comptabilité", "état civil", "serveur de fichiers")
TROUBLES = (
    "Imprimante hors d'usage au secrétariat",
    "Messagerie : plus rien n'arrive depuis ce matin",
    "Logiciel de paie : écran blanc à l'ouverture",
    "Mot de passe oublié, poste de l'accueil",
    "Réseau lent à l'étage",
    "Sauvegarde : disque presque plein",
)
STREAMS: dict[str, tuple[Stream, ...]] = {
    "register": (Stream.SITES,),
    "monitoring": (Stream.HEALTH,),
    "backups": (Stream.BACKUP_JOBS, Stream.BACKUP_RUNS),
    "desk": (Stream.TICKETS,),
}


class _Commune(msgspec.Struct):
    code: str
    nom: str
    type: str = ""
    population: int | None = None


def communes(path: Path | None) -> list[tuple[str, str, int | None]]:
    """Returns code, name and population of the communes of a file, or of the shipped ones."""
    if path is None:
        return [(one.code, one.name, one.population) for one in base_data().communes]
    found = msgspec.json.decode(path.read_bytes(), type=list[_Commune])
    return [(one.code, one.nom, one.population) for one in found if one.type == "commune-actuelle"]


def _places(count: int, path: Path | None) -> Iterator[tuple[str, str, str, str, int | None]]:
    """Yields for each site its code, kind, member's code, member and population."""
    known = communes(path)
    for number in range(count):
        round_, at = divmod(number, len(known))
        code, name, population = known[at]
        if path is None and round_ >= len(KINDS):
            name = f"{name} {round_ // len(KINDS) + 1}"
            code = f"{code}-{round_ // len(KINDS) + 1}"
        kind = KINDS[round_ % len(KINDS)]
        yield (code if kind == "mairie" else f"{code}/{kind}"), kind, code, name, population


def country(count: int, now: datetime, path: Path | None = None) -> dict[str, Rows]:
    """Returns the rows of each source, by stream and key; `now` is in UTC."""
    dice = random.Random(count)
    night = now.astimezone(PARIS).replace(hour=2, minute=30, second=0, microsecond=0)
    sites: dict[str, Record] = {}
    health: dict[str, Record] = {}
    jobs: dict[str, Record] = {}
    runs: dict[str, Record] = {}
    tickets: dict[str, Record] = {}
    for number, (code, kind, member_code, member, population) in enumerate(_places(count, path)):
        sites[code] = Site(
            key=code,
            source="register",
            code=code,
            name=f"{kind.capitalize()} – {member}",
            member=member,
            member_code=member_code,
            kind=kind,
            population=population,
            line=dice.choice(("fibre", "ADSL", "RTC", "4G")),
            supplier=f"Prestataire {number % 300}",
            contacts=(Contact(name="Accueil", phone=f"05 46 {number % 10000:04}"),),
            applications=APPLICATIONS,
        )
        down = dice.random() < 0.01
        host = f"h{number}"
        health[host] = Health(
            key=host,
            source="monitoring",
            site=code,
            host=host,
            state=HealthState.DOWN if down else HealthState.UP,
            since=now - timedelta(minutes=dice.randrange(60000)),
            checked=now,
            output="PING CRITICAL - 100% loss" if down else "PING OK - 31 ms",
        )
        for which, application in enumerate(APPLICATIONS):
            job = f"{number}-{which}"
            jobs[job] = BackupJob(
                key=job,
                source="backups",
                site=code,
                application=application,
                protocol="borg",
                calendar="30 2 * * *" if which else "",
                period=None if which else 86400,
                grace=6 * 3600,
            )
            # One job in a hundred is overdue, at any time of day.
            last = now - timedelta(hours=dice.choice((2, 6, 12)))
            if which:
                last = night if night + timedelta(hours=2) < now else night - timedelta(days=1)
            started = last - timedelta(days=2 if dice.random() < 0.01 else 0)
            for back in range(1 + number % 3):
                begun = started - timedelta(days=back) + timedelta(minutes=dice.randrange(20))
                key = f"{job}/{back}"
                runs[key] = BackupRun(
                    key=key,
                    source="backups",
                    job=job,
                    started=begun,
                    ended=begun + timedelta(minutes=9),
                    result=RunResult.FAILED if dice.random() < 0.01 else RunResult.OK,
                    size=dice.randrange(10**9),
                )
        for which in range(2):
            key = str(2 * number + which)
            tickets[key] = Ticket(
                key=key,
                source="desk",
                subject=f"{dice.choice(TROUBLES)} ({member})",
                status=dice.choice((TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.WAITING)),
                status_label="En cours",
                priority=dice.choice((1, 2, 3, 3, 3, 3, 3, 4, 5)),
                requester=f"Accueil, {member}",
                owner=f"Agent {dice.randrange(40)}",
                site=code,
                queue="Bureautique",
                created=now - timedelta(minutes=dice.randrange(60000)),
                updated=now - timedelta(minutes=dice.randrange(6000)),
                due=now + timedelta(hours=dice.randrange(-20, 400)),
                waiting_on=dice.choice((Actor.US, Actor.MEMBER)),
                url=f"https://desk.example/{key}",
            )
    return {
        "register": {Stream.SITES: sites},
        "monitoring": {Stream.HEALTH: health},
        "backups": {Stream.BACKUP_JOBS: jobs, Stream.BACKUP_RUNS: runs},
        "desk": {Stream.TICKETS: tickets},
    }


def changed(
    rows: Mapping[Stream, Mapping[str, Record]], part: float, now: datetime, seed: int
) -> Rows:
    """New versions of `part` of the rows of each stream, chosen by `seed`."""
    dice = random.Random(seed)
    found: Rows = {}
    for stream, of_stream in rows.items():
        keys = dice.sample(list(of_stream), max(1, round(part * len(of_stream))))
        found[stream] = {key: _changed(of_stream[key], now, dice) for key in keys}
    return found


def _changed(record: Record, now: datetime, dice: random.Random) -> Record:
    if isinstance(record, Ticket):
        return replace(record, updated=now, priority=dice.choice((2, 3, 4)))
    if isinstance(record, BackupRun):
        return replace(record, size=dice.randrange(10**9))
    if isinstance(record, BackupJob):
        return replace(record, grace=record.grace + 60)
    if isinstance(record, Health):
        return replace(record, checked=now, output=f"PING OK - {dice.randrange(90)} ms")
    return replace(cast("Site", record), address=f"{dice.randrange(99)} rue de la Gare")


def settings() -> Settings:
    """Returns a configuration with the four sources and three alert rules."""
    return Settings(
        sources={
            name: Source(name=name, kind="memory", refresh="1h", full_every="7d")
            for name in STREAMS
        },
        alerts=(
            AlertRule(name="down", on="sites", where="state:down", severity="critical"),
            AlertRule(name="late", on="backups", where="state:overdue", severity="warning"),
            AlertRule(name="urgent", on="tickets", where="priority=1 is:overdue"),
        ),
    )
