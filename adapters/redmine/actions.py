"""Acts on an issue of Redmine: adds a note, sets another assignee or another status.

Facts are those of Redmine 5.0.4's REST API as measured. What makes writing
particular:

- Redmine answers 204 to a status that the workflow does not allow, to a status by an account
  that may only add notes, and to a note by one that may only edit, and ignores them. So the
  adapter asks first which statuses are allowed, and what counts is the issue when it is read
  again.
- The API does not tell an issue's `lock_version`, and a PUT ignores ETags: a write cannot be
  tied to the issue as it was read. So the issue is read right before the write.
- Redmine numbers journals upwards: a note by our account with a number above the highest of
  before is the one that was sent, whatever an older note says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from adapters.redmine.account import User
from adapters.redmine.issues import Converter, Issue, Named
from adapters.redmine.words import Status, Words
from adapters.shared.json_text import decode_json
from adapters.ticketing.choice import best_of, is_effect
from adapters.ticketing.texts import same_text, sendable
from smic_tui.contract.actions import Action, ChangedMeanwhile, RecordSnapshot, Refused, Verb
from smic_tui.contract.errors import SourceError
from smic_tui.i18n import _
from smic_tui.records import TicketStatus

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

_MEMBERS_AT_ONCE = 100


class _Journal(Struct):
    id: int
    user: Named | None = None
    notes: str | None = ""


class _Extras(Struct):
    journals: list[_Journal] = []
    allowed_statuses: list[Status] | None = None


class _OneIssue(Struct):
    issue: msgspec.Raw


class _Member(Struct):
    user: Named | None = None


class _Members(Struct):
    memberships: list[_Member]
    total_count: int = 0


class _Errors(Struct):
    errors: list[str] = []


class Inspected(Struct, frozen=True):
    """An issue as it is now, with its journals and the statuses that it may get."""

    issue: Issue
    journals: list[_Journal]
    allowed: list[Status] | None

    @property
    def version(self) -> str:
        """A text that changes with the issue; its time of change alone has whole seconds."""
        issue = self.issue
        owner = issue.assigned_to.id if issue.assigned_to else 0
        at = f"{issue.updated_on:%Y%m%dT%H%M%S}"
        return f"{at}/{self.last_journal}/{issue.status.id}/{owner}"

    @property
    def last_journal(self) -> int:
        """The highest number of its journals, 0 without any."""
        return max((journal.id for journal in self.journals), default=0)


async def inspect_record(http: HttpSession, key: str) -> Inspected | None:
    """Read an issue with its journals; None if there is none, or none that may be seen."""
    params = {"include": "journals,allowed_statuses"}
    path = f"/issues/{_number(key)}.json"
    answer = await http.request("GET", path, params=params, expect=(200, 403, 404))
    if answer.status == 403:
        raise Refused(
            _("Redmine does not let the account see issue {number}").format(number=key),
            hint=_("Is the account still a member of the issue's project?"),
        )
    if answer.status == 404:
        return None
    raw = (await http.decode(_OneIssue, answer)).issue
    try:
        issue, extras = decode_json(raw, Issue), decode_json(raw, _Extras)
    except (msgspec.DecodeError, RecursionError) as error:
        raise http.bad_answer(
            _("Issue {number} has another form than expected: {reason}").format(
                number=key, reason=error
            ),
            answer.body,
        ) from None
    return Inspected(issue, extras.journals, extras.allowed_statuses)


def snapshot_of(
    action: Action, found: Inspected | None, user: User, words: Words, converter: Converter
) -> RecordSnapshot:
    """Return the issue as it is, and whether the action's effect is there."""
    if found is None:
        return RecordSnapshot(record=None, at_once=True)
    return RecordSnapshot(
        record=converter.record(found.issue, words),
        version=found.version,
        done=_has_effect(action, found, user, words) and _has_note(action, found, user),
        baseline=action.baseline or str(found.last_journal),
        at_once=True,
    )


async def apply(
    http: HttpSession, action: Action, found: Inspected, user: User, words: Words
) -> None:
    """Send what of the action is not in the issue yet, in one request."""
    changes: dict[str, object] = {}
    if not _has_note(action, found, user):
        changes["notes"] = sendable(action.text)
    if not _has_effect(action, found, user, words):
        if action.verb is Verb.ASSIGN:
            changes["assigned_to_id"] = await _assignee(http, action, found, user)
        else:
            changes["status_id"] = _status(action, found, words).id
    if not changes:
        return
    answer = await http.request(
        "PUT",
        f"/issues/{_number(action.key)}.json",
        body={"issue": changes},
        expect=(200, 204, 403, 404, 409, 422),
    )
    if answer.status not in (200, 204):
        raise await _refusal(http, action, answer)


def _has_effect(action: Action, found: Inspected, user: User, words: Words) -> bool:
    issue = found.issue
    match action.verb:
        case Verb.ASSIGN:
            holder = issue.assigned_to
            if holder is None:
                return False
            if not action.value:
                return holder.id == user.id
            return action.value.casefold() in (str(holder.id), holder.name.casefold())
        case Verb.COMMENT:
            return True
    return is_effect(action, words.candidate(issue.status), words.desk)


def _has_note(action: Action, found: Inspected, user: User) -> bool:
    """Whether our own note is there; blanks and line ends may have changed on the way."""
    if not action.text.split():
        return True
    if not action.baseline:
        return False
    before = int(action.baseline) if action.baseline.isdecimal() else 0
    return any(
        journal.id > before
        and journal.user is not None
        and journal.user.id == user.id
        and same_text(action.text, journal.notes or "")
        for journal in found.journals
    )


def _status(action: Action, found: Inspected, words: Words) -> Status:
    allowed = found.allowed if found.allowed is not None else list(words.statuses)
    # The one that the issue has is not to be set again.
    others = [status for status in allowed if status.id != found.issue.status.id]
    best = best_of(action, map(words.candidate, others), words.desk)
    for status in others:
        if best is not None and status.name == best.name:
            return status
    raise Refused(
        _("Redmine's workflow does not lead issue {number} from {status} to {wanted}").format(
            number=action.key,
            status=found.issue.status.name,
            wanted=action.value or TicketStatus.RESOLVED,
        ),
        hint=_("It allows: {statuses}").format(
            statuses=", ".join(status.name for status in allowed) or "–"
        ),
    )


async def _assignee(http: HttpSession, action: Action, found: Inspected, user: User) -> int:
    """Return the number of the person to assign to: our own, a number, or a member's by name."""
    wanted = action.value.strip()
    if not wanted or wanted.casefold() == user.login.casefold():
        return user.id
    if wanted.isdecimal():
        return int(wanted)
    names: list[str] = []
    offset = 0
    while True:
        answer = await http.request(
            "GET",
            f"/projects/{found.issue.project.id}/memberships.json",
            params={"limit": str(_MEMBERS_AT_ONCE), "offset": str(offset)},
            expect=(200, 403),
        )
        if answer.status == 403:
            raise Refused(
                _("The Redmine account may not see who the members of the project are"),
                hint=_("Give its role the permission to view members, or assign by number."),
            )
        page = await http.decode(_Members, answer)
        for member in page.memberships:
            if member.user is not None:
                if member.user.name.casefold() == wanted.casefold():
                    return member.user.id
                names.append(member.user.name)
        offset += len(page.memberships)
        if not page.memberships or offset >= page.total_count:
            break
    raise Refused(
        _("{name} is no member of the project {project}").format(
            name=wanted, project=found.issue.project.name
        ),
        hint=_("Its members: {names}").format(names=", ".join(names[:20]) or "–"),
    )


async def _refusal(http: HttpSession, action: Action, answer: Answer) -> SourceError:
    if answer.status == 403:
        return Refused(
            _("Redmine does not let the account change issue {number}").format(number=action.key),
            hint=_("Its role needs to edit issues and to add notes."),
        )
    if answer.status == 404:
        return Refused(_("Redmine has no issue {number} any more").format(number=action.key))
    errors: list[str] = []
    if answer.body.strip():
        errors = (await http.decode(_Errors, answer)).errors
    if answer.status == 409 or not errors:
        return ChangedMeanwhile(
            _("Issue {number} was changed at the same time").format(number=action.key)
        )
    return Refused("; ".join(errors))


def _number(key: str) -> int:
    if not key.isdecimal():
        raise Refused(_("{key} is no number of an issue").format(key=key))
    return int(key)
