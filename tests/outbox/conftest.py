"""A ticket system in memory, and an office that sends to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smic_tui.collecting import sender as sending
from tests.outbox.outbox_desk import Desk, Office, ticket


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a server that is in this process."""
    monkeypatch.setattr(sending, "SETTLE", 0.05)
    monkeypatch.setattr(sending, "SHOWS_WITHIN", 0.05)
    monkeypatch.setattr(sending, "_LOOKS", (0.01,))


@pytest.fixture
def desk() -> Desk:
    return Desk(ticket("1"), ticket("2", subject="Écran bleu"))


@pytest.fixture
def open_office(tmp_path: Path, desk: Desk) -> Iterator[Callable[..., Office]]:
    made: list[Office] = []

    def make(**source: object) -> Office:
        if made:
            made[-1].close()
        made.append(Office(tmp_path / "cache", desk, **source))
        return made[-1]

    yield make
    for office in made:
        office.close()


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    return open_office()
