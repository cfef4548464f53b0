"""Texts of ours are stored without a language, and told in the reader's."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui import i18n, phrases
from smic_tui.i18n import _, ngettext, pgettext, phrase, recording
from smic_tui.text import clean, clean_phrase


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    i18n.use("en")


def in_both(stored: str) -> tuple[str, str]:
    """What an English and a French reader see."""
    i18n.use("en")
    english = phrase(stored)
    i18n.use("fr")
    return english, phrase(stored)


@pytest.mark.parametrize("collector", ["en", "fr"])
def test_the_language_of_the_collector_does_not_matter(collector: str) -> None:
    i18n.use(collector)
    with recording():
        stored = _("no complete answer within {seconds:g} s").format(seconds=2.50)
    assert in_both(stored) == (
        "no complete answer within 2.5 s",
        "pas de réponse complète en 2,5 s",
    )


def test_values_contexts_and_plurals() -> None:
    with recording():
        reason = _("{source} is not enabled").format(source="{n} «NAS» %s")
        stored = [
            _("{what}: {words}").format(what="NAS", words=reason),
            ngettext("{n:,} site", "{n:,} sites", 1).format(n=1),
            ngettext("{n:,} site", "{n:,} sites", 3).format(n=3),
            ngettext("{n:,} site", "{n:,} sites", 0).format(n=0),
            pgettext("tab", "Backups"),
            f"Zabbix: {_('unknown')} · {_('yes')}",
        ]
    assert [in_both(text) for text in stored] == [
        (
            "NAS: {n} «NAS» %s is not enabled",
            "NAS\u00a0: {n} «NAS» %s n’est pas activée",
        ),
        ("1 site", "1 site"),
        ("3 sites", "3 sites"),
        ("0 sites", "0 site"),
        ("Backups", "Sauveg."),
        ("Zabbix: unknown · yes", "Zabbix: inconnu · oui"),
    ]


def test_a_message_with_braces_of_its_own() -> None:
    text = (
        "repository: an address with a password must come from a secret, "
        'e.g. repository = { file = "address" }'
    )
    with recording():
        stored = _(text)
    english, french = in_both(stored)
    assert english == text
    assert french != english
    assert '{ file = "adresse" }' in french


def test_what_was_stored_before_is_shown_as_it_is() -> None:
    assert in_both("sauvegarde de Paie : en échec") == ("sauvegarde de Paie : en échec",) * 2


def test_what_is_not_whole_or_not_known_stays_english() -> None:
    with recording():
        whole = _("{source} is not enabled").format(source="glpi")
    for end in range(1, len(whole)):
        for text in in_both(whole[:end]):
            assert not phrases.MARKS.search(text)
    with recording():
        other = _("of another version {x}").format(x=1)
    assert in_both(other) == ("of another version 1",) * 2


def test_outside_of_a_recording_texts_are_in_the_language_of_the_program() -> None:
    i18n.use("fr")
    with recording():
        pass
    assert _("yes") == "oui"


@given(st.text(st.sampled_from("ab{}" + "".join(map(chr, range(0xFDD0, 0xFDD9)))), max_size=60))
def test_any_text_with_marks_is_told_without(text: str) -> None:
    for said in in_both(text):
        assert not phrases.MARKS.search(said)
    assert not phrases.MARKS.search(phrase(clean_phrase(text)))


def test_cleaning_keeps_phrases_and_cleans_values() -> None:
    with recording():
        stored = _("{source} is not enabled").format(source="a\x1b[31mb\u202e")
    assert in_both(clean_phrase(stored))[1] == clean("a\x1b[31mb\u202e") + " n’est pas activée"


@pytest.mark.parametrize("mark", [*map(chr, range(0xFDD0, 0xFDD9)), "\ufdd0\ufdd2", "\ufdd0a{b}"])
def test_a_megabyte_of_marks_is_told_quickly(mark: str) -> None:
    began = time.process_time()
    phrase(mark * (1_000_000 // len(mark)))
    assert time.process_time() - began < 5
