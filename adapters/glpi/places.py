"""GLPI's entities and locations as sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.glpi.options import CODE_FIELDS, GlpiOptions
from adapters.glpi.tickets import PATH_SEPARATOR
from smic_tui.records import Contact, Site

_WANTED = (
    "completename",
    "name",
    "date_mod",
    "registration_number",
    "tag",
    "code",
    "address",
    "postcode",
    "town",
    "phonenumber",
    "email",
    "latitude",
    "longitude",
)
ID = 2


class Fields:
    """Which search option has which column; from listSearchOptions."""

    def __init__(self, itemtype: str, listed: Mapping[str, Any]) -> None:
        table = "glpi_entities" if itemtype == "Entity" else "glpi_locations"
        self._numbers: dict[str, int] = {}
        for number, option in listed.items():
            if not number.isdecimal() or not isinstance(option, Mapping):
                continue  # a heading
            field = option.get("field")
            if option.get("table") == table and field in _WANTED:
                self._numbers.setdefault(str(field), int(number))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that this GLPI has."""
        return tuple(self._numbers)

    @property
    def shown(self) -> tuple[int, ...]:
        """The options to ask for."""
        return (ID, *self._numbers.values())

    def number(self, name: str) -> int:
        """The option of a column, 0 if there is none."""
        return self._numbers.get(name, 0)


def place(values: Mapping[str, str], number: int, options: GlpiOptions) -> Site | None:
    """Return a site; None for the root of the entities, which is the syndicate itself."""
    path = [part.strip() for part in values.get("completename", "").split(PATH_SEPARATOR)]
    entity = options.as_ == "entities"
    if entity and number == 0:
        return None
    name = values.get("name", "") or path[-1]
    town = " ".join(filter(None, (values.get("postcode", ""), values.get("town", ""))))
    phone, email = values.get("phonenumber", ""), values.get("email", "")
    kind = "entity" if entity else "location"
    return Site(
        key=str(number),
        code=str(number) if options.code_field == "id" else _code(values, options.code_field),
        name=name,
        # Root > Member > Site: what is directly below the root is the member itself.
        member=path[1] if entity and len(path) > 1 else path[0],
        address=", ".join(filter(None, (_one_line(values.get("address", "")), town))),
        latitude=_degrees(values.get("latitude", ""), 90),
        longitude=_degrees(values.get("longitude", ""), 180),
        contacts=(Contact(phone=phone, email=email),) if phone or email else (),
        url=f"{options.base}/front/{kind}.form.php?id={number}",
    )


def _code(values: Mapping[str, str], field: str) -> str:
    assert field in CODE_FIELDS
    return values.get(field, "").strip()


def _one_line(text: str) -> str:
    return ", ".join(part.strip() for part in text.splitlines() if part.strip())


def _degrees(text: str, limit: int) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if -limit <= value <= limit else None
