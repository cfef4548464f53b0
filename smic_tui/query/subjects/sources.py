"""The fields of sources."""

from __future__ import annotations

from smic_tui.i18n import N_
from smic_tui.model.facts import SourceFact
from smic_tui.query import words
from smic_tui.query.fields import FieldSet, FieldType, Moment
from smic_tui.query.subjects.shared import LEVEL, STALE, state_field, text_field, value_field


def _streams(fact: SourceFact, _at: Moment) -> tuple[str, ...]:
    return tuple(stream.value for stream in fact.status.streams)


FIELDS = FieldSet(
    "sources",
    (
        text_field("name", "nom source", N_("name of the source"), lambda f, at: f.status.name),
        text_field(
            "kind", "nature type", N_("which adapter reads it"), lambda f, at: f.status.kind
        ),
        state_field(
            "state",
            "état",
            N_("how the last attempt to read it ended"),
            words.SOURCE_STATES,
            lambda f, at: f.status.state,
        ),
        LEVEL,
        text_field("gives", "donne", N_("kinds of record that it gives"), _streams),
        text_field("error", "erreur", N_("what went wrong"), lambda f, at: f.status.error),
        value_field(
            "rows",
            "lignes",
            N_("number of records"),
            FieldType.NUMBER,
            lambda f, at: f.status.rows,
        ),
        value_field(
            "rejected",
            "rejets",
            N_("number of rows set aside"),
            FieldType.NUMBER,
            lambda f, at: f.status.rejected_count,
        ),
        value_field(
            "unmatched",
            "sans-site",
            N_("number of records whose site is in no register"),
            FieldType.NUMBER,
            lambda f, at: sum(u.count for u in f.unmatched),
        ),
        value_field(
            "failures",
            "échecs",
            N_("failures in a row"),
            FieldType.NUMBER,
            lambda f, at: f.status.failures,
        ),
        value_field(
            "age", "âge", N_("time since its last good answer"), FieldType.AGE, lambda f, at: f.age
        ),
        STALE,
    ),
)
