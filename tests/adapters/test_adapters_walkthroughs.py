"""The pages of the kinds: each has one, its examples are valid, doctor has these words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from babel.messages.pofile import read_po

from smic_tui.collecting import registry
from smic_tui.config.load import COMMON_KEYS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CATALOGUE = ROOT / "smic_tui" / "locale" / "fr" / "LC_MESSAGES" / "smic_tui.po"
BLOCKS = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = {
    "icinga2": {"icinga2"},
    "redmine": {"redmine"},
    "restic": {"restic"},
    "borg": {"borg"},
    "tables": {"csv", "json"},
}
# What another program said, or the configuration holds.
VARIABLE = re.compile(r"\\\{\w+(?::\w+)?\\\}")


def sources(page: str) -> list[dict[str, Any]]:
    """The sources of all examples of a page."""
    text = (DOCS / "sources" / f"{page}.md").read_text("utf-8")
    tables = [tomllib.loads(block)["sources"] for block in BLOCKS.findall(text)]
    return [source for table in tables for source in table.values()]


def told(page: str) -> Iterator[str]:
    """What doctor tells as an error and as what is to be done, line breaks taken out."""
    text = (DOCS / "sources" / f"{page}.md").read_text("utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    for block in blocks:
        for entry in re.findall(r"^ {6}(?:error|to do) +(.+\n(?: {18}.+\n)*)", block, re.MULTILINE):
            yield " ".join(entry.split())


@pytest.mark.parametrize("page", PAGES)
def test_examples_are_valid(page: str) -> None:
    shown = sources(page)
    assert {source["kind"] for source in shown} == PAGES[page]
    for source in shown:
        options = {key: value for key, value in source.items() if key not in COMMON_KEYS}
        msgspec.convert(options, registry.find(source["kind"]).config_type)


def is_known(part: str, known: list[re.Pattern[str]]) -> bool:
    """Whether the program has these words: as they are, behind a name, or as sentences."""
    ways = (
        [part],
        [re.sub(r"^(?:\d{5}/\w+|\w+\.\w+): ", "", part)],
        re.split(r"(?<=[.?]) (?=[A-Z])", part),
    )
    return any(all(any(one.fullmatch(text) for one in known) for text in way) for way in ways)


@pytest.mark.parametrize("page", PAGES)
def test_doctor_has_these_words(page: str) -> None:
    with CATALOGUE.open("rb") as file:
        identifiers = [message.id for message in read_po(file) if message.id]
    texts = [text for id in identifiers for text in ([id] if isinstance(id, str) else id)]
    known = [
        re.compile(VARIABLE.sub(".+", re.escape(text)))
        for text in texts
        # One that is nothing but what another program said would fit anything.
        if len(re.sub(r"\{\w+(?::\w+)?\}|\W", "", text)) >= 3
    ]
    entries = list(told(page))
    assert len(entries) >= 10
    for entry in entries:
        for part in entry.split(" — "):
            assert part.startswith("chmod ") or is_known(part, known), part


def test_every_kind_has_a_page_in_the_list() -> None:
    listed = (DOCS / "sources.md").read_text("utf-8").partition("## The kinds\n")[2]
    listed = listed.partition("\n## ")[0]
    words = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^- \[(.+?)\]", listed, re.MULTILINE))))
    assert {kind for kind in registry.kinds() if kind != "sample"} <= words
    pages = {path.name for path in (DOCS / "sources").glob("*.md")}
    assert set(re.findall(r"\(sources/(.+?)\)", listed)) == pages


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as they are shown on the web."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda path: path.name
)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        file, _sharp, anchor = target.partition("#")
        page = (path.parent / file).resolve() if file else path
        assert page.exists(), target
        assert not anchor or anchor in anchors(page), target
