"""Texts of ours that are stored: the message and its values, translated when somebody reads.

What one program stores, others read in their own language. Such a text is the English one
with marks, which say where a message of the catalogue begins and ends and which parts of it
are values. The marks are characters that Unicode keeps free for use inside a program. A text
may hold several phrases, and a value may be a phrase; without its marks it is plain English.
A text from outside that has marks can do no harm: it is looked up, never formatted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

OPEN, CLOSE = "\ufdd0", "\ufdd1"
# A value: its field as the message has it, without the braces, then its text.
_HOLE, _SAID, _END = "\ufdd2", "\ufdd3", "\ufdd4"
# What stands before the message: its context; its singular and the count.
_CONTEXT, _COUNT = "\ufdd5", "\ufdd6"
# Braces of the singular, which str.format must leave alone.
_LEFT, _RIGHT = "\ufdd7", "\ufdd8"

MARKS = re.compile(f"([{OPEN}-{_RIGHT}])")
_FIELD = re.compile(r"\{([A-Za-z_]+(?:![rsa])?(?::[^{}]*)?)\}")
# The field of a message that says what a library or the system said.
REASON = "reason"
# A field that a number is formatted by.
_NUMERIC = re.compile(":[+ ,0-9]*(?:[.][0-9]+)?[dfg]?$")
_BRACES = str.maketrans({"{": _LEFT, "}": _RIGHT})
_NO_BRACES = str.maketrans({_LEFT: "{", _RIGHT: "}"})
# A phrase within a phrase within a phrase …: ours go three deep.
_DEEPEST = 8

# Gives the translation of a message: its context, its singular (empty if it has none), its
# text, and the count.
Lookup = Callable[[str, str, str, int], str]


def N_(message: str) -> str:  # noqa: N802 - the usual name of the marker
    """Marks a message for extraction; translate it with `_` when it is shown."""
    return message


@lru_cache(1024)
def marked(message: str, context: str = "") -> str:
    """Return the message as it is stored. It can be formatted as the message itself."""
    before = f"{context}{_CONTEXT}" if context else ""
    return f"{OPEN}{before}{_with_holes(message)}{CLOSE}"


def marked_plural(singular: str, plural: str, count: int, context: str = "") -> str:
    """Return a message whose form depends on `count`, as it is stored."""
    chosen = singular if count == 1 else plural
    key = singular.translate(_BRACES)
    before = f"{context}{_CONTEXT}" if context else ""
    return f"{OPEN}{before}{key}{_COUNT}{count}{_COUNT}{_with_holes(chosen)}{CLOSE}"


def cleaned(text: str, clean: Callable[[str], str]) -> str:
    """Return a text with all that stands between its marks as `clean` returns it."""
    if MARKS.search(text) is None:
        return clean(text)
    return "".join(
        token if not token or MARKS.fullmatch(token) else clean(token)
        for token in MARKS.split(text)
    )


def _with_holes(message: str) -> str:
    return _FIELD.sub(lambda found: f"{_HOLE}{found[1]}{_SAID}{found[0]}{_END}", message)


def told(
    text: str,
    lookup: Lookup,
    number: Callable[[str], str] = str,
    reason: Callable[[str], str] = str,
) -> str:
    """Return a stored text with its phrases as `lookup` translates them, without marks.

    `number` writes a formatted number as the language does, `reason` what a library said.

    What is no whole phrase, or no message of the catalogue, stays English.
    """
    if MARKS.search(text) is None:
        return text
    tokens = iter(MARKS.split(text))
    return "".join(_words(tokens, _Reader(lookup, number, reason), 0, ""))


class _Reader(NamedTuple):
    """How somebody reads."""

    lookup: Lookup
    number: Callable[[str], str]
    reason: Callable[[str], str]


def _words(tokens: Iterator[str], reader: _Reader, depth: int, end: str) -> list[str]:
    """The texts up to the mark `end`, phrases translated."""
    words: list[str] = []
    for token in tokens:
        if end and token == end:
            break
        if token == OPEN and depth < _DEEPEST:
            words.append(_phrase(tokens, reader, depth + 1))
        elif not MARKS.fullmatch(token):
            words.append(token)
    return words


def _phrase(tokens: Iterator[str], reader: _Reader, depth: int) -> str:
    """The phrase that has begun, translated."""
    context, singular, count = "", "", 0
    message: list[str] = []
    english: list[str] = []
    values: dict[str, str] = {}
    counts: list[str] = []
    whole = False
    for token in tokens:
        if token == CLOSE:
            whole = True
            break
        if token == _HOLE:
            field = "".join(_words(tokens, reader, _DEEPEST, _SAID))
            value = "".join(_words(tokens, reader, depth, _END))
            message.append(f"{{{field}}}")
            english.append(value)
            values[_name(field)] = _value(field, value, reader)
        elif token == _CONTEXT:
            context, message, english = "".join(message), [], []
        elif token == _COUNT:
            counts.append("".join(message))
            message, english = [], []
        elif token in (_LEFT, _RIGHT):
            message.append(token.translate(_NO_BRACES))
        elif not MARKS.fullmatch(token):
            message.append(token)
            english.append(token)
    if len(counts) == 2 and counts[1].isdecimal() and len(counts[1]) < 19:
        singular, count = counts[0], int(counts[1])
    plain = "".join(english)
    if not whole:
        return plain
    text = "".join(message)
    # str.format has made single braces of double ones.
    for wanted in (text, _doubled(message)):
        said = reader.lookup(context, singular, wanted, count)
        if said != wanted:
            said = _FIELD.sub(lambda found: values.get(_name(found[1]), found[0]), said)
            return said if wanted is text else said.replace("{{", "{").replace("}}", "}")
    return plain


def _value(field: str, value: str, reader: _Reader) -> str:
    if _NUMERIC.search(field):
        return reader.number(value)
    return reader.reason(value) if _name(field) == REASON else value


def _doubled(message: list[str]) -> str:
    return "".join(
        part if _FIELD.fullmatch(part) else part.replace("{", "{{").replace("}", "}}")
        for part in message
    )


def _name(field: str) -> str:
    return re.split("[!:]", field, maxsplit=1)[0]
