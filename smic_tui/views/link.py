"""The line to the terminal, in words."""

from __future__ import annotations

from typing import Protocol

from smic_tui.i18n import _
from smic_tui.views import human


class Link(Protocol):
    """What is known of the line: seconds, bytes, bytes per second; None where it is not."""

    @property
    def profile(self) -> str:
        """The link profile that is followed."""

    @property
    def bytes_sent(self) -> int:
        """Everything since the start."""

    @property
    def bytes_per_key(self) -> float | None:
        """What the last keys cost, each with all that happened until the next."""

    @property
    def round_trip(self) -> float | None:
        """The shortest of the last minutes."""

    @property
    def rate(self) -> float | None:
        """What the line carries, if it was ever filled."""

    @property
    def answers(self) -> bool:
        """Whether the terminal answers questions."""


def link_words(link: Link) -> str:
    """One line: profile, bytes sent and per key, round trip, rate."""
    parts = [
        _("Line {profile}").format(profile=link.profile),
        _("{size} sent").format(size=human.size(link.bytes_sent)),
    ]
    if link.bytes_per_key is not None:
        parts.append(_("{n} bytes per key").format(n=round(link.bytes_per_key)))
    if not link.answers:
        parts.append(_("the terminal answers no questions"))
    elif link.round_trip is not None:
        parts.append(_("round trip {n} ms").format(n=max(1, round(link.round_trip * 1000))))
    if link.rate is not None:
        parts.append(_("{size} per second").format(size=human.size(int(link.rate))))
    return ", ".join(parts)
