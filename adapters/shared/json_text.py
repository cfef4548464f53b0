"""Decodes JSON as real systems send it: one broken character does not cost the rest. Public."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

T = TypeVar("T")

REPLACEMENT = rb"\ufffd"

# Escapes one by one, so that a backslash before a backslash is not taken for the
# beginning of another: a whole pair, then half of one, then anything else.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\."
)


def decode_json(data: bytes | memoryview | msgspec.Raw, type_: type[T]) -> T:
    """Decode like `msgspec.json.decode`, with unpaired surrogates and bytes that
    are not UTF-8 replaced by U+FFFD, as a reader would see them anyway.

    Raises `msgspec.DecodeError`, its subclass `ValidationError` and
    `RecursionError`, as msgspec does.
    """
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        repaired = _repaired(bytes(data))
        if repaired is None:
            if isinstance(error, UnicodeDecodeError):  # pragma: no cover - repaired above
                raise msgspec.DecodeError(str(error)) from None
            raise
    return msgspec.json.decode(repaired, type=type_)


def _repaired(data: bytes) -> bytes | None:
    """The document with broken characters replaced; None when none is broken."""
    text = data.decode("utf-8", "replace").encode()
    text = _ESCAPE.sub(lambda found: REPLACEMENT if found["half"] else found[0], text)
    return text if text != data else None
