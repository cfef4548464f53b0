"""Patterns that see remote text take a megabyte of the worst input without a stop."""

from __future__ import annotations

import re
import time

import pytest

from adapters.glpi import highlevel_rows, pages
from adapters.glpi import text as glpi
from adapters.nagios import actions as nagios
from adapters.shared import json_text
from adapters.zammad import actions as zammad
from smic_tui import text
from smic_tui.contract import redaction

PATTERNS: dict[str, tuple[re.Pattern[str] | re.Pattern[bytes], tuple[str, ...]]] = {
    "glpi tag": (glpi._TAG, ("<", "<a ", "</")),
    "glpi break": (glpi._BREAK, ("<br", "<br ", "</p ")),
    "glpi number": (highlevel_rows._NUMBER_IN_ADDRESS, ("/1", "?id=", "/", "1")),
    "glpi title": (pages._TITLE, ("<title>", "<title", "<")),
    "nagios message": (nagios._MESSAGE, ("CLASS='errorMessage'>", "CLASS='error")),
    "zammad tag": (zammad._TAG, ("<", "<a ")),
    "json escape": (json_text._ESCAPE, ("\\", "\\u", "\\ud83d")),
    "redacted address": (redaction._IN_URL, ("a://", "a:", "a://a:", "://", "@")),
    "redacted name": (redaction._NAMED, ("token", "token=", 'token="', "token: ", "secret ", "'")),
    "sanitiser, pictures": (text._ONE_PICTURE, ("\u2600\u200d", "\U0001f1e6", "\U0001f3f4")),
    "sanitiser, breaks": (text._BREAKS, ("\r", "\n", "\v")),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_megabyte_of_the_worst(name: str) -> None:
    pattern, seeds = PATTERNS[name]
    for seed in seeds:
        worst = (seed * (1_000_000 // len(seed) + 1))[:1_000_000]
        if pattern is redaction._NAMED or pattern is redaction._IN_URL:
            worst = worst[: redaction.LONGEST_TEXT]  # it is cut before
        given = worst.encode() if isinstance(pattern.pattern, bytes) else worst
        began = time.thread_time()
        pattern.sub(given[:0], given)  # type: ignore[arg-type]
        assert time.thread_time() - began < 2, seed
