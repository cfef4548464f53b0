"""The fields of alerts."""

from __future__ import annotations

from datetime import datetime

from smic_tui.i18n import N_
from smic_tui.model.facts import AlertFact
from smic_tui.model.states import AlertStatus
from smic_tui.query import words
from smic_tui.query.fields import FieldSet, FieldType, Moment
from smic_tui.query.subjects.shared import (
    SOURCE,
    flag_field,
    seconds_since,
    state_field,
    text_field,
    value_field,
)


def _alert_seconds(fact: AlertFact, at: Moment) -> float | None:
    return seconds_since(_began(fact), at.now)


def _began(fact: AlertFact) -> datetime:
    return fact.began or fact.since


FIELDS = FieldSet(
    "alerts",
    (
        text_field("rule", "règle", N_("name of the rule"), lambda f, at: f.rule),
        text_field(
            "on",
            "sur",
            N_("what the rule watches: sites, backups …"),
            lambda f, _: f.subject,
            searched=False,
        ),
        text_field("site", "lieu commune", N_("name of the site"), lambda f, at: f.site_name),
        text_field("summary", "résumé", N_("what is the matter"), lambda f, at: f.summary),
        text_field("text", "texte", N_("what it means and what to do"), lambda f, at: f.text),
        state_field(
            "severity",
            "gravité niveau level",
            N_("info, warning or critical"),
            words.LEVELS,
            lambda f, at: f.severity,
            ordered=True,
        ),
        state_field(
            "state",
            "état",
            N_("pending, firing, acknowledged or cleared"),
            words.ALERT_LIVES,
            lambda f, at: f.status,
        ),
        value_field(
            "age",
            "âge",
            N_("time since the trouble began"),
            FieldType.AGE,
            _alert_seconds,
        ),
        value_field(
            "since",
            "depuis",
            N_("when the trouble began"),
            FieldType.PAST,
            lambda f, at: _began(f),
        ),
        value_field(
            "noticed",
            "constatée",
            N_("when the condition was first seen"),
            FieldType.PAST,
            lambda f, at: f.since,
        ),
        value_field(
            "fired",
            "déclenchée",
            N_("when the alert fired"),
            FieldType.PAST,
            lambda f, at: f.fired,
        ),
        text_field("by", "par", N_("who acknowledged it"), lambda f, at: f.acknowledged_by),
        flag_field(
            "ack",
            "acquittée",
            N_("acknowledged"),
            lambda f, at: f.status is AlertStatus.ACKNOWLEDGED,
        ),
        flag_field(
            "blind", "aveugle", N_("nobody can see whether it still holds"), lambda f, at: f.blind
        ),
        flag_field("bell", "sonnerie", N_("rings the bell"), lambda f, at: f.bell),
        SOURCE,
    ),
)
