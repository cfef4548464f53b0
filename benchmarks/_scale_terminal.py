"""Runs the dashboard in a terminal; signals tell it what to measure.

usage: python -m benchmarks._scale_terminal FOLDER REPORT

SIGUSR1: the next reading changes 1 % of all rows. SIGUSR2: write the longest pauses of the
event loop since the last signal. The program answers each with a line in REPORT.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

# As the program itself begins; Textual looks at it when it is imported.
os.environ.setdefault("TEXTUAL_FPS", "250")

from benchmarks import _scale_data as data
from benchmarks._scale_app import Memory, change_a_part, make_app
from benchmarks._scale_figures import Heart
from smic_tui.app import SmicApp
from smic_tui.terminal.choice import chosen_driver
from smic_tui.terminal.profile import AUTO


class Measured(SmicApp):
    """The dashboard itself, which answers two signals."""

    report: Path

    def on_mount(self) -> None:
        self._round = 0
        self._heart = Heart()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._change)
        loop.add_signal_handler(signal.SIGUSR2, self._tell)

    def _change(self) -> None:
        self._round += 1
        change_a_part(self.cache, self._round)
        self.call_later(self._tell)

    def _tell(self) -> None:
        told: dict[str, Any] = {
            "whole": not self.situation.is_partial and self.collector.is_writer,
            "block": self._heart.take()[0],
            "unread": sum(map(len, Memory.waiting.values())),
        }
        with self.report.open("a") as file:
            file.write(json.dumps(told) + "\n")


def main() -> None:
    """Runs until `q` is pressed."""
    # As the program itself begins.
    gc.disable()
    folder, Measured.report = map(Path, sys.argv[1:])
    driver = chosen_driver("lean", AUTO, os.environ)
    app = make_app(folder, data.settings(), Measured, driver_class=driver)
    app.run()


if __name__ == "__main__":
    main()
