"""What the program costs from 700 to 50,000 sites, in one run, with ratios.

    python benchmarks/bench_scale.py [--sizes 700,50000] [--communes FILE] [--svg FILE]

Each size is measured in a process of its own, so that memory is that of this
size alone: 50,000 sites have 150,000 backup jobs with 300,000 runs and 100,000 open
tickets. `--communes` takes names from the file data/communes.json of the npm package
@etalab/decoupage-administratif; without it the shipped communes are numbered.
`--svg` draws cost against size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

STEPS = ("fill", "core", "screen")
SIZES = (700, 2000, 7000, 20000, 50000)
QUICK = (700, 7000)

# What is printed of each size; those with a bound are what has been promised.
LINES = (
    ("load_ms", "cache to first snapshot", "ms"),
    ("assess_first_ms", "assess, the first time", "ms"),
    ("assess_again_ms", "assess, nothing changed", "ms"),
    ("assess_changed_ms", "assess, 1 % changed", "ms"),
    ("commit_ms", "commit of 1 % changed, all sources", "ms"),
    ("evaluate_ms", "evaluate the alert rules", "ms"),
    ("filter_tickets_text_ms", "filter tickets, text, one key", "ms"),
    ("filter_tickets_field_ms", "filter tickets, field, one key", "ms"),
    ("filter_sites_text_ms", "filter sites, text, one key", "ms"),
    ("filter_sites_field_ms", "filter sites, field, one key", "ms"),
    ("filter_first_ms", "filter tickets, the first key", "ms"),
    ("sort_ms", "sort tickets by subject", "ms"),
    ("paint_ms", "start to first rows on screen", "ms"),
    ("key_overview_ms", "key, overview", "ms"),
    ("key_sites_ms", "key, sites", "ms"),
    ("key_tickets_ms", "key, tickets", "ms"),
    ("key_backups_ms", "key, backups", "ms"),
    ("screen_filter_ms", "filter key to rows, tickets", "ms"),
    ("dossier_ms", "open a dossier", "ms"),
    ("show_ms", "RowTable.show, all tickets", "ms"),
    ("refresh_ms", "refresh, 1 % changed, to screen", "ms"),
    ("block_start_ms", "longest loop block, start", "ms"),
    ("block_keys_ms", "longest loop block, keys", "ms"),
    ("block_refresh_ms", "longest loop block, refresh", "ms"),
    ("rss_mb", "memory (RSS) at the end", "MB"),
    ("peak_mb", "memory (RSS), peak", "MB"),
    ("files_mb", "files of the cache", "MB"),
)


def measured(size: int, communes: Path | None) -> dict[str, float]:
    """The figures of one size; the cache alone and the screens in a process each."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("SMIC_TUI_BENCH")) as folder:
        for step in STEPS:
            command = [sys.executable, __file__, "--one", str(size), "--step", step, folder]
            if communes is not None:
                command += ["--communes", str(communes)]
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True
            )
            found |= json.loads(done.stdout)
    return found


def table(results: dict[int, dict[str, float]]) -> str:
    """The figures in Markdown; the last column is the largest size over the smallest."""
    sizes = sorted(results)
    head = ["", *(f"{size:,} sites" for size in sizes), "largest / smallest"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(sizes) + 1)]
    for key, label, unit in LINES:
        values = [results[size].get(key, float("nan")) for size in sizes]
        ratio = values[-1] / values[0] if values[0] else float("nan")
        cells = [f"{value:,.1f}" if value < 100 else f"{value:,.0f}" for value in values]
        lines.append(f"| {label}, {unit} | " + " | ".join(cells) + f" | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    quick = bool(os.environ.get("BENCH_QUICK"))
    parser.add_argument("--sizes", default=",".join(map(str, QUICK if quick else SIZES)))
    parser.add_argument("--communes", type=Path)
    parser.add_argument("--svg", type=Path)
    for hidden in ("--one", "--step", "folder"):
        parser.add_argument(
            hidden, help=argparse.SUPPRESS, **({} if hidden[0] == "-" else {"nargs": "?"})
        )
    arguments = parser.parse_args()
    if arguments.one:
        from _scale_one import measure

        size, folder = int(arguments.one), Path(arguments.folder)
        print(json.dumps(measure(arguments.step, folder, size, arguments.communes)))
        return
    results = {}
    for size in map(int, arguments.sizes.split(",")):
        print(f"measuring {size} sites …", file=sys.stderr)
        results[size] = measured(size, arguments.communes)
    print(table(results))
    if arguments.svg:
        from _scale_picture import draw

        arguments.svg.write_text(draw(results), encoding="utf-8")


if __name__ == "__main__":
    main()
