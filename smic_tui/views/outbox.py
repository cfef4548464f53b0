"""The outbox in words: what an action does, how far it has come, two versions side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from smic_tui.contract.actions import Action, Verb
from smic_tui.i18n import N_, _, ngettext, phrase
from smic_tui.model.outbox_entry import Entry, EntryState
from smic_tui.outbox.matters import all_differences, differences
from smic_tui.records import (
    CatalogueRequest,
    Health,
    Record,
    Stage,
    Ticket,
    TicketStatus,
)
from smic_tui.views import human
from smic_tui.views.cells import Cell, Line, Role
from smic_tui.views.fit import fit
from smic_tui.views.look import Look
from smic_tui.views.words import word

VERBS: dict[Verb, str] = {
    Verb.ACKNOWLEDGE: N_("acknowledge"),
    Verb.UNACKNOWLEDGE: N_("remove the acknowledgement"),
    Verb.DOWNTIME: N_("downtime"),
    Verb.END_DOWNTIME: N_("end the downtime"),
    Verb.SILENCE: N_("silence"),
    Verb.UNSILENCE: N_("end the silence"),
    Verb.COMMENT: N_("comment"),
    Verb.ASSIGN: N_("assign"),
    Verb.SET_STATUS: N_("change the status"),
    Verb.RESOLVE: N_("resolve"),
    Verb.SET_STAGE: N_("change the stage"),
}
STATES: dict[EntryState, str] = {
    EntryState.WAITING: N_("waits to be sent"),
    EntryState.SENDING: N_("being sent"),
    EntryState.SENT: N_("sent, not confirmed yet"),
    EntryState.CONFLICT: N_("changed meanwhile: decide"),
    EntryState.REFUSED: N_("refused by the source"),
    EntryState.CONFIRMED: N_("done at the source"),
    EntryState.WITHDRAWN: N_("withdrawn"),
}
_ROLES: dict[EntryState, Role] = {
    EntryState.CONFLICT: Role.WARNING,
    EntryState.REFUSED: Role.CRITICAL,
    EntryState.CONFIRMED: Role.FINE,
    EntryState.WITHDRAWN: Role.MUTED,
}
_FIELDS: dict[str, str] = {
    "status": N_("Status"),
    "status_label": N_("Status in the source"),
    "stage": N_("Stage"),
    "stage_label": N_("Stage in the source"),
    "owner": N_("Owner"),
    "waiting_on": N_("Waiting on"),
    "updated": N_("Updated"),
    "subject": N_("Subject"),
    "priority": N_("Priority"),
    "due": N_("Due"),
    "state": N_("State"),
    "since": N_("Since"),
    "output": N_("Output"),
    "acknowledged": N_("Acknowledged"),
    "downtime": N_("In downtime"),
}
# Two sides and a label fit into 80 cells.
_LABEL, _SIDE = 15, 31
_STATE = 29
# As many records as a question can name on a small screen.
_RECORDS = 10


class Mark(Struct, frozen=True):
    """The sign of a record that has something in the outbox."""

    text: str
    role: Role


def mark_of(states: Iterable[EntryState], look: Look) -> Mark | None:
    """What stands before a record: ↑ something is on its way, ! somebody must decide."""
    found = set(states)
    if any(state.wants_person for state in found):
        return Mark("! ", Role.WARNING)
    if any(state.is_open for state in found):
        return Mark("^ " if look.ascii else "↑ ", Role.NOTICE)
    return None


def state_cell(entry: Entry) -> Cell:
    """How far it has come."""
    return Cell(_(STATES[entry.state]), _ROLES.get(entry.state, Role.NOTICE))


def news(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> tuple[str, bool] | None:
    """What became of the newest entry that came to an end or to a question since `before`.

    The words for it, and whether somebody must decide.
    """
    ended = [
        entry
        for id, entry in after.items()
        if id in before
        and before[id].state is not entry.state
        and (entry.state.wants_person or entry.state is EntryState.CONFIRMED)
    ]
    if not ended:
        return None
    # What wants somebody is more important than what is done.
    entry = max(ended, key=lambda one: (one.state.wants_person, one.changed))
    words = _("{what}: {words}").format(what=title(entry.seen_record), words=_(STATES[entry.state]))
    if entry.state.wants_person:
        words += f"  {phrase(entry.error)} " if entry.error else "  "
        words += _("See the outbox (O).")
    return words, entry.state.wants_person


def title(record: Record) -> str:
    """What a record is called among people."""
    match record:
        case Ticket():
            return f"{record.key} {record.subject}"
        case CatalogueRequest():
            return f"{record.key} {record.software or record.subject}"
        case Health(service=service) if service:
            return f"{record.host} / {service}"
        case Health():
            return record.host
    return record.key


def effect(action: Action, look: Look) -> str:
    """What the action does to the record, in one line."""

    def until(text: str) -> str:
        if action.until is None:
            return text
        moment = human.moment(action.until, look.now, look.zone)
        return _("{what} until {moment}").format(what=text, moment=moment)

    what = _(VERBS[action.verb])
    match action.verb:
        case Verb.ASSIGN:
            person = action.value or _("the source's own account")
            what = _("assign to {person}").format(person=person)
        case Verb.SET_STATUS:
            what = _("status: {status}").format(status=status_word(action.value))
        case Verb.SET_STAGE:
            what = _("stage: {stage}").format(stage=stage_word(action.value))
        case Verb.ACKNOWLEDGE | Verb.SILENCE:
            what = until(what)
        case Verb.DOWNTIME:
            if action.start is not None:
                start = human.moment(action.start, look.now, look.zone)
                what = _("{what} from {moment}").format(what=what, moment=start)
            what = until(what)
    words = " ".join(action.text.split())
    return _("{what}: {words}").format(what=what, words=words) if words else what


def status_word(value: str) -> str:
    """The reader's word for a status."""
    return word(TicketStatus(value)) if value in set(TicketStatus) else value


def stage_word(value: str) -> str:
    """The reader's word for a stage."""
    return word(Stage(value)) if value in set(Stage) else value


def entry_line(entry: Entry, look: Look) -> Line:
    """One line of the outbox."""
    wanted = human.moment(entry.action.at, look.now, look.zone)
    return Line(
        cells=(
            Cell(fit(str(entry.number), 5, right=True) + " ", Role.MUTED),
            Cell(fit(_(STATES[entry.state]), _STATE), state_cell(entry).role),
            Cell(fit(title(entry.seen_record), 30)),
            Cell(" " + effect(entry.action, look)),
            Cell(f"  {entry.action.by}, {wanted}", Role.MUTED),
        ),
        key=f"outbox/{entry.id}",
        copy=f"{title(entry.seen_record)} {effect(entry.action, look)}",
    )


def details(entry: Entry, look: Look) -> list[Line]:
    """All about one entry: what it does where, why it does not go on, both versions."""
    lines = [
        _labelled(_("Source"), Cell(entry.shown)),
        _labelled(_("Record"), Cell(title(entry.seen_record), Role.TITLE)),
        _labelled(_("Effect"), Cell(effect(entry.action, look))),
        _labelled(
            _("Ordered by"),
            Cell(f"{entry.action.by}, {human.moment(entry.action.at, look.now, look.zone)}"),
        ),
        _labelled(_("State"), state_cell(entry)),
    ]
    if entry.attempts:
        tried = human.moment(entry.tried, look.now, look.zone)
        lines.append(_labelled(_("Last tried"), Cell(f"{tried} ({entry.attempts})")))
    if entry.error:
        lines.append(_labelled(_("Reason"), Cell(phrase(entry.error), Role.WARNING)))
    if entry.hint:
        lines.append(_labelled("", Cell(f"→ {phrase(entry.hint)}", Role.MUTED)))
    if entry.state.wants_person:
        lines += side_by_side(entry, look)
    return lines


def side_by_side(entry: Entry, look: Look) -> list[Line]:
    """The record as it was seen and as the source has it now; what matters is marked."""
    seen, now = entry.seen_record, entry.now_record
    if now is None:
        return [
            _labelled(_("Now"), Cell(_("the source has no such record any more"), Role.WARNING))
        ]
    changed = all_differences(seen, now)
    if not changed:
        return []
    matters = set(differences(entry.action.verb, seen, now))
    head = Line(
        cells=(
            Cell(fit("", _LABEL)),
            Cell(fit(_("when you saw it"), _SIDE + 2), Role.TITLE),
            Cell(_("at the source now"), Role.TITLE),
        )
    )
    return [Line(), head, *(_compared(name, seen, now, name in matters, look) for name in changed)]


def _compared(name: str, seen: Record, now: Record, matters: bool, look: Look) -> Line:
    before, after = (_value(getattr(record, name), look) for record in (seen, now))
    role = Role.WARNING if matters else Role.PLAIN
    return Line(
        cells=(
            Cell(fit(_(_FIELDS[name]) if name in _FIELDS else name, _LABEL), Role.MUTED),
            Cell(fit(before, _SIDE) + "  "),
            Cell(fit(after, _SIDE) if not matters else after, role),
        ),
        copy=f"{before} → {after}",
    )


def _value(value: Any, look: Look) -> str:
    if isinstance(value, StrEnum):
        return word(value)
    if isinstance(value, datetime):
        return human.moment(value, look.now, look.zone)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return phrase(str(value)) if value not in (None, "") else "–"


def _labelled(label: str, *cells: Cell) -> Line:
    return Line(cells=(Cell(fit(label, _LABEL), Role.MUTED), *cells))


def confirmation(
    actions: Sequence[Action], shown: str, seen: Sequence[Record], look: Look
) -> list[Line]:
    """What is about to be queued, for the person to say yes to: source, record, effect."""
    first = actions[0]
    lines = [
        Line(cells=(Cell(_("Send this to the source?"), Role.TITLE),)),
        Line(),
        _labelled(
            _("Source"),
            Cell(shown if first.source == shown else f"{shown} ({first.source})", Role.KEY),
        ),
    ]
    lines += [
        _labelled(_("Record") if not number else "", Cell(title(record), Role.TITLE))
        for number, record in enumerate(seen[:_RECORDS])
    ]
    if (more := len(seen) - _RECORDS) > 0:
        text = ngettext("and {n} more", "and {n} more", more).format(n=more)
        lines.append(_labelled("", Cell(text, Role.TITLE)))
    lines += [
        _labelled(_("Effect"), Cell(effect(first, look), Role.NOTICE)),
        _labelled(_("In the name of"), Cell(first.by)),
        Line(),
        Line(cells=(Cell(_("It is in the outbox (O) until the source shows it."), Role.MUTED),)),
        Line(cells=(Cell(_("Before it is sent it can be withdrawn there."), Role.MUTED),)),
    ]
    return lines
