"""The page on filters lists every field and every word, and its examples are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smic_tui.query.fields import FieldSet
from smic_tui.query.parser import QuerySyntaxError, parse
from smic_tui.query.subjects.all import FILTERED, fields_for

SUBJECTS = {name: fields_for(name) for name in FILTERED}

PAGE = Path(__file__).parents[2] / "docs" / "filters.md"


def table_of(fields: FieldSet) -> str:
    rows = ["| field | also called | type | what it is |", "|---|---|---|---|"]
    for field in fields:
        aliases = ", ".join(f"`{alias}`" for alias in field.aliases)
        rows.append(f"| `{field.name}` | {aliases} | {field.type.value} | {field.description} |")
    return "\n".join(rows)


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_fields_are_as_documented(subject: str) -> None:
    _before, _title, after = PAGE.read_text().partition(f"### {subject.capitalize()}\n\n")
    assert after.partition("\n\n")[0] == table_of(SUBJECTS[subject])


def test_words_of_states_are_documented() -> None:
    _before, _title, documented = PAGE.read_text().partition("## Words of states\n")
    for fields in SUBJECTS.values():
        for field in fields:
            for word in field.words:
                assert f"`{word}`" in documented, (fields.subject, field.name)


def is_understood(example: str, fields: FieldSet) -> bool:
    try:
        parse(example, fields)
    except QuerySyntaxError:
        return False
    return True


def test_examples_can_be_understood() -> None:
    _before, _title, after = PAGE.read_text().partition("## By example\n")
    examples = re.findall(r"^\| `([^`]+)` \|", after.partition("\n## ")[0], flags=re.MULTILINE)
    assert len(examples) > 15
    for example in examples:
        assert any(is_understood(example, fields) for fields in SUBJECTS.values()), example
