"""The fields of the lines of the Overview."""

from __future__ import annotations

from smic_tui.i18n import N_
from smic_tui.query.fields import FieldSet, FieldType
from smic_tui.query.subjects.shared import (
    LEVEL,
    STALE,
    flag_field,
    seconds_since,
    text_field,
    value_field,
)

FIELDS = FieldSet(
    "overview",
    (
        text_field("site", "lieu commune", N_("name of the site"), lambda f, at: f.title),
        text_field(
            "trouble",
            "souci",
            N_("what is the matter, in words"),
            lambda f, at: tuple(item.words for item in f.items),
        ),
        text_field(
            "about",
            "sujet",
            N_("health, backup, ticket, request or source"),
            lambda f, at: tuple(item.kind.value for item in f.items),
            searched=False,
        ),
        LEVEL,
        value_field(
            "age",
            "âge",
            N_("time since its trouble began"),
            FieldType.AGE,
            lambda f, at: seconds_since(f.since, at.now),
        ),
        value_field(
            "since", "depuis", N_("when its trouble began"), FieldType.PAST, lambda f, at: f.since
        ),
        value_field(
            "members",
            "sites",
            N_("number of sites behind one outage"),
            FieldType.NUMBER,
            lambda f, at: len(f.members),
        ),
        flag_field(
            "ack", "acquitté", N_("its trouble is acknowledged"), lambda f, at: f.acknowledged
        ),
        flag_field("downtime", "maintenance", N_("in planned downtime"), lambda f, at: f.downtime),
        STALE,
    ),
)
