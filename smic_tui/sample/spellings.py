"""How the other systems of the sample write a site: by its code, and a few times otherwise."""

from __future__ import annotations

from random import Random

from smic_tui.sample.chance import chance
from smic_tui.sample.sites import SampleSite
from smic_tui.text import fold

# Names that only the table of aliases in config.toml knows.
ALIASES = {
    "HDV La Rochelle": "17300",
    "Hôtel de ville de Saintes": "17415",
    "Rochefort - service informatique": "17299",
    "Agglo Royan": "241700640",
    "CdC Haute Saintonge": "200041523",
    "Île de Ré (siège)": "241700459",
    "Régie des eaux Pons": "SYN03",
}

# Names that match no site: a person has to find out which one is meant.
UNKNOWN = ("Ancienne poste d'Hiers", "Dépôt communal (à préciser)", "17999")


def other_spelling(name: str, random: Random) -> str:
    """Returns the name spelt differently: in capitals, without hyphens, with St for Saint."""
    short = name.replace("Sainte-", "Ste-").replace("Saint-", "St-")
    match random.randrange(3):
        case 0:
            return fold(name).upper()
        case 1:
            return short.replace("-", " ")
        case _:
            return fold(short).upper().replace("-", " ").replace("'", " ")


def reference(site: SampleSite, random: Random, names: float = 0.0) -> str:
    """Returns what a source writes to mean `site`: the code, or a name.

    `names` is the share of names, from 0 to 1.
    """
    if random.random() >= names:
        return site.code
    return site.name if random.random() < 0.9 else other_spelling(site.name, random)


def reference_of_job(site: SampleSite, index: int) -> str:
    """Returns what row `index` of the backup plan writes to mean `site`; a few rows use names."""
    if index % 97 != 5:
        return site.code
    return site.name if index % 2 else other_spelling(site.name, chance(site.code))
