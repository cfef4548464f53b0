"""Acts on a ticket of GLPI: adds a followup, an owner or a solution, or sets another status.

Facts are those of GLPI 10.0 as recorded, and of its source. What makes writing
particular:

- GLPI answers `true` also to a change that it does not know or does not make. What counts is
  the ticket when it is read again, which shows a change at once.
- GLPI has no conditional writes. The ticket is read right before the write, and the time of
  its last change, which GLPI keeps in seconds, is compared.
- GLPI numbers followups and solutions upwards: one by our account with a number above the
  highest of before is the one that was sent. GLPI 11's API does not name authors: there the
  text decides.
- Text is rich text, HTML, which GLPI may store with one layer of escapes more or less: what a
  person typed and what stands there are compared by their essence (`adapters.glpi.text`).
- Who may not read followups cannot tell one that was written from one that was refused: then
  none is sent.
- A ticket may be assigned to several people; assigning one removes no other.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from msgspec import Struct

from adapters.glpi.tickets import ASSIGNED, CLOSED, DONE, NEW, PENDING, SOLVED, STATUSES, Row
from adapters.ticketing.wanted import wanted_stage, wanted_status
from smic_tui.contract.actions import Action, Refused, Verb
from smic_tui.i18n import _
from smic_tui.records import Stage, Stream, TicketStatus

if TYPE_CHECKING:
    from adapters.glpi.api import GlpiApi, Note, NoteKind
    from adapters.glpi.tickets import Stages

_KINDS: tuple[NoteKind, ...] = ("followup", "solution")
_STATUS_OF = {
    TicketStatus.NEW: NEW,
    TicketStatus.OPEN: ASSIGNED,
    TicketStatus.WAITING: PENDING,
    TicketStatus.RESOLVED: SOLVED,
    TicketStatus.CLOSED: CLOSED,
}


class Inspected(Struct, frozen=True):
    """A ticket as it is now, with its followups and solutions."""

    row: Row
    notes: list[Note]
    hidden: frozenset[NoteKind] = frozenset()

    @property
    def baseline(self) -> str:
        """The highest numbers of followups and of solutions, which are counted apart.

        For those that may not be read it is no number.
        """
        highest = dict.fromkeys(_KINDS, 0)
        for note in self.notes:
            highest[note.kind] = max(highest[note.kind], note.id)
        return "/".join("-" if kind in self.hidden else f"{highest[kind]}" for kind in _KINDS)


def verbs_for(stream: Stream, verbs: frozenset[Verb]) -> frozenset[Verb]:
    """Return what may be done to the records of a stream: requests have stages."""
    if stream is Stream.REQUESTS and Verb.SET_STATUS in verbs:
        return verbs - {Verb.SET_STATUS} | {Verb.SET_STAGE}
    return verbs


def number_of(key: str) -> int:
    """Return the number of the ticket. Raises `Refused` for a key that is none."""
    if not (key.isascii() and key.isdecimal()):
        raise Refused(_("{key} is no number of a ticket").format(key=key))
    return int(key)


async def inspect_record(api: GlpiApi, action: Action) -> Inspected | None:
    """Read a ticket; None if there is none, or none that may be seen.

    Its notes are read if the action has one: another needs no right to see them.
    """
    number = number_of(action.key)
    row = await api.ticket(number)
    if row is None:
        return None
    if not action.text.strip():
        return Inspected(row, [])
    notes = await api.notes(number)
    return Inspected(row, notes.found, notes.hidden)


async def is_done(
    api: GlpiApi, action: Action, found: Inspected, account: int, stages: Stages
) -> bool:
    """Whether the action's effect stands in the ticket."""
    if not _has_note(action, found, account):
        return False
    if action.verb is Verb.ASSIGN:
        # There is no person of that name: `apply` will say so.
        with contextlib.suppress(Refused):
            return await _assignee(api, action, account) in found.row.assigned
        return False
    return _has_status(action, found.row, stages)


async def apply(
    api: GlpiApi, action: Action, found: Inspected, account: int, stages: Stages
) -> None:
    """Send what of the action is not in the ticket yet.

    The note first: were the rest cut off, a word without the change misleads less than
    a change without a word, and GLPI refuses notes on closed tickets.
    """
    number = found.row.id
    noted = _has_note(action, found, account)
    if action.verb is Verb.ASSIGN:
        person = await _assignee(api, action, account)
        if not noted:
            await _follow_up(api, action, found)
        if person not in found.row.assigned:
            await api.assign(number, person)
        return
    if action.verb is Verb.COMMENT or _has_status(action, found.row, stages):
        if not noted:
            await _follow_up(api, action, found)
        return
    row = found.row
    status, category = _way(action, row, stages)
    if status == SOLVED and row.status not in DONE and action.text.strip() and not noted:
        # A solution sets the status itself. GLPI takes none for what is over.
        if category:
            await api.update(number, None, category)
        await api.add_note(number, "solution", action.text)
        return
    if not noted:
        await _follow_up(api, action, found)
    await api.update(number, status, category)


async def _follow_up(api: GlpiApi, action: Action, found: Inspected) -> None:
    if "followup" in found.hidden:
        raise Refused(
            _("the GLPI account may not read followups: one with your words was not sent"),
            hint=_("Let its profile see public followups, or act without words."),
        )
    await api.add_note(found.row.id, "followup", action.text)


def _has_note(action: Action, found: Inspected, account: int) -> bool:
    if not action.text.strip():
        return True
    before = dict(zip(_KINDS, action.baseline.split("/"), strict=False))
    newer = [
        note
        for note in found.notes
        if before.get(note.kind, "").isdecimal()
        and note.id > int(before[note.kind])
        and note.author in (None, account)
    ]
    if not newer:
        return False
    from adapters.glpi.text import essence

    return essence(action.text) in {essence(note.text) for note in newer}


def _has_status(action: Action, row: Row, stages: Stages) -> bool:
    match action.verb:
        case Verb.COMMENT | Verb.ASSIGN:
            return True
        case Verb.RESOLVE:
            if action.stream is Stream.TICKETS:
                return row.status in DONE
            return stages.stage(row.status, row.category) is Stage.DONE
        case Verb.SET_STATUS:
            return STATUSES.get(row.status) is wanted_status(action)
        case Verb.SET_STAGE:
            return stages.stage(row.status, row.category) is wanted_stage(action)
    raise Refused(_("GLPI cannot {verb} a ticket").format(verb=action.verb))


def _way(action: Action, row: Row, stages: Stages) -> tuple[int | None, str]:
    """The status (None: as it is) and category ("": as it is) that the action leads to."""
    if action.verb is Verb.SET_STATUS:
        return _STATUS_OF[wanted_status(action)], ""
    if action.stream is Stream.TICKETS:
        return SOLVED, ""
    stage = Stage.DONE if action.verb is Verb.RESOLVE else wanted_stage(action)
    for status, category in stages.ways(stage, row.category):
        # A request that was over goes on only with another status.
        changed = ASSIGNED if status is None and row.status in DONE else status
        would_be = stages.stage(
            row.status if changed is None else changed, category or row.category
        )
        if would_be is stage:
            return changed, category
    if stages.has(stage):
        raise Refused(
            _("in the category {category} no status means “{stage}”").format(
                category=row.category, stage=stage
            ),
            hint=_("Name the category to go to in `category_without_stage`."),
        )
    raise Refused(
        _("no status or category in GLPI means “{stage}”").format(stage=stage),
        hint=_("Say which one does, in `stages` or `category_stages`."),
    )


async def _assignee(api: GlpiApi, action: Action, account: int) -> int:
    wanted = action.value.strip()
    if not wanted:
        return account
    if wanted.isascii() and wanted.isdecimal():
        return int(wanted)
    person = await api.find_person(wanted)
    if person is None:
        raise Refused(
            _("GLPI shows nobody with the login {name}").format(name=wanted),
            hint=_("Give the login or the number; the profile needs to see users."),
        )
    return person
