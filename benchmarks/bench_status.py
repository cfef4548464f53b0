"""What `smic-tui status` costs with a full cache, beside `import msgspec, tinydb`.

    python benchmarks/bench_status.py [--runs N]

The sample is written and read into a temporary home; then the two commands run
in turn, as whole processes. The ratio of the medians is what counts: it is
nearly the same on every machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import msgspec, tinydb": ["-c", "import msgspec, tinydb"],
    "smic-tui --version": ["-m", "smic_tui", "--version"],
    "smic-tui status": ["-m", "smic_tui", "status"],
    "smic-tui list sites": ["-m", "smic_tui", "list", "sites"],
}
BASE = "import msgspec, tinydb"


def run(arguments: list[str], env: dict[str, str], home: str) -> float:
    """Seconds that one process takes, from start to end."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    quick = bool(os.environ.get("BENCH_QUICK"))
    parser.add_argument("--runs", type=int, default=5 if quick else 15)
    runs = parser.parse_args().runs
    with TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        run(["-m", "smic_tui", "sync"], env, home)
        run(["-m", "smic_tui", "status"], env, home)
        times: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _turn in range(runs):
            for name, arguments in COMMANDS.items():
                times[name].append(run(arguments, env, home))
    base = statistics.median(times[BASE])
    print(f"{'command':24} {'min':>8} {'median':>8} {'ratio':>6}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:24} {min(taken) * 1000:6.0f}ms {median * 1000:6.0f}ms {median / base:6.2f}")


if __name__ == "__main__":
    main()
