"""The language of the program: French or English, through gettext.

The texts in the code are English; `locale/fr` holds the French ones. `_` looks the
language up at each call, so a text at module level is marked with `N_` and translated
with `_` where it is shown.

Within `recording` texts are made for a file that others read in their own language: they
are phrases, which `phrase` translates for whoever reads (see `phrases`).
"""

from __future__ import annotations

import gettext as _gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from smic_tui import phrases
from smic_tui.phrases import N_ as N_

DOMAIN = "smic_tui"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = ("fr", "en")

_current: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"
# Thousands, decimals, and what is below zero.
_FRENCH_NUMBER = str.maketrans({",": "\N{NO-BREAK SPACE}", ".": ",", "-": "\N{MINUS SIGN}"})
_recorded: ContextVar[bool] = ContextVar("recorded", default=False)


@contextmanager
def recording() -> Iterator[None]:
    """Within the block, have messages made as they are stored; threads of their own excepted."""
    token = _recorded.set(True)
    try:
        yield
    finally:
        _recorded.reset(token)


def phrase(text: str) -> str:
    """Returns a text that may have been stored, in the current language."""
    return phrases.told(text, _look_up, number, reason_in_words)


def _look_up(context: str, singular: str, message: str, count: int) -> str:
    if context and singular:
        return _current.npgettext(context, singular, message, count)
    if context:
        return _current.pgettext(context, message)
    if singular:
        return _current.ngettext(singular, message, count)
    return _current.gettext(message)


def _(message: str) -> str:
    """Translates a message into the current language."""
    if not message:
        return ""
    return phrases.marked(message) if _recorded.get() else _spoken(_current.gettext(message))


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translates a message whose form depends on `count`."""
    if _recorded.get():
        return phrases.marked_plural(singular, plural, count)
    return _spoken(_current.ngettext(singular, plural, count))


def pgettext(context: str, message: str) -> str:
    """Translates a message that means different things in different places."""
    if _recorded.get():
        return phrases.marked(message, context)
    return _spoken(_current.pgettext(context, message))


def npgettext(context: str, singular: str, plural: str, count: int) -> str:
    """Translates a message whose form depends on `count`, and its meaning on the place."""
    if _recorded.get():
        return phrases.marked_plural(singular, plural, count, context)
    return _spoken(_current.npgettext(context, singular, plural, count))


def labelled(what: str, words: str) -> str:
    """Returns what somebody says about something, with the colon of the language."""
    return _("{what}: {words}").format(what=what, words=words)


def number(text: str) -> str:
    """Returns a number that is written as in English, as the language writes it."""
    return text.translate(_FRENCH_NUMBER) if _language == "fr" else text


def reason_in_words(said: str) -> str:
    """Returns what a library or the system said of an error, in the current language."""
    if _language == "en":
        return said
    from smic_tui.reasons import in_words

    return in_words(said, _current.gettext)


class _Number:
    """A number in a French message."""

    def __init__(self, value: float) -> None:
        self._value = value

    def __format__(self, spec: str) -> str:
        return format(self._value, spec).translate(_FRENCH_NUMBER)

    def __str__(self) -> str:
        return str(self._value).translate(_FRENCH_NUMBER)

    def __repr__(self) -> str:
        return repr(self._value)


class _French(str):
    """A French message: what it is formatted with is written as in French.

    These are numbers, and what a library said, which is the field called `reason`.
    """

    def format(self, *args: object, **fields: object) -> str:
        shown = {
            name: _Number(value)
            if isinstance(value, (int, float)) and not isinstance(value, bool)
            else value
            for name, value in fields.items()
        }
        if (reason := shown.get(phrases.REASON)) is not None:
            shown[phrases.REASON] = reason_in_words(str(reason))
        return super().format(*args, **shown)


def _spoken(text: str) -> str:
    return _French(text) if _language == "fr" and "{" in text else text


def language() -> str:
    """Returns the current language, 'fr' or 'en'."""
    return _language


def language_of_locale(environ: dict[str, str] | None = None) -> str:
    """Returns 'fr' if the environment asks for French, otherwise 'en'."""
    env = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if env.get(name):
            return "fr" if env[name].lower().startswith("fr") else "en"
    return "en"


def use(wanted: str = "auto") -> None:
    """Sets the language of messages, ages and sizes: 'fr', 'en', or 'auto' for the locale's."""
    global _current, _language
    _language = language_of_locale() if wanted == "auto" else wanted
    _current = _gettext.translation(DOMAIN, LOCALE_FOLDER, [_language], fallback=True)
