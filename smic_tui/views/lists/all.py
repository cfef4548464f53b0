"""The lists of all subjects, each read when it is first wanted."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

from smic_tui.model.subjects import Subject
from smic_tui.views.listing import Listing

F = TypeVar("F")


def listing_of(subject: Subject[F]) -> Listing[F]:
    """The list of a subject: `LISTING` of the module of that name in this package."""
    found: Listing[F] = import_module(f"{__package__}.{subject.name}").LISTING
    return found
