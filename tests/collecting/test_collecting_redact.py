"""Secrets leave no trace."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.contract.redaction import LONGEST_TEXT, Redactor


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


def test_a_password_in_an_address_may_hold_an_at_sign() -> None:
    assert Redactor()("open https://jo:p@ss@nas/x") == "open https://[hidden]@nas/x"


def test_the_mark_and_the_shortest_value_can_be_chosen() -> None:
    redact = Redactor(["pw"], mark="***", shortest=1)
    assert redact("password pw") == "password ***"
    assert redact(r"token: \1") == "token: ***"
    assert redact.data(b"\xff pw") == b"\xff ***"


@pytest.mark.parametrize(
    "piece", ["a", "a://", "a://b:", "token", "token:", "token: ", "token='", 'token="', " ", "é:@"]
)
def test_a_hostile_text_is_bounded_before_it_is_looked_through(piece: str) -> None:
    """Quadratic work would take minutes: 1.5 million characters, of which 65,536 count."""
    assert len(Redactor(["s3cr3t"])(piece * (1_500_000 // len(piece)))) <= 2 * LONGEST_TEXT


@given(st.integers(0, 12))
def test_half_a_secret_is_not_left_where_a_text_is_cut(before: int) -> None:
    secret = "correct horse"
    text = "x" * (LONGEST_TEXT - before) + secret
    assert "corr" not in Redactor([secret])(text)
