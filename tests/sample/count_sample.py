"""Count in the files of a sample what `smic-tui status --json` ought to say of them.

    python tests/sample/count_sample.py FOLDER [NOW]

Standard library only, and nothing of smic_tui: whoever doubts the program's
counts compares them with these. NOW is ISO 8601 with an offset; the present if
absent. Rows that are no rows of a source are passed over by this script's own
eyes: it knows the sheets of the sample, not the rules of the adapters.
"""

from __future__ import annotations

import csv
import json
import sys
import tomllib
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
BACKUP_STATES = ("fresh", "running", "late", "overdue", "failed", "never", "unknown")


def plain(name: str) -> str:
    """A name without accents, case and signs, "st" and "ste" written out."""
    letters = unicodedata.normalize("NFKD", name.lower())
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    words = "".join(c if c.isalnum() else " " for c in letters).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def sheet(path: Path, encoding: str) -> list[dict[str, str]]:
    """The rows of a sheet that are as long as its header."""
    with path.open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]


def register(folder: Path) -> dict[str, str]:
    """Names of the sites by code, without headings, sums, sketches and copies."""
    sites: dict[str, str] = {}
    for row in sheet(folder / "sites.csv", "cp1252"):
        code, population = row["Code"], row["Population"].replace("\u00a0", "")
        if code and (not population or population.isdigit()):
            sites.setdefault(code, row["Site"])
    return sites


class Places:
    """Which site a text means."""

    def __init__(self, sites: dict[str, str], aliases: dict[str, str]) -> None:
        self.sites = sites
        self.names = {plain(name): code for code, name in sites.items()}
        self.aliases = {plain(name): code for name, code in aliases.items()}

    def find(self, text: str) -> str | None:
        """Its code."""
        if text in self.sites:
            return text
        return self.names.get(plain(text)) or self.aliases.get(plain(text))


def count_sites(folder: Path, places: Places) -> dict[str, int]:
    """Down is a site whose host does not answer; unknown one that has no host."""
    seen: dict[str, bool] = {}
    for thing in json.loads((folder / "monitoring.json").read_text())["objets"]:
        code = places.find(thing["hote"]["site"])
        if code and not thing["service"]:
            down = thing["etat"] in ("DOWN", "UNREACHABLE")
            seen[code] = seen.get(code, False) or down
    return {
        "total": len(places.sites),
        "down": sum(seen.values()),
        "unknown": len(places.sites.keys() - seen.keys()),
    }


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Those of metropolitan France; Easter after Meeus."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    easter = date(year, month, day + 1)
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    moving = (easter + timedelta(days=after) for after in (1, 39, 50))
    return frozenset((*(date(year, *one) for one in fixed), *moving))


def at(day: date, wall: time) -> datetime:
    """A local time as a moment; of a doubled hour the first."""
    return datetime.combine(day, wall, PARIS).astimezone(UTC)


class Job:
    """A row of the plan, and its runs."""

    def __init__(self, row: dict[str, str]) -> None:
        self.period = hours(row["Tous les"])
        self.grace = hours(row["Tolérance"])
        self.closed = {WEEKDAYS.index(day.strip()) for day in row["Jours fermés"].split(",") if day}
        self.holidays = row["Fermé les fériés"] == "oui"
        self.moments: list[time] = []
        self.days: set[int] = set()
        if row["Calendrier"]:
            minute, at_hours, _day, _month, weekdays = row["Calendrier"].split()
            self.moments = [time(int(hour), int(minute)) for hour in at_hours.split(",")]
            self.days = cron_days(weekdays)
        self.runs: list[dict[str, Any]] = []

    def is_closed(self, day: date) -> bool:
        """Whether no run is expected that day."""
        holiday = self.holidays and day in public_holidays(day.year)
        return day.weekday() in self.closed or holiday

    def expected(self, started: datetime) -> datetime:
        """When the run after that one is due."""
        if not self.moments:
            due = started + self.period
            day, wall = due.astimezone(PARIS).date(), due.astimezone(PARIS).time()
            if not self.is_closed(day):
                return due
            while self.is_closed(day):
                day += timedelta(days=1)
            return at(day, wall)
        day = started.astimezone(PARIS).date()
        while True:
            if day.weekday() in self.days and not self.is_closed(day):
                for wall in self.moments:
                    due = at(day, wall)
                    if due > started + timedelta(minutes=5):
                        return due
            day += timedelta(days=1)

    def state(self, now: datetime) -> str:
        """What is to be said of the backup at `now`."""
        runs = [run for run in self.runs if when(run["debut"]) <= now + timedelta(hours=1)]
        runs.sort(key=lambda run: (when(run["debut"]), run["id"]))
        ended = [run for run in runs if run["resultat"] != "en cours"]
        good = [run for run in ended if run["resultat"] != "échec"]
        if runs and runs[-1]["resultat"] == "en cours":
            hung = now >= self.expected(when(runs[-1]["debut"])) + self.grace
            if hung:
                return "failed"
            hides = good and now >= self.expected(when(good[-1]["debut"])) + self.grace
            return "overdue" if hides else "running"
        if not ended:
            return "never"
        if ended[-1]["resultat"] == "échec":
            return "failed"
        due = self.expected(when(good[-1]["debut"]))
        if now < due:
            return "fresh"
        return "late" if now < due + self.grace else "overdue"


def cron_days(text: str) -> set[int]:
    """Weekdays of a cron expression as Python counts them."""
    if text == "*":
        return set(range(7))
    first, _dash, last = text.partition("-")
    if last:
        return {day - 1 for day in range(int(first), int(last) + 1)}
    return {(int(day) - 1) % 7 for day in text.split(",")}


def hours(text: str) -> timedelta:
    """« 12 h » or « 7 j »."""
    number, _blank, unit = text.partition(" ")
    return timedelta(hours=int(number) * (24 if unit == "j" else 1)) if text else timedelta()


def when(text: str) -> datetime:
    """A moment of the journal."""
    return datetime.fromisoformat(text)


def count_backups(folder: Path, places: Places, now: datetime) -> dict[str, int]:
    """All jobs of the plan by state."""
    jobs: dict[str, Job] = {}
    by_place: dict[tuple[str | None, str], Job] = {}
    for row in sheet(folder / "backup_plan.csv", "utf-8-sig"):
        job = jobs[row["Réf"]] = Job(row)
        by_place[places.find(row["Site"]), row["Application"]] = job
    for line in (folder / "backup_journal.jsonl").read_text().splitlines():
        run = json.loads(line)
        if "travail" in run:
            jobs[run["travail"]].runs.append(run)
        else:
            by_place[places.find(run["site"]), run["application"]].runs.append(run)
    states = Counter(job.state(now) for job in jobs.values())
    return {"total": len(jobs), **{state: states[state] for state in BACKUP_STATES}}


def count_tickets(folder: Path, now: datetime) -> dict[str, int]:
    """Open tickets, and those among them whose date has passed."""
    rows = sheet(folder / "tickets.csv", "utf-8")
    still_open = [row for row in rows if row["État"] not in ("Résolu", "Clos")]
    dates = [row["Échéance"] for row in still_open if row["Échéance"]]
    local = [datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=PARIS) for text in dates]
    return {"open": len(still_open), "overdue": sum(one.astimezone(UTC) < now for one in local)}


def count_requests(folder: Path) -> dict[str, int]:
    """Requests that go on, and those among them that wait for the syndicate."""
    rows = json.loads((folder / "requests.json").read_text())["demandes"]
    going_on = [row for row in rows if row["etape"] not in ("terminé", "refusé")]
    ours = [row for row in going_on if row["suivi"]["balle"] == "syndicat"]
    return {"open": len(going_on), "waiting_on_us": len(ours)}


def count(folder: Path, now: datetime) -> dict[str, dict[str, int]]:
    """Everything, in the shape of `status --json`."""
    aliases = tomllib.loads((folder / "config.toml").read_text())["matching"]["aliases"]
    places = Places(register(folder), aliases)
    return {
        "sites": count_sites(folder, places),
        "backups": count_backups(folder, places, now),
        "tickets": count_tickets(folder, now),
        "requests": count_requests(folder),
    }


if __name__ == "__main__":
    moment = datetime.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else datetime.now(UTC)
    print(json.dumps(count(Path(sys.argv[1]), moment), indent=2))
