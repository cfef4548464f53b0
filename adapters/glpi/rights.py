"""GLPI's rights: bits in the active profile (constants of Ticket and ITILFollowup)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from smic_tui.contract.actions import Verb
from smic_tui.i18n import N_

PROFILE_HINT = N_(
    "Give its profile the right to see all tickets (Assistance), or another default profile."
)

_UPDATE = 2
_READ_ALL = 1024
_ASSIGNING = 8192 | 16384 | 32768  # assign, steal, be in charge
_BE_IN_CHARGE = 32768
_SEE_FOLLOWUPS = 1 | 8192  # public ones, private ones
_ADD_FOLLOWUP = 4 | 2048 | 4096  # to one's own, of the groups, to all


class Profile(Struct):
    """The active profile, as far as it concerns tickets."""

    id: int | str = 0
    name: str = ""
    interface: str = ""
    ticket: int | str | None = 0
    followup: int | str | None = 0
    entities: Any = None


def sees_all(profile: Profile) -> bool:
    """Whether the account sees all tickets, so that an empty answer means that there are none."""
    return bool(_bits(profile.ticket) & _READ_ALL)


def verbs(profile: Profile) -> frozenset[Verb]:
    """What may be done to tickets; for a single ticket GLPI tells only when it is tried."""
    found: set[Verb] = set()
    ticket = _bits(profile.ticket)
    followup = _bits(profile.followup)
    # One that cannot be read again could never be told from one that was refused.
    if followup & _ADD_FOLLOWUP and followup & _SEE_FOLLOWUPS:
        found.add(Verb.COMMENT)
    if ticket & _ASSIGNING:
        found.add(Verb.ASSIGN)
    if ticket & (_UPDATE | _BE_IN_CHARGE):
        found |= {Verb.SET_STATUS, Verb.RESOLVE}
    return frozenset(found)


def _bits(value: int | str | None) -> int:
    try:
        return int(value or 0)
    except ValueError:
        return 0
