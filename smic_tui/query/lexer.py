"""Tokens of the filter language."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct

from smic_tui.i18n import _
from smic_tui.query.syntax_tree import RESERVED

_OPERATOR = re.compile(r"!=|<=|>=|[:=<>]")
_FIELD = re.compile(r"([^\W\d_][\w-]*)(!=|<=|>=|[:=<>])")
_BARE = re.compile(r'[^\s()"]+')
_ESCAPE = re.compile(r'\\([\\"])')
_BARE_NUMBER = re.compile(r'[+-]?[0-9.,\'’]+(?=[\s()"]|$)')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


# Where the value of the field of that name ends, which begins at this place of the filter.
ValueEnd = Callable[[str, str, int], int]


class QuerySyntaxError(ValueError):
    """A filter that cannot be understood.

    `message` is for the reader, in the current language. `column` counts the
    characters before the offending place: `" " * column + "^"` points at it.
    """

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    COMPARE = auto()
    NOT = auto()
    AND = auto()
    OR = auto()
    OPEN = auto()
    CLOSE = auto()
    END = auto()


class Token(Struct, frozen=True, kw_only=True):
    """A token at `column`; a comparison's value begins at `value_column`."""

    kind: Kind
    column: int
    text: str = ""
    operator: str = ""
    value: str = ""
    value_column: int = 0


def _quoted(text: str, start: int) -> tuple[str, int]:
    """The content of the quotes that open at `start`, and where they have ended."""
    found = _QUOTED.match(text, start)
    if found is None:
        raise QuerySyntaxError(_("this quote is never closed"), start)
    return _ESCAPE.sub(r"\1", found[1]), found.end()


def _comparison(
    text: str, start: int, name: str, operator: str, value_end: ValueEnd
) -> tuple[Token, int]:
    at = start + len(name) + len(operator)
    if at < len(text) and text[at] == '"':
        value, end = _quoted(text, at)
    elif found := _BARE.match(text, at):
        end = found.end()
        if _BARE_NUMBER.match(text, at):
            # The number may go on, or its unit may follow: "10 000", "1 Go".
            end = max(end, value_end(name, text, at))
        value = text[at:end]
    else:
        raise QuerySyntaxError(
            _("a value is expected after {field}").format(field=text[start:at]), at
        )
    token = Token(
        kind=Kind.COMPARE,
        column=start,
        text=name,
        operator=operator,
        value=value,
        value_column=at,
    )
    return token, end


def tokens(text: str, value_end: ValueEnd) -> list[Token]:
    """Return the tokens of `text`, the last being END. Raises `QuerySyntaxError`.

    `value_end` says where a value ends that begins with a number alone, as numbers and
    units may be written with blanks.
    """
    found: list[Token] = []
    at = 0
    single = {"(": Kind.OPEN, ")": Kind.CLOSE, "!": Kind.NOT}
    while at < len(text):
        char = text[at]
        if char.isspace():
            at += 1
        elif _OPERATOR.match(text, at):
            sign = _OPERATOR.match(text, at)
            assert sign
            raise QuerySyntaxError(
                _("the name of a field is expected before {operator}").format(operator=sign[0]),
                at,
            )
        elif char in single:
            found.append(Token(kind=single[char], column=at))
            at += 1
        elif char == '"':
            content, end = _quoted(text, at)
            found.append(Token(kind=Kind.TEXT, column=at, text=content))
            at = end
        elif field := _FIELD.match(text, at):
            token, at = _comparison(text, at, field[1], field[2], value_end)
            found.append(token)
        else:
            word = _BARE.match(text, at)
            assert word
            kind = Kind.TEXT
            if word[0].lower() in RESERVED:
                kind = Kind.OR if word[0].lower() in ("or", "ou") else Kind.AND
            found.append(Token(kind=kind, column=at, text=word[0]))
            at = word.end()
    found.append(Token(kind=Kind.END, column=len(text)))
    return found
