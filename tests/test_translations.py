"""The French catalogue is whole and says the same; nothing a person reads escapes it."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from smic_tui import i18n
from smic_tui.cli.main import _translate_argparse
from smic_tui.cli.parser import build_parser
from smic_tui.model.subjects import SUBJECTS
from smic_tui.query import words as filter_words
from smic_tui.text import fold
from smic_tui.views import words
from smic_tui.views.fit import width
from smic_tui.views.lists.all import listing_of

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "smic_tui/locale/fr/LC_MESSAGES/smic_tui.po"
PACKAGES = ("smic_tui", "widgets", "adapters")
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
NO_BREAK = "\N{NO-BREAK SPACE}"


def extracted() -> Catalog:
    """All messages of the three packages."""
    catalogue = Catalog()
    for package in PACKAGES:
        for _file, _line, message, _comments, context in extract_from_dir(
            ROOT / package, method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            catalogue.add(message, context=context)
    return catalogue


@pytest.fixture(scope="module")
def french() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="fr", abort_invalid=True)


def identity(message: Message) -> tuple[object, str | None]:
    return message.id, message.context


def texts(message: Message) -> Iterator[tuple[str, str]]:
    """Every English form with its French one."""
    english: Any = message.id
    french: Any = message.string
    if isinstance(english, tuple):
        yield from zip(english, french, strict=True)
    else:
        yield english, french


def test_every_message_is_translated(french: Catalog) -> None:
    known = {identity(message): message for message in french if message.id}
    wanted = {identity(message) for message in extracted() if message.id}
    assert wanted, "nothing was extracted"
    assert wanted - known.keys() == set(), "make messages, then translate"
    assert known.keys() - wanted == set(), "make messages: nobody says this any more"
    empty = [
        message.id for message in known.values() for _english, text in texts(message) if not text
    ]
    assert empty == []
    assert [message.id for message in known.values() if message.fuzzy] == []


def placeholders(text: str) -> set[str]:
    """Fields of str.format, of % formatting and of strftime, with how they are shown."""
    by_brace = (
        {
            f"{{{name}!{conversion}:{spec}}}"
            for _literal, name, spec, conversion in string.Formatter().parse(text)
            if name is not None
        }
        if "{" in text and "{ " not in text
        else set()
    )
    return by_brace | set(re.findall(r"%\(\w+\)[a-z]|%[srd]\b", text))


def test_placeholders_agree(french: Catalog) -> None:
    for message in french:
        if not message.id:
            continue
        for english, text in texts(message):
            # A singular may name its one thing where the plural counts: {what}, {count}.
            allowed = placeholders(english)
            if isinstance(message.id, tuple):
                allowed = allowed | placeholders(message.id[1])
            assert placeholders(text) <= allowed, (english, text)
        english, text = list(texts(message))[-1]
        assert placeholders(text) == placeholders(english), (english, text)


def test_french_typography(french: Catalog) -> None:
    for message in french:
        for _english, text in texts(message) if message.id else ():
            assert not re.search(r"[^\s] [;!?»](\s|$)", text), text
            assert not re.search(r"\w [:](\s|$)", text), text
            assert "« " not in text, text
            assert not re.search(r"\w'\w", text), f"the apostrophe is ’: {text}"
            assert "..." not in text, text


def test_every_colon_and_quote_keeps_its_blank(french: Catalog) -> None:
    """A blank before a sign that French sets apart never lets the line break there."""
    for message in french:
        for _english, text in texts(message) if message.id else ():
            assert not re.search(r"[^ ] [:;!?»](\s|$)", text), text
            assert "\N{NARROW NO-BREAK SPACE}" not in text, text
            assert not re.search(r"«(?!\N{NO-BREAK SPACE})", text), text


# What is the same in both languages.
SAME = {
    "<1 min", "ACTION", "Application", "Code", "Contacts", "JobId {number}", "Message", "Note",
    "Site", "Sites", "Source", "Sources", "Tick.", "Tickets", "a b", "catalogue {version}", "h",
    "mairie", "min", "ok", "options", "sites", "ticket {number}", "{count} tickets", "tickets",
    "version", "{n:,} sites", "{n:,} sources", "{n} h", "{n} min", "{seconds:+.1f} s",
    "{seconds:.1f} s", "Windows-1252",
}  # fmt: skip


def test_nothing_stays_english(french: Catalog) -> None:
    same = {
        english
        for message in french
        if message.id
        for english, text in list(texts(message))[-1:]
        if english == text
    }
    assert same - SAME == set()
    assert SAME - same == set(), "no longer the same"


# Words that were mended: one thing has one word.
DISCARDED = re.compile(
    r"prise? en compte|prendre en compte|PEC|\brégler\b(?! `)|arrêt planifié|là-bas|"
    r"rendre la parole|muettes|Voulu|hors-délai|expression rationnelle|sauvegardes? de \{"
)


def test_one_thing_has_one_word(french: Catalog) -> None:
    found = [
        text
        for message in french
        if message.id
        for _english, text in texts(message)
        if DISCARDED.search(text)
    ]
    assert found == []


def test_argparse_speaks_french(french: Catalog) -> None:
    """What argparse says to users; the rest are faults of programmers."""
    for_programmers = re.compile(
        r"conflict|invalid (option string|conflict_)|__call__|is not callable|'required'|"
        r"mutually exclusive arguments must|cannot |dest=|unexpected option string|"
        r"can't open|with mode|expected %s argument$|argument %\(argument_name\)s"
    )
    known = {message.id[0] if isinstance(message.id, tuple) else message.id for message in french}
    said = {
        str(node.args[0].value)
        for node in ast.walk(ast.parse(inspect.getsource(argparse)))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ("_", "ngettext")
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(said) > 20
    assert {text for text in said - known if not for_programmers.search(text)} == set()


def test_help_and_usage_errors_are_french(capsys: pytest.CaptureFixture[str]) -> None:
    i18n.use("fr")
    _translate_argparse()
    try:
        with pytest.raises(SystemExit):
            build_parser([]).parse_args(["--help"])
        said = capsys.readouterr().out
        for arguments in (["list", "nonsense"], ["list", "sites", "--limit", "x"], ["site"]):
            with pytest.raises(SystemExit):
                build_parser(arguments).parse_args(arguments)
            said += capsys.readouterr().err
    finally:
        i18n.use("en")
        _translate_argparse()
    for english in (
        "show ",
        "argument subject: ",
        "invalid",
        "required",
        "usage:",
        "error:",
        " expected",
    ):
        assert english not in said, said
    assert "affiche la version" in said


def test_edges_agree(french: Catalog) -> None:
    """Blanks and line ends at the edges put texts together: they must be the same."""
    for message in french:
        for english, text in texts(message) if message.id else ():
            for strip in (str.lstrip, str.rstrip):
                assert len(english) - len(strip(english)) == len(text) - len(strip(text)), english


def test_the_compiled_catalogue_is_used() -> None:
    i18n.use("fr")
    try:
        assert i18n._("Quit") == "Quitter"
        assert i18n.ngettext("{n:,} site", "{n:,} sites", 0) == "{n:,} site"
        assert i18n.ngettext("{n:,} site", "{n:,} sites", 2) == "{n:,} sites"
    finally:
        i18n.use("en")


def test_states_on_screen_are_words_of_the_filter() -> None:
    """Who types what the screen says, in either language, is understood."""
    known: dict[Any, set[str]] = {
        type(state): {fold(word) for word, meant in table.items() if meant is not None}
        for table in (
            filter_words.SITE_STATES,
            filter_words.BACKUP_STATES,
            filter_words.TICKET_STATUSES,
            filter_words.STAGES,
            filter_words.ACTORS,
            filter_words.ALERT_LIVES,
        )
        for state in table.values()
    }
    unknown = []
    try:
        for language in i18n.LANGUAGES:
            i18n.use(language)
            unknown += [
                (language, state, words.word(state))
                for kind, accepted in known.items()
                for state in kind
                if fold(words.word(state)) not in accepted
            ]
    finally:
        i18n.use("en")
    assert unknown == []


def test_titles_fit_their_columns() -> None:
    try:
        for language in i18n.LANGUAGES:
            i18n.use(language)
            for subject in SUBJECTS:
                for column in listing_of(subject).columns:
                    assert width(i18n._(column.title)) <= column.width, (language, column.id)
    finally:
        i18n.use("en")


# Where a call's argument is read by a person: the function, and which argument.
SHOWN_KEYWORDS = {
    "add_argument": {"help", "metavar"},
    "add_parser": {"help", "description"},
    "ArgumentParser": {"description", "epilog"},
    "add_argument_group": {"title", "description"},
    "add_subparsers": {"title", "metavar"},
    "Column": {"title"},
    "Listing": {"empty"},
    "Subject": {"title"},
    "Problem": {"message"},
}
SHOWN_POSITIONS = {
    "say": 0,
    "tell": 0,
    "add_argument_group": 0,
    "CommandError": 1,
    "Binding": 2,
    "AuthFailed": 0,
    "Unavailable": 0,
    "BadAnswer": 0,
    "QuerySyntaxError": 0,
    "put_notice": 1,
}
# Words of code, not of a language: names of formats, of things typed as they stand.
_CODE = re.compile(r"[A-Z0-9_ |.-]*|--[a-z-]+:?")


def untranslated(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Literal texts that are shown as they are."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        shown = [kw.value for kw in node.keywords if kw.arg in SHOWN_KEYWORDS.get(name, ())]
        position = SHOWN_POSITIONS.get(name)
        if position is not None and len(node.args) > position:
            shown.append(node.args[position])
        for value in shown:
            parts = value.values if isinstance(value, ast.JoinedStr) else [value]
            for part in parts:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    text = part.value.strip()
                    if re.search(r"[A-Za-z]{3}", text) and not _CODE.fullmatch(text):
                        yield node.lineno, text


@pytest.mark.parametrize("package", PACKAGES)
def test_no_text_is_shown_past_the_catalogue(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.parent.name != "testing"
        for line, text in untranslated(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_the_search_for_literals_finds_them() -> None:
    code = 'say("plain words")\nsay(_("fine"))\nadd_argument("--x", help="plain help")\n'
    code += 'say(f"{a} plain {b}")\nBinding("q", "quit", N_("Quit"))\nadd_argument(metavar="CODE")'
    assert [line for line, _text in untranslated(ast.parse(code))] == [1, 3, 4]
