"""Names in few cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.views.fit import width
from smic_tui.views.initials import INITIALS_CELLS, initials


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Technicien Exemple 09", "TE09"),
        ("Centre d'appels Exemple", "CE"),
        ("Agent-Principal Exemple", "APE"),
        ("agent.exemple", "ae"),
        ("agent", "agent"),
        ("support", "supp…"),
        ("Équipe 2", "É2"),
        ("Exemple", "Exem…"),
        ("", ""),
        ("--", "--"),
    ],
)
def test_initials(name: str, wanted: str) -> None:
    assert initials(name) == wanted


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["C"])))
def test_any_name_fits(name: str) -> None:
    assert width(initials(name)) <= INITIALS_CELLS
