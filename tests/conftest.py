"""What every test has: a home and a language of its own, and examples at any pace."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from smic_tui import i18n

# How long an example takes, and how long it takes to make one, says how busy the machine is.
settings.register_profile(
    "any pace", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any pace")


# What of a person's session would change what the program says or where it writes.
_PERSONAL = (
    *("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LC_TIME"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_STATE_HOME"),
    *("SMIC_TUI_CACHE", "SMIC_TUI_CONFIG", "SMIC_TUI_DRIVER", "SMIC_TUI_LINK"),
    *("NO_COLOR", "COLORTERM", "COLUMNS", "LINES", "EDITOR", "VISUAL", "PAGER"),
)


@pytest.fixture(scope="session", autouse=True)
def nobodys_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty home, no settings of the person who runs the tests, and an ordinary umask."""
    umask = os.umask(0o022)
    with pytest.MonkeyPatch.context() as patch:
        for name in _PERSONAL:
            patch.delenv(name, raising=False)
        patch.setenv("LANG", "C.UTF-8")
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield
    os.umask(umask)


@pytest.fixture(autouse=True)
def language_of_before() -> Iterator[None]:
    """The language that a test speaks is no matter of the next one."""
    before = i18n.language()
    yield
    i18n.use(before)
