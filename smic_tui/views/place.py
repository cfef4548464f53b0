"""Where a site is, in few cells."""

from __future__ import annotations

import re

# What most sites are goes without saying. The article that French melts into "du" and
# "des" comes back: Mairie du Gua is in Le Gua.
_TOWN_HALL = re.compile(r"(?:Mairie|Commune) (?:(de )|(d['’])|(du )|(des ))(?=\S)")
_ARTICLES = ("", "", "Le ", "Les ")


def place(name: str) -> str:
    """The commune of a town hall, any other site's name as it is."""
    found = _TOWN_HALL.match(name)
    if found is None:
        return name
    article = next(
        article
        for article, there in zip(_ARTICLES, found.groups(), strict=True)
        if there is not None
    )
    return article + name[found.end() :]
