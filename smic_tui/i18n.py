"""The language of the program: French or English, through gettext.

The texts in the code are English; `locale/fr` holds the French ones. `_` looks the
language up at each call, so a text at module level is marked with `N_` and translated
with `_` where it is shown.
"""

from __future__ import annotations

import gettext as _gettext
import os
from pathlib import Path

DOMAIN = "smic_tui"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = ("fr", "en")

_current: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"


def N_(message: str) -> str:  # noqa: N802 - the usual name of the marker
    """Marks a message for extraction; translate it with `_` when it is shown."""
    return message


def _(message: str) -> str:
    """Translates a message into the current language."""
    return _current.gettext(message) if message else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translates a message whose form depends on `count`."""
    return _current.ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Translates a message that means different things in different places."""
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
