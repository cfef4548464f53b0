from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.config.schema import Matching
from smic_tui.insight.matching import Register, register_after
from smic_tui.records import Site
from tests.insight.insight_examples import site

ALIASES = {"Atlantide": "17300", "Le château": "17415", "Perdu": "99999"}


def sites() -> tuple[Site, ...]:
    return (
        site("17300", "La Rochelle", kind="mairie", member="La Rochelle", member_code="M1"),
        site("17415", "Saintes", kind="mairie", member="Saintes", member_code="M2"),
        site("17415-E1", "École Jules-Ferry", kind="école", member="Saintes", member_code="M2"),
        site("17415-C", "CCAS de Saintes", kind="CCAS", member="CCAS de Saintes"),
        site("17347", "Saint-Jean-d'Angély", kind="mairie", member="Saint-Jean-d'Angély"),
        site("17346", "Saint-Jean-d’Angle", kind="mairie"),
        site("17172", "Mairie de L'Houmeau", kind="mairie", member="L'Houmeau"),
        site("17390", "Sainte-Soulle", kind="mairie"),
        site("01004", "Ambérieu-en-Bugey", kind="mairie"),
        site("17E1", "École du Bourg", kind="école", member="Royan", member_code="M3"),
        site("17E2", "École du Bourg", kind="école", member="Marans", member_code="M4"),
        site("17X1", "Bourg-Neuf", kind="mairie"),
        site("17X2", "Bourg-Neuf", kind="école"),
        site("17Y1", "Deux Mairies", kind="mairie"),
        site("17Y2", "Deux mairies", kind="mairie"),
        site("S 12", "Syndicat des eaux", kind="syndicat", member="Syndicat des eaux"),
    )


@pytest.fixture(scope="module")
def register() -> Register:
    return Register(sites(), Matching(aliases=ALIASES))


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        # codes
        ("17300", "17300"),
        (" 17 300 ", "17300"),
        ("17415-e1", "17415-E1"),
        ("s12", "S 12"),
        ("1004", "01004"),
        ("1005", None),
        # member codes
        ("M1", "17300"),
        ("m2", "17415"),  # two sites: the mairie is meant
        ("M3", "17E1"),
        # names
        ("LA ROCHELLE", "17300"),
        ("la-rochelle", "17300"),
        ("Rochelle (La)", "17300"),
        ("Rochelle, la", "17300"),
        ("ROCHELLE", "17300"),
        ("St Jean d'Angely", "17347"),
        ("St-Jean-d’Angély", "17347"),
        ("SAINT JEAN D ANGELY", "17347"),
        ("Saint Jean d'Angle", "17346"),
        ("Ste Soulle", "17390"),
        ("École Jules Ferry", "17415-E1"),
        # the place, with what kind of site
        ("Saintes (mairie)", "17415"),
        ("Mairie de Saintes", "17415"),
        ("Saintes - Mairie", "17415"),
        ("Ville de Saintes", "17415"),
        ("Commune de La Rochelle", "17300"),
        ("mairie de la Rochelle", "17300"),
        ("CCAS Saintes", "17415-C"),
        ("Saintes CCAS", "17415-C"),
        ("École de Saintes", "17415-E1"),
        ("L'Houmeau", "17172"),
        ("Houmeau (L')", "17172"),
        ("Mairie de l'Houmeau", "17172"),
        # shared names: the mairie if there is one, and nothing guessed otherwise
        ("Bourg-Neuf", "17X1"),
        ("École de Bourg-Neuf", "17X2"),
        ("École du Bourg", None),
        ("Deux Mairies", None),
        # an école alone is not what the bare name of its commune means
        ("Royan", None),
        ("École de Royan", "17E1"),
        ("École de La Rochelle", None),
        # aliases, compared as names are
        ("ATLANTIDE", "17300"),
        ("Chateau (Le)", None),
        ("LE CHATEAU", "17415"),
        ("Perdu", None),
        # paths: the lowest part that is known, of the member above it
        ("Saintes > École Jules-Ferry", "17415-E1"),
        ("Syndicat > Saintes > École Jules Ferry", "17415-E1"),
        ("Saintes > École Jules-Ferry > Cantine", "17415-E1"),
        ("Royan > École du Bourg", "17E1"),
        ("MARANS > ecole du bourg > Salle 2", "17E2"),
        ("Saintes > CCAS", "17415-C"),
        ("Saintes > Service technique", "17415"),
        ("La Rochelle > Mairie", "17300"),
        ("Syndicat > 17300", "17300"),
        ("Syndicat > 17300 > Accueil", "17300"),
        ("Agglomération > Atlantide", "17300"),
        ("Deux Mairies > Accueil", None),
        # one of another member is not the one that is meant
        ("La Rochelle > École Jules-Ferry", "17300"),
        ("Rochefort > École Jules-Ferry", None),
        ("Rochefort > École du Bourg", None),
        ("Syndicat des eaux > Rochefort", None),
        (" > ", None),
        # nothing
        ("", None),
        ("   ", None),
        ("(mairie)", None),
        ("Rochefort", None),
    ],
)
def test_reference_to_site(register: Register, reference: str, code: str | None) -> None:
    for _again in range(2):
        found = register.match(reference)
        assert (found.site.code if found else None) == code
    assert found is None or found.key == f"members/{found.site.key}"


def test_aliases_that_lead_nowhere_are_told(register: Register) -> None:
    assert register.broken_aliases == ("Perdu",)


def test_the_rule_for_shared_names_can_be_another_or_none() -> None:
    schools = Register(sites(), Matching(shared_name="école"))
    found = schools.match("Bourg-Neuf")
    assert found
    assert found.site.code == "17X2"
    nothing = Register(sites(), Matching(shared_name=""))
    assert nothing.match("Bourg-Neuf") is None
    assert nothing.match("M2") is None
    assert nothing.match("Mairie de Bourg-Neuf") is not None


def test_of_a_code_listed_twice_the_first_counts() -> None:
    twice = Register([site("1", "Un"), site("1", "Autre")], Matching())
    found = twice.match("1")
    assert found
    assert found.site.name == "Un"


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("Saint Jean d'Angeli", "Saint-Jean-d'Angély"),
        ("La Rochele", "La Rochelle"),
        ("Ste Soule", "Sainte-Soulle"),
        ("Zzyzx", None),
        ("", None),
    ],
)
def test_nearest_name(register: Register, reference: str, name: str | None) -> None:
    found = register.nearest(reference)
    assert (found.site.name if found else None) == name


def test_a_register_without_sites_matches_nothing() -> None:
    empty = Register([], Matching(aliases={"a": "1"}))
    assert empty.match("17300") is None
    assert empty.nearest("La Rochelle") is None


@given(st.text(max_size=30))
def test_any_text_has_an_answer(reference: str) -> None:
    register = Register(sites(), Matching(aliases=ALIASES))
    register.match(reference)
    register.nearest(reference)


def test_the_register_is_kept_while_nothing_changes() -> None:
    matching = Matching(aliases=ALIASES)
    first = register_after(None, sites(), matching)
    assert register_after(first, sites(), Matching(aliases=ALIASES)) is first
    assert register_after(first, sites(), Matching()) is not first
    shorter = register_after(first, sites()[1:], matching)
    assert shorter.match("17300") is None


@pytest.mark.parametrize(
    ("register_has", "source_says"),
    [
        ("1004", "01004"),  # a commune, in a register that a spreadsheet has saved
        ("01004", "1004"),
        ("107", "0107"),  # a canton
        ("0107", "107"),
        ("6000", "06000"),  # a postal code
        ("21300123400012", "021300123400012"),
    ],
)
def test_zeros_that_a_spreadsheet_has_dropped(register_has: str, source_says: str) -> None:
    known = Register([site(register_has, "Ambléon", kind="mairie")], Matching())
    found = known.match(source_says)
    assert found is not None
    assert found.site.code == register_has
    of_member = Register(
        [site("A1", "Ambléon", kind="mairie", member_code=register_has)], Matching()
    )
    assert of_member.match(source_says) is not None
    aliased = Matching(aliases={"Chez nous": source_says})
    assert Register([site(register_has, "Ambléon")], aliased).match("chez nous") is not None


def test_a_lost_zero_that_could_be_of_two_codes_is_not_guessed() -> None:
    known = Register([site("004", "Ambléon"), site("0004", "Ambronay")], Matching())
    assert known.match("4") is None
    assert known.match("00004") is None
    (exact,) = [entry for entry in known.entries if entry.site.code == "004"]
    assert known.match("004") is exact


def test_zeros_alone_are_no_number() -> None:
    assert Register([site("000", "Ambléon")], Matching()).match("0") is None
