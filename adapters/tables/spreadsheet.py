"""What spreadsheets make of codes and of cells that they cannot work out.

They drop leading zeros, write long numbers in powers of ten, and people who know that write
codes as formulas (`="01004"`) or with an apostrophe before them. What can be undone is undone;
what is lost is refused with the reason.
"""

from __future__ import annotations

import re

from adapters.shared.values import squeeze
from smic_tui.i18n import N_, _

# Fields that say which record this is, or which site it is about.
CODES = frozenset(("key", "code", "member_code", "member", "site", "job"))

A_CODE = N_(
    "a code: the spreadsheet has written a long number in powers of ten, and its digits are lost; "
    "make the column text before typing or importing"
)

_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_WITHOUT_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_POWER_OF_TEN = re.compile(r"[+-]?\d(?:[.,]\d+)?E[+-]\d{1,3}", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)[.,]0+", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?: \d{3})+", re.ASCII)
# In English, French, German, Spanish, Italian and Portuguese; of Excel, LibreOffice and Google.
_ERRORS = frozenset(
    [
        "#N/A",
        "#N/D",
        "#NV",
        "#GETTING_DATA",
        "#ND",
        "#NULL!",
        "#NUL!",
        "#¡NULO!",
        "#NULLO!",
        "#NULO!",
        "#DIV/0!",
        "#¡DIV/0!",
        "#DIV/0",
        "#VALUE!",
        "#VALEUR!",
        "#WERT!",
        "#¡VALOR!",
        "#VALORE!",
        "#VALOR!",
        "#REF!",
        "#BEZUG!",
        "#¡REF!",
        "#RIF!",
        "#NAME?",
        "#NOM?",
        "#¿NOMBRE?",
        "#NOME?",
        "#NUM!",
        "#NOMBRE!",
        "#ZAHL!",
        "#¡NUM!",
        "#NÚM!",
        "#SPILL!",
        "#PROPAGATION!",
        "#EPARS!",
        "#ÜBERLAUF!",
        "#¡DESBORDAMIENTO!",
        "#CALC!",
        "#CALCUL!",
        "#KALK!",
        "#¡CALC!",
        "#FIELD!",
        "#CHAMP!",
        "#FELD!",
        "#BLOCKED!",
        "#BLOQUÉ!",
        "#CONNECT!",
        "#CONNEXION!",
        "#UNKNOWN!",
        "#INCONNU!",
        "#BUSY!",
        "#OCCUPÉ!",
        "#ERROR!",
        "#ERREUR!",
        "#EXTERNAL!",
    ]
)
_CODED_ERROR = re.compile(r"Err(?:eur)?\s?:\s?\d{3}|#{3,}", re.ASCII | re.IGNORECASE)


def unwrapped(cell: str) -> str:
    """Return the text in a cell that was written as a formula to keep it text."""
    found = _FORMULA.fullmatch(cell.strip()) if '="' in cell else None
    return found[1].replace('""', '"') if found else cell


def is_error(cell: object) -> bool:
    """Whether a cell holds what a spreadsheet shows instead of a value that it has not."""
    if not isinstance(cell, str) or cell.lstrip()[:1] not in ("#", "E", "e"):
        return False
    text = cell.strip()
    return text.upper() in _ERRORS or _CODED_ERROR.fullmatch(text) is not None


def read_code(text: str) -> str:
    """Read a code, or a name where a name may stand.

    Raises `ValueError` whose text is what was expected.
    """
    if not text.isascii():
        text = squeeze(_WITHOUT_WIDTH.sub("", text))
    if text[:1] in ("'", "\N{RIGHT SINGLE QUOTATION MARK}") and text[1:2].isalnum():
        text = text[1:]
    if not text[:1].isdigit():
        return text
    if _POWER_OF_TEN.fullmatch(text):
        raise ValueError(_(A_CODE))
    if whole := _WHOLE.fullmatch(text):
        return whole[1]
    return text.replace(" ", "") if _THOUSANDS.fullmatch(text) else text
