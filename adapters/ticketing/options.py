"""The settings of ticket desks whose statuses have any names: what these mean. Public."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from smic_tui.records import Actor, Stage, TicketStatus

StatusTable = Annotated[
    dict[str, TicketStatus],
    Meta(
        description="Tickets: name of a status = new, open, waiting, resolved or closed; for "
        "those that neither their name nor the system tells."
    ),
]
StageTable = Annotated[
    dict[str, Stage],
    Meta(
        description="Requests: name of a status = asked, analysed, working group, ordered, "
        "installing, done or refused; for those that their name does not tell."
    ),
]
ActorTable = Annotated[
    dict[str, Actor],
    Meta(
        description="Name of a status = who must act next: us, member, supplier, working group "
        "or nobody."
    ),
]
