"""The order of the packages is held: a wrong import into any of them is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("smic_tui", "widgets", "adapters")

# Package: a module that none of its modules may import, and the contract that says so.
DOWNWARDS = "The program: imports run downwards"
KINDS = "The adapters: kinds know what they share, and not each other"
WRONG = {
    "smic_tui.cache": ("smic_tui.insight.assess", DOWNWARDS),
    "smic_tui.calendars": ("smic_tui.query.words", DOWNWARDS),
    "smic_tui.cli": ("adapters.shared.values", "Adapters are reached through entry points only"),
    "smic_tui.collecting": ("smic_tui.insight.assess", DOWNWARDS),
    "smic_tui.config": ("smic_tui.cache.cache", DOWNWARDS),
    "smic_tui.contract": ("smic_tui.model.snapshot", DOWNWARDS),
    "smic_tui.duty": ("smic_tui.views.human", DOWNWARDS),
    "smic_tui.hub": ("smic_tui.outbox.box", DOWNWARDS),
    "smic_tui.insight": ("smic_tui.collecting.registry", DOWNWARDS),
    "smic_tui.model": ("smic_tui.config.schema", DOWNWARDS),
    "smic_tui.outbox": ("smic_tui.cache.cache", DOWNWARDS),
    "smic_tui.quantities": ("smic_tui.config.schema", DOWNWARDS),
    "smic_tui.query": ("smic_tui.insight.names", DOWNWARDS),
    "smic_tui.sample": ("httpx", "No network outside adapters"),
    "smic_tui.screens": ("smic_tui.app", DOWNWARDS),
    "smic_tui.startup": ("smic_tui.wiring", DOWNWARDS),
    "smic_tui.system": ("smic_tui.text", DOWNWARDS),
    "smic_tui.terminal": ("smic_tui.model.facts", DOWNWARDS),
    "smic_tui.testing": ("smic_tui.model.facts", DOWNWARDS),
    "smic_tui.views": ("smic_tui.terminal.profile", "The terminal knows nothing of ours"),
    "widgets": ("smic_tui.model.facts", "Widgets draw what they are given"),
    "adapters.alertmanager": ("adapters.prometheus.options", KINDS),
    "adapters.backuppc": ("adapters.bacula.jobs", KINDS),
    "adapters.bacula": ("adapters.backuppc.files", KINDS),
    "adapters.borg": ("adapters.restic.adapter", KINDS),
    "adapters.centreon": ("adapters.icinga2.objects", KINDS),
    "adapters.csv_files": ("adapters.json_files.adapter", KINDS),
    "adapters.glpi": ("adapters.redmine.words", KINDS),
    "adapters.http": ("adapters.ticketing.words", KINDS),
    "adapters.hub": ("smic_tui.cache.cache", "Adapters know the contract and records"),
    "adapters.icinga2": ("adapters.nagios.rows", KINDS),
    "adapters.journal": ("adapters.rt.options", KINDS),
    "adapters.json_files": ("adapters.csv_files.adapter", KINDS),
    "adapters.nagios": ("textual", "Adapters know the contract and records"),
    "adapters.ping": ("smic_tui.config.schema", "Adapters know the contract and records"),
    "adapters.prometheus": ("adapters.alertmanager.options", KINDS),
    "adapters.proxmox_backup": ("adapters.zabbix.api", KINDS),
    "adapters.redmine": ("adapters.glpi.cells", KINDS),
    "adapters.repositories": ("adapters.sql.options", KINDS),
    "adapters.restic": ("adapters.borg.adapter", KINDS),
    "adapters.rt": ("adapters.zammad.tickets", KINDS),
    "adapters.shared": ("adapters.http.session", KINDS),
    "adapters.sql": ("adapters.bacula.catalogue", KINDS),
    "adapters.tables": ("adapters.sql.options", KINDS),
    "adapters.ticketing": ("adapters.rt.tickets", KINDS),
    "adapters.zabbix": ("smic_tui.insight.names", "Adapters know the contract and records"),
    "adapters.zammad": ("adapters.rt.tickets", KINDS),
}


def packages() -> set[str]:
    """Every package that has modules, but for the three that only hold others."""
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py" and path.parent.name not in {"locale"}
    }
    # What stands within a package of the order is held by that package's place in it.
    return {"widgets"} | {".".join(name.split(".")[:2]) for name in found if name.count(".") >= 1}


def test_a_wrong_import_is_named_for_every_package() -> None:
    assert packages() == set(WRONG)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each broken contract about a copy of the code that has all of them."""
    folder = tmp_path_factory.mktemp("wrong")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package, (module, _contract) in WRONG.items():
        wrong = folder / package.replace(".", "/") / "wrong_import.py"
        wrong.write_text(f"import {module}\n", encoding="utf-8")
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1, done.stdout + done.stderr
    details = done.stdout.partition("Broken contracts")[2]
    parts = re.split(r"^(.+)\n-+$", details, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("package", sorted(WRONG))
def test_a_wrong_import_is_refused(package: str, report: dict[str, str]) -> None:
    module, contract = WRONG[package]
    (said,) = [text for name, text in report.items() if name.startswith(contract)]
    assert f"{package}.wrong_import -> {module}" in said
