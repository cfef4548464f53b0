"""The communes of Charente-Maritime and their EPCI, from the shipped data file.

`data/NOTICE.md` describes the data and their licences.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

DATA_FILE = Path(__file__).parent / "data" / "charente-maritime.json"


class Commune(Struct, frozen=True, kw_only=True):
    """A commune. `place` is latitude and longitude (WGS 84), None where not known."""

    code: str
    name: str
    postcodes: tuple[str, ...]
    population: int
    epci: str
    place: tuple[float, float] | None = None


class Epci(Struct, frozen=True, kw_only=True):
    """An inter-municipal body with taxes of its own; `code` is its SIREN number."""

    code: str
    name: str


class BaseData(Struct, frozen=True, kw_only=True):
    """All that is shipped; `sources` names the packages that it was made from."""

    sources: dict[str, str] = msgspec.field(name="from")
    epci: tuple[Epci, ...]
    communes: tuple[Commune, ...]


@lru_cache(1)
def base_data() -> BaseData:
    """Returns the shipped data; the file is read at the first call only."""
    return msgspec.json.decode(DATA_FILE.read_bytes(), type=BaseData)


def with_de(name: str) -> str:
    """Returns « de » and a commune's name: du Thou, des Mathes, d'Asnières, de Saintes."""
    if name.startswith("Le "):
        return "du " + name[3:]
    if name.startswith("Les "):
        return "des " + name[4:]
    if name.startswith("Île-"):
        return "de l'" + name
    if name[0] in "AEIOUYÉÈÊÎ":
        return "d'" + name
    return "de " + name
