"""The same text means the same duration, size or number wherever it stands, or is refused there.

Durations stand in filters, in a configuration, in tables, and as the end of an
acknowledgement and of an action; sizes and numbers in filters and tables.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.shared.durations import seconds as seconds_of_a_kind
from adapters.tables.columns import fields_of
from adapters.tables.rows import Notation, reader_for
from smic_tui.cli.act import _moment
from smic_tui.cli.exits import CommandError
from smic_tui.config.duration import seconds as seconds_of_config
from smic_tui.config.schema import Source
from smic_tui.duty.until import parse_until
from smic_tui.model.freshness import Freshness
from smic_tui.quantities.durations import Duration, read_duration
from smic_tui.quantities.refusal import Refused
from smic_tui.query.fields import Field, FieldSet, FieldType
from smic_tui.query.parser import QuerySyntaxError, parse
from smic_tui.records import Stream
from smic_tui.views.look import Look

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
LOOK = Look(now=NOW, zone=PARIS, ascii=False)

# A field of each type; the fact is the value itself.
FIELDS = FieldSet(
    "table",
    tuple(
        Field(name=name, type=type_, get=lambda fact, _now: fact, description="")
        for name, type_ in (
            ("age", FieldType.AGE),
            ("size", FieldType.SIZE),
            ("count", FieldType.NUMBER),
        )
    ),
)

Read = Callable[[str], float | None]


def in_a_filter(field: str, text: str, expected: float | None) -> float | None:
    """What `text` means as a value; whether it is `expected` is all that can be asked for."""
    try:
        at_least = parse(f"{field}>={text}", FIELDS)
        at_most = parse(f"{field}<={text}", FIELDS)
    except QuerySyntaxError:
        return None
    guess = 1.0 if expected is None else expected
    found = at_least.matches(guess, NOW, Freshness()) and at_most.matches(guess, NOW, Freshness())
    return guess if found and expected is not None else float("nan")


def in_configuration(text: str) -> float | None:
    try:
        source = msgspec.convert({"name": "a", "kind": "csv", "refresh": text}, Source)
    except msgspec.ValidationError:
        with pytest.raises(ValueError, match="is not a duration"):
            seconds_of_config(text)
        return None
    assert seconds_of_config(source.refresh) == seconds_of_a_kind(source.refresh)
    return seconds_of_config(source.refresh)


def in_a_table(stream: Stream, field: str, decimal: str = "auto") -> Read:
    read = reader_for(fields_of(stream)[field], Notation(zone="Europe/Paris", decimal=decimal))

    def reader(text: str) -> float | None:
        try:
            found = read(text)
        except ValueError:
            return None
        assert isinstance(found, int | float)
        return found

    return reader


PERIOD = in_a_table(Stream.BACKUP_JOBS, "period")
SIZE = in_a_table(Stream.BACKUP_RUNS, "size")
POPULATION = in_a_table(Stream.SITES, "population")


def as_the_end_of_an_acknowledgement(text: str) -> float | None:
    try:
        until = parse_until(text, NOW, PARIS)
    except ValueError:
        return None
    assert until.moment is not None
    assert until.comment == ""
    return (until.moment - NOW).total_seconds()


def as_the_end_of_an_action(text: str) -> float | None:
    found: list[float | None] = []
    for name, flag in (("until", "--until"), ("start", "--from")):
        try:
            moment = _moment(Namespace(**{name: text}), name, flag, LOOK.now, LOOK.zone)
        except CommandError:
            found.append(None)
        else:
            assert moment is not None
            found.append((moment - NOW).total_seconds())
    assert found[0] == found[1]
    return found[0]


MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
DURATIONS: list[tuple[str, float | None]] = [
    ("30s", 30),
    ("30 s", 30),
    ("30 sec", 30),
    ("30 secondes", 30),
    ("1 seconde", 1),
    ("45 seconds", 45),
    ("15m", 15 * MINUTE),
    ("15min", 15 * MINUTE),
    ("15 mn", 15 * MINUTE),
    ("15 minutes", 15 * MINUTE),
    ("1 Minute", MINUTE),
    ("6h", 6 * HOUR),
    ("24 h", DAY),
    ("2 heures", 2 * HOUR),
    ("1 hour", HOUR),
    ("2j", 2 * DAY),
    ("1 j", DAY),
    ("7 jours", WEEK),
    ("2d", 2 * DAY),
    ("3 days", 3 * DAY),
    ("1sem", WEEK),
    ("2 semaines", 2 * WEEK),
    ("1w", WEEK),
    ("2 weeks", 2 * WEEK),
    ("1h30", 90 * MINUTE),
    ("1h30m", 90 * MINUTE),
    ("1 h 30", 90 * MINUTE),
    ("1h 30 min", 90 * MINUTE),
    ("1H30", 90 * MINUTE),
    ("1d12h", 36 * HOUR),
    ("2 j 4 h", 52 * HOUR),
    ("1 sem 1 j", 8 * DAY),
    ("1,5 h", 90 * MINUTE),
    ("1.5h", 90 * MINUTE),
    ("0.125 h", 450),
    ("86400 s", DAY),
    ("86 400 s", DAY),
    ("86\N{NO-BREAK SPACE}400\N{NO-BREAK SPACE}s", DAY),
    ("86\N{NARROW NO-BREAK SPACE}400 s", DAY),
    ("86\N{THIN SPACE}400 s", DAY),
    ("86'400 s", DAY),
    ("10 000 s", 10_000),
    ("1200.125 s", 1200.125),
    ("", None),
    ("86 40 s", None),
    ("1.200 s", None),
    ("1,200 s", None),
    ("-5 m", None),
    ("-1h", None),
    ("h", None),
    ("5x", None),
    ("2 ans", None),
    ("3 mois", None),
    ("1h1h", None),
    ("4 h 2 j", None),
    ("1h75", None),
    ("1 j 12", None),
    ("1,5h30", None),
    ("1e3s", None),
    ("٣ h", None),
    ("10² s", None),
    ("12:30:00", None),
    ("PT2H", None),
    ("1 h, 5 m", None),
    ("9" * 13 + " s", None),
]


@pytest.mark.parametrize(("text", "expected"), DURATIONS)
def test_a_duration_means_the_same_everywhere(text: str, expected: float | None) -> None:
    whole = None if expected is None else round(expected)
    assert in_a_filter("age", f'"{text}"', expected) == expected
    assert in_configuration(text) == expected
    assert PERIOD(text) == whole
    assert as_the_end_of_an_acknowledgement(text) == expected
    assert as_the_end_of_an_action(text) == expected


@pytest.mark.parametrize(("text", "expected"), [each for each in DURATIONS if each[1] is not None])
def test_a_duration_in_a_filter_needs_no_quotes(text: str, expected: float) -> None:
    # Numbers with their unit at once are whole words: what follows is a text to find.
    if " " in text and text.split(" ")[0][-1].isalpha():
        return
    assert in_a_filter("age", text, expected) == expected
    assert in_a_filter("age", f"{text} (age>0s)", expected) == expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("86400", DAY), ("86 400", DAY), ("3 600", HOUR), ("90,5", 90)]
)
def test_only_a_table_has_a_unit_for_what_has_none(text: str, seconds: int) -> None:
    assert PERIOD(text) == seconds
    assert in_a_filter("age", f'"{text}"', seconds) is None
    assert in_configuration(text) is None
    assert as_the_end_of_an_acknowledgement(text) is None
    assert as_the_end_of_an_action(text) is None


@pytest.mark.parametrize("text", ["86 40", "1.200", "1,200", "-5", "1 2 3", "9" * 20])
def test_a_number_of_seconds_that_is_none(text: str) -> None:
    assert PERIOD(text) is None


@pytest.mark.parametrize(("text", "minutes"), [("10h30", 630), ("18h30", 1110), ("08h30", 510)])
def test_what_may_be_a_time_is_refused_as_an_end(text: str, minutes: int) -> None:
    assert in_configuration(text) == PERIOD(text) == minutes * MINUTE
    with pytest.raises(ValueError, match=rf"write {text[:2]}:30 or {text[:2]}h30m"):
        parse_until(text, NOW, PARIS)
    assert as_the_end_of_an_action(f"{text}m") == minutes * MINUTE


SIZES: list[tuple[str, int | None]] = [
    ("500", 500),
    ("1 200", 1200),
    ("1\N{NARROW NO-BREAK SPACE}200", 1200),
    ("1.2 Go", 1_200_000_000),
    ("1,2 Go", 1_200_000_000),
    ("1 Go", 10**9),
    ("1Go", 10**9),
    ("1 GB", 10**9),
    ("1 GiB", 2**30),
    ("1 Gio", 2**30),
    ("500 Mo", 500_000_000),
    ("10 ko", 10_000),
    ("10 kB", 10_000),
    ("1 024 Ko", 1_024_000),
    ("3 To", 3 * 10**12),
    ("2 Po", 2 * 10**15),
    ("17 octets", 17),
    ("17 bytes", 17),
    ("0.125 Go", 125_000_000),
    ("1.200", None),
    ("1,200", None),
    ("1.200 Go", None),
    ("86 40", None),
    ("-1", None),
    ("10 %", None),
    ("Go", None),
    ("1 Zo", None),
    ("9999999999 EiB", None),
    ("10² o", None),
]


@pytest.mark.parametrize(("text", "size"), SIZES)
def test_a_size_means_the_same_everywhere(text: str, size: int | None) -> None:
    assert in_a_filter("size", f'"{text}"', size) == size
    assert SIZE(text) == size
    if size is not None:
        assert in_a_filter("size", text, size) == size
        assert in_a_filter("size", f"{text} (size>=0)", size) == size


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10000", 10_000),
        ("10 000", 10_000),
        ("10\N{NO-BREAK SPACE}000", 10_000),
        ("10'000", 10_000),
        ("1 234 567", 1_234_567),
        ("1200,0", 1200),
        ("1.200", None),
        ("1,200", None),
        ("86 40", None),
        ("1e5", None),
        ("x", None),
    ],
)
def test_a_whole_number_means_the_same_everywhere(text: str, number: int | None) -> None:
    assert in_a_filter("count", f'"{text}"', number) == number
    assert POPULATION(text) == number
    if number is not None:
        assert in_a_filter("count", text, number) == number


def test_a_source_that_names_its_decimal_separator_is_not_ambiguous() -> None:
    assert in_a_table(Stream.BACKUP_RUNS, "size", ",")("1.200") == 1200
    assert in_a_table(Stream.BACKUP_RUNS, "size", ".")("1.200") == 1
    assert in_a_table(Stream.BACKUP_JOBS, "period", ",")("1.200 s") == 1200
    assert in_a_table(Stream.SITES, "population", ",")("1.200") == 1200


def test_numbers_that_are_no_texts_are_never_ambiguous() -> None:
    period = reader_for(fields_of(Stream.BACKUP_JOBS)["period"], Notation(zone="UTC", decimal=","))
    assert (period(300.125), period(300.0), period(300)) == (300, 300, 300)


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("4h vu", "vu"),
        ("4 h vu", "vu"),
        ("2 j 4 h on attend la pièce", "on attend la pièce"),
        ("86 400 s sauvegarde", "sauvegarde"),
        ("4h 30 postes en panne", "30 postes en panne"),
        ("1 h 30 vu", "vu"),
        ("2 j 3 sites", "3 sites"),
        ("18:00 vu", "vu"),
        ("change 2 h", "2 h"),
    ],
)
def test_a_comment_begins_where_the_end_has_been_said(text: str, comment: str) -> None:
    assert parse_until(text, NOW, PARIS).comment == comment


@pytest.mark.parametrize("text", ["1 j 12", "4 h 2 j", "4h 2d vu", "86 40 s", "5 personnes"])
def test_half_of_an_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no end"):
        parse_until(text, NOW, PARIS)


def test_an_action_takes_no_comment_with_its_end() -> None:
    with pytest.raises(CommandError, match="--until: a duration or a time"):
        _moment(Namespace(until="4h vu"), "until", "--until", LOOK.now, LOOK.zone)


def test_an_end_that_no_calendar_has_is_refused() -> None:
    with pytest.raises(ValueError, match="is no end"):
        parse_until("999999999 sem", NOW, PARIS)


@pytest.mark.parametrize("text", ["size<1.200", "count>10,000", 'age<"1.500 h"', 'age<"1.500h"'])
def test_a_filter_says_what_is_ambiguous(text: str) -> None:
    with pytest.raises(QuerySyntaxError, match="thousands or decimals"):
        parse(text, FIELDS)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("size<1 Go saintes", 'size<"1 Go" saintes'),
        ("size>500 saintes", "size>500 saintes"),
        ("(size>500)", "size>500"),
        ("count>10 000 saintes", 'count>"10 000" saintes'),
        ("count>10 17300", "count>10 17300"),
        ("count>10 or age>3 j", 'count>10 or age>"3 j"'),
        ("age>3d 12 h", "age>3d 12 h"),
        ("age>2 j 4 h x", 'age>"2 j 4 h" x'),
    ],
)
def test_what_belongs_to_a_quantity_in_a_filter(text: str, canonical: str) -> None:
    assert str(parse(text, FIELDS)) == canonical


TEXTS = st.text("0123456789 .,'hjdmsw", max_size=12) | st.text(max_size=8)


@given(TEXTS)
def test_whatever_is_written_means_the_same_or_is_refused_everywhere(text: str) -> None:
    config = in_configuration(text)
    table = PERIOD(text)
    if config is None:
        # A number alone is seconds in a table.
        assert table is None or not any(letter in "hjdmsw" for letter in text)
    else:
        assert table == round(config)
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert in_a_filter("age", quoted, config) == config


@given(TEXTS)
def test_what_the_pattern_lets_through_is_read_without_error(text: str) -> None:
    try:
        msgspec.convert(text, Duration)
    except msgspec.ValidationError:
        with pytest.raises(Refused):
            read_duration(text)
    else:
        assert read_duration(text) >= 0
