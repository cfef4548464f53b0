"""What a person writes into GLPI: stored as words, and recognised whatever GLPI makes of it."""

from __future__ import annotations

import html
import os
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.glpi.text import essence, plain, rich
from tests.fakes.glpi_text import stored

# Read as one, these pieces are what GLPI's guesses are about.
_PIECES = st.sampled_from(
    [
        *"<>&;\"'\\ \n\r\tné",
        *("\\'", "\\n", "\\\\", "&lt;", "&gt;", "&amp;", "&#60;", "&#38;", "&quot;", "&eacute;"),
        *(
            "amp;",
            "lt;",
            "#38;",
            "<b>",
            "</p>",
            "<br>",
            "x00",
            "👩🏽\u200d💻",
            "🇫🇷",
            "\N{NO-BREAK SPACE}",
        ),
        *("Ticket::getTypeName", "<a@b.fr>", "<!--", "$$##$$", "%", "\u2028"),
    ]
)
_TYPED = st.lists(_PIECES | st.text(max_size=3), max_size=12).map("".join)
# One level of escapes more or less is what GLPI's guess leaves; so did what was written before.
_BEFORE = st.sampled_from(
    [lambda text: text, html.escape, lambda text: html.escape(text, quote=False)]
)

EXAMPLES = int(os.environ.get("GLPI_TEXT_EXAMPLES", "300"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(_TYPED)
@example("Contacté Jean Dupont <jean.dupont@mairie.example.fr>")
@example("C:\\nouveau \\' \\\\serveur")
@example("&lt;b&gt; & &amp;lt;")
def test_what_a_person_types_is_stored_as_words(text: str) -> None:
    shown = html.unescape(stored(rich(text)))
    assert plain(shown).split() == text.split()
    assert "<" not in shown.replace("<p>", "").replace("</p>", "").replace("<br>", "")


@settings(max_examples=EXAMPLES, deadline=None)
@given(_TYPED)
def test_what_was_typed_is_recognised_in_what_is_stored(text: str) -> None:
    assert essence(stored(rich(text))) == essence(text)
    assert essence(rich(text)) == essence(text)


@settings(max_examples=EXAMPLES, deadline=None)
@given(_TYPED, _BEFORE)
def test_a_layer_of_escapes_more_or_less_makes_no_other_text(text: str, before: type[str]) -> None:
    assert essence(before(text)) == essence(text)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(st.characters(exclude_characters="&<>"), min_size=1), st.text(min_size=1))
def test_other_words_are_not_recognised(text: str, other: str) -> None:
    same = "".join(text.split()) == "".join(html.unescape(other).split())
    if not same and "&" not in other and "<" not in other:
        assert essence(stored(rich(text))) != essence(other)


@pytest.mark.parametrize(
    ("text", "in_the_database"),
    [
        # As a real GLPI 10.0 stored what it was sent without a tag.
        ("Contacté &lt;jean@example.fr&gt;", "Contacté &lt;jean@example.fr&gt;"),
        ("a &amp; b", "a &#38;amp; b"),
        ("&amp;amp;lt; &lt;", "&amp;amp;lt; &lt;"),
        ("l1<br>l2", "l1&#60;br&#62;l2"),
        ("C:\\temp\\nouveau", "C:\\temp\\nouveau"),
        ("C:\\new &lt;b&gt;", "C:\new &lt;b&gt;"),
        ("\\'", "'"),
        ("\\", "\\"),
        ("\\\\", "\\"),
        ("a\\", "a\\"),
        ('it\'s "x" ; y', 'it\'s "x" ; y'),
    ],
)
def test_what_glpi_was_seen_to_store(text: str, in_the_database: str) -> None:
    assert stored(text) == in_the_database


@pytest.mark.parametrize(
    "unit", ["<", "<br ", "&amp;", "amp;", "&#38;", "&", "</p", "\\", "&am&#112;"]
)
def test_a_megabyte_of_the_worst_is_read_at_once(unit: str) -> None:
    text = (unit * (1_000_000 // len(unit)))[:1_000_000]
    began = time.perf_counter()
    essence(text)
    plain(text)
    assert time.perf_counter() - began < 5
