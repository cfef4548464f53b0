"""The 515 members of the sample syndicate.

The communes and the EPCI are the real ones of the department. The names of the CCAS
and syndicats are invented, and so is every membership.
"""

from __future__ import annotations

from msgspec import Struct

from smic_tui.sample.communes import BaseData, Commune, with_de

CCAS = 24
SYNDICATS = (
    ("Syndicat des eaux", "Marans"),
    ("Syndicat des eaux", "Matha"),
    ("Syndicat des eaux", "Pons"),
    ("Syndicat des eaux", "Montguyon"),
    ("SIVOS", "Loulay"),
    ("SIVOS", "Burie"),
    ("SIVOS", "Archiac"),
    ("SIVOS", "Mirambeau"),
    ("SIVOS", "Tonnay-Boutonne"),
    ("SIVU de la piscine", "Surgères"),
    ("SIVU du cimetière", "Saujon"),
    ("Syndicat d'assainissement", "Gémozac"),
    ("Syndicat d'assainissement", "Courçon"),
    ("Syndicat de voirie", "Saint-Savinien"),
    ("Syndicat de rivière", "Saint-Porchaire"),
    ("Syndicat de collecte", "Jonzac"),
)


class Member(Struct, frozen=True, kw_only=True):
    """A body that belongs to the syndicate.

    `code` is the INSEE code of a commune, the SIREN of an EPCI, and a code of the
    syndicate's own for any other body. `commune` is where its office is.
    """

    code: str
    name: str
    kind: str
    commune: Commune


def seat_of(epci: str, communes: tuple[Commune, ...]) -> Commune:
    """Returns the most populous commune of an EPCI, which serves as the place of its office."""
    return max(
        (commune for commune in communes if commune.epci == epci),
        key=lambda commune: commune.population,
    )


def members(base: BaseData) -> tuple[Member, ...]:
    """Returns communes, EPCI, CCAS of the biggest communes and syndicats, always the same."""
    by_size = sorted(base.communes, key=lambda commune: (-commune.population, commune.code))
    by_name = {commune.name: commune for commune in base.communes}
    return (
        *(
            Member(
                code=commune.code,
                name=f"Commune {with_de(commune.name)}",
                kind="commune",
                commune=commune,
            )
            for commune in base.communes
        ),
        *(
            Member(
                code=epci.code,
                name=epci.name,
                kind="EPCI",
                commune=seat_of(epci.code, base.communes),
            )
            for epci in base.epci
        ),
        *(
            Member(
                code=f"{commune.code}-CCAS",
                name=f"CCAS {with_de(commune.name)}",
                kind="CCAS",
                commune=commune,
            )
            for commune in by_size[:CCAS]
        ),
        *(
            Member(
                code=f"SYN{number:02d}",
                name=f"{what} {with_de(name)}",
                kind="syndicat",
                commune=by_name[name],
            )
            for number, (what, name) in enumerate(SYNDICATS, start=1)
        ),
    )
