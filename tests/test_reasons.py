"""What libraries and the system say of an error is told in the reader's language."""

from __future__ import annotations

import errno
import os
import re
import ssl
import time
import tomllib
from collections.abc import Iterator

import msgspec
import pytest

from smic_tui import i18n
from smic_tui.i18n import _, phrase, recording

# Words that no French text of ours has.
ENGLISH = re.compile(
    r"\b(the|is|not|of|expected|missing|invalid|unclosed|certificate|character|at|after|was|"
    r"closed|file|directory|denied|refused|known|found)\b",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def _french() -> Iterator[None]:
    i18n.use("fr")
    yield
    i18n.use("en")


def told(reason: object) -> str:
    """The reason in a message of ours, told at once and after it was stored."""
    text = _("{host} cannot be reached: {reason}").format(host="h", reason=reason)
    with recording():
        stored = _("{host} cannot be reached: {reason}").format(host="h", reason=reason)
    assert phrase(stored) == text
    return text.partition("injoignable\N{NO-BREAK SPACE}: ")[2]


@pytest.mark.parametrize(
    "text",
    [
        "a", "a = ", "a = x", "a = 1\na = 2", "[a", "[[a]", "a = [1, 2", "a = {b = 1", 'a = "b',
        "a = 1 b = 2", "[a]\n[a]", 'a = "\\q"', "= 1", "a = 2024-13-45", "a = 'b\nc'",
        "a.b = 1\na.b.c = 2", 'a = "\x01"', 'a = "\\uZZZZ"', "a = {b = 1, b = 2}",
    ],
)  # fmt: skip
def test_toml(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    assert not ENGLISH.search(told(raised.value)), told(raised.value)


class Row(msgspec.Struct, forbid_unknown_fields=True):
    key: int
    name: str = ""


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[1, 2", b"nonsense", b'{"a" 1}', b'{"a": 1 "b"}', b"[1 2]", b"{} x", b"{a: 1}",
        b'{"a": 1,}', b"[1,]", b'{"key": "1"}', b"{}", b'{"key": 1, "other": 2}', b"[]",
    ],
)  # fmt: skip
def test_json(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError) as raised:
        msgspec.json.decode(text, type=Row)
    assert not ENGLISH.search(told(raised.value)), told(raised.value)


@pytest.mark.parametrize(
    "number",
    [
        errno.ENOENT,
        errno.EACCES,
        errno.EISDIR,
        errno.ENOSPC,
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
    ],
)  # fmt: skip
def test_the_system(number: int) -> None:
    assert not ENGLISH.search(told(os.strerror(number))), told(os.strerror(number))


def test_an_absent_file_is_not_found() -> None:
    assert told(os.strerror(errno.ENOENT)) == "introuvable"


@pytest.mark.parametrize(
    "said",
    [
        "self-signed certificate", "unable to get local issuer certificate",
        "certificate has expired", "Missing Authority Key Identifier", "WRONG_VERSION_NUMBER",
        "Hostname mismatch, certificate is not valid for 'glpi.example'.",
        "IP address mismatch, certificate is not valid for '127.0.0.1'.",
        "Name or service not known", "Temporary failure in name resolution",
    ],
)  # fmt: skip
def test_openssl_and_names(said: str) -> None:
    assert said not in told(said)
    assert not ENGLISH.search(told(said).replace("glpi.example", "")), told(said)


@pytest.mark.parametrize("pattern", ["[a", "(a", "a)", "*a", "a**", "a\\"])
def test_regular_expressions(pattern: str) -> None:
    with pytest.raises(re.error) as raised:
        re.compile(pattern)
    assert not ENGLISH.search(told(raised.value)), told(raised.value)


def test_what_nobody_knows_stays_as_it_is() -> None:
    assert told("Flux capacitor overloaded") == "Flux capacitor overloaded"
    assert issubclass(ssl.SSLError, OSError)


@pytest.mark.parametrize(
    "said", ["(at line 1" * 100_000, "JSON is malformed: " * 50_000, "'" * 10**6]
)
def test_a_megabyte_is_looked_at_in_no_time(said: str) -> None:
    began = time.process_time()
    told(said)
    assert time.process_time() - began < 1


def test_numbers_are_written_as_in_french() -> None:
    assert _("{seconds:+.1f} s").format(seconds=-0.6) == "\N{MINUS SIGN}0,6 s"
    people = i18n.ngettext("{n:,} inhabitant", "{n:,} inhabitants", 25363).format(n=25363)
    assert people == "25\N{NO-BREAK SPACE}363 habitants"
    i18n.use("en")
    assert _("{seconds:+.1f} s").format(seconds=-0.6) == "-0.6 s"
    assert (
        i18n.ngettext("{n:,} inhabitant", "{n:,} inhabitants", 25363).format(n=25363)
        == "25,363 inhabitants"
    )
