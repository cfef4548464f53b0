"""States, levels, priorities and the line to the terminal in words."""

from __future__ import annotations

import pytest

from smic_tui import i18n
from smic_tui.contract.status import SourceState
from smic_tui.model.states import Level, SiteState
from smic_tui.records import HealthState, RunResult
from smic_tui.views import words
from smic_tui.views.cells import ROLE_OF_LEVEL, Role
from smic_tui.views.link import link_words
from smic_tui.views.look import ASCII_GLYPHS, GLYPHS


class Link:
    """A line of which everything is known, until a test forgets something."""

    profile = "adsl"
    bytes_sent = 1_200_000
    bytes_per_key: float | None = 96.4
    round_trip: float | None = 0.0213
    rate: float | None = 118_000.0
    answers = True


def test_what_is_known_of_the_line_is_told() -> None:
    assert (
        link_words(Link())
        == "Line adsl, 1.2 MB sent, 96 bytes per key, round trip 21 ms, 118.0 kB per second"
    )


def test_what_is_not_known_of_the_line_is_left_out() -> None:
    link = Link()
    link.bytes_per_key = link.round_trip = link.rate = None
    assert link_words(link) == "Line adsl, 1.2 MB sent"
    link.answers = False
    assert link_words(link) == "Line adsl, 1.2 MB sent, the terminal answers no questions"


def test_the_shortest_round_trip_is_a_millisecond() -> None:
    link = Link()
    link.round_trip = 0.00001
    assert "round trip 1 ms" in link_words(link)


def test_states_of_the_same_text_have_words_of_their_own() -> None:
    assert SiteState.DOWN.value == HealthState.DOWN.value
    assert words.word(SiteState.DOWN) == words.word(HealthState.DOWN) == "down"
    assert RunResult.OK.value == SourceState.OK.value
    assert (words.word(RunResult.OK), words.word(SourceState.OK)) == ("ok", "read")
    i18n.use("fr")
    assert words.word(SourceState.OK) != "read"


@pytest.mark.parametrize(
    ("level", "word", "role", "glyph"),
    [
        (Level.FINE, "fine", Role.FINE, "·"),
        (Level.UNKNOWN, "unknown", Role.UNKNOWN, "?"),
        (Level.NOTICE, "notice", Role.NOTICE, "○"),
        (Level.WARNING, "warning", Role.WARNING, "▲"),
        (Level.CRITICAL, "critical", Role.CRITICAL, "■"),
    ],
)
def test_every_level_has_a_word_a_role_and_a_shape(
    level: Level, word: str, role: Role, glyph: str
) -> None:
    assert words.level(level) == word
    assert ROLE_OF_LEVEL[level] is role
    assert GLYPHS[level] == glyph


def test_shapes_tell_levels_apart() -> None:
    for shapes in (GLYPHS, ASCII_GLYPHS):
        assert len(set(shapes)) == len(shapes) == len(Level)
    assert all(shape.isascii() for shape in ASCII_GLYPHS)


def test_priorities_that_nobody_knows_are_numbers() -> None:
    assert words.priority(1) == "urgent"
    assert words.priority(words.NORMAL) == "normal"
    assert words.priority(9) == "9"
