"""Why a quantity is refused, what is read exactly, and that hostile texts cost little."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.quantities import durations, numbers, sizes
from smic_tui.quantities.refusal import Reason, Refused

BLANKS = st.sampled_from([" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "'", "’"])


def reason(read: object, text: str, **options: object) -> Reason:
    assert callable(read)
    with pytest.raises(Refused) as caught:
        read(text, **options)
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5x", Reason.NOT_UNDERSTOOD),
        ("", Reason.NOT_UNDERSTOOD),
        ("86 40 s", Reason.NOT_UNDERSTOOD),
        ("1.200 s", Reason.AMBIGUOUS),
        ("2 j 1,500 h", Reason.AMBIGUOUS),
        ("-5 m", Reason.NEGATIVE),
        ("1234567890123 s", Reason.TOO_LARGE),
    ],
)
def test_reasons_of_durations(text: str, expected: Reason) -> None:
    assert reason(durations.read_duration, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", None),
        ("1.200", Reason.AMBIGUOUS),
        ("-5", Reason.NEGATIVE),
        ("1234567890123", Reason.TOO_LARGE),
    ],
)
def test_reasons_of_durations_with_a_unit_of_their_own(text: str, expected: Reason | None) -> None:
    if expected is None:
        assert durations.read_duration(text, unit=60) == 300
        assert reason(durations.read_duration, text) == Reason.NOT_UNDERSTOOD
    else:
        assert reason(durations.read_duration, text, unit=60) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 Zo", Reason.NOT_UNDERSTOOD),
        ("1.200 Zo", Reason.NOT_UNDERSTOOD),
        ("1.200", Reason.AMBIGUOUS),
        ("1,200 Go", Reason.AMBIGUOUS),
        ("-1 Go", Reason.NEGATIVE),
        ("9 Eio", Reason.TOO_LARGE),
        ("9" * 40, Reason.TOO_LARGE),
    ],
)
def test_reasons_of_sizes(text: str, expected: Reason) -> None:
    assert reason(sizes.read_size, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", Reason.NOT_UNDERSTOOD),
        ("1,5", Reason.NOT_UNDERSTOOD),
        ("-1.200", Reason.AMBIGUOUS),
        ("9" * 19, Reason.TOO_LARGE),
    ],
)
def test_reasons_of_whole_numbers(text: str, expected: Reason) -> None:
    assert reason(numbers.read_whole, text) == expected


@given(st.integers(-(10**17), 10**17), BLANKS)
def test_a_whole_number_is_read_exactly_however_it_is_grouped(number: int, blank: str) -> None:
    text = f"{number:,}".replace(",", blank)
    assert numbers.read_whole(text) == number
    assert numbers.end_within(f"{text} (x)", 0) == len(text)


@given(st.decimals(0, 10**9, places=2), st.sampled_from([",.", ".,"]))
def test_both_separators_tell_which_is_which(number: object, marks: str) -> None:
    thousands, point = marks[0], marks[1]
    text = f"{number:,}".translate({ord(","): thousands, ord("."): point})
    assert numbers.read_number(text) == float(str(number))


@given(
    st.integers(0, 9),
    st.integers(0, 6),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(
        [
            ("{}w{}d{}h{}m{}s", " "),
            ("{} sem {} j {} h {} mn {} s", ""),
            ("{} Semaines {} jours {} heures {} minutes {} secondes", ""),
            ("{}weeks {}days {}hours {}minutes {}seconds", ""),
        ]
    ),
)
def test_parts_add_up(
    weeks: int, days: int, hours: int, minutes: int, seconds: int, form: tuple[str, str]
) -> None:
    text = form[0].format(weeks, days, hours, minutes, seconds)
    expected = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    assert durations.read_duration(text) == expected
    assert durations.read_duration(f" {text.upper()}\n") == expected
    assert durations.end_within(f"{text} vu", 0) == len(text)


@given(st.integers(0, 2**63 - 1))
def test_a_size_in_bytes_is_read_exactly(size: int) -> None:
    assert sizes.read_size(str(size)) == size


@pytest.mark.parametrize(
    "piece", ["1 ", "1'000", "1h", " ", "1.000,", "000 ", "1 j 2 h ", "a", "-"]
)
def test_hostile_texts_are_refused(piece: str) -> None:
    text = piece * 20_000
    for read in (durations.read_duration, sizes.read_size, numbers.read_number):
        with pytest.raises(Refused):
            read(text)
    for end_within in (durations.end_within, sizes.end_within, numbers.end_within):
        assert end_within(text, 0) < 50
