"""Reads what an action on a ticket or request is to set. Public."""

from __future__ import annotations

from smic_tui.contract.actions import Action, Refused
from smic_tui.i18n import _
from smic_tui.records import Stage, TicketStatus


def wanted_status(action: Action) -> TicketStatus:
    """Return the status that the action is to set; raises `Refused` for what is none."""
    try:
        return TicketStatus(action.value)
    except ValueError:
        raise Refused(_("{value} is no status").format(value=action.value)) from None


def wanted_stage(action: Action) -> Stage:
    """Return the stage that the action is to set; raises `Refused` for what is none."""
    try:
        return Stage(action.value)
    except ValueError:
        raise Refused(_("{value} is no stage").format(value=action.value)) from None
