"""Every source stopped, frozen, broken or dripping, under the real dashboard.

The screen answers throughout, the rows stay and grow old, and all comes back
without a key press. How quickly it answers is measured by `benchmarks/bench_end_to_end.py`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.end_to_end.misbehaving_sources import (
    JOBS,
    MODES,
    SCREENS,
    SECRETS,
    SITES,
    all_fresh,
    all_stale,
    sources,
)
from tests.end_to_end.terminal import Terminal
from tests.fakes.misbehaving import Mode


@pytest.mark.slow
def test_sources_may_do_what_they_like(tmp_path: Path) -> None:
    with sources(tmp_path) as (config, servers):
        command = [sys.executable, "-m", "smic_tui"]
        command += ["--config", str(config), "--cache", str(tmp_path / "cache")]
        with Terminal(command, env=SECRETS) as terminal:
            terminal.wait_for(all_fresh)
            for mode in MODES:
                for server in servers:
                    server.mode = mode
                # All four become stale, their rows stay, and nothing of them is green.
                text = terminal.wait_for(all_stale)
                assert f"{SITES:,} sites" in text, mode
                assert f"{JOBS:,} backups " in text, mode
                assert re.search(rf"\? {JOBS} unknown", text), mode
                for key, sign in SCREENS:
                    terminal.press(key)
                    terminal.wait_for(sign)
                for server in servers:
                    server.mode = Mode.OK
                terminal.wait_for(all_fresh)
            terminal.press("q")
            terminal.settle(0.5)
            assert terminal.end() == 0
