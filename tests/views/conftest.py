"""Views speak English here, whatever the test before wanted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smic_tui import i18n


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("en")
