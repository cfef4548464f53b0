"""Writes characters that a character set lacks as others that say the same.

A terminal or a locale may know ASCII or Latin-9 only. What it lacks becomes a plain form:
marks one that is told from every other mark, letters their letter without accent. It is the
last step before bytes: whatever else looks at a text sees it whole.
"""

from __future__ import annotations

import codecs

# Names of error handlers for `str.encode` and streams. With CELLS a character never takes more
# terminal cells than it would have; with PLAIN a ligature becomes both of its letters.
PLAIN = "smic-tui.plain"
CELLS = "smic-tui.cells"

# The levels' shapes first, as `views.look.ASCII_GLYPHS` draws them: `?` is one of them, so
# none of the others may end as that.
_FORMS = {
    **{"■": "#", "▲": "!", "○": "o", "·": ".", "•": "*", "●": "*", "▸": ">", "▌": "|"},
    **{"↑": "^", "↓": "v", "→": ">", "←": "<", "↵": "/", "⏎": "/", "…": "~"},
    **{"—": "-", "–": "-", "‑": "-", "‐": "-", "−": "-", "─": "-", "│": "|"},
    **{"├": "|", "└": "`", "‹": "<", "›": ">", "«": '"', "»": '"', "“": '"', "”": '"'},
    **{"„": '"', "’": "'", "‘": "'", "ʼ": "'", "‚": ",", "×": "x", "±": "+", "°": "o"},
    **{"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O"},
    **{"€": "E", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\ufeff": "", "\u00ad": ""},
}
_UNKNOWN = "?"


def in_cells(text: str, encoding: str) -> str:
    """Return `text` with a form of each character that `encoding` lacks, cell for cell."""
    return text.encode(encoding, CELLS).decode(encoding, "replace")


def _form(char: str) -> str:
    form = _FORMS.get(char)
    if form is None:
        import unicodedata

        if "\ud800" <= char <= "\udfff":
            # A byte of an argument or of a name of a file that is no text.
            return _UNKNOWN
        if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf"):
            return ""
        letter = unicodedata.normalize("NFKD", char)[0]
        if letter < "\x80" and letter.isprintable():
            return letter
        return _UNKNOWN * (2 if unicodedata.east_asian_width(char) in "WF" else 1)
    return form


def _forms_of(error: UnicodeError) -> tuple[list[str], int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return [_form(char) for char in lacking], error.end


def _in_letters(error: UnicodeError) -> tuple[str, int]:
    forms, end = _forms_of(error)
    return "".join(forms), end


def _cell_for_cell(error: UnicodeError) -> tuple[str, int]:
    forms, end = _forms_of(error)
    return "".join([form if form.startswith(_UNKNOWN) else form[:1] for form in forms]), end


codecs.register_error(PLAIN, _in_letters)
codecs.register_error(CELLS, _cell_for_cell)
