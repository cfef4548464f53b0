"""The real systems, started once for all tests that want them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.live_results import Results
from tests.live.rig_alertmanager import AlertmanagerRig
from tests.live.rig_icinga2 import IcingaRig
from tests.live.rig_prometheus import PrometheusRig
from tests.live.rig_redmine import RedmineRig
from tests.live.rig_rt import RtRig

RESULTS = pytest.StashKey[Results]()


def pytest_configure(config: pytest.Config) -> None:
    """What the live suite finds is kept, and printed as one table at the end."""
    config.stash[RESULTS] = results = Results()

    class Recorder:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            results.take(report)

    config.pluginmanager.register(Recorder())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table and keep it for `make sources-table`."""
    results = config.stash[RESULTS]
    if lines := results.lines():
        results.keep()
        terminalreporter.section("live results")
        for line in lines:
            terminalreporter.write_line(line)


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


@pytest.fixture(scope="session")
def rt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtRig]:
    """A Request Tracker with the tickets of `seed_rt.pl`."""
    rig = RtRig(tmp_path_factory.mktemp("rt"))
    try:
        rig.daemon.start()
        yield rig
    finally:
        rig.daemon.stop()


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusRig]:
    """A Prometheus whose blackbox exporter has probed every site once."""
    rig = PrometheusRig(tmp_path_factory.mktemp("prometheus"))
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


@pytest.fixture(scope="session")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertmanagerRig]:
    """An Alertmanager with hundreds of alerts."""
    rig = AlertmanagerRig(tmp_path_factory.mktemp("alertmanager"))
    try:
        rig.daemon.start()
        yield rig
    finally:
        rig.daemon.stop()
