"""The 712 sites of the sample syndicate, with all that its register says of them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msgspec import Struct

from smic_tui.sample import people
from smic_tui.sample.applications import applications_of
from smic_tui.sample.chance import chance
from smic_tui.sample.communes import BaseData, Commune, with_de
from smic_tui.sample.members import Member, members

SCHOOLS = 110
LIBRARIES = 35
WORKSHOPS = 25
BRANCHES = 27

# By EPCI: the supplier of the line and of first-level support. The groups are like the lots
# of a call for tenders.
SUPPLIERS = {
    "200041499": "Aunis Accès Exemple",
    "200041614": "Aunis Accès Exemple",
    "241700434": "Aunis Accès Exemple",
    "241700459": "Aunis Accès Exemple",
    "200041762": "Littoral Télécom Exemple",
    "241700699": "Littoral Télécom Exemple",
    "241700624": "Littoral Télécom Exemple",
    "241700640": "Littoral Télécom Exemple",
    "200036473": "Saintonge Réseaux Exemple",
    "241700517": "Saintonge Réseaux Exemple",
    "241700632": "Saintonge Réseaux Exemple",
    "200041689": "Boutonne Services Exemple",
    "200041523": "Sud Saintonge Accès Exemple",
}

LINES = ("RTC", "ADSL", "VDSL", "fibre", "4G")


class SampleSite(Struct, frozen=True, kw_only=True):
    """A site. `number` counts from 0 in the order of the register."""

    number: int
    code: str
    name: str
    kind: str
    member: Member
    commune: Commune
    population: int | None
    line: str
    supplier: str
    contact: str
    mobile: str
    equipment: tuple[str, ...]
    applications: tuple[str, ...]

    @property
    def phone(self) -> str:
        """The telephone number of its office."""
        return people.landline(self.number)

    @property
    def email(self) -> str:
        """The mail address of its office."""
        return f"{people.slug(self.name)}@example.org"


def _planned(base: BaseData) -> Iterator[tuple[str, str, str, Member]]:
    """Yields code, name, kind and member of every site, the seats of the members first."""
    all_members = members(base)
    for member in all_members:
        if member.kind == "commune":
            yield member.code, f"Mairie {with_de(member.commune.name)}", "mairie", member
        else:
            yield member.code, member.name, member.kind, member
    communes = [member for member in all_members if member.kind == "commune"]
    communes.sort(key=lambda member: (-member.commune.population, member.code))
    for rank in range(SCHOOLS):
        # The eighteen biggest communes have a second school.
        member = communes[rank] if rank < SCHOOLS - 18 else communes[rank - (SCHOOLS - 18)]
        name, number = with_de(member.commune.name), 1 if rank < SCHOOLS - 18 else 2
        what = "École élémentaire" if number == 1 else "École maternelle"
        yield f"{member.code}-EC{number}", f"{what} {name}", "école", member
    for member in communes[:LIBRARIES]:
        yield (
            f"{member.code}-MED",
            f"Médiathèque {with_de(member.commune.name)}",
            "médiathèque",
            member,
        )
    for member in communes[:WORKSHOPS]:
        name = f"Services techniques {with_de(member.commune.name)}"
        yield f"{member.code}-ST", name, "services techniques", member
    epci = [member for member in all_members if member.kind == "EPCI"]
    for rank in range(BRANCHES):
        member = epci[rank % len(epci)]
        inside = [one for one in communes if one.commune.epci == member.code]
        place = inside[1 + rank // len(epci)].commune
        name = f"France services {with_de(place.name)}"
        branch = Member(code=member.code, name=member.name, kind=member.kind, commune=place)
        yield f"{member.code}-A{1 + rank // len(epci)}", name, "antenne EPCI", branch


def inhabitants(base: BaseData, kind: str, member: Member) -> int | None:
    """Returns the population that a site serves; None for schools and other kinds of site.

    A town hall or CCAS serves its commune, an EPCI all its communes.
    """
    if kind in ("mairie", "CCAS"):
        return member.commune.population
    if kind == "EPCI":
        return sum(commune.population for commune in base.communes if commune.epci == member.code)
    return None


def _line(random: Random, population: int, kind: str) -> str:
    """Returns the kind of line: small places have poor ones, and a third of all have fibre."""
    if kind in ("EPCI", "CCAS") or population > 4000:
        shares = (0, 4, 12, 82, 2)
    elif population > 1000:
        shares = (1, 28, 22, 44, 5)
    else:
        shares = (8, 48, 13, 19, 12)
    return random.choices(LINES, shares)[0]


def _equipment(random: Random, population: int, kind: str, line: str) -> tuple[str, ...]:
    router = {"4G": "Routeur 4G", "RTC": "Modem RTC 56k", "fibre": "Pare-feu fibre"}
    desks = max(1, min(60, population // 450 + random.randrange(1, 3)))
    if kind == "école":
        desks = random.randrange(2, 14)
    equipment = [router.get(line, "Routeur xDSL"), f"{desks} poste{'s' if desks > 1 else ''}"]
    if population > 600 or random.random() < 0.4:
        equipment.append(random.choice(("NAS 2 baies", "NAS 4 baies")))
    if population > 3500 and kind in ("mairie", "EPCI"):
        equipment.append("Serveur")
    if random.random() < 0.5:
        equipment.append(random.choice(("Onduleur 650 VA", "Onduleur 1500 VA")))
    if kind in ("mairie", "EPCI", "syndicat"):
        equipment.append(random.choice(("Copieur A3", "Copieur A4", "Imprimante laser")))
    if kind == "école":
        equipment.append("Vidéoprojecteur")
    return tuple(equipment)


def sites(base: BaseData, seed: int) -> tuple[SampleSite, ...]:
    """Returns the register. Names and codes are always the same, the rest follows the seed."""
    random = chance(seed, "sites")
    register = []
    for number, (code, name, kind, member) in enumerate(_planned(base)):
        population = member.commune.population
        line = _line(random, population, kind)
        register.append(
            SampleSite(
                number=number,
                code=code,
                name=name,
                kind=kind,
                member=member,
                commune=member.commune,
                population=inhabitants(base, kind, member),
                line=line,
                supplier=SUPPLIERS[member.commune.epci],
                contact=people.requester(random, kind),
                mobile=people.mobile(number) if random.random() < 0.3 else "",
                equipment=_equipment(random, population, kind, line),
                applications=applications_of(random, kind, population),
            )
        )
    return tuple(register)
