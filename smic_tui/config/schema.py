"""The declarations of all settings.

The documentation of a key is its description here: `config schema`, the
reference page and the error messages are made from it. Durations are text with
a unit ("90s", "15m", "6h", "2 j"); `smic_tui.config.duration` reads them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from smic_tui.model.subjects import Scheduled, Watched
from smic_tui.quantities.durations import Duration

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Severity = Literal["info", "warning", "critical"]


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration, which allows no keys but the declared ones."""


class Display(Table, frozen=True, kw_only=True):
    """How the screen looks and speaks."""

    language: Annotated[
        Literal["auto", "fr", "en"], Meta(description="Language; auto follows the locale.")
    ] = "auto"
    timezone: Annotated[
        str, Meta(description="IANA time zone of the times on screen and of calendars.")
    ] = "Europe/Paris"
    ascii: Annotated[bool, Meta(description="Draw with ASCII characters only.")] = False
    bell: Annotated[bool, Meta(description="Whether the terminal bell may ring at all.")] = True
    driver: Annotated[
        Literal["lean", "stock"],
        Meta(description="lean sends only what differs; stock is Textual's own driver."),
    ] = "lean"
    link: Annotated[
        Literal["auto", "lan", "adsl", "33k"],
        Meta(description="Kind of line to the terminal; auto measures it."),
    ] = "auto"


class Person(Table, frozen=True, kw_only=True):
    """The person at this terminal."""

    names: Annotated[
        tuple[str, ...],
        Meta(
            description="Your names in the ticket systems, which decide what is 'mine'. The first"
            " one signs what you do; without any your login does."
        ),
    ] = ()
    logins: Annotated[
        dict[str, tuple[str, ...]],
        Meta(
            description="For a configuration that several people share: the names of each, under"
            " the login on this machine. `names` is for logins that are not listed."
        ),
    ] = {}


class Calendar(Table, frozen=True, kw_only=True):
    """Working days and public holidays."""

    country: Annotated[
        str, Meta(description="ISO 3166 code of the country whose public holidays count.")
    ] = "FR"
    subdivision: Annotated[
        str, Meta(description="Part of the country with holidays of its own, e.g. Alsace-Moselle.")
    ] = ""
    working_days: Annotated[
        tuple[Weekday, ...], Meta(description="The days on which the syndicate works.")
    ] = ("monday", "tuesday", "wednesday", "thursday", "friday")


class Matching(Table, frozen=True, kw_only=True):
    """How the records of a source find their site in the register of another."""

    aliases: Annotated[
        dict[str, str],
        Meta(
            description="Name that a source uses = code of the site, for names that are neither a"
            " code nor a name of the register."
        ),
    ] = {}
    shared_name: Annotated[
        str,
        Meta(
            description="Kind of site that is meant by a name or member code that several sites"
            " share; empty: such a name matches no site."
        ),
    ] = "mairie"


class AlertRule(Table, frozen=True, kw_only=True):
    """A condition that raises an alert."""

    name: Annotated[str, Meta(description="Short unique name.", min_length=1)]
    on: Annotated[Watched, Meta(description="What the filter is applied to.")]
    where: Annotated[str, Meta(description="Filter, in the language of the / key.")]
    hold: Annotated[
        Duration, Meta(description="How long the condition must hold before the alert fires.")
    ] = "0s"
    severity: Annotated[Severity, Meta(description="info, warning or critical.")] = "warning"
    bell: Annotated[bool, Meta(description="Ring the terminal bell when it fires.")] = False
    text: Annotated[
        str, Meta(description="For the reader: what the alert means and what to do about it.")
    ] = ""


class Pane(Table, frozen=True, kw_only=True):
    """A saved filter that opens by itself at given times."""

    name: Annotated[str, Meta(description="Short unique name.", min_length=1)]
    title: Annotated[str, Meta(description="Title on screen; the name if empty.")] = ""
    on: Annotated[Scheduled, Meta(description="What the pane lists.")]
    where: Annotated[str, Meta(description="Filter, in the language of the / key.")] = ""
    at: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")], ...],
        Meta(description="Local times of day, HH:MM, in `timezone`."),
    ] = ()
    every: Annotated[
        Duration | None, Meta(description="Interval between two openings, instead of `at`.")
    ] = None
    days: Annotated[
        Literal["every day", "working days", "non-working days"] | tuple[Weekday, ...],
        Meta(description="Days on which it opens."),
    ] = "every day"
    timezone: Annotated[
        str, Meta(description="IANA zone of `at`; the display's zone if empty.")
    ] = ""
    bell: Annotated[bool, Meta(description="Ring the terminal bell when it opens.")] = False


class Source(Struct, frozen=True, kw_only=True):
    """The keys that every source has, whatever its kind.

    The other keys of the table belong to its kind. The program keeps them in `options`, as
    the validated `config_type` of the adapter.
    """

    name: Annotated[str, Meta(description="The name of the table.")]
    kind: Annotated[str, Meta(description="Kind of source, which decides the adapter.")]
    enabled: Annotated[bool, Meta(description="Whether it is read at all.")] = True
    refresh: Annotated[Duration, Meta(description="Interval between two readings.")] = "5m"
    stale_after: Annotated[
        Duration | None,
        Meta(
            description="Age of the last good answer from which on the source is stale; absent:"
            " 3 × refresh."
        ),
    ] = None
    stale_check_after: Annotated[
        Duration | None,
        Meta(
            description="Age of a single check of monitoring from which on its state is unknown,"
            " for every host and service of the source; absent: what the source itself tells of"
            " the interval of each check, if it does."
        ),
    ] = None
    full_every: Annotated[
        Duration, Meta(description="Interval between two full readings, which find deletions.")
    ] = "6h"
    deadline: Annotated[Duration, Meta(description="How long one reading may take altogether.")] = (
        "2m"
    )
    read_only: Annotated[
        bool, Meta(description="Never change anything at this source, whatever the account may.")
    ] = False
    signed: Annotated[
        bool,
        Meta(
            description="Whether comments end with the name of the person who sent them: for an"
            " account that several people share."
        ),
    ] = False
    actions_for: Annotated[
        str,
        Meta(
            description="Name of a source that comes through a hub (its name there, or"
            " 'HUB/NAME'). This table is then never read: its account only carries out actions"
            " on the records of that source."
        ),
    ] = ""
    options: Any = None


class Publish(Table, frozen=True, kw_only=True):
    """What the collecting program publishes for thin clients (kind `hub`)."""

    folder: Annotated[
        str,
        Meta(
            description="Folder that a web server or rsync serves read-only; empty: nothing is"
            " published."
        ),
    ] = ""
    every: Annotated[Duration, Meta(description="Interval between two publications.")] = "1m"


class Settings(Table, frozen=True, kw_only=True):
    """The whole configuration, validated."""

    read_only: Annotated[
        bool,
        Meta(
            description="Never change anything at any source: actions are not offered. Stands at"
            " the top of the file, before any table."
        ),
    ] = False
    sources_at_once: Annotated[
        int,
        Meta(
            ge=1,
            description="How many sources are read at the same time at most; others wait. Stands"
            " at the top of the file, before any table.",
        ),
    ] = 12
    display: Display = Display()
    me: Person = Person()
    calendar: Calendar = Calendar()
    publish: Publish = Publish()
    matching: Matching = Matching()
    sources: dict[str, Source] = {}
    alerts: tuple[AlertRule, ...] = ()
    panes: tuple[Pane, ...] = ()
    filters: Annotated[
        dict[str, str], Meta(description="Named filters offered on every list.")
    ] = {}
