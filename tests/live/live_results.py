"""What the live suite found: kept by system, printed as a table, written into the documentation.

    python tests/live/live_results.py docs/sources.md

writes the table of all that is kept between the two marker lines of that page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KEPT = Path(__file__).resolve().parents[2] / ".live-results"
BEGIN = "<!-- live results: begin -->"
END = "<!-- live results: end -->"

# The scenarios of `live_suite`, by test, in the order and with the titles of the table.
SCENARIOS = {
    "test_first_full_reading": "first full",
    "test_a_change_is_seen": "incremental",
    "test_a_deletion_is_seen": "deletion",
    "test_rights_missing": "rights missing",
    "test_bad_credentials": "bad credentials",
    "test_self_signed_certificate": "self-signed",
    "test_down_and_back": "down, back up",
    "test_frozen": "frozen",
    "test_dripping": "dripping",
    "test_truncated": "truncated",
    "test_html_instead_of_json": "HTML",
    "test_nothing_has_changed": "nothing changed",
}
CONFORMANCE = "conformance"
_CELLS = {"passed": "yes", "skipped": "n/a", "failed": "**NO**"}


class Results:
    """The results of one session; `take` is given every report of pytest's."""

    def __init__(self) -> None:
        self._systems: dict[str, dict[str, Any]] = {}

    def take(self, report: Any) -> None:
        """Note how a test of the suite ended; other tests are none of its business."""
        properties = dict(report.user_properties)
        system = properties.get("system")
        if system is None or (report.when != "call" and report.outcome == "passed"):
            return
        found = self._systems.setdefault(
            system, {"system": system, "scenarios": {}, "figures": {}, "reasons": {}, "kit": [0, 0]}
        )
        found["version"] = properties["version"]
        found["date"] = properties["date"]
        name = report.nodeid.rpartition("::")[2]
        if name in SCENARIOS:
            title = SCENARIOS[name]
            # What failed once has failed, also if its ending went well.
            if found["scenarios"].get(title) != "failed":
                found["scenarios"][title] = report.outcome
            if report.outcome == "skipped":
                found["reasons"][title] = properties.get("n/a", "")
        elif report.when == "call":
            found["kit"][0] += report.outcome == "passed"
            found["kit"][1] += 1
        known = ("system", "version", "date", "n/a")
        found["figures"].update({k: v for k, v in properties.items() if k not in known})

    def keep(self) -> None:
        """Put what was found beside what is kept of other systems and scenarios."""
        for system, found in self._systems.items():
            KEPT.mkdir(exist_ok=True)
            place = KEPT / f"{system}.json"
            before = json.loads(place.read_text()) if place.exists() else {}
            for part in ("scenarios", "figures", "reasons"):
                found[part] = {**before.get(part, {}), **found[part]}
            if not found["kit"][1]:
                found["kit"] = before.get("kit", [0, 0])
            place.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True))

    def lines(self) -> list[str]:
        """The table of this session's systems, or nothing."""
        return list(table(self._systems.values())) if self._systems else []


def kept() -> list[dict[str, Any]]:
    """All that is kept, by the systems' names."""
    return [json.loads(file.read_text()) for file in sorted(KEPT.glob("*.json"))]


def table(results: Any) -> Iterator[str]:
    """Two tables in Markdown: what it cost, and how each scenario ended."""
    results = sorted(results, key=lambda each: each["system"].lower())
    yield "| system | version | date | rows | first full | nothing changed | ratio | one change |"
    yield "|---|---|---|---:|---:|---:|---:|---:|"
    for each in results:
        figures = each["figures"]
        full, quiet = figures.get("full"), figures.get("quiet")
        ratio = f"{100 * quiet / full:.1f} %" if full and quiet is not None else "–"
        cells = [
            each["system"],
            each["version"],
            each["date"],
            str(figures.get("rows", "–")),
            f"{_size(full)}, {figures['full s']:.1f} s" if "full s" in figures else "–",
            _size(quiet),
            ratio + (f" ({figures['floor']})" if figures.get("floor") else ""),
            _size(figures.get("change")),
        ]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    titles = list(SCENARIOS.values())
    yield f"| scenario | {' | '.join(each['system'] for each in results)} |"
    yield "|---|" + "---|" * len(results)
    notes: list[str] = []
    for title in titles:
        cells = []
        for each in results:
            outcome = each["scenarios"].get(title)
            cell = _CELLS.get(outcome, "–")
            if outcome == "skipped" and (reason := each["reasons"].get(title)):
                if reason not in notes:
                    notes.append(reason)
                cell += f" [{notes.index(reason) + 1}]"
            cells.append(cell)
        yield f"| {title} | {' | '.join(cells)} |"
    kits = ["/".join(str(count) for count in each["kit"]) for each in results]
    yield f"| {CONFORMANCE} | {' | '.join(kits)} |"
    yield ""
    for number, reason in enumerate(notes, 1):
        yield f"[{number}] {reason}  "


def _size(count: int | None) -> str:
    if count is None:
        return "–"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.2f} MB"


def write(page: Path) -> None:
    """Replace what stands between the marker lines of a page."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} lacks the lines {BEGIN} and {END}")
    lines = "\n".join(table(kept()))
    page.write_text(f"{before}{begin}\n\n{lines.rstrip()}\n\n{end}{after}")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
