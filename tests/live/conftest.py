"""The real systems, started once for all tests that want them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rig_icinga2 import IcingaRig
from rig_redmine import RedmineRig


@pytest.fixture(scope="session")
def icinga(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IcingaRig]:
    """An Icinga 2 all of whose objects have been checked once."""
    rig = IcingaRig(tmp_path_factory.mktemp("icinga2"))
    try:
        rig.daemon.start()
        rig.wait_until_all_is_checked()
        yield rig
    finally:
        rig.daemon.stop()


@pytest.fixture(scope="session")
def redmine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedmineRig]:
    """A Redmine with the issues of `seed_redmine.rb`."""
    rig = RedmineRig(tmp_path_factory.mktemp("redmine"))
    try:
        rig.daemon.start()
        yield rig
    finally:
        rig.daemon.stop()
