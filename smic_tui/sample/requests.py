"""The requests of the sample for software of the shared catalogue, in every stage."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import msgspec
from msgspec import Struct

from smic_tui.sample import people
from smic_tui.sample.chance import chance
from smic_tui.sample.days import in_office_hours
from smic_tui.sample.sites import SampleSite

STAGES = {
    "demandé": 27,
    "analysé": 21,
    "groupe de travail": 17,
    "commandé": 16,
    "installation": 22,
    "terminé": 36,
    "refusé": 11,
}
FINAL = ("terminé", "refusé")
ORDER = tuple(STAGES)[:-1]

SOFTWARE = (
    "Gestion financière en ligne",
    "Paie en ligne",
    "État civil dématérialisé",
    "Gestion du cimetière",
    "Guichet d'urbanisme",
    "Parapheur électronique",
    "Convocations des élus",
    "Archivage électronique",
    "Portail familles",
    "Gestion de la cantine",
    "SIG communal",
    "Signalements des habitants",
    "Site internet mutualisé",
    "Messagerie collaborative",
    "Sauvegarde externalisée",
    "Coffre-fort de mots de passe",
    "Téléphonie sur IP",
    "Gestion des salles",
    "Inventaire du parc",
    "Visioconférence",
    "Catalogue de la médiathèque",
    "Registre des délibérations",
)

# For each stage: who may have to act next, each with a weight.
TURNS = {
    "demandé": (("syndicat", 9), ("adhérent", 1)),
    "analysé": (("syndicat", 6), ("adhérent", 4)),
    "groupe de travail": (("groupe de travail", 9), ("syndicat", 1)),
    "commandé": (("fournisseur", 8), ("syndicat", 2)),
    "installation": (("syndicat", 6), ("fournisseur", 2), ("adhérent", 2)),
    "terminé": (("personne", 1),),
    "refusé": (("personne", 1),),
}
_WEEKS_IN = {
    "demandé": (0.02, 3),
    "analysé": (1, 9),
    "groupe de travail": (3, 20),
    "commandé": (6, 26),
    "installation": (8, 34),
    "terminé": (10, 50),
    "refusé": (3, 40),
}
_REASONS = ("Remplacement de", "Première installation de", "Changement de fournisseur pour")


class SampleRequest(Struct, frozen=True, kw_only=True):
    """A request, in the words of the catalogue's own register."""

    reference: str
    subject: str
    software: str
    stage: str
    site: SampleSite
    requester: str
    owner: str
    turn: str
    created: datetime
    updated: datetime
    due: datetime | None


def _subject(random: Random, software: str) -> str:
    if random.random() < 0.6:
        return f"{random.choice(_REASONS)} « {software} »"
    return software


def new_request(random: Random, number: int, site: SampleSite, when: datetime) -> SampleRequest:
    """Returns a request that has just come in, at `when` (UTC)."""
    software = random.choice(SOFTWARE)
    return SampleRequest(
        reference=f"CAT-{when:%Y}-{number:04d}",
        subject=_subject(random, software),
        software=software,
        stage="demandé",
        site=site,
        requester=people.requester(random, site.kind),
        owner="",
        turn=turn(random, "demandé"),
        created=when,
        updated=when,
        due=None,
    )


def turn(random: Random, stage: str) -> str:
    """Returns who must act next in that stage."""
    names, weights = zip(*TURNS[stage], strict=True)
    return str(random.choices(names, weights)[0])


def requests(sites: tuple[SampleSite, ...], seed: int, now: datetime) -> tuple[SampleRequest, ...]:
    """Returns the requests of the last year up to `now` (UTC), the oldest first."""
    random = chance(seed, "requests")
    seats = [site for site in sites if site.code == site.member.code]
    drafts = [
        (in_office_hours(random, now - timedelta(weeks=random.uniform(*_WEEKS_IN[stage]))), stage)
        for stage, count in STAGES.items()
        for _ in range(count)
    ]
    drafts.sort()
    register = []
    for number, (when, stage) in enumerate(drafts, start=1):
        request = new_request(random, number, random.choice(seats), when)
        moved = in_office_hours(random, when + (now - when) * random.uniform(0.3, 0.99))
        due = None
        if stage not in FINAL and random.random() < 0.5:
            soonest = max((when - now).total_seconds() / 86400 + 14, -25)
            due = now + timedelta(days=random.uniform(soonest, 90))
        register.append(
            msgspec.structs.replace(
                request,
                stage=stage,
                owner=random.choice(people.TECHNICIANS) if stage != "demandé" else "",
                turn=turn(random, stage),
                updated=max(when, moved),
                due=due,
            )
        )
    return tuple(register)
