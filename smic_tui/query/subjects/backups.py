"""The fields of backups."""

from __future__ import annotations

from smic_tui.i18n import N_, phrase
from smic_tui.model.facts import BackupFact
from smic_tui.model.states import BackupState
from smic_tui.query import words
from smic_tui.query.fields import FieldSet, FieldType, Moment
from smic_tui.query.subjects.shared import (
    LEVEL,
    SEEN,
    SITE,
    SOURCE,
    STALE,
    UNMATCHED,
    flag_field,
    seconds_since,
    state_field,
    text_field,
    value_field,
)


def _newest_message(fact: BackupFact, _at: Moment) -> str:
    return phrase(fact.runs[0].message) if fact.runs else ""


def _size(fact: BackupFact, _at: Moment) -> int | None:
    return next((run.size for run in fact.runs if run.size is not None), None)


FIELDS = FieldSet(
    "backups",
    (
        SITE,
        text_field(
            "application", "logiciel", N_("what is backed up"), lambda f, _: f.job.application
        ),
        text_field(
            "protocol", "protocole", N_("protocol of the backup"), lambda f, _: f.job.protocol
        ),
        state_field(
            "state",
            "état",
            N_("fresh, running, late, overdue, failed, never, suspect or unknown"),
            words.BACKUP_STATES,
            lambda f, at: f.state,
        ),
        LEVEL,
        value_field(
            "age",
            "âge",
            N_("time since the last success began"),
            FieldType.AGE,
            lambda f, at: seconds_since(f.last_success, at.now),
        ),
        value_field(
            "success",
            "succès",
            N_("when the last success began"),
            FieldType.PAST,
            lambda f, at: f.last_success,
        ),
        value_field(
            "started",
            "début",
            N_("when the newest run began"),
            FieldType.PAST,
            lambda f, at: f.runs[0].started if f.runs else None,
        ),
        value_field(
            "due",
            "échéance attendue",
            N_("when a success was or is expected"),
            FieldType.FUTURE,
            lambda f, at: f.due,
        ),
        value_field(
            "size", "taille", N_("size of the newest run that tells it"), FieldType.SIZE, _size
        ),
        text_field("message", "", N_("message of the newest run"), _newest_message),
        text_field("note", "", N_("what the state hides"), lambda f, at: f.note),
        text_field("job", "tâche", N_("key of the job in its source"), lambda f, at: f.job.key),
        flag_field(
            "overdue",
            "dépassé",
            N_("no success within plan and grace"),
            lambda f, at: f.state is BackupState.OVERDUE,
        ),
        flag_field(
            "shrunk",
            "amaigrie",
            N_("the last run is far smaller than those before it"),
            lambda f, at: f.is_shrunk,
        ),
        flag_field(
            "empty",
            "vide",
            N_("the last run ended well and saved nothing"),
            lambda f, at: f.is_empty,
        ),
        flag_field(
            "unplanned",
            "non planifiée",
            N_("no plan is known"),
            lambda f, at: not f.job.is_planned,
        ),
        UNMATCHED,
        STALE,
        SEEN,
        SOURCE,
    ),
)
