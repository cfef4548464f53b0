"""What is wrong in a configuration, all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from smic_tui.i18n import _

KeyPath = tuple[str | int, ...]


def dotted(path: KeyPath) -> str:
    """A key as a person would name it: sources.helpdesk.url, alerts[2].where.

    Arrays are counted from one.
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
    """The known word that was probably meant, empty when none is near."""
    import difflib

    found = difflib.get_close_matches(word.lower(), {name.lower() for name in known}, 1, 0.6)
    return next((name for name in known if name.lower() == found[0]), "") if found else ""


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: where, and what was expected.

    `line` counts from one; 0 where the file has no line for it.
    """

    path: KeyPath = ()
    line: int = 0
    message: str

    def text(self, file: Path) -> str:
        """One line: file, line, key, message."""
        where = f"{file}:{self.line}" if self.line else str(file)
        return (
            f"{where}: {dotted(self.path)}: {self.message}"
            if self.path
            else (f"{where}: {self.message}")
        )


class ConfigError(Exception):
    """The configuration cannot be used. `problems` lists everything that was found."""

    def __init__(self, file: Path, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.text(file) for problem in problems))
        self.file = file
        self.problems = tuple(problems)


def unknown_word(word: str, known: Iterable[str], expected: str, *, list_known: bool = True) -> str:
    """A message for a word that is not among the known ones, which are few or not listed."""
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
