"""The program: `smic-tui` and `python -m smic_tui`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run with the arguments of the command line; the exit code."""
    try:
        from smic_tui.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
