"""From a comparison in a filter to a test of facts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from smic_tui.i18n import _
from smic_tui.query.fields import Field, FieldType, Moment
from smic_tui.query.lexer import QuerySyntaxError, Token
from smic_tui.query.quantities import read_duration, read_number, read_size, read_span
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
_QUANTITY: dict[FieldType, Callable[[str], float | None]] = {
    FieldType.NUMBER: read_number,
    FieldType.SIZE: read_size,
    FieldType.AGE: read_duration,
}


def folded_word(text: str) -> str:
    """A word of a state as it is compared: no case, no accents, hyphens as blanks."""
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


def _without_value(field: Field, negated: bool) -> Test:
    get = field.get

    def test(fact: Any, moment: Moment) -> bool:
        value = get(fact, moment)
        empty = value is None or value in ("", ()) or (isinstance(value, tuple) and not any(value))
        return empty is not negated

    return test


def _text(field: Field, token: Token) -> Test:
    if token.operator in _ORDER:
        raise _unusable(token, field)
    get = field.get
    wanted = fold(token.value)
    contains = token.operator == ":"
    negated = token.operator == "!="

    def test(fact: Any, moment: Moment) -> bool:
        value = get(fact, moment)
        if value is None:
            return negated
        if isinstance(value, str):
            folded = fold(value)
            found = wanted in folded if contains else wanted == folded
        elif contains:
            found = any(wanted in fold(text) for text in value)
        else:
            found = any(wanted == fold(text) for text in value)
        return found is not negated

    return test


def _state(field: Field, token: Token) -> Test:
    if field.type is FieldType.STATE and token.operator in _ORDER:
        raise _unusable(token, field)
    words = {folded_word(word): value for word, value in field.words.items()}
    # What the person reads on screen is a word too, whatever the language.
    shown = {
        folded_word(_(value.value)): value
        for value in field.words.values()
        if isinstance(value.value, str)
    }
    wanted = words.get(folded_word(token.value), shown.get(folded_word(token.value)))
    if wanted is None:
        near = get_close_matches(folded_word(token.value), list(words), n=1, cutoff=0.5)
        if near:
            message = _("{value} is not a word of {field}; did you mean {near}?")
        else:
            message = _("{value} is not a word of {field}; it knows {known}")
        raise QuerySyntaxError(
            message.format(
                value=token.value,
                field=token.text,
                near=near[0] if near else "",
                known=", ".join(words),
            ),
            token.value_column,
        )
    get = field.get
    compare = _COMPARE[token.operator]
    return lambda fact, moment: compare(get(fact, moment), wanted)


def _quantity(field: Field, token: Token) -> Test:
    wanted = _QUANTITY[field.type](token.value)
    if wanted is None:
        expected = {
            FieldType.NUMBER: _("a number"),
            FieldType.SIZE: _("a size such as 500MB or 2GB"),
            FieldType.AGE: _("a duration such as 15m, 6h or 3d"),
        }
        raise _not_understood(token, expected[field.type])
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
    get = field.get
    wanted = read_duration(token.value)
    if wanted is not None:
        if token.operator not in _ORDER:
            raise _unusable(token, field)
        compare = _COMPARE[token.operator]
        past = field.type is FieldType.PAST

        def test(fact: Any, moment: Moment) -> bool:
            value = get(fact, moment)
            if value is None:
                return False
            distance = moment.now - value if past else value - moment.now
            return compare(distance.total_seconds(), wanted)

        return test

    # "today" moves with `now`; facts are tested many at a time with the same `now`.
    known: list[tuple[datetime, tuple[datetime, datetime]]] = []

    def span(now: datetime) -> tuple[datetime, datetime]:
        if not known or known[0][0] is not now:
            found = read_span(token.value, zone, now)
            assert found is not None
            known[:] = [(now, found)]
        return known[0][1]

    if read_span(token.value, zone, datetime.now(zone)) is None:
        raise _not_understood(token, _("a duration such as 3d or a day such as 2026-11-24"))
    return _span_test(get, token.operator, span)


def compare_test(field: Field, token: Token, zone: ZoneInfo) -> Test:
    """The test that the comparison `token` of `field` means. Raises `QuerySyntaxError`."""
    if not token.value and token.operator in (":", "=", "!="):
        return _without_value(field, token.operator == "!=")
    if field.type is FieldType.TEXT:
        return _text(field, token)
    if field.type in (FieldType.STATE, FieldType.LEVEL):
        return _state(field, token)
    if field.type in (FieldType.PAST, FieldType.FUTURE):
        return _time(field, token, zone)
    return _quantity(field, token)
