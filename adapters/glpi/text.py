"""Writes plain text as GLPI's rich text, which is HTML, and recognises it when it comes back.

What GLPI 10.0 was seen to do to a text that it is sent (`tests/fakes/glpi_text.py` does the same):

- A text without a raw `<` or `>` that has an escape is taken for escaped already: it is stored as
  it came, with one layer of escapes less than any other.
- A text whose backslashes could all be escapes of SQL is taken for escaped already: `\\'` is
  stored as `'`, and the first two letters of `\\nom` as a line break.

What `rich` writes always has a raw tag and never a backslash, so that neither is ever in doubt.
"""

from __future__ import annotations

import html
import re

# Of remote text each pattern looks at every character a bounded number of times.
_BREAK = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_OWN_TAG = re.compile(r"</?p>|<br ?/?>", re.IGNORECASE)
# An ampersand in any number of layers of escapes.
_AMPERSAND = re.compile(r"&(?:(?:amp|#0{0,5}38|#[xX]0{0,5}26);)+")
# Ampersands apart, no text is escaped more often than GLPI and a person do together.
_LAYERS = 8


def plain(rich: str) -> str:
    """Return the text of rich text."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", rich))).strip()


def rich(text: str) -> str:
    """Return plain text as rich text: nothing in it is markup."""
    lines = (html.escape(line, quote=False).replace("\\", "&#92;") for line in text.splitlines())
    return f"<p>{'<br>'.join(lines)}</p>"


def essence(text: str) -> str:
    """Return what is left of a text however often it was escaped, without breaks and blanks.

    What was typed and what GLPI stored of it have the same essence.
    """
    for _layer in range(_LAYERS):
        before, text = text, html.unescape(_AMPERSAND.sub("&", text))
        if text == before:
            break
    return "".join(_OWN_TAG.sub(" ", text).split())
