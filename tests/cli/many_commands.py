"""Runs many command lines in children of one process, which has imported the program once.

    python many_commands.py OUT MODE

OUT/commands.json is a list of command lines; MODE is `file`, or `pipe` for a reader that has
gone away. Writes OUT/N.out and OUT/N.err, and OUT/codes.json.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

import smic_tui.__main__ as program
from smic_tui.cli.main import MODULES


def run_one(arguments: list[str], out: Path, number: int, mode: str) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 99
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        if mode == "pipe":
            reading, writing = os.pipe()
            os.close(reading)
            os.dup2(writing, 1)
        else:
            os.dup2(os.open(out / f"{number}.out", os.O_WRONLY | os.O_CREAT, 0o600), 1)
        os.dup2(os.open(out / f"{number}.err", os.O_WRONLY | os.O_CREAT, 0o600), 2)
        # As the system hands them over: as bytes, which the locale may not explain.
        given = [os.fsdecode(each.encode("utf-8", "surrogateescape")) for each in arguments]
        sys.argv = ["smic-tui", *given]
        code = program.main()
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit as ending:
        code = int(ending.code or 0)
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode("ascii", "replace"))
    finally:
        os._exit(code)


def main() -> None:
    out, mode = Path(sys.argv[1]), sys.argv[2]
    for module in set(MODULES.values()) - {"smic_tui.cli.dashboard"}:
        importlib.import_module(module)
    # What they write goes to a folder of the test's.
    os.chdir(out)
    commands = json.loads((out / "commands.json").read_text())
    codes = [run_one(each, out, number, mode) for number, each in enumerate(commands)]
    (out / "codes.json").write_text(json.dumps(codes))


if __name__ == "__main__":
    main()
