"""Works out who is here, where several people share a configuration."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.config.login import login_name
from smic_tui.config.schema import Person


def person_here(person: Person) -> Person:
    """Return the person as the configuration knows the login of whoever is here."""
    if not person.logins:
        return person
    return replace(person, names=person.logins.get(login_name(), person.names))


def author(person: Person) -> str:
    """Return the name under which a person acknowledges, comments and acts."""
    return next(iter(person.names), "") or login_name()
