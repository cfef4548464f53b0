"""All about one site, as lines for one screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from smic_tui.contract.actions import Verb
from smic_tui.i18n import N_, _, ngettext, pgettext, phrase
from smic_tui.insight.history import Event, recent
from smic_tui.insight.site_state import levels_at
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, TicketFact
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.model.states import Level, SiteState
from smic_tui.model.user_state import Note
from smic_tui.outbox.box import in_order
from smic_tui.records import Contact, Health, Stream
from smic_tui.views import human
from smic_tui.views.cells import ROLE_OF_LEVEL, Cell, Line, Role
from smic_tui.views.fit import fit, width
from smic_tui.views.lists.backups import message_of
from smic_tui.views.lists.sites import site_marks
from smic_tui.views.look import Look
from smic_tui.views.outbox import entry_line, mark_of
from smic_tui.views.past import was_host, was_site
from smic_tui.views.words import priority, word

# How far back "what changed" looks.
DAYS = 7

LABEL_CELLS = 12


def dossier(
    fact: SiteFact, notes: Iterable[Note], look: Look, cells: int, outbox: Iterable[Entry] = ()
) -> list[Line]:
    """The lines of a site's dossier, for a screen that is `cells` wide.

    `outbox` is what is on its way about the site's records.
    """
    entries = in_order(outbox)
    lines = [
        *_identity(fact, look, cells),
        *_health(fact, look),
        *_backups(fact.backups, look, cells),
        *_tickets(fact.tickets, look, cells),
        *_requests(fact.requests, look, cells),
        *_notes(notes, look),
        *_outbox(entries, look),
        *_changes(recent(fact, look.now, DAYS), look),
    ]
    return _marked(lines, entries, look) if entries else lines


def _labelled(label: str, *cells: Cell) -> Line:
    return Line(cells=(Cell(fit(label, LABEL_CELLS), Role.MUTED), *cells))


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def _contact(contact: Contact) -> str:
    return " ".join(part for part in (contact.role, contact.name, contact.phone) if part)


def _identity(fact: SiteFact, look: Look, cells: int) -> list[Line]:
    site = fact.site
    people = (
        ngettext("{n:,} inhabitant", "{n:,} inhabitants", site.population).format(n=site.population)
        if site.population
        else ""
    )
    name = Cell(f"{site.name} ", Role.TITLE)
    what = Cell(_joined((site.kind, site.code)), Role.MUTED)
    age = look.freshness.age(fact.rests_on, look.now)
    as_of = Cell(
        _("as of {ago}").format(ago=human.ago(age)) if age is not None else "",
        Role.WARNING if fact.stale else Role.MUTED,
    )
    gap = max(2, cells - width(name.text) - width(what.text) - width(as_of.text))
    lines = [
        Line(
            cells=(name, what, Cell(" " * gap), as_of),
            key="site",
            url=site.url,
            copy=f"{site.code} {site.name}",
        )
    ]
    if site.member or people:
        member = _joined((site.member if site.member != site.name else "", people))
        lines.append(_labelled(_("Member"), Cell(member)))
    if site.address:
        lines.append(_labelled(_("Address"), Cell(site.address)))
    lines.append(_labelled(_("Line"), Cell(_joined((site.line, site.supplier)) or "–")))
    for number, contact in enumerate(site.contacts):
        text = _joined((_contact(contact), contact.email))
        line = _labelled(_("Contacts") if not number else "", Cell(text))
        lines.append(
            Line(cells=line.cells, key=f"contact/{number}", copy=contact.phone or contact.email)
        )
    if site.equipment:
        lines.append(_labelled(_("Equipment"), Cell(_joined(site.equipment))))
    if site.applications:
        lines.append(_labelled(_("Software"), Cell(_joined(site.applications))))
    return lines


def _health(fact: SiteFact, look: Look) -> list[Line]:
    state = f"{look.glyph(fact.level)} {word(fact.state)}{site_marks(fact)}"
    since = "  " + human.since(fact.since, look.now) if fact.since else ""
    cells = [Cell(state, ROLE_OF_LEVEL[fact.level])]
    if fact.state is SiteState.UNKNOWN and fact.past:
        cells.append(Cell("  " + was_site(fact, look), Role.MUTED))
    else:
        cells.append(Cell(since))
    return [
        _labelled(_("Health"), *cells, *_not_monitored(fact)),
        *(_health_line(health, level, fact, look) for health, level in levels_at(fact)),
    ]


def _not_monitored(fact: SiteFact) -> list[Cell]:
    return [] if fact.health else [Cell("  " + _("no source monitors this site"), Role.MUTED)]


def _health_line(health: Health, level: Level, fact: SiteFact, look: Look) -> Line:
    name = health.service or health.host
    if health in fact.past:
        state = [Cell(" " + was_host(health, look), Role.MUTED)]
    else:
        words = " " + word(health.state) + _marks(health, look)
        state = [
            Cell(fit(words, 12) if width(words) <= 12 else words, ROLE_OF_LEVEL[level]),
            Cell(fit(human.since(health.since, look.now), 8, right=True)),
        ]
    return Line(
        cells=(
            Cell(f"  {look.glyph(level)} ", ROLE_OF_LEVEL[level]),
            Cell(fit(name, 16)),
            *state,
            Cell("  " + phrase(health.output), Role.MUTED),
        ),
        key=f"health/{health.key}",
        url=health.url,
        copy=f"{health.host} {health.service} {phrase(health.output)}",
        stale=health in fact.past,
    )


def _marks(health: Health, look: Look) -> str:
    """What softens the state of a record."""
    if health.downtime:
        return " " + _("(downtime)")
    return " " + _("(ack)") if health.acknowledged else ""


def _section(title: str, count: int) -> Line:
    return Line(cells=(Cell(title, Role.TITLE), Cell(f" {count}", Role.MUTED)))


def _backups(backups: Sequence[BackupFact], look: Look, cells: int) -> list[Line]:
    if not backups:
        return [_labelled(_("Backups"), Cell(_("none is planned"), Role.MUTED))]
    return [
        _section(_("Backups"), len(backups)),
        *(_backup_line(backup, look, cells) for backup in backups),
    ]


def _backup_line(fact: BackupFact, look: Look, cells: int) -> Line:
    newest = fact.runs[0] if fact.runs else None
    name = max(16, min(30, cells - 60))
    return Line(
        cells=(
            Cell(f"  {look.glyph(fact.level)} ", ROLE_OF_LEVEL[fact.level]),
            Cell(fit(fact.job.application, name)),
            Cell(fit(" " + word(fact.state), 12), ROLE_OF_LEVEL[fact.level]),
            Cell(fit(human.since(fact.last_success, look.now), 8, right=True)),
            Cell(fit("  " + fact.job.protocol, 11), Role.MUTED),
            Cell(fit(human.size(newest.size) if newest else "", 9, right=True), Role.MUTED),
            Cell("  " + message_of(fact), Role.MUTED),
        ),
        key=f"backup/{fact.key}",
        url=fact.job.url,
        copy=f"{fact.job.application} {phrase(newest.message) if newest else ''}",
        stale=fact.stale,
    )


def _tickets(tickets: Sequence[TicketFact], look: Look, cells: int) -> list[Line]:
    opened = [fact for fact in tickets if fact.ticket.status.is_open]
    if not opened:
        return [_labelled(_("Tickets"), Cell(_("none open"), Role.MUTED))]
    return [
        _section(_("Tickets"), len(opened)),
        *(_ticket_line(fact, look, cells) for fact in opened),
    ]


def _ticket_line(fact: TicketFact, look: Look, cells: int) -> Line:
    ticket = fact.ticket
    subject = max(20, cells - 46)
    return Line(
        cells=(
            Cell(f"  {look.glyph(fact.level)} ", ROLE_OF_LEVEL[fact.level]),
            Cell(fit(ticket.key, 8), Role.MUTED),
            Cell(fit(ticket.subject, subject)),
            Cell(fit(" " + word(ticket.status), 11), ROLE_OF_LEVEL[fact.level]),
            Cell(fit(" " + priority(ticket.priority), 9), Role.MUTED),
            Cell(fit(human.since(ticket.updated, look.now), 8, right=True)),
        ),
        key=f"ticket/{fact.key}",
        url=ticket.url,
        copy=f"{ticket.key} {ticket.subject}",
        stale=fact.stale,
    )


def _requests(requests: Sequence[RequestFact], look: Look, cells: int) -> list[Line]:
    opened = [fact for fact in requests if fact.request.stage.is_open]
    if not opened:
        return [_labelled(_("Requests"), Cell(pgettext("requests", "none open"), Role.MUTED))]
    return [
        _section(_("Requests"), len(opened)),
        *(_request_line(fact, look, cells) for fact in opened),
    ]


def _request_line(fact: RequestFact, look: Look, cells: int) -> Line:
    request = fact.request
    waiting = _("waiting on {actor}").format(actor=word(request.waiting_on))
    return Line(
        cells=(
            Cell(f"  {look.glyph(fact.level)} ", ROLE_OF_LEVEL[fact.level]),
            Cell(fit(request.key + " ", 14), Role.MUTED),
            Cell(fit(request.software or request.subject, max(16, cells - 68))),
            Cell(fit(" " + word(request.stage), 18), ROLE_OF_LEVEL[fact.level]),
            Cell(fit(" " + waiting, 24), Role.MUTED),
            Cell(fit(human.since(request.updated, look.now), 8, right=True)),
        ),
        key=f"request/{fact.key}",
        url=request.url,
        copy=f"{request.key} {request.subject}",
        stale=fact.stale,
    )


def _notes(notes: Iterable[Note], look: Look) -> list[Line]:
    ordered = sorted(notes, key=lambda note: note.at, reverse=True)
    return [
        Line(
            cells=(
                Cell(fit(_("Note") if not number else "", LABEL_CELLS), Role.MUTED),
                Cell(note.text, Role.NOTICE),
                Cell(f"  {note.by}, {human.moment(note.at, look.now, look.zone)}", Role.MUTED),
            ),
            key=f"note/{note.id}",
            copy=note.text,
        )
        for number, note in enumerate(ordered)
    ]


def _outbox(entries: Sequence[Entry], look: Look) -> list[Line]:
    if not entries:
        return []
    return [_section(_("Outbox"), len(entries)), *(entry_line(one, look) for one in entries)]


# What the key of a line about a record begins with.
_KINDS = {Stream.HEALTH: "health", Stream.TICKETS: "ticket", Stream.REQUESTS: "request"}


_ENDING = (Verb.END_DOWNTIME, Verb.UNSILENCE)


def _is_planned(entry: Entry, now: datetime) -> bool:
    """Whether an entry brings a downtime that has not begun yet."""
    gone = entry.state in (EntryState.REFUSED, EntryState.WITHDRAWN)
    begins = entry.action.start
    return not gone and begins is not None and begins > now


def _marked(lines: Iterable[Line], entries: Iterable[Entry], look: Look) -> list[Line]:
    """The lines, with a sign in the margin of those that have something in the outbox, and
    with the downtimes that were ordered and have not begun.
    """
    states: dict[str, list[EntryState]] = {}
    planned: dict[str, datetime | None] = {}
    for entry in entries:
        shown, stream, key = entry.ref
        name = key if stream is Stream.HEALTH else f"{shown}/{key}"
        line_key = f"{_KINDS.get(stream)}/{name}"
        states.setdefault(line_key, []).append(entry.state)
        if entry.action.verb in _ENDING:
            planned.pop(line_key, None)
        elif _is_planned(entry, look.now):
            planned[line_key] = entry.action.start
    marked = []
    for line in lines:
        mark = mark_of(states.get(line.key, ()), look)
        if mark is not None:
            first, *others = line.cells
            margin = Cell(first.text.removeprefix("  "), first.role)
            line = replace(line, cells=(Cell(mark.text, mark.role), margin, *others))
        if (begins := planned.get(line.key)) is not None:
            moment = human.moment(begins, look.now, look.zone)
            words = "  " + _("maintenance from {moment}").format(moment=moment)
            line = replace(line, cells=(*line.cells, Cell(words, Role.NOTICE)))
        marked.append(line)
    return marked


def _changes(events: Sequence[Event], look: Look) -> list[Line]:
    title = ngettext("What changed in {n} day", "What changed in {n} days", DAYS).format(n=DAYS)
    if not events:
        return [Line(cells=(Cell(title, Role.TITLE), Cell("  " + _("nothing"), Role.MUTED)))]
    return [
        _section(title, len(events)),
        *(
            Line(
                cells=(
                    Cell(fit("  " + human.moment(event.at, look.now, look.zone), 14), Role.MUTED),
                    Cell(f"{look.glyph(event.level)} ", ROLE_OF_LEVEL[event.level]),
                    Cell(event.words),
                ),
                key=f"event/{event.at:%s}/{event.words}",
                copy=event.words,
            )
            for event in events
        ),
    ]


NOT_THERE = N_("This site is no longer in any register.")
