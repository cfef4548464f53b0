"""The CSV files of the sample, each as its program would write it.

`sites.csv` comes from a spreadsheet that people keep by hand: Windows-1252, decimal
commas, blanks between thousands, and a few rows that are no sites. `backup_plan.csv`
comes from a spreadsheet that saves UTF-8 with a byte order mark. `tickets.csv` is a
nightly export in UTF-8 with local times.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from smic_tui.sample.backups import SampleJob
from smic_tui.sample.days import french
from smic_tui.sample.schedules import DAY_NAMES, hours_text
from smic_tui.sample.sites import SampleSite
from smic_tui.sample.spellings import reference_of_job
from smic_tui.sample.tickets import SampleTicket

SITE_HEADER = (
    "Code",
    "Site",
    "Type",
    "Code adhérent",
    "Adhérent",
    "Adresse",
    "Population",
    "Latitude",
    "Longitude",
    "Ligne",
    "Prestataire 1er niveau",
    "Contact",
    "Téléphone",
    "Portable",
    "Courriel",
    "Matériel",
    "Logiciels",
    "Adhésion le",
)
PLAN_HEADER = (
    "Réf",
    "Site",
    "Application",
    "Protocole",
    "Tous les",
    "Calendrier",
    "Tolérance",
    "Jours fermés",
    "Fermé les fériés",
)
TICKET_HEADER = (
    "N°",
    "Objet",
    "État",
    "Priorité",
    "Demandeur",
    "Technicien",
    "Site",
    "File",
    "Ouvert le",
    "Modifié le",
    "Échéance",
    "Prestataire",
    "En attente de",
    "Lien",
)

# How many rows of sites.csv are no sites: see `_with_bad_rows`.
BAD_ROWS = 7

_BLANK = "\N{NO-BREAK SPACE}"
_STREETS = {
    "mairie": "Place de la Mairie",
    "école": "Rue des Écoles",
    "médiathèque": "Place de la Médiathèque",
    "CCAS": "Rue de la Solidarité",
    "EPCI": "Avenue du Territoire",
    "antenne EPCI": "Place du Marché",
    "syndicat": "Route du Château d'Eau",
    "services techniques": "Rue de l'Artisanat",
}


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


def _decimal(value: float | None) -> str:
    return "" if value is None else str(value).replace(".", ",")


def _site_row(site: SampleSite) -> list[object]:
    latitude, longitude = site.commune.place or (None, None)
    return [
        site.code,
        site.name,
        site.kind,
        site.member.code,
        site.member.name,
        f"{_STREETS[site.kind]}, {site.commune.postcodes[0]} {site.commune.name}",
        "" if site.population is None else f"{site.population:,}".replace(",", _BLANK),
        _decimal(latitude),
        _decimal(longitude),
        site.line,
        site.supplier,
        site.contact,
        site.phone,
        site.mobile,
        site.email,
        ", ".join(site.equipment),
        ", ".join(site.applications),
        f"01/{1 + site.number % 12:02d}/{1988 + site.number % 34}",
    ]


def _with_bad_rows(rows: list[list[object]]) -> list[list[object]]:
    """Returns the rows, with some between them that are no sites.

    People leave such rows in a sheet that they keep by hand.
    """
    blank: list[object] = [""] * len(SITE_HEADER)
    sketch = [*blank]
    sketch[1:4] = ["École (ouverture prévue)", "école", "17300"]
    rough = list(rows[200])
    rough[0], rough[1], rough[6] = "17999-SAL", "Salle annexe", "env. 450"
    total = [*blank]
    total[0], total[1], total[6] = "TOTAL", f"{len(rows)} sites", "hab. cumulés"
    copied = rows[40]
    # A line break was typed into a cell and saved without quotes, which makes two rows of one.
    cut: list[object] = ["17999-ANX", "Mairie annexe"]
    rest: list[object] = ["(ancien presbytère)", "mairie", "17300"]
    return [
        *rows[:90],
        list(SITE_HEADER),
        *rows[90:260],
        copied,
        blank,
        *rows[260:400],
        cut,
        rest,
        rough,
        *rows[400:],
        sketch,
        total,
    ]


def sites_csv(sites: Sequence[SampleSite]) -> bytes:
    """Returns the register of members and sites, in Windows-1252."""
    rows = _with_bad_rows([_site_row(site) for site in sites])
    return _text(SITE_HEADER, rows).encode("cp1252")


def plan_csv(jobs: Sequence[SampleJob]) -> bytes:
    """Returns the backup plan, in UTF-8 with a byte order mark."""
    rows = [
        (
            job.key,
            reference_of_job(job.site, index),
            job.application,
            job.protocol.name,
            hours_text(job.schedule.period) if job.schedule.period else "",
            job.schedule.cron,
            hours_text(job.schedule.grace),
            ", ".join(DAY_NAMES[day] for day in job.schedule.closed),
            "oui" if job.schedule.holidays else "non",
        )
        for index, job in enumerate(jobs)
    ]
    return _text(PLAN_HEADER, rows).encode("utf-8-sig")


def tickets_csv(tickets: Sequence[SampleTicket]) -> bytes:
    """Returns the export of the ticket system, in UTF-8, with local times to the minute."""
    rows = [
        (
            ticket.number,
            ticket.subject,
            ticket.status,
            ticket.priority,
            ticket.requester,
            ticket.owner,
            ticket.site,
            ticket.queue,
            french(ticket.created),
            french(ticket.updated),
            french(ticket.due),
            ticket.supplier,
            ticket.waiting_on,
            f"https://assistance.example.org/ticket/{ticket.number}",
        )
        for ticket in tickets
    ]
    return _text(TICKET_HEADER, rows).encode()
