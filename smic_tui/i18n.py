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

DOMAIN = "smic_tui"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = ("fr", "en")

_current: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"
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
    return phrases.told(text, _look_up)


def _look_up(context: str, singular: str, message: str, count: int) -> str:
    if context:
        return _current.pgettext(context, message)
    if singular:
        return _current.ngettext(singular, message, count)
    return _current.gettext(message)


def N_(message: str) -> str:  # noqa: N802 - the usual name of the marker
    """Marks a message for extraction; translate it with `_` when it is shown."""
    return message


def _(message: str) -> str:
    """Translates a message into the current language."""
    if not message:
        return ""
    return phrases.marked(message) if _recorded.get() else _current.gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translates a message whose form depends on `count`."""
    if _recorded.get():
        return phrases.marked_plural(singular, plural, count)
    return _current.ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Translates a message that means different things in different places."""
    if _recorded.get():
        return phrases.marked(message, context)
    return _current.pgettext(context, message)


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
