"""The dashboard in a terminal, told by signals what to measure.

usage: python _scale_terminal.py FOLDER REPORT

SIGUSR1: with the next reading, 1 % of all rows are others. SIGUSR2: write the longest
pauses of the event loop since the last signal. Each is answered by a line in REPORT.
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

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]
# As the program itself begins; Textual looks at it when it is imported.
os.environ.setdefault("TEXTUAL_FPS", "250")

import _scale_data as data  # noqa: E402
from _scale_app import Memory, change_a_part, make_app  # noqa: E402
from _scale_figures import Heart  # noqa: E402

from smic_tui.app import SmicApp  # noqa: E402
from smic_tui.terminal.choice import chosen_driver  # noqa: E402
from smic_tui.terminal.profile import AUTO  # noqa: E402


class Measured(SmicApp):
    """The program itself, and two signals."""

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
    """Run until `q`."""
    # As the program itself begins.
    gc.disable()
    folder, Measured.report = map(Path, sys.argv[1:])
    driver = chosen_driver("lean", AUTO, os.environ)
    app = make_app(folder, data.settings(), Measured, driver_class=driver)
    app.run()


if __name__ == "__main__":
    main()
