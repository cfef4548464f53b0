"""Cleans the bytes of a cache file: whoever shares the folder may have written anything in it.

All that this program writes was cleaned before. So a look for the bytes that no clean text
has is enough, which takes a millisecond per megabyte; a file that has some is taken apart,
and every text in it goes through the sanitiser.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from smic_tui.phrases import cleaned
from smic_tui.text import clean_lines

# C1, bidi controls and their kin. Patterns that begin with one byte are looked for quickly.
_RAW = (
    re.compile(rb"\xc2[\x80-\x9f]"),
    re.compile(rb"\xe2[\x80\x81](?:(?<=\x80)[\x8e\x8f\xa8-\xae]|(?<=\x81)[\xa6-\xaf])"),
    re.compile(rb"\xef\xbf[\xb9-\xbb]"),
)
# The same and C0, as JSON may write them. The keys of relayed rows are divided by the one
# that is left out, U+001F.
_ESCAPE = re.compile(rb"\\(?:[bfr]|u(?!001[fF]))")
_REALLY_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\(?:[bfr]|u(?!001[fF]))")
# Adapters alone understand these, and nobody sees them.
_OPAQUE = frozenset({"cursors", "baseline"})
_DIVIDER = "\x1f"
# In characters: a comment may be long.
_LONGEST = 1 << 17


def scrubbed(data: bytes) -> bytes:
    """Return the same bytes, or JSON of the same shape in which every text is clean.

    What is no JSON is returned as it is: whoever decodes it will say so.
    """
    if not _is_suspect(data):
        return data
    try:
        return msgspec.json.encode(_cleaned(msgspec.json.decode(data)))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        return data


def _is_suspect(data: bytes) -> bool:
    return (
        b"\x7f" in data
        or b"\xd8\x9c" in data
        or any(pattern.search(data) for pattern in _RAW)
        or bool(_ESCAPE.search(data) and _REALLY_ESCAPE.search(data))
    )


def _clean(text: str) -> str:
    return clean_lines(text, _LONGEST)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        # The marks of stored phrases stay; what stands between them is cleaned.
        return _DIVIDER.join(cleaned(part, _clean) for part in value.split(_DIVIDER))
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {
            _cleaned(key): item if key in _OPAQUE else _cleaned(item) for key, item in value.items()
        }
    return value
