"""Makes a silence for one alert, and ends only silences that hide no other.

When a silence is posted twice, Alertmanager makes two. So the comment of a silence carries the id
of the action that made it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from adapters.shared.durations import seconds
from smic_tui.contract.actions import Action, Refused, Verb
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

_SILENCES = "/api/v2/silences"
_REFUSALS = (400, 403, 404)


class Matcher(Struct, frozen=True, rename="camel"):
    """A condition on one label."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True


class _State(Struct):
    state: str = ""


class Silence(Struct, rename="camel"):
    """A silence; `state` is expired, active or pending."""

    id: str
    matchers: list[Matcher]
    status: _State
    starts_at: datetime
    ends_at: datetime
    created_by: str = ""
    comment: str = ""

    def hides_only(self, labels: dict[str, str]) -> bool:
        """Whether it hides only alerts with exactly these labels."""
        return {*self.matchers} == {Matcher(*each) for each in labels.items()}


def quoted(text: str) -> str:
    """Return a value for a matcher."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


async def of_alert(
    http: HttpSession, silenced_by: list[str], labels: dict[str, str]
) -> list[Silence]:
    """Return the silences that hide an alert now, and those of it alone that will later.

    Which ones hide it now, Alertmanager says itself (`silenced_by`): its regular expressions are
    not those of Python.
    """
    found = await http.json(list[Silence], "GET", _SILENCES)
    return [
        each
        for each in found
        if each.status.state != "expired" and (each.id in silenced_by or each.hides_only(labels))
    ]


def is_done(action: Action, known: list[Silence]) -> bool:
    """Whether the action's effect is there."""
    if action.verb is Verb.UNSILENCE:
        return not known
    return any(_mark(action) in silence.comment for silence in known)


async def silence(http: HttpSession, action: Action, labels: dict[str, str], longest: str) -> None:
    """Make a silence for exactly this alert."""
    start = action.start or datetime.now(UTC)
    end = action.until or start + timedelta(seconds=seconds(longest))
    if end <= datetime.now(UTC):
        raise Refused(_("The silence would have ended already"))
    answer = await http.request(
        "POST",
        _SILENCES,
        body={
            "matchers": [
                {"name": name, "value": value, "isRegex": False, "isEqual": True}
                for name, value in labels.items()
            ],
            "startsAt": start.isoformat(),
            "endsAt": end.isoformat(),
            "createdBy": action.by,
            "comment": written(action),
        },
        expect=(200, *_REFUSALS),
    )
    if answer.status != 200:
        raise Refused(_said(answer.body) or _("Alertmanager refuses the silence"))


async def end(http: HttpSession, silenced_by: list[str], labels: dict[str, str]) -> None:
    """End the silences of an alert; refuse if one of them hides other alerts too."""
    known = await of_alert(http, silenced_by, labels)
    for wide in known:
        if not wide.hides_only(labels):
            raise Refused(
                _("The silence of {who} ({comment}) hides other alerts too").format(
                    who=wide.created_by, comment=wide.comment
                ),
                hint=_("End it in Alertmanager itself, where all that it hides can be seen."),
            )
    for each in known:
        answer = await http.request(
            "DELETE", f"/api/v2/silence/{each.id}", expect=(200, *_REFUSALS)
        )
        if answer.status in (400, 403):
            raise Refused(_said(answer.body) or _("Alertmanager refuses to end the silence"))


def written(action: Action) -> str:
    """Return the comment of the action's silence: its text as it is, and the mark."""
    # Half a character is no JSON.
    text = action.text.encode(errors="replace").decode()
    return f"{text} {_mark(action)}" if text else _mark(action)


def text_of(comment: str) -> str:
    """Return the text that somebody gave to a silence, without the mark."""
    text, mark, rest = comment.rpartition("[smic-tui ")
    return text[:-1] if mark and rest.endswith("]") else comment


def _mark(action: Action) -> str:
    return f"[smic-tui {action.id}]"


def _said(body: bytes) -> str:
    return body[:200].decode(errors="replace").strip().strip('"')
