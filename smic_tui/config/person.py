"""Works out who is here, where several people share a configuration."""

from __future__ import annotations

from msgspec.structs import replace

from smic_tui.config.login import login_name
from smic_tui.config.schema import Person
from smic_tui.text import clean


def person_here(person: Person) -> Person:
    """Return the person as the configuration knows the login of whoever is here."""
    if not person.logins:
        return person
    return replace(person, names=person.logins.get(login_name(), person.names))


def author(person: Person, given: str | None = None) -> str:
    """Return the name under which a person acknowledges, comments and acts.

    `given` is the name that the command line gives, if it does.
    """
    return clean(given or "") or next(iter(person.names), "") or login_name()
