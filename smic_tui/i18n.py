"""Language: French and English through gettext.

Source strings are English; `locale/fr` is written first-hand. `_` looks the
language up at each call, so module-level texts are marked with `N_` and
translated where they are shown.
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
    """Mark a message for extraction; translate it with `_` when it is shown."""
    return message


def _(message: str) -> str:
    """Translate a message into the current language."""
    return _current.gettext(message) if message else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate a message whose form depends on `count`."""
    return _current.ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """Translate a message that means different things in different places."""
    return _current.pgettext(context, message)


def language() -> str:
    """The current language, 'fr' or 'en'."""
    return _language


def language_of_locale(environ: dict[str, str] | None = None) -> str:
    """The language that the environment asks for; English when it asks for another."""
    env = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if env.get(name):
            return "fr" if env[name].lower().startswith("fr") else "en"
    return "en"


def use(wanted: str = "auto") -> None:
    """Set the language for messages, ages and sizes: 'auto', 'fr' or 'en'."""
    global _current, _language
    _language = language_of_locale() if wanted == "auto" else wanted
    _current = _gettext.translation(DOMAIN, LOCALE_FOLDER, [_language], fallback=True)
