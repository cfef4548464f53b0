"""Tells what GLPI's statuses and categories are taken to mean, for `doctor`.

GLPI has six statuses, which are the same everywhere: of tickets nothing is guessed. What they are
worth as stages of a request only the configuration knows.
"""

from __future__ import annotations

from adapters.glpi.options import STATUS_NUMBERS, GlpiOptions
from adapters.glpi.tickets import (
    ACTORS,
    ASSIGNED,
    LABELS,
    PENDING,
    PLANNED,
    STATUSES,
    Stages,
    waiting_on,
)
from smic_tui.contract.adapter import Understood
from smic_tui.i18n import _
from smic_tui.records import Actor

_MAY_BE_ANY_STAGE = frozenset({ASSIGNED, PLANNED, PENDING})


def understood(options: GlpiOptions) -> tuple[Understood, ...]:
    """Return the meaning of each status, and of each category that means a stage."""
    if options.as_ == "tickets":
        return tuple(
            Understood(name=_(LABELS[number]), status=status, waiting_on=waiting_on(status, ""))
            for number, status in STATUSES.items()
        )
    if options.as_ != "requests":
        return ()
    stages = Stages(options)
    configured = {STATUS_NUMBERS[name] for name in options.stages}
    of_statuses = [
        Understood(
            name=_(LABELS[number]),
            stage=(stage := stages.stage(number, "")),
            waiting_on=ACTORS.get(stage, Actor.US),
            guessed=number in _MAY_BE_ANY_STAGE - configured,
        )
        for number in STATUSES
    ]
    of_categories = [
        Understood(name=name, stage=stage, waiting_on=ACTORS.get(stage, Actor.US))
        for name, stage in options.category_stages.items()
    ]
    return (*of_statuses, *of_categories)
