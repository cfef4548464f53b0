"""Where a site is, by the names that French gives town halls."""

from __future__ import annotations

import pytest

from smic_tui.views.place import place


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("Mairie de Matha", "Matha"),
        ("Mairie d'Aujac", "Aujac"),
        ("Mairie d’Aytré", "Aytré"),
        ("Mairie du Gua", "Le Gua"),
        ("Mairie des Éduts", "Les Éduts"),
        ("Mairie de La Brousse", "La Brousse"),
        ("Mairie de L'Houmeau", "L'Houmeau"),
        ("Commune de Dœuil-sur-le-Mignon", "Dœuil-sur-le-Mignon"),
        ("Mairie annexe de Royan", "Mairie annexe de Royan"),
        ("CCAS de Royan", "CCAS de Royan"),
        ("Mairie de ", "Mairie de "),
        ("", ""),
    ],
)
def test_places(name: str, where: str) -> None:
    assert place(name) == where
