"""Turns a comparison of the filter language into a test of facts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from smic_tui.i18n import _
from smic_tui.quantities import durations, numbers, sizes
from smic_tui.quantities.refusal import Reason, Refused
from smic_tui.query.days import read_span
from smic_tui.query.fields import Field, FieldType, Moment
from smic_tui.query.lexer import QuerySyntaxError, Token
from smic_tui.query.spelling import spelling_of
from smic_tui.text import fold

Test = Callable[[Any, Moment], bool]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ORDER = frozenset({"<", ">", "<=", ">="})
_QUANTITY: dict[FieldType, Callable[[str], float]] = {
    FieldType.NUMBER: numbers.read_number,
    FieldType.SIZE: sizes.read_size,
    FieldType.AGE: durations.read_duration,
}

_END: dict[FieldType, Callable[[str, int], int]] = {
    FieldType.NUMBER: numbers.end_within,
    FieldType.SIZE: sizes.end_within,
    FieldType.AGE: durations.end_within,
    FieldType.PAST: durations.end_within,
    FieldType.FUTURE: durations.end_within,
}


def end_of_quantity(type_: FieldType, text: str, start: int) -> int:
    """Return where the quantity ends that begins at `start` of a filter; `start` if none does.

    Blanks belong to it, as in "10 000", "1 Go" and "2 j 4 h".
    """
    return _END[type_](text, start) if type_ in _END else start


def folded_word(text: str) -> str:
    """Returns the form of a state's word for comparison: no case, no accents, no hyphens."""
    return " ".join(fold(text).replace("-", " ").replace("_", " ").split())


def _unusable(token: Token, field: Field) -> QuerySyntaxError:
    at = token.column + len(token.text)
    if field.type in (FieldType.TEXT, FieldType.STATE):
        message = _("{field} has no order: use : or =")
    else:
        message = _("{field} is compared with < or >")
    return QuerySyntaxError(message.format(field=token.text), at)


def _not_understood(token: Token, expected: str) -> QuerySyntaxError:
    message = _("{value} is not {expected}").format(value=token.value, expected=expected)
    return QuerySyntaxError(message, token.value_column)


def _ambiguous(token: Token) -> QuerySyntaxError:
    message = _(
        "{value} may be thousands or decimals: write it without the separator, or with two decimals"
    )
    return QuerySyntaxError(message.format(value=token.value), token.value_column)


def _without_value(field: Field, negated: bool) -> Test:
    get = field.get

    def test(fact: Any, moment: Moment) -> bool:
        value = get(fact, moment)
        empty = value is None or value in ("", ()) or (isinstance(value, tuple) and not any(value))
        return empty is not negated

    return test


def _word(value: Any) -> str:
    """The word of a state for the reader."""
    return _(value.value) if isinstance(value.value, str) else _(str(value.name).lower())


def _near(typed: str, field: Field) -> str:
    """The word, in the reader's language, that was probably meant; empty if none is near."""
    words = {folded_word(word): word for word in field.words}
    shown = {folded_word(_word(value)): _word(value) for value in field.words.values()}
    found = get_close_matches(typed, [*shown, *words], n=1, cutoff=0.5)
    if not found:
        return ""
    return shown.get(found[0]) or _word(field.words[words[found[0]]])


def _text(field: Field, token: Token) -> Test:
    if token.operator in _ORDER:
        raise _unusable(token, field)
    get = field.get
    wanted = fold(token.value)
    contains = token.operator == ":"
    negated = token.operator == "!="
    spelling = spelling_of(wanted)
    is_meant: Callable[[str], bool]
    if spelling is None:
        is_meant = (lambda folded: wanted in folded) if contains else wanted.__eq__
    else:
        is_meant = spelling.is_in if contains else spelling.is_all_of

    def test(fact: Any, moment: Moment) -> bool:
        value = get(fact, moment)
        if value is None:
            return negated
        if isinstance(value, str):
            return is_meant(fold(value)) is not negated
        return any(is_meant(fold(text)) for text in value) is not negated

    return test


def _state(field: Field, token: Token) -> Test:
    if field.type is FieldType.STATE and token.operator in _ORDER:
        raise _unusable(token, field)
    words = {folded_word(word): value for word, value in field.words.items()}
    # The words on the screen are accepted too, in any language.
    shown = {
        folded_word(_(value.value)): value
        for value in field.words.values()
        if isinstance(value.value, str)
    }
    wanted = words.get(folded_word(token.value), shown.get(folded_word(token.value)))
    if wanted is None:
        near = _near(folded_word(token.value), field)
        if near:
            message = _("{value} is not a word of {field}; did you mean {near}?")
        else:
            message = _("{value} is not a word of {field}; it knows {known}")
        raise QuerySyntaxError(
            message.format(
                value=token.value,
                field=token.text,
                near=near,
                known=", ".join(dict.fromkeys(map(_word, field.words.values()))),
            ),
            token.value_column,
        )
    get = field.get
    compare = _COMPARE[token.operator]
    return lambda fact, moment: compare(get(fact, moment), wanted)


def _quantity(field: Field, token: Token) -> Test:
    try:
        wanted = _QUANTITY[field.type](token.value)
    except Refused as refused:
        if refused.reason is Reason.AMBIGUOUS:
            raise _ambiguous(token) from None
        expected = {
            FieldType.NUMBER: _("a number"),
            FieldType.SIZE: _("a size such as 500MB or 2GB"),
            FieldType.AGE: _("a duration such as 15m, 6h or 3d"),
        }
        raise _not_understood(token, expected[field.type]) from None
    if field.type is FieldType.AGE and token.operator not in _ORDER:
        raise _unusable(token, field)
    get = field.get
    compare = _COMPARE[token.operator]

    def test(fact: Any, moment: Moment) -> bool:
        value = get(fact, moment)
        return value is not None and compare(value, wanted)

    return test


def _span_test(
    get: Callable[[Any, Any], Any], sign: str, span: Callable[[datetime], tuple[datetime, datetime]]
) -> Test:
    def test(fact: Any, moment: Moment) -> bool:
        value = get(fact, moment)
        if value is None:
            return False
        start, end = span(moment.now)
        if sign == "<":
            return bool(value < start)
        if sign == "<=":
            return bool(value < end)
        if sign == ">":
            return bool(value >= end)
        if sign == ">=":
            return bool(value >= start)
        return bool(start <= value < end) is not (sign == "!=")

    return test


def _time(field: Field, token: Token, zone: ZoneInfo) -> Test:
    try:
        seconds = durations.read_duration(token.value)
    except Refused as refused:
        if refused.reason is Reason.AMBIGUOUS:
            raise _ambiguous(token) from None
        return _day(field, token, zone)
    return _distance(field, token, seconds)


def _distance(field: Field, token: Token, seconds: float) -> Test:
    if token.operator not in _ORDER:
        raise _unusable(token, field)
    get = field.get
    compare = _COMPARE[token.operator]
    past = field.type is FieldType.PAST

    def test(fact: Any, moment: Moment) -> bool:
        value = get(fact, moment)
        if value is None:
            return False
        distance = moment.now - value if past else value - moment.now
        return compare(distance.total_seconds(), seconds)

    return test


def _day(field: Field, token: Token, zone: ZoneInfo) -> Test:
    # The span of "today" depends on `now`. It is kept, because many facts are tested with the
    # same `now`, one after the other.
    known: list[tuple[datetime, tuple[datetime, datetime]]] = []

    def span(now: datetime) -> tuple[datetime, datetime]:
        if not known or known[0][0] is not now:
            found = read_span(token.value, zone, now)
            assert found is not None
            known[:] = [(now, found)]
        return known[0][1]

    if read_span(token.value, zone, datetime.now(zone)) is None:
        raise _not_understood(token, _("a duration such as 3d or a day such as 2026-11-24"))
    return _span_test(field.get, token.operator, span)


def compare_test(field: Field, token: Token, zone: ZoneInfo) -> Test:
    """Returns the test for the comparison `token` of `field`.

    `zone` is the time zone of the days that the comparison names. Raises `QuerySyntaxError`
    if the operator or the value does not fit the field.
    """
    if not token.value and token.operator in (":", "=", "!="):
        return _without_value(field, token.operator == "!=")
    if field.type is FieldType.TEXT:
        return _text(field, token)
    if field.type in (FieldType.STATE, FieldType.LEVEL):
        return _state(field, token)
    if field.type in (FieldType.PAST, FieldType.FUTURE):
        return _time(field, token, zone)
    return _quantity(field, token)
