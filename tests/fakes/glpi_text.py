"""What GLPI 10.0 was seen to make of a text that its API is sent, before it stores it.

Twice GLPI guesses whether somebody has done its work already, and then leaves a text alone:

- where every backslash could belong to an escape of SQL (and every quote and line break has one
  before it), nothing is escaped for SQL, and MySQL takes the backslashes away;
- where there is no raw `<`, `>` or lone `&`, but one of the escapes that GLPI itself makes, nothing
  is escaped for HTML.
"""

from __future__ import annotations

import re

_ESCAPES = {"&": "&#38;", "<": "&#60;", ">": "&#62;"}
_MADE_BY_GLPI = re.compile("&#38;|&#60;|&#62;|&lt;|&gt;")
_RAW = re.compile(r"[<>]|&(?!#?[a-z0-9]+;)", re.IGNORECASE)
# What MySQL makes of a backslash and the character after it; of others the character stays.
_SQL = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def stored(text: str) -> str:
    """Return the text as it then stands in the database."""
    if _seems_escaped_for_sql(text):
        text = re.sub(r"\\(.)", lambda found: _SQL.get(found[1], found[1]), text, flags=re.DOTALL)
    if _RAW.search(text) is None and _MADE_BY_GLPI.search(text):
        return text
    return re.sub("[&<>]", lambda found: _ESCAPES[found[0]], text)


def _seems_escaped_for_sql(text: str) -> bool:
    if "\\" not in text or re.search("[\0\n\r\x1a]", text) or re.search(r"(?<!\\)['\"]", text):
        return False
    for found in re.finditer(r"\\+", text):
        count, after = len(found[0]), text[found.end() : found.end() + 1]
        belongs = after in ("n", "r", "'", '"') or text[found.end() :].startswith(("x00", "x1a"))
        if (count - bool(after and belongs)) % 2:
            return False
    return True
