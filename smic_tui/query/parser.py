"""Parses the filter language of the / key, `--where`, alert rules and panes.

    mairie                free text: some text of the row contains it
    "place du marché"     free text with blanks
    state:late            a field: a text contains the value, a state is exactly that word
    site=17300            a text that equals the value and does not only contain it
    owner=""              a field without a value
    age>3d  size<1 GB     durations and sizes, also >= and <=
    updated>3d            a time longer ago than 3 days; updated<2h, within 2 hours
    due<2d                a time within the next 2 days, or already past
    created>=2026-11-01   a time compared with a day; also today, yesterday, hier
    is:mine  mine:no      flags
    !state:fresh          not
    a b                   and
    a or b    a ou b      or; binds weaker than and
    (a or b) !c           groups

Case and accents never matter. French works as well: `état:"en retard"`, `âge>3j`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from smic_tui.i18n import _, language
from smic_tui.model.freshness import Freshness
from smic_tui.query.compare import Test, compare_test, end_of_quantity, folded_word
from smic_tui.query.fields import FieldSet, FieldType, Moment
from smic_tui.query.lexer import Kind, QuerySyntaxError, Token, tokens
from smic_tui.query.spelling import spelling_of
from smic_tui.query.syntax_tree import And, Compare, Node, Not, Or, Text
from smic_tui.text import fold

__all__ = ["Query", "QuerySyntaxError", "parse"]

FactT = TypeVar("FactT")

DEEPEST = 50
IS = ("is", "est")
YES = frozenset({"yes", "oui", "y", "o", "1", "true", "vrai"})
_OF_THE_CLOCK = (FieldType.AGE, FieldType.PAST, FieldType.FUTURE)
NO = frozenset({"no", "non", "n", "0", "false", "faux"})


class Query:
    """A parsed filter. `str` gives its canonical form."""

    __slots__ = ("_test", "_tests", "_texts", "fields", "root")

    def __init__(
        self, root: Node, test: Test, fields: FieldSet, conditions: Sequence[tuple[Node, Test]]
    ) -> None:
        """Takes the tree `root`, its test, and the conditions whose conjunction `root` is."""
        self.root = root
        self.fields = fields
        self._test = test
        self._texts = [fold(node.text) for node, _test in conditions if isinstance(node, Text)]
        self._tests = [one for node, one in conditions if not isinstance(node, Text)]

    def __str__(self) -> str:
        return str(self.root)

    @property
    def is_everything(self) -> bool:
        """Whether the filter lets every fact through."""
        return self.root == And(())

    @property
    def mentioned(self) -> frozenset[str]:
        """The names of the fields that the filter asks about; a flag counts as a field."""
        return _mentioned(self.root)

    @property
    def is_timeless(self) -> bool:
        """Whether the filter always lets the same facts through, whatever the time is."""
        return _is_timeless(self.root, self.fields)

    def matches(self, fact: Any, now: datetime, freshness: Freshness) -> bool:
        """Whether `fact`, one of the kind that its fields are of, is let through at `now` (UTC).

        `freshness` is that of the situation that the fact is of.
        """
        return self._test(fact, Moment(now, freshness))

    def select(
        self, facts: Iterable[FactT], now: datetime, freshness: Freshness
    ) -> tuple[FactT, ...]:
        """The facts that are let through, in their order; as `matches`."""
        moment = Moment(now, freshness)
        if not isinstance(facts, tuple):
            test = self._test
            return tuple([fact for fact in facts if test(fact, moment)])
        self.fields.forget_all_but(facts)
        # One condition after the other, the texts first, which are the quickest.
        left: Sequence[FactT] = facts
        for text in self._texts:
            left = self.fields.search(left, text, moment)
        for test in self._tests:
            left = [fact for fact in left if test(fact, moment)]
        return left if isinstance(left, tuple) else tuple(left)


def _mentioned(node: Node) -> frozenset[str]:
    if isinstance(node, Text):
        return frozenset()
    if isinstance(node, Compare):
        return frozenset({node.value if node.field in IS else node.field})
    if isinstance(node, Not):
        return _mentioned(node.part)
    return frozenset().union(*(_mentioned(part) for part in node.parts))


def _is_timeless(node: Node, fields: FieldSet) -> bool:
    if isinstance(node, Text):
        return True
    if isinstance(node, Compare):
        field = fields.find(node.field)
        return node.field in IS or (field is not None and field.type not in _OF_THE_CLOCK)
    if isinstance(node, Not):
        return _is_timeless(node.part, fields)
    return all(_is_timeless(part, fields) for part in node.parts)


def _everything(_fact: Any, _moment: Moment) -> bool:
    return True


def _text_test(text: str, fields: FieldSet) -> Test:
    wanted = fold(text)
    folded = fields.folded
    spelling = spelling_of(wanted)
    if spelling is not None:
        is_in = spelling.is_in
        return lambda fact, moment: is_in(folded(fact, moment))

    def test(fact: Any, moment: Moment) -> bool:
        return wanted in folded(fact, moment)

    return test


def _all_of(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda fact, moment: first(fact, moment) and second(fact, moment)
    return lambda fact, moment: all(test(fact, moment) for test in tests)


def _any_of(tests: list[Test]) -> Test:
    return lambda fact, moment: any(test(fact, moment) for test in tests)


def _negated(test: Test) -> Test:
    return lambda fact, moment: not test(fact, moment)


class _Parser:
    """A recursive descent parser: each step returns a node and the test that it means."""

    def __init__(self, text: str, fields: FieldSet, zone: ZoneInfo) -> None:
        self.fields = fields
        self.zone = zone
        self.tokens = tokens(text, self._value_end)
        self.at = 0
        self.depth = 0
        # The parts of the sequence that was parsed last. That is the outermost one if the whole
        # filter is a sequence.
        self.conditions: list[tuple[Node, Test]] = []

    def _value_end(self, name: str, text: str, start: int) -> int:
        field = self.fields.find(name)
        return start if field is None else end_of_quantity(field.type, text, start)

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def whole(self) -> tuple[Node, Test]:
        if self.token.kind is Kind.END:
            return And(()), _everything
        found = self.alternatives()
        if self.token.kind is Kind.CLOSE:
            raise QuerySyntaxError(_("no parenthesis is open here"), self.token.column)
        return found

    def alternatives(self) -> tuple[Node, Test]:
        parts = [self.sequence()]
        while self.token.kind is Kind.OR:
            self.at += 1
            parts.append(self.sequence())
        if len(parts) == 1:
            return parts[0]
        return Or(tuple(node for node, _test in parts)), _any_of([test for _node, test in parts])

    def sequence(self) -> tuple[Node, Test]:
        parts = [self.term()]
        while self.token.kind not in (Kind.OR, Kind.CLOSE, Kind.END):
            if self.token.kind is Kind.AND:
                self.at += 1
            parts.append(self.term())
        if len(parts) == 1:
            return parts[0]
        self.conditions = parts
        return And(tuple(node for node, _test in parts)), _all_of([test for _node, test in parts])

    def term(self) -> tuple[Node, Test]:
        token = self.token
        if token.kind in (Kind.NOT, Kind.OPEN):
            self.depth += 1
            if self.depth > DEEPEST:
                raise QuerySyntaxError(_("this is nested too deeply"), token.column)
            self.at += 1
            found = self.negation() if token.kind is Kind.NOT else self.group(token)
            self.depth -= 1
            return found
        if token.kind is Kind.TEXT:
            self.at += 1
            return Text(token.text), _text_test(token.text, self.fields)
        if token.kind is Kind.COMPARE:
            self.at += 1
            return self.comparison(token)
        raise QuerySyntaxError(_("a word or a field is expected here"), token.column)

    def negation(self) -> tuple[Node, Test]:
        node, test = self.term()
        return Not(node), _negated(test)

    def group(self, opening: Token) -> tuple[Node, Test]:
        found = self.alternatives()
        if self.token.kind is not Kind.CLOSE:
            raise QuerySyntaxError(_("this parenthesis is never closed"), opening.column)
        self.at += 1
        return found

    def comparison(self, token: Token) -> tuple[Node, Test]:
        if fold(token.text) in IS:
            return self.flag(token)
        field = self.fields.find(token.text)
        if field is None:
            near = self.fields.nearest(token.text)
            if near:
                message = _("no field is called {field}; did you mean {near}?")
            else:
                message = _("no field is called {field}; quote it to search for the text")
            raise QuerySyntaxError(message.format(field=token.text, near=near), token.column)
        if field.type is FieldType.FLAG:
            return self.flag_value(token, field.name)
        node = Compare(field.name, token.operator, token.value)
        return node, compare_test(field, token, self.zone)

    def flag(self, token: Token) -> tuple[Node, Test]:
        """Parses `is:name`."""
        field = self.fields.flag(token.value.replace(" ", "-"))
        if field is None or token.operator not in (":", "="):
            known = ", ".join(flag.name_in(language()) for flag in self.fields.flags())
            message = _("after {field} one of these is expected: {known}")
            raise QuerySyntaxError(
                message.format(field=token.text + ":", known=known), token.value_column
            )
        return self.flag_node(field.name, True)

    def flag_value(self, token: Token, name: str) -> tuple[Node, Test]:
        """Parses `name:yes`."""
        word = folded_word(token.value)
        if token.operator not in (":", "=", "!=") or word not in YES | NO:
            raise QuerySyntaxError(
                _("{field} is yes or no").format(field=token.text), token.value_column
            )
        return self.flag_node(name, (word in YES) is not (token.operator == "!="))

    def flag_node(self, name: str, wanted: bool) -> tuple[Node, Test]:
        field = self.fields.flag(name)
        assert field is not None
        get = field.get
        if wanted:
            return Compare(IS[0], ":", name), lambda fact, moment: bool(get(fact, moment))
        return Compare(name, ":", "no"), lambda fact, moment: not get(fact, moment)


def parse(text: str, fields: FieldSet, zone: str = "Europe/Paris") -> Query:
    """Parses a filter over the facts that `fields` describe.

    `zone` is the IANA time zone of the days that the filter names. An empty text lets every
    fact through. Raises `QuerySyntaxError`, also for a text that is not complete yet: while
    a person types, a caller keeps the last good filter.
    """
    parser = _Parser(text, fields, ZoneInfo(zone))
    node, test = parser.whole()
    conditions = parser.conditions if isinstance(node, And) else [(node, test)]
    return Query(node, test, fields, conditions)
