"""Says a person's text so that Nagios understands it, and recognises what became of it.

As measured with Nagios 4.4: a command is one line whose parts semicolons end, so a comment with
one is cut there. cmd.cgi makes a blank of each semicolon and drops < and >. In the JSON of the
CGIs a text with other characters than ASCII is "".
"""

from __future__ import annotations

import unicodedata

# Nagios refuses an empty comment.
NO_WORD = "smic-tui"
# A line of the command file goes through the pipe whole up to 4096 bytes, names and times too.
_MOST_BYTES = 2000
_MOST_CHARACTERS = 1000
_FOR_THE_LINE = str.maketrans({";": ","})
_FOR_THE_CGI = str.maketrans({";": ",", "<": "‹", ">": "›"})
# What a server may drop, and what stands for it.
_LOST = frozenset(";,<>‹›")


def for_the_line(text: str) -> str:
    """Return a text as a part of a line of the command file; "" for a text without a character."""
    return _bounded(" ".join(text.split()).translate(_FOR_THE_LINE))


def for_the_cgi(text: str) -> str:
    """Return a text for a field of cmd.cgi, which takes less than the command file."""
    return _bounded(" ".join(text.split()).translate(_FOR_THE_CGI))


def is_from(comment: str, text: str) -> bool:
    """Whether a comment that Nagios shows is what became of this text, whichever way it went."""
    ways = [way(text) or NO_WORD for way in (for_the_line, for_the_cgi)]
    if not comment.strip():
        return not all(said.isascii() for said in ways)
    return _essence(comment) in [_essence(said) for said in ways]


def _bounded(text: str) -> str:
    kept = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cs"))
    kept = kept[:_MOST_CHARACTERS].encode()[:_MOST_BYTES].decode(errors="ignore")
    return kept.strip()


def _essence(text: str) -> str:
    return "".join(char for char in text if char not in _LOST and not char.isspace())
