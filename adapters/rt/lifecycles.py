"""What RT tells of its lifecycles: which statuses there are, and who may set one.

REST 2.0 shows a ticket's next statuses only where its lifecycle has *actions*, which are buttons
of the web interface, and where the account has the right of the transition. A lifecycle may have
transitions without actions. Then nothing tells beforehand: the statuses that the queue's tickets
have are tried, and RT refuses with a sentence what no transition or right allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from adapters.rt.session import quoted
from adapters.shared.json_text import decode_json
from adapters.ticketing.choice import Candidate
from smic_tui.contract.actions import Verb
from smic_tui.records import Stream

if TYPE_CHECKING:
    from adapters.rt.session import RtSession

# RT's own lifecycle, which has actions and these statuses.
DEFAULT = "default"
DEFAULTS = (
    Candidate("new", False),
    Candidate("open", False),
    Candidate("stalled", False),
    Candidate("resolved", True),
    Candidate("rejected", True),
)
ACTIVE, INACTIVE = "Status = '__Active__'", "Status = '__Inactive__'"
# So many tickets of a queue show which statuses are in use, and what the account may do.
_SAMPLE = 100
_WITNESSES = 5


class Link(Struct):
    """Something that the account may do to a ticket; `to` is a status."""

    ref: str = ""
    to: str = ""


class _Linked(Struct):
    hyperlinks: list[Link] = msgspec.field(name="_hyperlinks", default_factory=list)


class _WithStatus(Struct):
    Status: str = ""


class _Queue(Struct):
    Lifecycle: str = DEFAULT


class Rights(Struct, frozen=True):
    """What the account may do in one queue. `untold` says that RT does not tell its statuses."""

    comments: bool
    changes: bool
    lifecycle: str
    untold: bool


async def rights_in(rt: RtSession, queue: str) -> Rights:
    """Ask what the account may do in a queue, by the links of some of its open tickets.

    No link tells whether it may assign tickets: one that may set the status is taken to. In a
    lifecycle without actions, one that may add a text is taken to.
    """
    links: list[Link] = []
    for state in (ACTIVE, INACTIVE):
        page, _body = await rt.search(
            f"Queue = {quoted(queue)} AND {state}",
            fields="_hyperlinks",
            order="DESC",
            per_page=str(_WITNESSES),
        )
        links += [link for raw in page.items for link in decode_json(raw, _Linked).hyperlinks]
        if page.items:
            break
    comments = any(link.ref in ("comment", "correspond") for link in links)
    changes = any(link.ref == "lifecycle" and link.to for link in links)
    lifecycle = await _lifecycle(rt, queue) if comments and not changes else DEFAULT
    untold = comments and not changes and lifecycle != DEFAULT
    return Rights(comments, changes or untold, lifecycle, untold)


def capabilities(rights: Sequence[Rights], stream: Stream) -> dict[Stream, frozenset[Verb]]:
    """Return what the account may do in any of the queues."""
    verbs: set[Verb] = set()
    if any(each.comments for each in rights):
        verbs.add(Verb.COMMENT)
    if any(each.changes for each in rights):
        verbs |= {Verb.ASSIGN, Verb.RESOLVE}
        verbs.add(Verb.SET_STATUS if stream is Stream.TICKETS else Verb.SET_STAGE)
    return {stream: frozenset(verbs)} if verbs else {}


async def statuses_in(rt: RtSession, queue: str) -> list[Candidate]:
    """Return the statuses that tickets of a queue have; RT says of each whether it is an end."""
    found: dict[str, Candidate] = {}
    for state, closed in ((ACTIVE, False), (INACTIVE, True)):
        page, _body = await rt.search(
            f"Queue = {quoted(queue)} AND {state}",
            fields="Status",
            order="DESC",
            per_page=str(_SAMPLE),
        )
        for raw in page.items:
            status = decode_json(raw, _WithStatus).Status
            if status:
                found.setdefault(status, Candidate(status, closed))
    return list(found.values())


async def _lifecycle(rt: RtSession, queue: str) -> str:
    from urllib.parse import quote

    path = f"/queue/{quote(queue, safe='')}"
    answer = await rt.request("GET", path, expect=(200, 403, 404))
    return (await rt.http.decode(_Queue, answer)).Lifecycle if answer.status == 200 else DEFAULT
