"""The fields of catalogue requests."""

from __future__ import annotations

from smic_tui.i18n import N_, phrase
from smic_tui.query import words
from smic_tui.query.fields import FieldSet, FieldType
from smic_tui.query.subjects.shared import (
    LEVEL,
    MINE,
    OVERDUE,
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

FIELDS = FieldSet(
    "requests",
    (
        text_field("id", "numéro key", N_("number of the request"), lambda f, at: f.request.key),
        text_field("subject", "sujet objet", N_("subject"), lambda f, at: f.request.subject),
        text_field("software", "logiciel", N_("software wanted"), lambda f, at: f.request.software),
        SITE,
        text_field(
            "member",
            "adhérent collectivité",
            N_("member that asks"),
            lambda f, at: f.request.member,
        ),
        state_field(
            "stage",
            "étape état state status statut",
            N_("asked, analysed, working group, ordered, installing, done or refused"),
            words.STAGES,
            lambda f, at: f.request.stage,
        ),
        text_field(
            "label",
            "libellé",
            N_("the source's own word for the stage"),
            lambda f, at: phrase(f.request.stage_label),
        ),
        LEVEL,
        text_field("requester", "demandeur", N_("who asked"), lambda f, at: f.request.requester),
        text_field(
            "owner", "responsable attribué", N_("who has taken it"), lambda f, at: f.request.owner
        ),
        state_field(
            "waiting",
            "attente",
            N_("who must act next: us, member, supplier …"),
            words.ACTORS,
            lambda f, at: f.request.waiting_on,
        ),
        value_field(
            "age",
            "âge",
            N_("time since it was created"),
            FieldType.AGE,
            lambda f, at: seconds_since(f.request.created, at.now),
        ),
        value_field(
            "created",
            "créé",
            N_("when it was created"),
            FieldType.PAST,
            lambda f, at: f.request.created,
        ),
        value_field(
            "updated",
            "modifié",
            N_("when it last changed"),
            FieldType.PAST,
            lambda f, at: f.request.updated,
        ),
        value_field(
            "due",
            "échéance",
            N_("when it must be done"),
            FieldType.FUTURE,
            lambda f, at: f.request.due,
        ),
        MINE,
        OVERDUE,
        flag_field(
            "open",
            "ouvert",
            N_("the request is open"),
            lambda f, at: f.request.stage.is_open,
        ),
        UNMATCHED,
        STALE,
        SEEN,
        SOURCE,
    ),
)
