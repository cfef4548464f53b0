"""What every test has: examples at any pace, and the language of before."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from smic_tui import i18n

# How long an example takes, and how long it takes to make one, says how busy the machine is.
settings.register_profile(
    "any pace", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any pace")


@pytest.fixture(autouse=True)
def language_of_before() -> Iterator[None]:
    """The language that a test speaks is no matter of the next one."""
    before = i18n.language()
    yield
    i18n.use(before)
