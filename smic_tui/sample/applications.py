"""Which applications a site runs, and which of them are backed up from there.

The names are those of functions, not of products. A hosted application runs at its
supplier's: the site uses it, but has no backup job for it.
"""

from __future__ import annotations

from random import Random

_ALWAYS_HOSTED = ("Messagerie", "Site internet", "Parapheur électronique")
_HOSTED = " (en ligne)"
_SHARE_HOSTED = 0.33

_TOWN_HALL = ("Gestion financière", "État civil", "Fichiers partagés")
_TOWN_HALL_MORE = (
    "Paie",
    "Élections",
    "Cimetière",
    "Urbanisme",
    "Cadastre",
    "Cantine et garderie",
    "Délibérations",
)
_TOWN_HALL_BIG = ("Annuaire", "Ressources humaines", "SIG", "Téléphonie")
_BY_KIND = {
    "école": ("Dossiers de l'école", "Notes et bulletins"),
    "CCAS": ("Aide sociale", "Fichiers partagés", "Portage de repas"),
    "médiathèque": ("Catalogue de la médiathèque", "Postes publics"),
    "EPCI": (
        "Gestion financière",
        "Paie",
        "Ressources humaines",
        "SIG",
        "Fichiers partagés",
        "Annuaire",
        "Urbanisme",
        "Déchets",
        "Téléphonie",
    ),
    "antenne EPCI": ("Fichiers partagés", "Accueil du public"),
    "syndicat": ("Facturation des abonnés", "Gestion financière", "Fichiers partagés"),
    "services techniques": ("Interventions", "Fichiers partagés"),
}


def applications_of(random: Random, kind: str, population: int) -> tuple[str, ...]:
    """Returns the applications of one site, of which the first is never hosted."""
    if kind == "mairie":
        more = 4 if population > 2500 else 2 if population > 600 else random.choice((0, 0, 1))
        own: tuple[str, ...] = (
            *_TOWN_HALL[: 3 if population > 250 else 2],
            *random.sample(_TOWN_HALL_MORE, more),
            *(_TOWN_HALL_BIG if population > 7000 else ()),
        )
    else:
        own = _BY_KIND[kind]
    first, *others = own
    others = [name + _HOSTED * (random.random() < _SHARE_HOSTED) for name in others]
    hosted = random.sample(_ALWAYS_HOSTED, random.choice((0, 1, 1, 2)))
    return (first, *others, *hosted)


def backed_up(applications: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the applications that have a backup job at the site."""
    return tuple(
        name for name in applications if name not in _ALWAYS_HOSTED and not name.endswith(_HOSTED)
    )
