"""Ten thousand hostile texts through files, adapters, cache and screen to a real terminal.

Not one of their bytes may reach the terminal as control, nothing may crash, and
the columns must stay where they are.
"""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal

EACH = 3400

# Every number that only hostile texts use as a parameter of a sequence.
BRAND = "6661"
HOSTILE = (
    f"\x1b[{BRAND}m",
    f"\x1b[{BRAND};1H",
    "\x1b[2J\x1b[6661A",
    "\x1b]52;c;NjY2MQ==\x07",
    "\x1b]52;c;NjY2MQ==\x1b\\",
    "\x1b]0;6661 owned\x07",
    "\x1b]8;;https://example.org/6661\x1b\\click\x1b]8;;\x1b\\",
    "\x1bP6661$q\x1b\\",
    "\x1b_6661\x1b\\",
    "\x1bc\x1b(0",
    "\x9b6661m",
    "\x9d52;c;NjY2MQ==\x9c",
    "\x90" + "6661" + "\x9c",
    "\u202e6661\u202c",
    "\u2066\u2067\u2069\u200f\u061c",
    "\u200b\u200d\ufeff\u2060",
    "z\u0334\u0335\u0336\u0337\u0338",
    "\x00\x07\x08\x0e\x0f\x7f",
    "\r\n\r overwritten",
    "\t\v\f",
    "\ud83d",
    "\U000e0041\U000e007f",
    "👩\u200d👩\u200d👧\u200d👦",
    "🇫🇷🇩🇪",
    "👍🏽❤\ufe0f",
    "漢字かな",
    "[red]markup[/red] [/x]",
    "[@click=app.bell]click[/]",
    "[link=file:///etc/passwd]link[/link]",
    "{{7*7}} %s %n $(id) `id`",
    "A" * 3000,
)

# What the program itself may send: moves, erases, styles, modes and its own questions.
ALLOWED = re.compile(
    rb"\x1b\[[0-9;]*[HJKmABCDEFGXSTLMPbdr@]"
    rb"|\x1b\[\?[0-9;]+[hl]"
    rb"|\x1b\[\?[0-9;]+\$p"
    rb"|\x1b\[[<>=][0-9;]*u"
    rb"|\x1b\[\?u"
    rb"|\x1b\[[?>]?[0-9]*c"
    rb"|\x1b\[[0-9;]*[nt]"
    rb"|\x1b\[>[0-9]*q"
    rb"|\x1b]22;[a-z]*\x07"
    rb"|\x1b[78=>]"
    rb"|[\r\n\b]"
)


def hostile(chance: random.Random) -> str:
    parts = [chance.choice(HOSTILE) for _ in range(chance.randint(1, 3))]
    words = ["imprimante", "Forêt", "sauvegarde", "n°12"]
    return " ".join(chance.sample(words, 2)) + "".join(parts) + chance.choice(words)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    chance = random.Random(20261124)
    moment = "2026-11-20T08:00:00Z"
    sites = [
        {"code": f"S{n:04}", "name": hostile(chance), "line": hostile(chance)} for n in range(EACH)
    ]
    tickets = [
        {
            "key": str(n),
            "subject": hostile(chance),
            "status": "open",
            "site": f"S{n:04}",
            "owner": hostile(chance),
            "created": moment,
            "updated": moment,
            "url": hostile(chance),
        }
        for n in range(EACH)
    ]
    health = [
        {
            "key": str(n),
            "site": f"S{n:04}",
            "host": hostile(chance),
            "state": "down",
            "output": hostile(chance),
        }
        for n in range(EACH)
    ]
    for name, rows in (("sites", sites), ("tickets", tickets), ("health", health)):
        (tmp_path / f"{name}.json").write_text(json.dumps(rows), encoding="ascii")
    # Texts that are not even UTF-8, as some exports are.
    broken = b"key;subject;status;created;updated\n" + b"".join(
        b"B%d;caf\xe9 \x9b6661m \xff\xfe \x1b[6661m;open;2026-11-20;2026-11-20\n" % n
        for n in range(200)
    )
    (tmp_path / "broken.csv").write_bytes(broken)

    def columns(row: dict[str, str]) -> str:
        return "{ " + ", ".join(f'{name} = "{name}"' for name in row) + " }"

    config = tmp_path / "config.toml"
    config.write_text(
        f"""
[display]
language = "en"
[sources.sites]
kind = "json"
[sources.sites.sites]
path = "sites.json"
rows = "@"
columns = {columns(sites[0])}
[sources.tickets]
kind = "json"
[sources.tickets.tickets]
path = "tickets.json"
rows = "@"
columns = {columns(tickets[0])}
[sources.health]
kind = "json"
[sources.health.health]
path = "health.json"
rows = "@"
columns = {columns(health[0])}
[sources.broken]
kind = "csv"
[sources.broken.tickets]
path = "broken.csv"
columns = {columns(dict.fromkeys(("key", "subject", "status", "created", "updated"), ""))}
"""
    )
    return config


def titles_as_text(raw: bytes) -> bytes:
    """The window's title is text like any other."""
    return re.sub(rb"\x1b]2;([^\x07\x1b]*)\x07", rb"\1", raw)


def check_bytes(raw: bytes) -> None:
    raw = titles_as_text(raw)
    rest = ALLOWED.sub(b"", raw)
    wrong = re.search(rb"[\x00-\x1f\x7f]", rest)
    assert wrong is None, rest[max(0, wrong.start() - 40) : wrong.start() + 40]
    for sequence in ALLOWED.finditer(raw):
        assert BRAND.encode() not in sequence[0]
    text = rest.decode("utf-8")
    # Between two pictures it joins them to one.
    text = re.sub("(?<=[\u2600-\U0001faff])\u200d(?=[\u2600-\U0001faff])", "", text)
    wrong_char = re.search("[\x80-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", text)
    assert wrong_char is None, ascii(text[max(0, wrong_char.start() - 40) :][:80])


def check_alignment(terminal: Terminal, heading: str) -> int:
    """All rows keep the column under `heading` where it is; how many rows there were."""
    lines = terminal.screen.display
    at, title = next((y, line) for y, line in enumerate(lines) if f" {heading}" in line)
    end = title.index(f" {heading}") + 1 + len(heading)
    rows = 0
    for y in range(at + 1, len(lines) - 1):
        if lines[y].strip():
            # By cells, not by characters: wide ones take two, combining ones none.
            cell = "".join(terminal.screen.buffer[y][x].data for x in range(end - 6, end))
            assert re.fullmatch(r"\s*(<1 min|\d+ (min|h|d|mo|y)|never|–)", cell), lines[y]
            rows += 1
    return rows


@pytest.mark.slow
def test_not_one_byte_acts(configuration: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "smic_tui", "--config", str(configuration)]
    command += ["--cache", str(tmp_path / "cache")]
    with Terminal(command, columns=120, rows=36) as terminal:
        terminal.wait_for(f"{EACH:,} sites   ■ {EACH:,} down")
        terminal.wait_for(f"{EACH + 200:,} open tickets")
        seen = 0
        for screen, total in (("2", EACH), ("4", EACH + 200)):
            terminal.press(screen)
            terminal.settle(0.5)
            pages = total // 33 + 2
            for _page in range(pages):
                seen += check_alignment(terminal, "Age")
                terminal.press("pagedown")
                terminal.settle(0.02)
        assert seen >= 2 * EACH
        for keys in (("1",), ("pagedown", "pagedown"), ("enter",), ("esc",), ("7", "tab"), ("?",)):
            terminal.press(*keys)
            terminal.settle(0.3)
        terminal.press("esc", "4", "y", "o", "/")
        terminal.press(*"subject:imprimante")
        terminal.settle(0.5)
        check_bytes(bytes(terminal.raw).replace(*own_clipboard(bytes(terminal.raw))))
        terminal.press("esc", "q")
        terminal.settle(0.5, 10)
        assert terminal.end() == 0


def own_clipboard(raw: bytes) -> tuple[bytes, bytes]:
    """The one OSC 52 that the copy key sends, which is base64 of visible text."""
    sent = re.findall(rb"\x1b\]52;c;[A-Za-z0-9+/=]*\x07", raw)
    assert len(sent) <= 1
    assert b"NjY2MQ==" not in b"".join(sent)
    return (sent[0], b"") if sent else (b"\x00never", b"")
