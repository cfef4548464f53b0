"""The problems of a configuration, which are all reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from smic_tui.i18n import _, labelled
from smic_tui.text import clean_lines

KeyPath = tuple[str | int, ...]


def dotted(path: KeyPath) -> str:
    """Returns a key as a person would name it: sources.helpdesk.url, alerts[2].where.

    Elements of arrays count from one.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            quoted = part if part.replace("-", "").replace("_", "").isalnum() else f'"{part}"'
            text += f".{quoted}" if text else quoted
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns the known word that was probably meant; "" if none is near."""
    import difflib

    found = difflib.get_close_matches(word.lower(), {name.lower() for name in known}, 1, 0.6)
    return next((name for name in known if name.lower() == found[0]), "") if found else ""


class Problem(Struct, frozen=True, kw_only=True):
    """One problem: the key, its line in the file, and a message for the person.

    `line` counts from one; it is 0 if the file has no line for the key.
    """

    path: KeyPath = ()
    line: int = 0
    message: str

    def text(self, file: Path) -> str:
        """Returns one line of text: file, line, key, message. What the file says is cleaned."""
        where = f"{file}:{self.line}" if self.line else str(file)
        message = clean_lines(self.message)
        if self.path:
            message = labelled(clean_lines(dotted(self.path)), message)
        # As compilers write it: editors find the line.
        return f"{clean_lines(where)}: {message}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` lists every problem that was found."""

    def __init__(self, file: Path, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.text(file) for problem in problems))
        self.file = file
        self.problems = tuple(problems)


def with_guess(message: str, guess: str) -> str:
    """Returns the message with what was probably meant, if there is a guess."""
    return (
        _("{message}; did you mean {guess}?").format(message=message, guess=guess)
        if guess
        else message
    )


def unknown_word(word: str, known: Iterable[str], expected: str, *, list_known: bool = True) -> str:
    """Returns a message for a word that is not known, with the word that was probably meant.

    Without a near word the message lists the known ones, unless `list_known` is false.
    """
    known = sorted(known)
    guess = nearest(word, known)
    if guess:
        return _('{expected}, found "{word}"; did you mean "{guess}"?').format(
            expected=expected, word=word, guess=guess
        )
    if not list_known:
        return _('{expected}, found "{word}"').format(expected=expected, word=word)
    return _('{expected}, found "{word}"; known: {known}').format(
        expected=expected, word=word, known=", ".join(known) or _("none")
    )
