"""Measures what the program costs from 712 to 50,000 sites, in one run, with ratios.

    python -m benchmarks.bench_scale [--sizes 712,50000] [--communes FILE] [--svg FILE]

Each size is measured in a process of its own, so that memory is that of this size alone.
50,000 sites have 150,000 backup jobs with 300,000 runs, and 100,000 open tickets.
`--communes` takes the names of the file data/communes.json of the npm package
@etalab/decoupage-administratif; without it the sites have the names of the shipped
communes, with numbers. `--svg` draws cost against size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = ("fill", "core", "screen", "frames")
SIZES = (712, 2000, 7000, 20000, 50000)
QUICK = (712, 7000)

# The rows of the table: times in milliseconds, of the processor and by the clock.
TIMES = (
    ("paint", "start to first rows on screen"),
    ("all", "start to all rows on screen"),
    ("load", "cache to first snapshot"),
    ("assess_first", "assess, with lines and sums, the first time"),
    ("assess_again", "assess, with lines and sums, nothing changed"),
    ("assess_changed", "assess, with lines and sums, 1 % changed"),
    ("commit", "commit of 1 % changed, all sources"),
    ("evaluate", "evaluate the alert rules, 1 % changed"),
    ("refresh", "refresh, 1 % changed, to screen"),
    ("filter_first", "filter tickets, the first key"),
    ("filter_tickets_text", "filter tickets, text, the slowest key"),
    ("filter_tickets_field", "filter tickets, field, one key"),
    ("filter_sites_text", "filter sites, text, the slowest key"),
    ("filter_sites_field", "filter sites, field, one key"),
    ("screen_filter", "filter key to rows on screen, tickets"),
    ("sort", "sort tickets by subject"),
    ("key_overview", "key, overview"),
    ("key_sites", "key, sites"),
    ("key_tickets", "key, tickets"),
    ("key_backups", "key, backups"),
    ("dossier", "open a dossier"),
    ("block_start", "longest loop block, start"),
    ("block_keys", "longest loop block, keys"),
    ("block_refresh", "longest loop block, refresh"),
    ("block_terminal", "longest loop block, refresh with keys in a terminal"),
)
# Keys in a terminal while all sources are refreshed (see `_scale_frames`), by the clock.
FRAMES = (
    ("frame_quiet", "key to its frame, in quiet, median, ms"),
    ("frame_quiet_longest", "key to its frame, in quiet, longest, ms"),
    ("frame_refresh", "key to its frame, during a refresh, median, ms"),
    ("frame_longest", "key to its frame, during a refresh, longest, ms"),
    ("frames_keys", "keys pressed during refreshes"),
    ("frames_lost", "of these without a frame of their own"),
    ("frames_late", "of these later than 50 ms"),
    ("frames_late_quiet", "of as many in quiet, later than 50 ms"),
    ("frame_waited", "waited for a core that others had, during the refreshes, ms"),
)
SIZES_OF = (
    ("rss_mb", "memory (RSS) at the end"),
    ("peak_mb", "memory (RSS), peak"),
    ("files_mb", "files of the cache"),
)


def measured(size: int, communes: Path | None) -> dict[str, float]:
    """Returns the figures of one size; cache and screens are measured in a process each."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("SMIC_TUI_BENCH")) as folder:
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.bench_scale"]
            command += ["--one", str(size), "--step", step, folder]
            if communes is not None:
                command += ["--communes", str(communes)]
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True
            )
            found |= json.loads(done.stdout)
    return found


def table(results: dict[int, dict[str, float]]) -> str:
    """Returns the figures as a Markdown table.

    The last column is the ratio of the largest size to the smallest.
    """
    sizes = sorted(results)
    head = ["", *(f"{size:,} sites" for size in sizes), "largest / smallest"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(sizes) + 1)]
    for key, label in TIMES:
        cells = [
            f"{_short(results[size][f'{key} cpu'])} ({_short(results[size][key])})"
            for size in sizes
        ]
        lines.append(_line(f"{label}, ms", cells, [results[s][f"{key} cpu"] for s in sizes]))
    for key, label in FRAMES:
        values = [results[size][key] for size in sizes]
        form = str if key.startswith("frames") else _short
        lines.append(_line(label, list(map(form, values)), values))
    for key, label in SIZES_OF:
        values = [results[size][key] for size in sizes]
        lines.append(_line(f"{label}, MB", list(map(_short, values)), values))
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _line(label: str, cells: list[str], values: list[float]) -> str:
    ratio = values[-1] / values[0] if values[0] else float("nan")
    return f"| {label} | " + " | ".join(cells) + f" | {ratio:.2f} |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    quick = bool(os.environ.get("BENCH_QUICK"))
    parser.add_argument("--sizes", default=",".join(map(str, QUICK if quick else SIZES)))
    parser.add_argument("--communes", type=Path)
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        from benchmarks._scale_one import measure

        size, folder = int(arguments.one), Path(arguments.folder)
        print(json.dumps(measure(arguments.step, folder, size, arguments.communes)))
        return
    results = {}
    for size in map(int, arguments.sizes.split(",")):
        print(f"measuring {size} sites …", file=sys.stderr)
        results[size] = measured(size, arguments.communes)
    print(table(results))
    if arguments.svg:
        from benchmarks._scale_picture import draw

        arguments.svg.write_text(draw(results), encoding="utf-8")


if __name__ == "__main__":
    main()
