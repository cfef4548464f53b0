"""Secrets leave no trace."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.collecting.redact import Redactor


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_known_value_never_shows(secret: str, before: str, after: str) -> None:
    redact = Redactor()
    redact.remember(secret)
    assert secret not in redact(before + secret + after) or secret in "[hidden]"
    assert secret not in repr(redact) or secret in repr(Redactor())


@pytest.mark.parametrize(
    "quoting", [str, quote, json.dumps, lambda s: base64.b64encode(s.encode()).decode()]
)
def test_a_known_value_is_hidden_however_it_is_quoted(quoting: object) -> None:
    secret = 'pa ss/w"örd&'
    redact = Redactor()
    redact.remember(secret)
    assert callable(quoting)
    shown = redact(f"GET /x?y={quoting(secret)} failed")
    assert quoting(secret).strip('"') not in shown
    assert shown.startswith("GET /x?y=")
    assert "failed" in shown


@pytest.mark.parametrize(
    "text",
    [
        "https://user:hunter2@desk.example/",
        "Authorization: Bearer hunter2",
        "Authorization: Basic hunter2",
        '{"api_key": "hunter2", "id": 1}',
        "X-Redmine-API-Key: hunter2",
        "password=hunter2&user=a",
        "PASSPHRASE='hunter2'",
        "token: hunter2",
        "Set-Cookie: hunter2; path=/",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    shown = Redactor()(text)
    assert "hunter2" not in shown
    assert "[hidden]" in shown


def test_ordinary_text_is_left_alone() -> None:
    text = "https://desk.example/issues.json?limit=100: 500 Internal Server Error"
    assert Redactor()(text) == text


def test_very_short_values_would_hide_everything() -> None:
    redact = Redactor()
    redact.remember("a")
    assert redact("a banana") == "a banana"
