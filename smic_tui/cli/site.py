"""smic-tui site: prints everything about one site."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection
from typing import Any

import msgspec

from smic_tui.cli import terminal
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.json_text import print_json
from smic_tui.cli.situation import Reading, read
from smic_tui.config.errors import nearest, with_guess
from smic_tui.i18n import _
from smic_tui.insight.matching import Register
from smic_tui.insight.names import normal_name, without_article
from smic_tui.model.facts import SiteFact
from smic_tui.model.states import Level
from smic_tui.text import fold
from smic_tui.views.dossier import dossier
from smic_tui.views.fit import cut
from smic_tui.views.targets import places

_MOST_CODES = 20


def run(options: Namespace) -> int:
    """Prints the dossier; returns `Exit.ATTENTION` if something at the site is in trouble."""
    reading = read(options)
    fact = _find(reading, options.code)
    if options.json:
        print_json(_object(fact, reading))
    else:
        _print_dossier(fact, reading)
    if reading.exit is not Exit.FINE:
        return reading.exit
    return Exit.ATTENTION if fact.trouble >= Level.WARNING else Exit.FINE


def _find(reading: Reading, wanted: str) -> SiteFact:
    """Returns the site with that code or name, or the one that a source would mean by it."""
    sites = reading.situation.sites
    by_code = [fact for fact in sites if fact.site.code.lower() == wanted.lower()]
    found = by_code or [fact for fact in sites if fold(fact.site.name) == fold(wanted)]
    if len(found) == 1:
        return found[0]
    facts = {fact.key: fact for fact in sites}
    register = Register((fact.site for fact in sites), reading.loaded.settings.matching)
    if (meant := register.match(wanted)) and meant.key in facts:
        return facts[meant.key]
    found = found or [facts[entry.key] for entry in register.at(wanted) if entry.key in facts]
    if len(found) == 1:
        return found[0]
    if found:
        codes = ", ".join(fact.site.code for fact in found[:_MOST_CODES])
        codes += ", …" * (len(found) > _MOST_CODES)
        message = _("{count} sites are called {name}; their codes: {codes}").format(
            count=len(found), name=wanted, codes=codes
        )
        raise CommandError(Exit.USAGE, message)
    message = _("no site has the code or the name {wanted}").format(wanted=wanted)
    raise CommandError(Exit.USAGE, with_guess(message, _nearest(wanted, register, sites)))


def _nearest(wanted: str, register: Register, sites: Collection[SiteFact]) -> str:
    """Returns the code or the name of a site that may be meant; "" if none is like it."""
    if wanted.isdecimal():
        return nearest(wanted, [fact.site.code for fact in sites])
    places = {without_article(normal_name(fact.site.member)): fact.site.name for fact in sites}
    if guess := nearest(without_article(normal_name(wanted)), [*places]):
        return places[guess]
    entry = register.nearest(wanted)
    return entry.site.name if entry else ""


def _object(fact: SiteFact, reading: Reading) -> dict[str, Any]:
    """Returns the fact with all its parts as plain data: levels by name, and the notes."""
    plain: dict[str, Any] = msgspec.to_builtins(fact)
    plain["level"], plain["trouble"] = fact.level.name.lower(), fact.trouble.name.lower()
    for part in ("backups", "tickets", "requests"):
        for record, one in zip(plain[part], getattr(fact, part), strict=True):
            record["level"] = one.level.name.lower()
    for record, backup in zip(plain["backups"], fact.backups, strict=True):
        # All fields, also those that the cache leaves out.
        record["runs"] = [
            {name: msgspec.to_builtins(getattr(run, name)) for name in run.__struct_fields__}
            for run in backup.runs
        ]
    plain["notes"] = [
        msgspec.to_builtins(note) for note in reading.user.notes.values() if note.site == fact.key
    ]
    return plain


def _print_dossier(fact: SiteFact, reading: Reading) -> None:
    width = terminal.columns()
    notes = [note for note in reading.user.notes.values() if note.site == fact.key]
    here = set(places(fact, reading.situation))
    outbox = [entry for entry in reading.user.outbox.values() if entry.ref in here]
    for line in dossier(fact, notes, reading.look, min(width, 120), outbox):
        left, pieces = width, []
        for cell in line.cells:
            text = cut(cell.text, left)
            left -= len(text)
            pieces.append(terminal.painted(cell, text))
        print("".join(pieces).rstrip())
