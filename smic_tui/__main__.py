"""The program: `smic-tui` and `python -m smic_tui`."""

from __future__ import annotations

import sys

from smic_tui.system import streams
from smic_tui.terminal import first_paint


def main() -> int:
    """Run with the arguments of the command line; the exit code."""
    streams.prepare()
    try:
        first_paint.paint(sys.argv[1:])
        from smic_tui.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    finally:
        first_paint.give_back()


if __name__ == "__main__":
    sys.exit(main())
